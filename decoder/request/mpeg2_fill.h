// One function per MPEG-2 control structure: syntax in, structure of the kernel's interface out.
#pragma once

#include <linux/videodev2.h>

#include "decoder/codec/mpeg2_picture.h"

namespace v4l2play::mpeg2 {

void fill(v4l2_ctrl_mpeg2_sequence& out, const Sequence& sequence);
/// A sequence header that says no more than what buffers depend on: for setting a device up before the first picture.
void fill(v4l2_ctrl_mpeg2_sequence& out, const SequenceInfo& sequence);
void fill(v4l2_ctrl_mpeg2_picture& out, const Mpeg2Picture& picture);
/// In the zig-zag order of the syntax, whatever scan the picture uses.
void fill(v4l2_ctrl_mpeg2_quantisation& out, const QuantMatrices& matrices);

} // namespace v4l2play::mpeg2
