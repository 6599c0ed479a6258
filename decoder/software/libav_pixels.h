// libavutil's pixel formats in our terms.
#pragma once

#include <optional>

#include "decoder/pixel_layout.h"
#include "decoder/result.h"

namespace v4l2play {

struct LibavPixels {
    const PixelLayout* layout = nullptr;
    bool full_range = false;      ///< the "yuvj" formats say so
    bool identity_matrix = false; ///< planes G, B, R stand for Y, Cb, Cr (H.273, MatrixCoefficients 0)
};

/// `format` is an AVPixelFormat; empty when nothing in our tables describes the same memory.
std::optional<LibavPixels> from_libav_pixel_format(int format);

/// Bytes to which libavcodec wants rows aligned, per component.
using RowAlignment = std::array<int, 4>;

/// One memory plane with all components of a picture in it, as libavcodec wants them and displays like them.
/// `coded_*`: pixels of the picture; `allocated_*`: those that libavcodec may write. EFBIG when that is too much.
Result<FrameFormat> lay_out_picture(const PixelLayout& layout, std::uint32_t coded_width, std::uint32_t coded_height,
                                    std::uint32_t allocated_width, std::uint32_t allocated_height,
                                    const RowAlignment& alignment);

} // namespace v4l2play
