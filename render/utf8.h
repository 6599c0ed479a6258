// Reading UTF-8 (RFC 3629) from text that may hold any byte, as file names may.
#pragma once

#include <cstddef>
#include <string_view>

namespace v4l2play {

struct Utf8Character {
    char32_t value = 0;     ///< U+FFFD for a wrong byte, and for each of an overlong form or a surrogate
    std::size_t length = 0; ///< bytes; 1 for a wrong byte
};

/// The first character of `text`, which is not empty.
Utf8Character first_character(std::string_view text);

} // namespace v4l2play
