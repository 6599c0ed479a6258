#include "render/wayland/dmabuf_formats.h"

#include <algorithm>

#include "render/yuv.h"

namespace v4l2play {
namespace {

constexpr std::size_t most_formats = 1024;

bool same_modifier(std::uint64_t listed, std::uint64_t given) {
    return without_parameters(listed) == without_parameters(given);
}

} // namespace

void DmabufFormats::add(FormatModifier format, bool scanout) {
    if (!is_yuv(format.fourcc) && format.fourcc != fourcc_xrgb) return;
    const auto known =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.format == format; });
    if (known != entries_.end())
        known->scanout = known->scanout || scanout;
    else if (entries_.size() < most_formats)
        entries_.push_back({format, scanout});
}

void DmabufFormats::add_all(const DmabufFormats& other) {
    for (const Entry& entry : other.entries_) add(entry.format, false);
}

bool DmabufFormats::has_video() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return is_yuv(entry.format.fourcc); });
}

bool DmabufFormats::scans_out(FormatModifier format) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.scanout && entry.format.fourcc == format.fourcc &&
               (same_modifier(entry.format.modifier, format.modifier) ||
                (entry.format.modifier == modifier_invalid && format.modifier == modifier_linear));
    });
}

std::vector<FormatModifier> DmabufFormats::for_decoders() const {
    std::vector<Entry> ordered = entries_;
    std::stable_partition(ordered.begin(), ordered.end(),
                          [](const Entry& entry) { return entry.format.fourcc == fourcc_nv12; });
    std::stable_partition(ordered.begin(), ordered.end(), [](const Entry& entry) { return entry.scanout; });
    std::vector<FormatModifier> formats;
    for (const Entry& entry : ordered) {
        if (!is_yuv(entry.format.fourcc)) continue;
        FormatModifier format = entry.format;
        if (format.modifier == modifier_invalid) format.modifier = modifier_linear;
        add_new(formats, format);
    }
    return formats;
}

std::optional<std::uint64_t> DmabufFormats::modifier_for(FormatModifier format) const {
    bool implicit = false;
    for (const Entry& entry : entries_) {
        if (entry.format.fourcc != format.fourcc) continue;
        if (same_modifier(entry.format.modifier, format.modifier)) return format.modifier;
        implicit = implicit || entry.format.modifier == modifier_invalid;
    }
    const bool plain = format.modifier == modifier_linear || format.modifier == modifier_invalid;
    if (implicit && plain) return modifier_invalid;
    return std::nullopt;
}

} // namespace v4l2play
