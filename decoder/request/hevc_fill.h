// One function per H.265 control structure: syntax in, structure of the kernel's interface out.
#pragma once

#include <linux/videodev2.h>

#include "decoder/codec/hevc_picture.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play::hevc {

void fill(v4l2_ctrl_hevc_sps& out, const Sps& sps);
/// An SPS that says no more than what buffers depend on: for setting a device up before the first picture.
void fill(v4l2_ctrl_hevc_sps& out, const SequenceInfo& sequence);
void fill(v4l2_ctrl_hevc_pps& out, const Pps& pps, const Sps& sps);
/// From the up-right diagonal order of the syntax to raster order.
void fill(v4l2_ctrl_hevc_scaling_matrix& out, const ScalingLists& lists);
void fill(v4l2_ctrl_hevc_decode_params& out, const HevcPicture& picture);
/// `start_code_size`: bytes before the slice's NAL unit in the bitstream buffer.
void fill(v4l2_ctrl_hevc_slice_params& out, const Slice& slice, const HevcPicture& picture,
          std::uint32_t start_code_size);
void fill(v4l2_ctrl_hevc_ext_sps_st_rps& out, const ShortTermRefPicSet& set);
void fill(v4l2_ctrl_hevc_ext_sps_lt_rps& out, const LongTermRefPic& candidate);

} // namespace v4l2play::hevc
