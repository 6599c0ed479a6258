// When frames in another format than theirs would be scanned out.
#pragma once

#include "decoder/nanoseconds.h"
#include "render/wayland/dmabuf_formats.h"

namespace v4l2play {

/// A decoder is set up anew for that: asked for once a change of what the compositor tells, and not every time that a
/// window is moved to and fro. Pure.
class BetterFormat {
  public:
    /// The compositor has told other formats.
    void note_change(Nanoseconds now);
    /// True when it is time to ask for one: `used`, laid out as frames are now (null: there are none), is not scanned
    /// out, and something is.
    bool take(Nanoseconds now, const DmabufFormats& formats, const FormatModifier* used);
    /// When `take` wants to be called; no_time: not before a change.
    [[nodiscard]] Nanoseconds due() const { return due_; }

  private:
    Nanoseconds due_ = no_time;
    Nanoseconds taken_ = no_time;
};

} // namespace v4l2play
