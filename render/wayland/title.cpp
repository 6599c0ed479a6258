#include "render/wayland/title.h"

#include <cstddef>
#include <string_view>

#include "render/utf8.h"

namespace v4l2play {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";
constexpr std::string_view ellipsis = "\xe2\x80\xa6";
constexpr std::size_t longest = 200; // a message of Wayland takes 4096 bytes

/// Neither a control character (C0, DEL, C1) nor a wrong byte.
bool can_be_printed(char32_t value) { return value >= ' ' && (value < 0x7f || value >= 0xa0) && value != 0xfffd; }

} // namespace

std::string window_title(std::string_view name) {
    std::string title;
    while (!name.empty() && title.size() < longest) {
        const Utf8Character character = first_character(name);
        title += can_be_printed(character.value) ? name.substr(0, character.length) : replacement;
        name.remove_prefix(character.length);
    }
    if (!name.empty()) title += ellipsis;
    return title.empty() ? "v4l2play" : title + " - v4l2play";
}

} // namespace v4l2play
