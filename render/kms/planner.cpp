#include "render/kms/planner.h"

#include <algorithm>
#include <numeric>

namespace v4l2play {
namespace {

std::uint32_t round_up(std::uint32_t value, std::uint32_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// The part of [start, start + length) on whole multiples, at least one of them: sources are never empty.
void align_span(std::uint32_t& start, std::uint32_t& length, std::uint32_t multiple) {
    const std::uint32_t aligned = round_up(start, multiple);
    const std::uint32_t lost = std::min(length, aligned - start);
    start = aligned;
    length = std::max((length - lost) / multiple * multiple, multiple);
}

/// Terms small enough for the products of `fit`; 1:1 for what cannot be a pixel's shape.
Rational sane_aspect(Rational aspect) {
    constexpr std::int64_t largest_term = 0xffff;
    if (aspect.num <= 0 || aspect.den <= 0) return {1, 1};
    const std::int64_t common = std::gcd(aspect.num, aspect.den);
    aspect = {aspect.num / common, aspect.den / common};
    while (aspect.num > largest_term || aspect.den > largest_term) aspect = {aspect.num / 2, aspect.den / 2};
    return aspect.num == 0 || aspect.den == 0 ? Rational{1, 1} : aspect;
}

/// `a * b / c` to the nearest even number (scalers of many display engines work on pairs of pixels), 2..`limit`.
std::uint32_t scale_even(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint32_t limit) {
    const std::uint64_t halves = (a * b + c) / (2 * c);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(2 * halves, std::min(2U, limit), limit));
}

/// The middle `limit` of [start, start + length), on whole multiples.
void crop_span(std::uint32_t& start, std::uint32_t& length, std::uint32_t limit, std::uint32_t multiple) {
    if (length <= limit) return;
    start += (length - limit) / 2 / multiple * multiple;
    length = std::max(limit / multiple * multiple, multiple);
}

} // namespace

Rect align_inside(const Rect& rect, Subsampling chroma) {
    Rect aligned = rect;
    align_span(aligned.x, aligned.width, chroma.x);
    align_span(aligned.y, aligned.height, chroma.y);
    return aligned;
}

PlaneGeometry fit(const Rect& visible, Rational sample_aspect, Subsampling chroma, Size screen) {
    const Rational aspect = sane_aspect(sample_aspect);
    const Rect source = align_inside(visible, chroma);
    const std::uint64_t width = source.width * static_cast<std::uint64_t>(aspect.num);
    const std::uint64_t height = source.height * static_cast<std::uint64_t>(aspect.den);
    Rect destination{0, 0, screen.width, screen.height};
    if (width * screen.height >= height * screen.width)
        destination.height = scale_even(screen.width, height, width, screen.height);
    else
        destination.width = scale_even(screen.height, width, height, screen.width);
    destination.x = (screen.width - destination.width) / 2;
    destination.y = (screen.height - destination.height) / 2;
    return {source, destination, 0};
}

PlaneGeometry centre(const Rect& visible, Subsampling chroma, Size screen) {
    Rect source = align_inside(visible, chroma);
    crop_span(source.x, source.width, screen.width, chroma.x);
    crop_span(source.y, source.height, screen.height, chroma.y);
    const std::uint32_t width = std::min(source.width, screen.width);
    const std::uint32_t height = std::min(source.height, screen.height);
    return {source, {(screen.width - width) / 2, (screen.height - height) / 2, width, height}, 0};
}

/// Everything is centred, so that a quarter turn exchanges the axes and a half turn changes nothing.
PlaneGeometry rotate(PlaneGeometry geometry, unsigned rotation) {
    geometry.rotation = rotation;
    if (!geometry.sideways()) return geometry;
    const Rect& upright = geometry.destination;
    geometry.destination = {upright.y, upright.x, upright.height, upright.width};
    return geometry;
}

Size rotate(Size screen, unsigned rotation) { return rotation % 180 == 0 ? screen : Size{screen.height, screen.width}; }

} // namespace v4l2play
