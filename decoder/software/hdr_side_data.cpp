#include "decoder/software/hdr_side_data.h"

#include <cstring>

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

namespace v4l2play {
namespace {

constexpr std::int64_t point_units = 50'000;
constexpr std::int64_t luminance_units = 10'000;
constexpr std::int64_t largest_luminance = 10'000 * luminance_units; // where ST 2084 ends

/// The structure that `data` starts with: later versions of libavutil may append to it.
template <class Structure>
bool read(std::span<const std::uint8_t> data, Structure& structure) {
    if (data.size() < sizeof structure) return false;
    std::memcpy(&structure, data.data(), sizeof structure);
    return true;
}

/// In 1 / `units`, rounded; -1 when it is no number from 0 to `largest` (in the same units).
std::int64_t scaled(AVRational value, std::int64_t units, std::int64_t largest) {
    if (value.den <= 0 || value.num < 0) return -1;
    const std::int64_t result = (value.num * units + value.den / 2) / value.den;
    return result <= largest ? result : -1;
}

bool read_point(const AVRational (&from)[2], std::array<std::uint16_t, 2>& to) {
    for (std::size_t i = 0; i < 2; ++i) {
        const std::int64_t coordinate = scaled(from[i], point_units, point_units);
        if (coordinate < 0) return false;
        to[i] = static_cast<std::uint16_t>(coordinate);
    }
    return true;
}

/// All points or none.
bool read_points(const AVMasteringDisplayMetadata& from, HdrMetadata& to) {
    HdrMetadata points = to;
    for (std::size_t i = 0; i < 3; ++i)
        if (!read_point(from.display_primaries[i], points.primaries[i])) return false;
    if (!read_point(from.white_point, points.white_point)) return false;
    to = points;
    return true;
}

bool read_luminance(const AVMasteringDisplayMetadata& from, HdrMetadata& to) {
    const std::int64_t maximum = scaled(from.max_luminance, luminance_units, largest_luminance);
    const std::int64_t minimum = scaled(from.min_luminance, luminance_units, largest_luminance);
    if (minimum < 0 || maximum <= minimum) return false;
    to.max_luminance = static_cast<std::uint32_t>(maximum);
    to.min_luminance = static_cast<std::uint32_t>(minimum);
    return true;
}

} // namespace

void note_mastering_display(std::span<const std::uint8_t> data, HdrMetadata& hdr) {
    AVMasteringDisplayMetadata from;
    if (!read(data, from)) return;
    const bool points = from.has_primaries != 0 && read_points(from, hdr);
    const bool luminance = from.has_luminance != 0 && read_luminance(from, hdr);
    hdr.has_mastering_display = hdr.has_mastering_display || points || luminance;
}

void note_content_light(std::span<const std::uint8_t> data, HdrMetadata& hdr) {
    AVContentLightMetadata from;
    if (!read(data, from) || from.MaxCLL > UINT16_MAX || from.MaxFALL > UINT16_MAX) return;
    if (from.MaxCLL == 0 && from.MaxFALL == 0) return;
    hdr.has_content_light = true;
    hdr.max_content_light_level = static_cast<std::uint16_t>(from.MaxCLL);
    hdr.max_pic_average_light_level = static_cast<std::uint16_t>(from.MaxFALL);
}

} // namespace v4l2play
