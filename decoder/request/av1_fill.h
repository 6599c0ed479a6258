// One function per AV1 control structure: syntax in, structure of the kernel's interface out.
#pragma once

#include "decoder/codec/av1_picture.h"
#include "decoder/v4l2/uapi_av1.h"

namespace v4l2play::av1 {

void fill(v4l2_ctrl_av1_sequence& out, const SequenceHeader& sequence);
/// A sequence header that says no more than what buffers depend on: for setting a device up before the first frame.
void fill(v4l2_ctrl_av1_sequence& out, const SequenceInfo& sequence);
void fill(v4l2_ctrl_av1_frame& out, const Av1Picture& picture);
void fill(v4l2_ctrl_av1_film_grain& out, const FilmGrain& grain);
void fill(v4l2_ctrl_av1_tile_group_entry& out, const Tile& tile);

} // namespace v4l2play::av1
