// Puts the slot timeline on an output, and takes it off.
#pragma once

#include <memory>
#include <string>

#include "render/overlay/statistics.h"
#include "render/overlay/timeline.h"

namespace v4l2play {

/// Costs nothing while it is off. Bound to the thread of its output.
class Overlay {
  public:
    virtual ~Overlay() = default;

    /// Draws `timeline` and `facts` in a buffer of `output` and shows that, if there is anything new to be seen and a
    /// buffer to be had. Logs, once, when the screen is too small for it.
    virtual void draw(Output& output, const Timeline& timeline, const PlaybackFacts& facts, Nanoseconds now) = 0;
    virtual void hide(Output& output) = 0;
    /// Pixels written so far.
    [[nodiscard]] virtual std::uint64_t pixels_written() const = 0;
};

/// Null where this build has no imgui.
std::unique_ptr<Overlay> create_overlay();

/// What the build lacks of this, for --version: a line that begins with a line break.
std::string overlay_build_notes();

} // namespace v4l2play
