#include "render/wayland/wayland_output.h"

#include <protocols-missing.h>

namespace v4l2play {

std::string wayland_build_notes() {
    const std::string missing = V4L2PLAY_PROTOCOLS_MISSING; // of what wayland-protocols may have
    if (missing.empty()) return "";
    return "\nbuilt without (wayland-protocols " V4L2PLAY_PROTOCOLS_VERSION " does not have them): " + missing;
}

} // namespace v4l2play
