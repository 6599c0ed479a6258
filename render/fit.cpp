#include "render/fit.h"

#include <algorithm>
#include <numeric>

namespace v4l2play {
namespace {

/// Terms small enough for the products of `fit`; 1:1 for what cannot be a pixel's shape.
Rational sane_aspect(Rational aspect) {
    constexpr std::int64_t largest_term = 0xffff;
    if (aspect.num <= 0 || aspect.den <= 0) return {1, 1};
    const std::int64_t common = std::gcd(aspect.num, aspect.den);
    aspect = {aspect.num / common, aspect.den / common};
    while (aspect.num > largest_term || aspect.den > largest_term) aspect = {aspect.num / 2, aspect.den / 2};
    return aspect.num == 0 || aspect.den == 0 ? Rational{1, 1} : aspect;
}

/// `a * b / c` to the nearest even number, 2..`limit`.
std::uint32_t scale_even(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint32_t limit) {
    const std::uint64_t halves = (a * b + c) / (2 * c);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(2 * halves, std::min(2U, limit), limit));
}

} // namespace

Rect fit(Size picture, Rational sample_aspect, Size screen) {
    const Rational aspect = sane_aspect(sample_aspect);
    const std::uint64_t width = picture.width * static_cast<std::uint64_t>(aspect.num);
    const std::uint64_t height = picture.height * static_cast<std::uint64_t>(aspect.den);
    Rect place{0, 0, screen.width, screen.height};
    if (width * screen.height >= height * screen.width)
        place.height = scale_even(screen.width, height, width, screen.height);
    else
        place.width = scale_even(screen.height, width, height, screen.width);
    place.x = (screen.width - place.width) / 2;
    place.y = (screen.height - place.height) / 2;
    return place;
}

} // namespace v4l2play
