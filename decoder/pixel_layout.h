// How the samples of each pixel format lie in linear memory: what the CPU needs to know to read or write one.
#pragma once

#include <cstdint>

#include "decoder/format.h"

namespace v4l2play {

struct PixelLayout {
    /// How component 1 relates to the two chroma components of a picture.
    enum class Chroma : std::uint8_t {
        None,        ///< gray or packed: component 0 is all there is
        Planar,      ///< component 1 = Cb, component 2 = Cr
        Interleaved, ///< component 1 = Cb Cr Cb Cr ...
        InterleavedCrFirst,
    };

    DrmFourcc fourcc{};
    Chroma chroma = Chroma::None;
    std::uint8_t bit_depth = 8;
    std::uint8_t pixel_bytes = 1;    ///< per sample; of packed formats per pixel; 0 = four samples in five bytes (NV15)
    std::uint8_t padding_bits = 0;   ///< unused low bits of a sample (P010: 6)
    std::uint8_t chroma_shift_x = 0; ///< chroma has (width + 2^shift - 1) >> shift samples per row
    std::uint8_t chroma_shift_y = 0;
    bool rgb = false;

    [[nodiscard]] unsigned components() const { return chroma == Chroma::None ? 1 : chroma == Chroma::Planar ? 3 : 2; }
    [[nodiscard]] bool interleaved() const { return components() == 2; }
};

/// Null when the format is not in the table.
const PixelLayout* find_pixel_layout(DrmFourcc fourcc);

/// Samples of component `component` (a CbCr pair counts as one) across or down a picture of `size` pixels.
std::uint32_t component_width(const PixelLayout& layout, unsigned component, std::uint32_t size);
std::uint32_t component_height(const PixelLayout& layout, unsigned component, std::uint32_t size);
/// Bytes of `samples` samples of that component in a row.
std::uint64_t row_bytes(const PixelLayout& layout, unsigned component, std::uint32_t samples);

} // namespace v4l2play
