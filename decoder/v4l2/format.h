// V4L2 pixel formats, and what they are called and laid out like where pictures are shown.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "decoder/format.h"
#include "decoder/result.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play {

struct PlaneFormat {
    std::uint32_t bytesperline = 0;
    std::uint32_t sizeimage = 0;
    bool operator==(const PlaneFormat&) const = default;
};

/// v4l2_format of a single- or multi-planar queue. Numbers are the driver's: they are read, never worked out.
struct PixelFormat {
    V4l2Fourcc fourcc{};
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint8_t memory_planes = 1;
    std::array<PlaneFormat, 4> plane{};
    bool operator==(const PixelFormat&) const = default;
};

/// What is known of a V4L2 pixel format without a picture size.
struct FormatFacts {
    V4l2Fourcc v4l2{};
    DrmFourcc drm{};
    std::uint64_t modifier = modifier_linear; ///< without its parameter
    std::uint8_t bit_depth = 8;
    std::uint8_t chroma_format_idc = 1; ///< 1 = 4:2:0, 2 = 4:2:2
    std::uint8_t memory_planes = 1;
    std::uint8_t components = 2;
    std::uint8_t height_alignment = 1; ///< rows of luma before chroma begins, when in one memory plane
};

/// Null for formats that nothing is known of.
const FormatFacts* find_format(V4l2Fourcc fourcc);
/// False for those that DRM has no name for, so that no display can be told what they are.
bool can_be_shown(const FormatFacts& facts);
/// Whether `facts` is what an output calls `wanted`. The parameter in a modifier (column height) does not count, and
/// an implicit modifier is linear.
bool is_same_format(const FormatFacts& facts, const FormatModifier& wanted);
/// Layout of the memory behind `format`. ENOTSUP when the format has no DRM name, EINVAL when the components do not fit
/// in the sizes that the driver gives.
Result<FrameFormat> to_frame_format(const PixelFormat& format);

/// "S264" for people.
std::string to_string(V4l2Fourcc fourcc);

} // namespace v4l2play
