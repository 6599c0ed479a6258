#include "render/kms/formats.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <drm_fourcc.h>
#include <drm_mode.h>
#include <fmt/format.h>

namespace v4l2play {
namespace {

// Far above what any driver lists; keeps the work on a damaged blob small.
constexpr std::uint32_t most_entries = 1024;

/// `count` elements of type T at `offset`; false when they are not inside the blob.
template <class T>
bool read_array(std::span<const std::uint8_t> blob, std::uint64_t offset, std::uint32_t count, std::vector<T>& out) {
    if (count > most_entries || offset > blob.size() || (blob.size() - offset) / sizeof(T) < count) return false;
    out.resize(count);
    if (count != 0) std::memcpy(out.data(), blob.data() + offset, count * sizeof(T));
    return true;
}

/// `entry` describes a window of 64 formats that starts at its `offset`.
bool covers(const drm_format_modifier& entry, std::size_t format) {
    return format >= entry.offset && format - entry.offset < 64 && (entry.formats >> (format - entry.offset) & 1) != 0;
}

} // namespace

std::vector<FormatModifier> parse_in_formats(std::span<const std::uint8_t> blob) {
    drm_format_modifier_blob header{};
    if (blob.size() < sizeof header) return {};
    std::memcpy(&header, blob.data(), sizeof header);
    std::vector<std::uint32_t> formats;
    std::vector<drm_format_modifier> modifiers;
    if (header.version != FORMAT_BLOB_CURRENT ||
        !read_array(blob, header.formats_offset, header.count_formats, formats) ||
        !read_array(blob, header.modifiers_offset, header.count_modifiers, modifiers))
        return {};

    std::vector<FormatModifier> result;
    for (std::size_t i = 0; i < formats.size(); ++i)
        for (const drm_format_modifier& entry : modifiers)
            if (covers(entry, i)) result.push_back({DrmFourcc{formats[i]}, entry.modifier});
    return result;
}

bool same_layout(const FormatModifier& listed, const FormatModifier& format) {
    if (listed.fourcc != format.fourcc) return false;
    const std::uint64_t modifier = format.modifier == modifier_invalid ? modifier_linear : format.modifier;
    return without_parameters(listed.modifier) == without_parameters(modifier);
}

bool takes(std::span<const FormatModifier> listed, const FormatModifier& format) {
    return std::any_of(listed.begin(), listed.end(),
                       [&](const FormatModifier& entry) { return same_layout(entry, format); });
}

std::string modifier_name(std::uint64_t modifier) {
    if (modifier == modifier_linear) return "linear";
    if (modifier == modifier_invalid) return "implicit";
    constexpr const char* vendors[] = {"",        "Intel",    "AMD", "Nvidia",    "Samsung", "Qualcomm",
                                       "Vivante", "Broadcom", "Arm", "Allwinner", "Amlogic"};
    const std::uint64_t vendor = modifier >> 56;
    if (vendor == 0 || vendor >= std::size(vendors)) return fmt::format("{:#018x}", modifier);
    return fmt::format("{:#018x} ({})", modifier, vendors[vendor]);
}

} // namespace v4l2play
