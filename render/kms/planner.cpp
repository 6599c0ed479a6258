#include "render/kms/planner.h"

#include <algorithm>

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
    const Rect source = align_inside(visible, chroma);
    return {source, fit({source.width, source.height}, sample_aspect, screen), 0};
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
