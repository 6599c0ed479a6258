// Shapes to pixels, by the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "render/overlay/drawing.h"

namespace v4l2play {

/// A part of the picture in cached memory: DRM_FORMAT_ARGB8888, alpha premultiplied.
struct PixelBlock {
    std::uint32_t* pixels = nullptr;
    std::int32_t pitch = 0; ///< in pixels
    Box place;              ///< which part of the picture
    [[nodiscard]] std::uint32_t* at(std::int32_t x, std::int32_t y) const {
        return pixels + std::ptrdiff_t{y - place.top} * pitch + (x - place.left);
    }
};

/// value · share / 255, rounded to nearest, for the lowest and the third byte of `values` at once.
constexpr std::uint32_t scaled_pair(std::uint32_t values, std::uint32_t share) {
    const std::uint32_t products = (values & 0xff00ff) * share + 0x800080;
    return (products + (products >> 8 & 0xff00ff)) >> 8 & 0xff00ff;
}
/// `over` on top of `under`, both premultiplied, each channel rounded to nearest. Without a branch: compilers do
/// several pixels at once.
constexpr std::uint32_t blend_over(std::uint32_t under, std::uint32_t over) {
    const std::uint32_t rest = 255 - (over >> 24);
    return over + scaled_pair(under, rest) + (scaled_pair(under >> 8, rest) << 8);
}
/// Premultiplied ARGB of `color` where it covers `coverage` (0..255) of a pixel.
std::uint32_t premultiplied(Rgba color, std::uint32_t coverage);

/// Draws the part of `shape` (one of `drawing`) that is inside `block`. A pixel belongs to a triangle when its centre
/// does; one on an edge belongs to the triangle on the edge's right or lower side, so that triangles that share an edge
/// neither leave a gap nor draw a pixel twice. Texels outside the texture count as not covered.
void draw_shape(const Drawing& drawing, const Shape& shape, const PixelBlock& block);

} // namespace v4l2play
