// Pictures that the CPU turns into RGB: the last resort of displays without YUV and without a GPU.
#pragma once

#include "render/convert.h"
#include "render/painter.h"

namespace v4l2play {

/// Writes `image` into XRGB8888 memory, row by row; whole rows at a time, as it may be uncached. `row` keeps memory.
void store_xrgb(const RgbImage& image, std::vector<std::uint32_t>& row, std::uint8_t* to, std::size_t pitch);

/// What decoders may make for it, best first.
std::vector<FormatModifier> copied_formats();
/// ENOTSUP, with the reason, when the CPU cannot read that.
Result<> check_copied(const FrameFormat& format);

std::unique_ptr<Painter> create_picture_copier(Kernel& kernel = system_kernel());

} // namespace v4l2play
