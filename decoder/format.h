// Pixel formats and where the bytes of a picture lie in memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "decoder/color.h"
#include "decoder/nanoseconds.h"

namespace v4l2play {

/// A DRM format code (drm_fourcc.h). V4L2's codes are another type: equal letters may mean other layouts.
enum class DrmFourcc : std::uint32_t {};

constexpr DrmFourcc drm_fourcc(char a, char b, char c, char d) {
    return DrmFourcc{static_cast<std::uint32_t>(static_cast<unsigned char>(a)) |
                     static_cast<std::uint32_t>(static_cast<unsigned char>(b)) << 8 |
                     static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 16 |
                     static_cast<std::uint32_t>(static_cast<unsigned char>(d)) << 24};
}
constexpr DrmFourcc fourcc_nv12 = drm_fourcc('N', 'V', '1', '2');
constexpr DrmFourcc fourcc_nv21 = drm_fourcc('N', 'V', '2', '1');
constexpr DrmFourcc fourcc_nv16 = drm_fourcc('N', 'V', '1', '6');
constexpr DrmFourcc fourcc_yuv420 = drm_fourcc('Y', 'U', '1', '2');
constexpr DrmFourcc fourcc_yuv422 = drm_fourcc('Y', 'U', '1', '6');
constexpr DrmFourcc fourcc_yuv444 = drm_fourcc('Y', 'U', '2', '4');
constexpr DrmFourcc fourcc_p010 = drm_fourcc('P', '0', '1', '0');
constexpr DrmFourcc fourcc_p030 = drm_fourcc('P', '0', '3', '0');
constexpr DrmFourcc fourcc_nv15 = drm_fourcc('N', 'V', '1', '5');
constexpr DrmFourcc fourcc_nv20 = drm_fourcc('N', 'V', '2', '0');
// Packed by a modifier (AFBC) into one component; 8 and 10 bit.
constexpr DrmFourcc fourcc_yuv420_8bit = drm_fourcc('Y', 'U', '0', '8');
constexpr DrmFourcc fourcc_yuv420_10bit = drm_fourcc('Y', 'U', '1', '0');
// Planar, more than 8 bits in the low bits of 16 (named in drm_fourcc.h of newer kernels): what libavcodec makes.
constexpr DrmFourcc fourcc_s010 = drm_fourcc('S', '0', '1', '0');
constexpr DrmFourcc fourcc_s012 = drm_fourcc('S', '0', '1', '2');
constexpr DrmFourcc fourcc_s210 = drm_fourcc('S', '2', '1', '0');
constexpr DrmFourcc fourcc_s212 = drm_fourcc('S', '2', '1', '2');
constexpr DrmFourcc fourcc_s410 = drm_fourcc('S', '4', '1', '0');
constexpr DrmFourcc fourcc_s412 = drm_fourcc('S', '4', '1', '2');
constexpr DrmFourcc fourcc_argb = drm_fourcc('A', 'R', '2', '4');
constexpr DrmFourcc fourcc_xrgb = drm_fourcc('X', 'R', '2', '4');
constexpr DrmFourcc fourcc_r8 = drm_fourcc('R', '8', ' ', ' ');

constexpr std::uint64_t modifier_linear = 0;
constexpr std::uint64_t modifier_invalid = 0x00ffffffffffffffULL;

struct FormatModifier {
    DrmFourcc fourcc{};
    std::uint64_t modifier = modifier_linear;
    bool operator==(const FormatModifier&) const = default;
};

inline bool contains(const std::vector<FormatModifier>& formats, const FormatModifier& format) {
    return std::find(formats.begin(), formats.end(), format) != formats.end();
}
/// Behind the others, unless it is one of them.
inline void add_new(std::vector<FormatModifier>& formats, const FormatModifier& format) {
    if (!contains(formats, format)) formats.push_back(format);
}

/// A modifier without what belongs to the buffer alone: the column height that Broadcom's carry (drm_fourcc.h).
constexpr std::uint64_t without_parameters(std::uint64_t modifier) {
    constexpr std::uint64_t broadcom = 0x07;
    return modifier >> 56 == broadcom ? modifier & 0xff000000000000ffULL : modifier;
}

/// "NV12" for people.
std::string to_string(DrmFourcc fourcc);

/// Pixels; x and y from the top left of the coded picture.
struct Rect {
    std::uint32_t x = 0;
    std::uint32_t y = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    bool operator==(const Rect&) const = default;
};

/// Where one component (Y, Cb, Cr, or CbCr interleaved) lies.
struct ComponentLayout {
    std::uint8_t memory_plane = 0; ///< index of the dmabuf
    std::uint32_t offset = 0;      ///< bytes from the start of that dmabuf
    std::uint32_t pitch = 0;       ///< bytes per row (of pixels, or what the modifier makes of it)
    bool operator==(const ComponentLayout&) const = default;
};

/// The memory layout that all slots of a pool share.
struct FrameFormat {
    DrmFourcc fourcc{};
    std::uint64_t modifier = modifier_linear;
    std::uint32_t coded_width = 0; ///< pixels allocated
    std::uint32_t coded_height = 0;
    std::uint8_t bit_depth = 8;
    std::uint8_t memory_planes = 1;
    std::uint8_t components = 2;
    std::array<ComponentLayout, 4> layout{};
    std::array<std::size_t, 4> memory_size{}; ///< bytes per memory plane
    bool operator==(const FrameFormat&) const = default;
};

/// What one picture says of itself, apart from its memory. May change from picture to picture of one pool.
struct FrameInfo {
    Rect visible; ///< crop, as a source rectangle: pixels outside are never shown and never copied away
    Rational sample_aspect{1, 1};
    unsigned rotation = 0; ///< degrees clockwise by which it is to be turned: 0, 90, 180, 270
    ColorDescription color;
    HdrMetadata hdr;
    bool operator==(const FrameInfo&) const = default;
};

} // namespace v4l2play
