#include "render/wayland/geometry.h"

#include <algorithm>
#include <limits>

namespace v4l2play {
namespace {

constexpr std::int64_t largest = 32767; // more no surface has

std::int32_t clamp_size(std::int64_t size) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(size, 1, largest));
}

std::int64_t round_div(std::int64_t a, std::int64_t b) { return (a + b / 2) / b; }

} // namespace

PixelSize Scale::to_pixels(LogicalSize size) const {
    const auto scaled = [this](std::int32_t n) {
        return static_cast<std::uint32_t>(round_div(std::int64_t{n} * of_120, 120));
    };
    return {scaled(size.width), scaled(size.height)};
}

LogicalSize Scale::to_logical(PixelSize size) const {
    const auto scaled = [this](std::uint32_t n) {
        return static_cast<std::int32_t>(std::min(round_div(std::int64_t{n} * 120, of_120), largest));
    };
    return {scaled(size.width), scaled(size.height)};
}

LogicalSize natural_size(const Rect& visible, Rational sample_aspect) {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    const std::int64_t num = sample_aspect.num;
    const std::int64_t den = sample_aspect.den;
    const bool sensible = num > 0 && den > 0 && num <= most && den <= most && num / den < 16 && den / num < 16;
    const std::int64_t width = sensible ? round_div(visible.width * num, den) : visible.width;
    return {clamp_size(width), clamp_size(visible.height)};
}

Rect turned(const Rect& part, PixelSize whole, unsigned degrees) {
    const std::uint32_t right = whole.width - part.x - part.width;
    const std::uint32_t below = whole.height - part.y - part.height;
    switch (degrees) {
    case 90:
        return {below, part.x, part.height, part.width};
    case 180:
        return {right, below, part.width, part.height};
    case 270:
        return {part.y, right, part.height, part.width};
    default:
        return part;
    }
}

Placement fit_inside(LogicalSize picture, LogicalSize window) {
    const std::int64_t across = std::int64_t{window.width} * picture.height;
    const std::int64_t down = std::int64_t{window.height} * picture.width;
    LogicalSize size = window;
    if (across > down)
        size.width = clamp_size(round_div(down, picture.height));
    else
        size.height = clamp_size(round_div(across, picture.width));
    return {(window.width - size.width) / 2, (window.height - size.height) / 2, size};
}

LogicalSize shrink_to(LogicalSize picture, LogicalSize bounds) {
    const LogicalSize limit{bounds.width > 0 ? bounds.width : picture.width,
                            bounds.height > 0 ? bounds.height : picture.height};
    if (picture.width <= limit.width && picture.height <= limit.height) return picture;
    return fit_inside(picture, limit).size;
}

} // namespace v4l2play
