// Decoded pictures as RGB, by the CPU: for pictures in files, never on the way to the screen.
#pragma once

#include <cstdint>
#include <vector>

#include "decoder/frame.h"
#include "decoder/frame_map.h"
#include "decoder/result.h"

namespace v4l2play {

/// Rows of R G B bytes from the top, without padding.
struct RgbImage {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::vector<std::uint8_t> pixels;

    /// Contents are unspecified afterwards; memory is kept.
    void resize(std::uint32_t new_width, std::uint32_t new_height);
    [[nodiscard]] std::uint8_t* row(std::uint32_t y) { return pixels.data() + std::size_t{y} * width * 3; }
    [[nodiscard]] const std::uint8_t* row(std::uint32_t y) const { return pixels.data() + std::size_t{y} * width * 3; }
};

/// H.273, 8.3: code points that others name too.
constexpr std::uint8_t matrix_bt709 = 1;
constexpr std::uint8_t matrix_bt2020 = 9;

/// The matrix that `color` means for a picture of that height: its own, or when it does not say, BT.709 from 720 rows
/// on and BT.601 below, as everybody does. An H.273 code point.
std::uint8_t effective_matrix(const ColorDescription& color, std::uint32_t height);

/// Three samples of `bit_depth` bits to 8-bit R G B, in integers:
/// (weight[k] · samples + bias[k]) >> shift, clamped to 0..255.
struct RgbMatrix {
    std::int32_t weight[3][3] = {};
    std::int32_t bias[3] = {};
    unsigned shift = 0;
};
/// `matrix` is an H.273 code point; ones that cannot be done (constant luminance, ICtCp) are taken as their nearest
/// relative. Transfer and primaries are left as they are: HDR pictures come out flat.
RgbMatrix make_rgb_matrix(std::uint8_t matrix, bool full_range, unsigned bit_depth);

/// Turns frames into RGB. Keeps its row buffers and the mappings of one pool. Chroma is repeated, not interpolated.
class PictureConverter {
  public:
    explicit PictureConverter(Kernel& kernel)
        : mapper_(kernel) {}

    /// The visible part of `frame`, one pixel for one sample (the sample aspect ratio is not applied). ENOTSUP for
    /// layouts that the CPU cannot read, EINVAL when the visible part is not inside the picture, EFBIG over 2^28
    /// pixels. The frame's slot must be held and its memory not being written.
    Result<> convert(const Frame& frame, RgbImage& image);

  private:
    void read_row(const FrameView& view, const Rect& visible, std::uint32_t y);
    void read_chroma(const FrameView& view, const Rect& visible, std::uint32_t y);

    FrameMapper mapper_;
    // One row of samples, all at full width, and chroma as it is stored.
    std::vector<std::uint16_t> samples_[3];
    std::vector<std::uint16_t> stored_;
};

} // namespace v4l2play
