#include "render/kms/hdr.h"

#include <algorithm>

namespace v4l2play {
namespace {

// H.273 transfer characteristics, and the EOTF codes of CTA-861-G, table 85.
constexpr std::uint8_t transfer_pq = 16;
constexpr std::uint8_t transfer_hlg = 18;
constexpr std::uint8_t eotf_pq = 2;
constexpr std::uint8_t eotf_hlg = 3;
constexpr std::uint32_t luminance_units = 10'000; // of ours in 1 cd/m², and of the infoframe's minimum

std::uint16_t clamp16(std::uint32_t value) {
    return static_cast<std::uint16_t>(std::min<std::uint32_t>(value, 0xffff));
}

void fill_mastering(const HdrMetadata& from, hdr_metadata_infoframe& to) {
    for (std::size_t i = 0; i < from.primaries.size(); ++i) {
        to.display_primaries[i].x = from.primaries[i][0];
        to.display_primaries[i].y = from.primaries[i][1];
    }
    to.white_point.x = from.white_point[0];
    to.white_point.y = from.white_point[1];
    to.max_display_mastering_luminance = clamp16(from.max_luminance / luminance_units);
    to.min_display_mastering_luminance = clamp16(from.min_luminance);
}

} // namespace

std::optional<hdr_output_metadata> hdr_metadata(const FrameInfo& info) {
    const bool pq = info.color.transfer == transfer_pq;
    if (!pq && info.color.transfer != transfer_hlg) return std::nullopt;
    hdr_output_metadata metadata{};
    hdr_metadata_infoframe& frame = metadata.hdmi_metadata_type1;
    frame.eotf = pq ? eotf_pq : eotf_hlg;
    if (info.hdr.has_mastering_display) fill_mastering(info.hdr, frame);
    if (info.hdr.has_content_light) {
        frame.max_cll = info.hdr.max_content_light_level;
        frame.max_fall = info.hdr.max_pic_average_light_level;
    }
    return metadata;
}

bool is_pq(const hdr_output_metadata& metadata) { return metadata.hdmi_metadata_type1.eotf == eotf_pq; }

} // namespace v4l2play
