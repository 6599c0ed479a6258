// The slot timeline as a picture: a lane for each slot, and below it, on the same axis of time, how long pictures took
// to decode, how many waited, and how far from its vblank each was shown.
#pragma once

#include "render/overlay/canvas.h"
#include "render/overlay/statistics.h"
#include "render/overlay/timeline.h"

namespace v4l2play {

struct PanelSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};

/// Pixels, at that many for one unit of length, of a panel with so many lanes.
PanelSize panel_size(std::size_t lanes, float scale);

/// How large a unit of length is best on a screen or window of that size: 1 at 1280x720, 3 at 3840x2160; in quarters. 0
/// when the panel would not fit at all.
float panel_scale(std::uint32_t width, std::uint32_t height);

/// Draws on the page that is open.
void draw_panel(const Canvas& canvas, const Timeline& timeline, const PlaybackFacts& facts, Nanoseconds now);

} // namespace v4l2play
