// How large a picture is on a screen. A pure function.
#pragma once

#include <cstdint>

#include "decoder/format.h"

namespace v4l2play {

struct Size {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    bool operator==(const Size&) const = default;
};

/// The largest place on `screen` (square pixels) with the shape of `picture`, whose samples have the shape
/// `sample_aspect`: centred, and even in size, as the scalers of many display engines want it. A nonsensical aspect
/// counts as 1:1.
[[nodiscard]] Rect fit(Size picture, Rational sample_aspect, Size screen);

} // namespace v4l2play
