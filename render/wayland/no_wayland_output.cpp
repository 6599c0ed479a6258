// In the place of the Wayland output where this build has none.
#include <cerrno>

#include "render/wayland/wayland_output.h"

namespace v4l2play {

Result<std::unique_ptr<Output>> create_wayland_output(const WaylandOptions&, Kernel&) {
    return fail(ENOTSUP, "this v4l2play was built without Wayland (libwayland-dev, wayland-protocols)", "wayland");
}

std::string wayland_build_notes() { return "\nbuilt without Wayland"; }

} // namespace v4l2play
