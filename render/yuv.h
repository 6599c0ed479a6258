// The YUV formats that decoders make and outputs list, whatever their layout in memory.
#pragma once

#include <cstdint>

#include "decoder/format.h"

namespace v4l2play {

/// Horizontal and vertical chroma subsampling, 1 or 2; 1, 1 for what is not YUV.
struct Subsampling {
    std::uint32_t x = 1;
    std::uint32_t y = 1;
};
[[nodiscard]] Subsampling subsampling(DrmFourcc fourcc);
/// True for the YUV formats that decoders make.
[[nodiscard]] bool is_yuv(DrmFourcc fourcc);

} // namespace v4l2play
