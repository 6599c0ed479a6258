// In the place of the Wayland output where this build has none.
#include <cerrno>

#include "render/wayland/lease.h"
#include "render/wayland/wayland_output.h"

namespace v4l2play {

namespace {
constexpr const char* none = "this v4l2play was built without Wayland (libwayland-dev, wayland-protocols)";
} // namespace

Result<std::unique_ptr<Output>> create_wayland_output(const WaylandOptions&, Kernel&) {
    return fail(ENOTSUP, none, "wayland");
}

Result<std::unique_ptr<DrmLease>> ask_for_lease(const std::vector<std::string>&) {
    return fail(ENOTSUP, none, "wayland");
}

Result<std::unique_ptr<DrmLease>> ask_for_lease_again(const std::vector<std::string>&, const std::atomic<bool>&) {
    return fail(ENOTSUP, none, "wayland");
}

std::vector<std::string> lent_connectors() { return {none}; }

std::string wayland_build_notes() { return "\nbuilt without Wayland"; }

} // namespace v4l2play
