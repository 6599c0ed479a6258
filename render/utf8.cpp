#include "render/utf8.h"

#include <array>

namespace v4l2play {

Utf8Character first_character(std::string_view text) {
    constexpr Utf8Character wrong{0xfffd, 1};
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > text.size()) return wrong;
    char32_t value = lead & (0x7fU >> length);
    for (const char next : text.substr(1, length - 1)) {
        const auto byte = static_cast<unsigned char>(next);
        if (byte >> 6 != 2) return wrong;
        value = value << 6 | (byte & 0x3f);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000}; // shorter forms do for what is below
    const bool surrogate = value >= 0xd800 && value < 0xe000;
    return value >= least[length] && value <= 0x10ffff && !surrogate ? Utf8Character{value, length} : wrong;
}

} // namespace v4l2play
