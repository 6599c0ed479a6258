#include <algorithm>

#include "decoder/codec/av1_parser.h"

namespace v4l2play::av1 {

namespace {

// metadata_type, 6.7.1
constexpr std::uint32_t metadata_type_hdr_cll = 1;
constexpr std::uint32_t metadata_type_hdr_mdcv = 2;

/// Fixed point with `fraction` bits, in units of 1 / `units`.
std::uint32_t rescale(std::uint32_t value, unsigned fraction, std::uint64_t units) {
    const std::uint64_t scaled = (value * units + (std::uint64_t{1} << fraction) / 2) >> fraction;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(scaled, UINT32_MAX));
}

/// 5.8.3
void parse_hdr_cll(SyntaxReader& r, HdrMetadata& hdr) {
    const auto max_cll = static_cast<std::uint16_t>(r.f(16));
    const auto max_fall = static_cast<std::uint16_t>(r.f(16));
    if (!r.ok()) return;
    hdr.has_content_light = true;
    hdr.max_content_light_level = max_cll;
    hdr.max_pic_average_light_level = max_fall;
}

/// 5.8.4. Points are 0.16 fixed point, luminances 24.8 and 18.14 (6.7.4).
void parse_hdr_mdcv(SyntaxReader& r, HdrMetadata& hdr) {
    constexpr std::uint64_t point_units = 50'000;
    constexpr std::uint64_t luminance_units = 10'000;
    const auto point = [&] { return static_cast<std::uint16_t>(rescale(r.f(16), 16, point_units)); };
    HdrMetadata read = hdr;
    for (auto& primary : read.primaries)
        for (std::uint16_t& coordinate : primary) coordinate = point();
    for (std::uint16_t& coordinate : read.white_point) coordinate = point();
    read.max_luminance = rescale(r.f(32), 8, luminance_units);
    read.min_luminance = rescale(r.f(32), 14, luminance_units);
    read.has_mastering_display = true;
    if (r.ok()) hdr = read;
}

} // namespace

void parse_metadata(std::span<const std::uint8_t> payload, HdrMetadata& hdr) {
    const auto type = take_leb128(payload);
    SyntaxReader r(payload);
    if (type == metadata_type_hdr_cll) parse_hdr_cll(r, hdr);
    if (type == metadata_type_hdr_mdcv) parse_hdr_mdcv(r, hdr);
}

} // namespace v4l2play::av1
