#include "decoder/stateful/capture_setup.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "decoder/codec/fwht_header.h"

namespace v4l2play {
namespace {

// Of drivers that do not tell: what H.264 may need at most in common sizes.
constexpr unsigned usual_minimum = 6;
constexpr std::uint8_t unspecified = 2;

/// What the driver has decided on tells the stream's sampling and depth; drivers do not resample.
bool is_candidate(const FormatFacts& facts, const FormatFacts* current) {
    return can_be_shown(facts) && (current == nullptr || (facts.chroma_format_idc == current->chroma_format_idc &&
                                                          facts.bit_depth == current->bit_depth));
}

std::optional<V4l2Fourcc> choose(std::span<const V4l2Fourcc> offered, V4l2Fourcc current,
                                 std::span<const FormatModifier> wanted) {
    const FormatFacts* now = find_format(current);
    if (wanted.empty() && now != nullptr && can_be_shown(*now)) return current;
    std::vector<const FormatFacts*> known;
    for (const V4l2Fourcc fourcc : offered)
        if (const FormatFacts* facts = find_format(fourcc); facts != nullptr && is_candidate(*facts, now))
            known.push_back(facts);
    if (wanted.empty()) return known.empty() ? std::nullopt : std::optional(known.front()->v4l2);
    for (const FormatModifier& format : wanted)
        for (const FormatFacts* facts : known)
            if (is_same_format(*facts, format)) return facts->v4l2;
    return std::nullopt;
}

std::string list(std::span<const V4l2Fourcc> formats) {
    std::string text;
    for (const V4l2Fourcc fourcc : formats) text += (text.empty() ? "" : ", ") + to_string(fourcc);
    return text.empty() ? "nothing" : text;
}

/// The rectangle of pixels that are meant to be seen.
Rect visible_part(const VideoDevice& device, const PixelFormat& format) {
    const Rect all{0, 0, format.width, format.height};
    v4l2_selection selection{};
    selection.type = V4L2_BUF_TYPE_VIDEO_CAPTURE; // for multi-planar drivers, too
    selection.target = V4L2_SEL_TGT_COMPOSE;
    if (device.kernel().ioctl(device.fd(), VIDIOC_G_SELECTION, &selection) < 0) return all;
    const v4l2_rect& r = selection.r;
    if (r.left < 0 || r.top < 0 || r.width == 0 || r.height == 0) return all;
    const Rect visible{static_cast<std::uint32_t>(r.left), static_cast<std::uint32_t>(r.top), r.width, r.height};
    const bool inside = std::uint64_t{visible.x} + visible.width <= all.width &&
                        std::uint64_t{visible.y} + visible.height <= all.height;
    return inside ? visible : all;
}

/// What the container says; else what the driver has read in the bitstream.
ColorDescription color(const VideoDevice& device, const ColorDescription& container) {
    v4l2_format format{};
    format.type = device.buffer_type(QueueSide::Capture);
    if (device.kernel().ioctl(device.fd(), VIDIOC_G_FMT, &format) < 0) return container;
    const v4l2_pix_format& single = format.fmt.pix;
    const v4l2_pix_format_mplane& multi = format.fmt.pix_mp;
    ColorDescription told =
        device.multi_planar()
            ? fwht::describe_color(multi.colorspace, multi.xfer_func, multi.ycbcr_enc, multi.quantization)
            : fwht::describe_color(single.colorspace, single.xfer_func, single.ycbcr_enc, single.quantization);
    if (container.matrix != unspecified) return container;
    return told;
}

unsigned minimum_buffers(const VideoDevice& device) {
    v4l2_control control{};
    control.id = V4L2_CID_MIN_BUFFERS_FOR_CAPTURE;
    if (device.kernel().ioctl(device.fd(), VIDIOC_G_CTRL, &control) < 0 || control.value < 1) return usual_minimum;
    return std::min<unsigned>(static_cast<unsigned>(control.value), VIDEO_MAX_FRAME);
}

std::vector<V4l2Fourcc> offered_formats(const VideoDevice& device, V4l2Fourcc current) {
    std::vector<V4l2Fourcc> offered = device.formats(QueueSide::Capture);
    if (offered.empty()) offered.push_back(current);
    return offered;
}

Result<PixelFormat> set_format(const VideoDevice& device, std::span<const FormatModifier> wanted) {
    auto current = device.get_format(QueueSide::Capture);
    if (!current) return current;
    const std::vector<V4l2Fourcc> offered = offered_formats(device, current->fourcc);
    const auto chosen = choose(offered, current->fourcc, wanted);
    if (!chosen) return no_common_format(list(offered));
    PixelFormat format{*chosen, current->width, current->height, find_format(*chosen)->memory_planes, {}};
    auto set = device.set_format(QueueSide::Capture, format);
    if (set && set->fourcc != *chosen)
        return fail(ENOTSUP,
                    fmt::format("the driver offers {} and then gives {}", to_string(*chosen), to_string(set->fourcc)),
                    "S_FMT");
    return set;
}

} // namespace

Result<CaptureFormat> set_up_capture(const VideoDevice& device, const DecoderConfig& config) {
    const auto pixels = set_format(device, config.output_formats);
    if (!pixels) return fail(pixels.error());
    CaptureFormat capture{*pixels, {}, minimum_buffers(device)};
    capture.info.visible = visible_part(device, *pixels);
    if (const Rational aspect = config.stream.sample_aspect; aspect.positive()) capture.info.sample_aspect = aspect;
    capture.info.color = color(device, config.stream.color);
    capture.info.hdr = config.stream.hdr;
    return capture;
}

bool would_change_capture(const VideoDevice& device, std::span<const FormatModifier> output_formats) {
    const auto current = device.get_format(QueueSide::Capture);
    if (!current) return false;
    const auto chosen = choose(offered_formats(device, current->fourcc), current->fourcc, output_formats);
    return chosen && *chosen != current->fourcc;
}

} // namespace v4l2play
