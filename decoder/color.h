// How the numbers in a picture are meant: the code points of ITU-T H.273.
#pragma once

#include <cstdint>

namespace v4l2play {

/// Values are those of H.273 (tables 2, 3, 4); 2 = unspecified.
struct ColorDescription {
    std::uint8_t primaries = 2;
    std::uint8_t transfer = 2;
    std::uint8_t matrix = 2;
    bool full_range = false;

    bool operator==(const ColorDescription&) const = default;
};

} // namespace v4l2play
