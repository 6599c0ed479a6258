// Frames in a window of a Wayland compositor, each slot handed over as it is (linux-dmabuf).
#pragma once

#include <memory>
#include <string>

#include "render/output.h"

namespace v4l2play {

struct WaylandOptions {
    bool fullscreen = false;
    /// How long a compositor that died is waited for before the output is lost; 0: not at all.
    Nanoseconds reconnect_limit = 30 * second;
    /// The connector of the screen for `fullscreen`; empty: the compositor's choice.
    std::string screen{};
    unsigned rotate = 0;            ///< the picture, clockwise: 0, 90, 180 or 270
    std::string title = "v4l2play"; ///< of the window at first, UTF-8
};

/// Connects at once; the window appears with the first frame. Errors are one line each: ENODEV (no compositor), ENOTSUP
/// (it lacks what is needed, or this build has no Wayland), ETIMEDOUT.
///
/// `present` takes the frame's slot when it succeeds. Frames whose commits nobody can see (a hidden window) are
/// discarded at the pace of the display, so that playback goes on; frames presented while the compositor is away too.
Result<std::unique_ptr<Output>> create_wayland_output(const WaylandOptions& options, Kernel& kernel = system_kernel());

/// What this build's Wayland does without, as a line for `--version` that begins with a line break; empty when nothing.
std::string wayland_build_notes();

} // namespace v4l2play
