// One function per H.264 control structure: syntax in, structure of the kernel's interface out.
#pragma once

#include <linux/videodev2.h>

#include "decoder/codec/h264_picture.h"

namespace v4l2play::h264 {

void fill(v4l2_ctrl_h264_sps& out, const Sps& sps);
/// An SPS that says no more than what buffers depend on: for setting a device up before the first picture.
void fill(v4l2_ctrl_h264_sps& out, const SequenceInfo& sequence);
void fill(v4l2_ctrl_h264_pps& out, const Pps& pps, bool scaling_matrix_present);
/// From the zig-zag order of the syntax to raster order, whatever scan the picture itself uses.
void fill(v4l2_ctrl_h264_scaling_matrix& out, const ScalingLists& lists);
void fill(v4l2_ctrl_h264_decode_params& out, const H264Picture& picture);
/// `decode_params` is that of the same picture: reference lists only ever name entries that are in use there.
void fill(v4l2_ctrl_h264_slice_params& out, const Slice& slice, const Pps& pps,
          const v4l2_ctrl_h264_decode_params& decode_params);
void fill(v4l2_ctrl_h264_pred_weights& out, const SliceHeader& header);

} // namespace v4l2play::h264
