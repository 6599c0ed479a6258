#include "app/format_table.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/decoder_factory.h"
#include "decoder/base_name.h"
#include "decoder/v4l2/media_device.h"
#include "render/kms/formats.h"

namespace v4l2play {
namespace {

/// Some drivers offer other formats for other codecs.
std::vector<V4l2Fourcc> capture_formats(const DecoderDevice& decoder) {
    constexpr std::uint32_t usual_width = 1920, usual_height = 1080;
    std::vector<V4l2Fourcc> all;
    const auto video = VideoDevice::open(system_kernel(), decoder.video_path);
    if (!video) return all;
    for (const CodedFormat& coded : decoder.coded_formats) {
        PixelFormat wanted;
        wanted.fourcc = coded.fourcc;
        wanted.width = usual_width;
        wanted.height = usual_height;
        wanted.plane[0].sizeimage = usual_width * usual_height;
        if (!video->set_format(QueueSide::Output, wanted)) continue;
        for (const V4l2Fourcc fourcc : video->formats(QueueSide::Capture))
            if (std::find(all.begin(), all.end(), fourcc) == all.end()) all.push_back(fourcc);
    }
    return all;
}

void add_formats_of(const DecoderDevice& device, const StreamInfo& stream, std::vector<FrameFormat>& formats) {
    const std::optional<V4l2Fourcc> coded = coded_format(device, stream.codec);
    if (!coded) return;
    const auto video = VideoDevice::open(system_kernel(), device.video_path);
    if (!video) return;
    PixelFormat wanted;
    wanted.fourcc = *coded;
    wanted.width = static_cast<std::uint32_t>(stream.width);
    wanted.height = static_cast<std::uint32_t>(stream.height);
    wanted.plane[0].sizeimage = wanted.width * wanted.height;
    if (!video->set_format(QueueSide::Output, wanted)) return;
    for (const V4l2Fourcc fourcc : video->formats(QueueSide::Capture)) {
        const FormatFacts* facts = find_format(fourcc);
        if (facts == nullptr || !can_be_shown(*facts)) continue;
        wanted.fourcc = fourcc;
        wanted.memory_planes = facts->memory_planes;
        const auto set = video->set_format(QueueSide::Capture, wanted);
        if (!set) continue;
        const auto format = to_frame_format(*set);
        if (format && std::find(formats.begin(), formats.end(), *format) == formats.end()) formats.push_back(*format);
    }
}

/// Planes of `card` that can serve `connector` and take `facts`.
std::vector<std::uint32_t> planes_for(const KmsCard& card, const KmsConnector& connector, const FormatFacts& facts) {
    std::vector<std::uint32_t> planes;
    for (const KmsPlane& plane : card.planes)
        if (plane.type != PlaneType::Cursor && (plane.possible_crtcs & connector.possible_crtcs) != 0 &&
            std::any_of(plane.formats.begin(), plane.formats.end(),
                        [&](const FormatModifier& format) { return is_same_format(facts, format); }))
            planes.push_back(plane.id);
    return planes;
}

/// "card1 Virtual-1: planes 31 36, HDMI-A-1: plane 40"; empty when no plane takes it.
std::string planes_of(const KmsCard& card, const FormatFacts& facts) {
    std::string text;
    for (const KmsConnector& connector : card.connectors) {
        const std::vector<std::uint32_t> planes = planes_for(card, connector, facts);
        if (planes.empty()) continue;
        text += fmt::format("{}{}: plane{} {}", text.empty() ? "" : ", ", connector.name, planes.size() == 1 ? "" : "s",
                            fmt::join(planes, " "));
    }
    return text.empty() ? "" : base_name(card.path) + " " + text;
}

std::string drm_name(const FormatFacts& facts) {
    return to_string(facts.drm) + (facts.modifier == modifier_linear ? "" : ":" + modifier_name(facts.modifier));
}

std::string takers(const FormatFacts& facts, const std::vector<KmsCard>& cards) {
    if (!can_be_shown(facts)) return "DRM has no name for it";
    std::string text;
    for (const KmsCard& card : cards)
        if (const std::string planes = planes_of(card, facts); !planes.empty())
            text += (text.empty() ? "" : "; ") + planes;
    return text.empty() ? "no plane takes " + drm_name(facts) : text;
}

} // namespace

std::vector<DecoderPixels> list_decoder_pixels() {
    std::vector<DecoderPixels> decoders;
    for (const DecoderDevice& device : find_decoders(system_kernel()))
        if (auto pixels = capture_formats(device); !pixels.empty())
            decoders.push_back({device.name() + (device.stateless ? "" : ", stateful"), std::move(pixels)});
    return decoders;
}

std::vector<FrameFormat> decoder_formats(const StreamInfo& stream) {
    std::vector<FrameFormat> formats;
    for (const DecoderDevice& device : find_decoders(system_kernel())) add_formats_of(device, stream, formats);
    return formats;
}

std::vector<std::string> cross(const std::vector<DecoderPixels>& decoders, const std::vector<KmsCard>& cards) {
    std::vector<std::string> lines;
    for (const DecoderPixels& decoder : decoders) {
        lines.push_back(decoder.name);
        std::string unknown;
        for (const V4l2Fourcc fourcc : decoder.formats) {
            if (const FormatFacts* facts = find_format(fourcc))
                lines.push_back(fmt::format("  {:<5} {}", to_string(fourcc), takers(*facts, cards)));
            else
                unknown += " " + to_string(fourcc);
        }
        if (!unknown.empty()) lines.push_back("  never taken from it:" + unknown);
    }
    return lines;
}

} // namespace v4l2play
