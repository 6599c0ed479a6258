// Fills the VP8 control structure: syntax in, structure of the kernel's interface out.
#pragma once

#include <linux/videodev2.h>

#include "decoder/codec/vp8_picture.h"

namespace v4l2play::vp8 {

void fill(v4l2_ctrl_vp8_frame& out, const Vp8Picture& picture);
/// A key frame that says no more than what buffers depend on: for setting a device up before the first picture.
void fill(v4l2_ctrl_vp8_frame& out, const SequenceInfo& sequence);

} // namespace v4l2play::vp8
