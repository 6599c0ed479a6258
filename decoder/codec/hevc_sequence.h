// What follows from a sequence parameter set alone: sizes of the picture and of the DPB.
#pragma once

#include "decoder/access_unit.h"
#include "decoder/codec/codec.h"
#include "decoder/codec/hevc_syntax.h"

namespace v4l2play::hevc {

/// Pictures that the DPB holds beside the current one: sps_max_dec_pic_buffering_minus1, at least what the sets of the
/// SPS refer to (encoders have promised less), and 1.
unsigned dpb_pictures(const Sps& sps);
/// `container` fills in what the stream leaves open; `preferred_transfer` and `hdr` come from SEI messages.
SequenceInfo describe_sequence(const Sps& sps, const StreamInfo& container, std::uint8_t preferred_transfer,
                               const HdrMetadata& hdr);
bool same_sequence(const SequenceInfo& a, const SequenceInfo& b);

} // namespace v4l2play::hevc
