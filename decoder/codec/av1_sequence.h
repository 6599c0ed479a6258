// What buffers an AV1 frame needs, and how it is to be shown.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "decoder/codec/av1_syntax.h"
#include "decoder/codec/codec.h"

namespace v4l2play::av1 {

/// The largest size that the sequence header allows.
FrameSize largest_size(const SequenceHeader& sequence);
SequenceInfo describe_sequence(const SequenceHeader& sequence, const FrameSize& size, const StreamInfo& container,
                               const HdrMetadata& hdr = {});
/// What no driver decodes, or this codec does not do at that operating point; nothing when there is nothing of it.
std::optional<std::string> unsupported(const SequenceHeader& sequence, unsigned operating_point);

/// Why a stream with this sequence header cannot be decoded at that operating point by any decoder: it has none such.
std::optional<std::string> lacks(const SequenceHeader& sequence, unsigned operating_point);
/// The same of what is wanted of `stream`, for the sequence headers of a temporal unit or of extradata: ENOTSUP. Other
/// codecs have no operating points, and nothing is wrong with them.
Result<> check_operating_point(const StreamInfo& stream, std::span<const std::uint8_t> units);

bool same_buffers(const SequenceInfo& a, const SequenceInfo& b);
bool same_sequence(const SequenceInfo& a, const SequenceInfo& b);

} // namespace v4l2play::av1
