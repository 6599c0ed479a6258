// One function per VP9 control structure: syntax in, structure of the kernel's interface out.
#pragma once

#include <linux/videodev2.h>

#include "decoder/codec/vp9_picture.h"

namespace v4l2play::vp9 {

void fill(v4l2_ctrl_vp9_frame& out, const Vp9Picture& picture);
/// A frame that says no more than what buffers depend on: for setting a device up before the first picture.
void fill(v4l2_ctrl_vp9_frame& out, const SequenceInfo& sequence);
void fill(v4l2_ctrl_vp9_compressed_hdr& out, const CompressedHeader& header);

} // namespace v4l2play::vp9
