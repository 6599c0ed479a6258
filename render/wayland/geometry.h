// Where a picture lies in a window, in the compositor's logical pixels. Pure.
#pragma once

#include <cstdint>

#include "decoder/format.h"

namespace v4l2play {

struct LogicalSize {
    std::int32_t width = 0;
    std::int32_t height = 0;
    bool operator==(const LogicalSize&) const = default;
};

struct Placement {
    std::int32_t x = 0;
    std::int32_t y = 0;
    LogicalSize size;
    bool operator==(const Placement&) const = default;
};

struct PixelSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    bool operator==(const PixelSize&) const = default;
};

/// How many of the window's pixels a logical one is, in 120ths.
struct Scale {
    std::uint32_t of_120 = 120;
    bool operator==(const Scale&) const = default;

    [[nodiscard]] PixelSize to_pixels(LogicalSize size) const;
    [[nodiscard]] LogicalSize to_logical(PixelSize size) const; ///< rounded
};

/// The size at which `visible` is shown with square pixels; a nonsensical aspect counts as 1:1.
[[nodiscard]] LogicalSize natural_size(const Rect& visible, Rational sample_aspect);

/// Where `part` of a buffer of size `whole` lies once the buffer is turned clockwise by 0, 90, 180 or 270 degrees.
[[nodiscard]] Rect turned(const Rect& part, PixelSize whole, unsigned degrees);

/// A picture of shape `picture` in the middle of `window`, as large as fits.
[[nodiscard]] Placement fit_inside(LogicalSize picture, LogicalSize window);

/// The largest size of shape `picture` within `bounds` (0: no bound), and not larger than `picture`.
[[nodiscard]] LogicalSize shrink_to(LogicalSize picture, LogicalSize bounds);

} // namespace v4l2play
