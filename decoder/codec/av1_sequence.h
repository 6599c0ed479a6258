// What buffers an AV1 frame needs, and how it is to be shown.
#pragma once

#include "decoder/codec/av1_syntax.h"
#include "decoder/codec/codec.h"

namespace v4l2play::av1 {

/// The largest size that the sequence header allows.
FrameSize largest_size(const SequenceHeader& sequence);
SequenceInfo describe_sequence(const SequenceHeader& sequence, const FrameSize& size, const StreamInfo& container,
                               const HdrMetadata& hdr = {});
/// What no driver decodes, or this codec does not do; null when there is nothing of it.
const char* unsupported(const SequenceHeader& sequence);

bool same_buffers(const SequenceInfo& a, const SequenceInfo& b);
bool same_sequence(const SequenceInfo& a, const SequenceInfo& b);

} // namespace v4l2play::av1
