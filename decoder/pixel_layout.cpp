#include "decoder/pixel_layout.h"

#include <algorithm>
#include <array>

namespace v4l2play {
namespace {

using Chroma = PixelLayout::Chroma;

constexpr PixelLayout packed(DrmFourcc fourcc, std::uint8_t pixel_bytes, bool rgb) {
    return {fourcc, Chroma::None, 8, pixel_bytes, 0, 0, 0, rgb};
}

constexpr std::array layouts{
    // fourcc, chroma, depth, bytes, padding bits, chroma shifts, rgb
    PixelLayout{fourcc_nv12, Chroma::Interleaved, 8, 1, 0, 1, 1, false},
    PixelLayout{fourcc_nv21, Chroma::InterleavedCrFirst, 8, 1, 0, 1, 1, false},
    PixelLayout{fourcc_nv16, Chroma::Interleaved, 8, 1, 0, 1, 0, false},
    PixelLayout{drm_fourcc('N', 'V', '6', '1'), Chroma::InterleavedCrFirst, 8, 1, 0, 1, 0, false},
    PixelLayout{drm_fourcc('N', 'V', '2', '4'), Chroma::Interleaved, 8, 1, 0, 0, 0, false},
    PixelLayout{fourcc_nv15, Chroma::Interleaved, 10, 0, 0, 1, 1, false},
    PixelLayout{fourcc_nv20, Chroma::Interleaved, 10, 0, 0, 1, 0, false},
    PixelLayout{fourcc_p010, Chroma::Interleaved, 10, 2, 6, 1, 1, false},
    PixelLayout{drm_fourcc('P', '2', '1', '0'), Chroma::Interleaved, 10, 2, 6, 1, 0, false},
    PixelLayout{drm_fourcc('P', '0', '1', '2'), Chroma::Interleaved, 12, 2, 4, 1, 1, false},
    PixelLayout{fourcc_yuv420, Chroma::Planar, 8, 1, 0, 1, 1, false},
    PixelLayout{fourcc_yuv422, Chroma::Planar, 8, 1, 0, 1, 0, false},
    PixelLayout{fourcc_yuv444, Chroma::Planar, 8, 1, 0, 0, 0, false},
    PixelLayout{drm_fourcc('Y', 'U', '1', '1'), Chroma::Planar, 8, 1, 0, 2, 0, false},
    PixelLayout{drm_fourcc('Y', 'U', 'V', '9'), Chroma::Planar, 8, 1, 0, 2, 2, false},
    PixelLayout{fourcc_s010, Chroma::Planar, 10, 2, 0, 1, 1, false},
    PixelLayout{fourcc_s210, Chroma::Planar, 10, 2, 0, 1, 0, false},
    PixelLayout{fourcc_s410, Chroma::Planar, 10, 2, 0, 0, 0, false},
    PixelLayout{fourcc_s012, Chroma::Planar, 12, 2, 0, 1, 1, false},
    PixelLayout{fourcc_s212, Chroma::Planar, 12, 2, 0, 1, 0, false},
    PixelLayout{fourcc_s412, Chroma::Planar, 12, 2, 0, 0, 0, false},
    PixelLayout{fourcc_r8, Chroma::None, 8, 1, 0, 0, 0, false},
    PixelLayout{drm_fourcc('R', '1', '0', ' '), Chroma::None, 10, 2, 0, 0, 0, false},
    PixelLayout{drm_fourcc('R', '1', '2', ' '), Chroma::None, 12, 2, 0, 0, 0, false},
    packed(drm_fourcc('X', 'R', '2', '4'), 4, true),
    packed(drm_fourcc('A', 'R', '2', '4'), 4, true),
    packed(drm_fourcc('X', 'B', '2', '4'), 4, true),
    packed(drm_fourcc('A', 'B', '2', '4'), 4, true),
    packed(drm_fourcc('R', 'G', '2', '4'), 3, true),
    packed(drm_fourcc('B', 'G', '2', '4'), 3, true),
    packed(drm_fourcc('R', 'G', '1', '6'), 2, true),
    packed(drm_fourcc('Y', 'U', 'Y', 'V'), 2, false),
    packed(drm_fourcc('U', 'Y', 'V', 'Y'), 2, false),
};

constexpr std::uint32_t shifted_up(std::uint32_t size, unsigned shift) {
    return static_cast<std::uint32_t>((std::uint64_t{size} + (1U << shift) - 1) >> shift);
}

} // namespace

const PixelLayout* find_pixel_layout(DrmFourcc fourcc) {
    const auto* found = std::find_if(layouts.begin(), layouts.end(),
                                     [fourcc](const PixelLayout& layout) { return layout.fourcc == fourcc; });
    return found == layouts.end() ? nullptr : found;
}

std::uint32_t component_width(const PixelLayout& layout, unsigned component, std::uint32_t size) {
    return component == 0 ? size : shifted_up(size, layout.chroma_shift_x);
}

std::uint32_t component_height(const PixelLayout& layout, unsigned component, std::uint32_t size) {
    return component == 0 ? size : shifted_up(size, layout.chroma_shift_y);
}

std::uint64_t row_bytes(const PixelLayout& layout, unsigned component, std::uint32_t samples) {
    const std::uint64_t values = std::uint64_t{samples} * (component != 0 && layout.interleaved() ? 2 : 1);
    return layout.pixel_bytes == 0 ? (values * 10 + 7) / 8 : values * layout.pixel_bytes;
}

} // namespace v4l2play
