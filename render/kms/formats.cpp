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

struct YuvFormat {
    DrmFourcc fourcc;
    Subsampling subsampling;
};
constexpr YuvFormat yuv_formats[] = {
    {fourcc_nv12, {2, 2}},
    {fourcc_nv21, {2, 2}},
    {fourcc_yuv420, {2, 2}},
    {drm_fourcc('Y', 'V', '1', '2'), {2, 2}},
    {fourcc_p010, {2, 2}},
    {drm_fourcc('P', '0', '1', '2'), {2, 2}},
    {drm_fourcc('P', '0', '1', '6'), {2, 2}},
    {drm_fourcc('P', '0', '3', '0'), {2, 2}},
    {fourcc_nv15, {2, 2}},
    {fourcc_s010, {2, 2}},
    {fourcc_s012, {2, 2}},
    {drm_fourcc('Y', 'U', '0', '8'), {2, 2}}, // packed by AFBC
    {drm_fourcc('Y', 'U', '1', '0'), {2, 2}}, // the same, 10 bit
    {fourcc_nv16, {2, 1}},
    {drm_fourcc('N', 'V', '6', '1'), {2, 1}},
    {fourcc_nv20, {2, 1}},
    {fourcc_yuv422, {2, 1}},
    {drm_fourcc('P', '2', '1', '0'), {2, 1}},
    {fourcc_s210, {2, 1}},
    {fourcc_s212, {2, 1}},
    {drm_fourcc('Y', 'U', 'Y', 'V'), {2, 1}},
    {drm_fourcc('N', 'V', '2', '4'), {1, 1}},
    {fourcc_yuv444, {1, 1}},
    {fourcc_s410, {1, 1}},
    {fourcc_s412, {1, 1}},
};

const YuvFormat* find(DrmFourcc fourcc) {
    const auto* found = std::find_if(std::begin(yuv_formats), std::end(yuv_formats),
                                     [&](const YuvFormat& entry) { return entry.fourcc == fourcc; });
    return found == std::end(yuv_formats) ? nullptr : found;
}

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

/// A modifier without the parameters that belong to the buffer alone.
std::uint64_t without_parameters(std::uint64_t modifier) {
    constexpr std::uint64_t vendor_mask = 0xffULL << 56;
    constexpr std::uint64_t broadcom = static_cast<std::uint64_t>(DRM_FORMAT_MOD_VENDOR_BROADCOM) << 56;
    return (modifier & vendor_mask) == broadcom ? fourcc_mod_broadcom_mod(modifier) : modifier;
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

Subsampling subsampling(DrmFourcc fourcc) {
    const YuvFormat* found = find(fourcc);
    return found == nullptr ? Subsampling{} : found->subsampling;
}

bool is_yuv(DrmFourcc fourcc) { return find(fourcc) != nullptr; }

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
