#include "decoder/request/device_setup.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/request/bitstream_pool.h"

namespace v4l2play {
namespace {

// What a device with a pipeline of two stages keeps busy. More go in flight whenever slots are FREE.
constexpr unsigned slots_in_decode = 2;

Result<PixelFormat> set_coded_format(const VideoDevice& device, V4l2Fourcc coded, const SequenceInfo& sequence) {
    PixelFormat wanted{coded, sequence.coded_width, sequence.coded_height, 1, {}};
    // Some drivers take a size of 0 at its word.
    wanted.plane[0].sizeimage = first_bitstream_size(sequence.coded_width, sequence.coded_height) +
                                static_cast<std::uint32_t>(bitstream_padding);
    auto format = device.set_format(QueueSide::Output, wanted);
    if (!format) return format;
    if (format->fourcc != coded)
        return fail(ENOTSUP, fmt::format("the driver does not take {}", to_string(coded)), "S_FMT");
    if (format->width < sequence.coded_width || format->height < sequence.coded_height)
        return fail(ENOTSUP,
                    fmt::format("{}x{} is too large for the driver, which takes {}x{}", sequence.coded_width,
                                sequence.coded_height, format->width, format->height),
                    "S_FMT");
    return format;
}

/// Columns in two memory planes: a display that knows of no other height than the modifier's may show them wrong.
bool is_last_resort(const FormatFacts* facts) {
    return facts->v4l2 == V4l2Fourcc{V4L2_PIX_FMT_NV12MT_COL128} ||
           facts->v4l2 == V4l2Fourcc{V4L2_PIX_FMT_NV12MT_10_COL128};
}

/// Formats among `offered` that can be shown and have the sequence's sampling, in the driver's order; those of its own
/// depth if there are any (drivers may reduce the depth, and do not resample).
std::vector<const FormatFacts*> candidates(std::span<const V4l2Fourcc> offered, const SequenceInfo& sequence) {
    std::vector<const FormatFacts*> known;
    for (const V4l2Fourcc fourcc : offered)
        if (const FormatFacts* facts = find_format(fourcc);
            facts != nullptr && can_be_shown(*facts) &&
            facts->chroma_format_idc == std::max<std::uint8_t>(sequence.chroma_format_idc, 1))
            known.push_back(facts);
    std::stable_partition(known.begin(), known.end(), [](const auto* facts) { return !is_last_resort(facts); });
    std::vector<const FormatFacts*> own;
    std::copy_if(known.begin(), known.end(), std::back_inserter(own),
                 [&](const FormatFacts* facts) { return facts->bit_depth == sequence.bit_depth_luma; });
    return own.empty() ? known : own;
}

std::optional<V4l2Fourcc> choose(std::span<const FormatFacts* const> known, V4l2Fourcc current,
                                 std::span<const FormatModifier> wanted) {
    if (wanted.empty()) {
        for (const FormatFacts* facts : known)
            if (facts->v4l2 == current) return current;
        return known.empty() ? std::nullopt : std::optional(known.front()->v4l2);
    }
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

Result<PixelFormat> set_pixel_format(const VideoDevice& device, const SequenceInfo& sequence,
                                     std::span<const FormatModifier> output_formats) {
    auto current = device.get_format(QueueSide::Capture);
    if (!current) return current;
    const auto chosen = choose_pixel_format(device, sequence, current->fourcc, output_formats);
    if (!chosen) return fail(chosen.error());
    // Drivers fit it to the sequence by themselves; vicodec does not.
    PixelFormat wanted{*chosen,
                       std::max(current->width, sequence.coded_width),
                       std::max(current->height, sequence.coded_height),
                       find_format(*chosen)->memory_planes,
                       {}};
    auto format = device.set_format(QueueSide::Capture, wanted);
    if (!format) return format;
    if (format->fourcc != *chosen)
        return fail(
            ENOTSUP,
            fmt::format("the driver offers {} and then gives {}", to_string(*chosen), to_string(format->fourcc)),
            "S_FMT");
    if (format->width < sequence.info.visible.x + sequence.info.visible.width ||
        format->height < sequence.info.visible.y + sequence.info.visible.height)
        return fail(ENOTSUP, fmt::format("the driver's pictures are only {}x{}", format->width, format->height),
                    "S_FMT");
    return format;
}

} // namespace

ControlFacts DeviceProbe::query(std::uint32_t control_id) {
    v4l2_query_ext_ctrl control{};
    if (!device_.query_control(control_id, control)) return {};
    ControlFacts facts;
    facts.exists = true;
    facts.element_size = control.elem_size;
    facts.elements = control.elems;
    const bool dynamic = (control.flags & V4L2_CTRL_FLAG_DYNAMIC_ARRAY) != 0;
    facts.maximum_elements = dynamic ? control.dims[0] : control.elems;
    facts.minimum = control.minimum;
    facts.maximum = control.maximum;
    facts.menu = device_.menu_items(control);
    return facts;
}

Result<> check_device(const DecoderDevice& device, V4l2Fourcc coded, std::uint32_t width, std::uint32_t height) {
    if (!device.stateless) return fail(ENOTSUP, fmt::format("{} takes no requests", device.name()), "request");
    const CodedFormat* format = device.find_format(coded);
    if (format == nullptr)
        return fail(ENOTSUP, fmt::format("{} does not decode {}", device.name(), to_string(coded)), "ENUM_FMT");
    const FrameSizes& sizes = format->sizes;
    if (sizes.maximum_width != 0 && (width > sizes.maximum_width || height > sizes.maximum_height))
        return fail(ENOTSUP,
                    fmt::format("{}x{} is too large for {}, which takes {}x{}", width, height, device.name(),
                                sizes.maximum_width, sizes.maximum_height),
                    "ENUM_FRAMESIZES");
    return {};
}

Result<DeviceFormats> set_up_device(const VideoDevice& device, CodecControls& controls, const SequenceInfo& sequence,
                                    std::span<const FormatModifier> output_formats) {
    const auto coded = set_coded_format(device, V4l2Fourcc{controls.coded_fourcc()}, sequence);
    if (!coded) return fail(coded.error());
    DeviceProbe probe(device);
    V4L2PLAY_TRY(controls.probe(probe));
    V4L2PLAY_TRY(controls.accepts(sequence));
    V4L2PLAY_TRY(device.set_controls(controls.sequence_controls(sequence)));
    const auto pixels = set_pixel_format(device, sequence, output_formats);
    if (!pixels) return fail(pixels.error());
    return DeviceFormats{*coded, *pixels};
}

Result<V4l2Fourcc> choose_pixel_format(const VideoDevice& device, const SequenceInfo& sequence, V4l2Fourcc current,
                                       std::span<const FormatModifier> output_formats) {
    std::vector<V4l2Fourcc> offered = device.formats(QueueSide::Capture);
    if (offered.empty()) offered.push_back(current);
    const std::vector<const FormatFacts*> fitting = candidates(offered, sequence);
    if (fitting.empty())
        return fail(ENOTSUP,
                    fmt::format("the decoder makes {}, none of which is for {} bits and chroma_format_idc {}",
                                list(offered), sequence.bit_depth_luma, sequence.chroma_format_idc),
                    "ENUM_FMT");
    const auto chosen = choose(fitting, current, output_formats);
    if (!chosen) return no_common_format(list(offered));
    return *chosen;
}

SlotCount count_slots(const SequenceInfo& sequence, const DecoderConfig& config) {
    SlotCount slots;
    const unsigned wanted = sequence.dpb_slots + slots_in_decode + config.queue_slots + config.presenter_slots + 1;
    slots.count = std::min<unsigned>(wanted, VIDEO_MAX_FRAME);
    slots.least = sequence.dpb_slots + 2;
    slots.terms = fmt::format("{} references + {} in decode + {} queued + {} shown + 1", sequence.dpb_slots,
                              slots_in_decode, config.queue_slots, config.presenter_slots);
    if (slots.count < wanted) slots.terms += fmt::format(", cut to {}", slots.count);
    return slots;
}

} // namespace v4l2play
