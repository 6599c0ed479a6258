// What follows from a sequence parameter set alone: sizes of the picture and of the DPB (ITU-T H.264 Annexes A and E).
#pragma once

#include "decoder/access_unit.h"
#include "decoder/codec/codec.h"
#include "decoder/codec/h264_syntax.h"

namespace v4l2play::h264 {

/// Frame buffers of the DPB: max_dec_frame_buffering, else MaxDpbFrames (A.3.1), at least what references need.
unsigned dpb_frames(const Sps& sps);
/// Most frames that precede another in decoding order and follow it in output order (max_num_reorder_frames, E.2.1).
unsigned reorder_frames(const Sps& sps);
/// `container` fills in what the stream leaves open.
SequenceInfo describe_sequence(const Sps& sps, const StreamInfo& container);
bool same_sequence(const SequenceInfo& a, const SequenceInfo& b);

} // namespace v4l2play::h264
