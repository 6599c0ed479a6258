// What a VP9 frame header means for whoever owns buffers.
#pragma once

#include "decoder/codec/codec.h"
#include "decoder/codec/vp9_syntax.h"

namespace v4l2play::vp9 {

/// `color`: the last that was coded, or null. The visible size is that of the frame: the render size of the header is a
/// hint that players do not follow.
SequenceInfo describe_sequence(const FrameHeader& header, const ColorConfig* color, const StreamInfo& container);

/// Nothing has changed.
bool same_sequence(const SequenceInfo& a, const SequenceInfo& b);
/// Frames of both fit into the same buffers, and may refer to each other.
bool same_buffers(const SequenceInfo& a, const SequenceInfo& b);

} // namespace v4l2play::vp9
