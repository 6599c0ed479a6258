#include "render/wayland/title.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace v4l2play {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";
constexpr std::string_view ellipsis = "\xe2\x80\xa6";
constexpr std::size_t longest = 200; // a message of Wayland takes 4096 bytes

/// How many bytes the first character of `text` has; 0 when it is none that can be printed.
std::size_t character_length(std::string_view text) {
    const auto at = [&](std::size_t i) -> std::uint32_t { return static_cast<std::uint8_t>(text[i]); };
    const std::uint32_t lead = at(0);
    if (lead < 0x80) return lead >= ' ' && lead != 0x7f ? 1 : 0;
    const std::size_t length = lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > text.size()) return 0;
    std::uint32_t value = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (at(i) >> 6 != 2) return 0;
        value = value << 6 | (at(i) & 0x3f);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0xa0, 0x800, 0x10000}; // also no control characters of C1
    const bool surrogate = value >= 0xd800 && value < 0xe000;
    return value >= least[length] && value <= 0x10ffff && !surrogate ? length : 0;
}

} // namespace

std::string window_title(std::string_view name) {
    std::string title;
    while (!name.empty() && title.size() < longest) {
        const std::size_t length = character_length(name);
        title += length == 0 ? replacement : name.substr(0, length);
        name.remove_prefix(length == 0 ? 1 : length);
    }
    if (!name.empty()) title += ellipsis;
    return title.empty() ? "v4l2play" : title + " - v4l2play";
}

} // namespace v4l2play
