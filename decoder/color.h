// How the numbers in a picture are meant: the code points of ITU-T H.273.
#pragma once

#include <array>
#include <cstdint>

namespace v4l2play {

/// Values are those of H.273 (tables 2, 3, 4); 2 = unspecified.
struct ColorDescription {
    std::uint8_t primaries = 2;
    std::uint8_t transfer = 2;
    std::uint8_t matrix = 2;
    bool full_range = false;

    bool operator==(const ColorDescription&) const = default;
};

/// What the stream itself says; of what it leaves unspecified, what the container says. The range is always the
/// stream's.
inline ColorDescription complete(const ColorDescription& stream, const ColorDescription& container) {
    constexpr std::uint8_t unspecified = 2;
    const auto choose = [](std::uint8_t one, std::uint8_t other) { return one != unspecified ? one : other; };
    return {choose(stream.primaries, container.primaries), choose(stream.transfer, container.transfer),
            choose(stream.matrix, container.matrix), stream.full_range};
}

/// What HDR10 says of the content: the display that it was mastered on (SMPTE ST 2086) and its light levels
/// (CTA-861.3), in the units of H.265 D.3.28 and D.3.35.
struct HdrMetadata {
    bool has_mastering_display = false;
    bool has_content_light = false;
    std::array<std::array<std::uint16_t, 2>, 3> primaries{}; ///< red, green, blue: x and y in 1/50000
    std::array<std::uint16_t, 2> white_point{};
    std::uint32_t max_luminance = 0; ///< 1/10000 cd/m²
    std::uint32_t min_luminance = 0;
    std::uint16_t max_content_light_level = 0;     ///< cd/m²; 0 unknown
    std::uint16_t max_pic_average_light_level = 0; ///< cd/m²; 0 unknown

    bool operator==(const HdrMetadata&) const = default;
};

/// Likewise.
inline HdrMetadata complete(const HdrMetadata& stream, const HdrMetadata& container) {
    HdrMetadata both = stream.has_mastering_display ? stream : container;
    const HdrMetadata& light = stream.has_content_light ? stream : container;
    both.has_content_light = light.has_content_light;
    both.max_content_light_level = light.max_content_light_level;
    both.max_pic_average_light_level = light.max_pic_average_light_level;
    return both;
}

} // namespace v4l2play
