#include "render/wayland/release.h"

#include <cerrno>

#include "render/wayland/protocols.h"

namespace v4l2play {

const char* to_string(ReleaseMethod method) {
    switch (method) {
    case ReleaseMethod::Buffer:
        return "wl_buffer.release";
    case ReleaseMethod::Callback:
        return "wl_surface.get_release";
    case ReleaseMethod::Timeline:
        return "linux-drm-syncobj";
    }
    return "?";
}

#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
namespace {

constexpr Nanoseconds probe_limit = 2 * second;

std::uint32_t high(std::uint64_t point) { return static_cast<std::uint32_t>(point >> 32); }
std::uint32_t low(std::uint64_t point) { return static_cast<std::uint32_t>(point); }

Result<Proxy<wp_linux_drm_syncobj_timeline_v1>> import(Connection& connection, const SyncTimeline& timeline) {
    auto shared = timeline.share();
    if (!shared) return fail(std::move(shared).error());
    return Proxy<wp_linux_drm_syncobj_timeline_v1>(
        wp_linux_drm_syncobj_manager_v1_import_timeline(connection.globals().syncobj.get(), shared->get()));
}

Result<> try_out(const Connection& first, const SyncTimeline& timeline) {
    auto connection = first.open_another();
    if (!connection) return fail(std::move(connection).error());
    if ((*connection)->globals().syncobj == nullptr)
        return fail(ENOTSUP, "it is not offered to all", "linux-drm-syncobj");
    auto imported = import(**connection, timeline);
    if (!imported) return fail(std::move(imported).error());
    return (*connection)->roundtrip(probe_limit);
}

} // namespace

Result<std::unique_ptr<ReleaseTimeline>> ReleaseTimeline::create(const SyncobjDevice& device, Connection& connection,
                                                                 int epoll_fd) {
    Kernel& kernel = device.kernel();
    auto timeline = SyncTimeline::create(device);
    if (!timeline) return fail(std::move(timeline).error());
    const int fd = kernel.eventfd();
    if (fd < 0) return fail(-fd, "cannot create an eventfd", "eventfd");
    UniqueFd event(kernel, fd);
    if (const int error = kernel.epoll_add(epoll_fd, fd, EPOLLIN, 0); error != 0)
        return fail(-error, "cannot watch a release", "epoll_ctl");
    auto proxy = import(connection, *timeline);
    if (!proxy) return fail(std::move(proxy).error());
    std::unique_ptr<ReleaseTimeline> release(new ReleaseTimeline(std::move(*timeline), std::move(event), kernel));
    release->proxy_ = std::move(*proxy);
    return release;
}

Result<std::uint64_t> ReleaseTimeline::expect() {
    V4L2PLAY_TRY(timeline_.watch(point_ + 1, event_.get()));
    return ++point_;
}

bool ReleaseTimeline::take() {
    std::uint64_t count = 0;
    return kernel_.read(event_.get(), &count, sizeof count) == sizeof count;
}

Result<std::unique_ptr<ExplicitSync>> ExplicitSync::create(Kernel& kernel, Connection& connection,
                                                           wl_surface* surface) {
    wp_linux_drm_syncobj_manager_v1* manager = connection.globals().syncobj.get();
    if (manager == nullptr) return fail(ENOTSUP, "the compositor has none", "linux-drm-syncobj");
    auto device = SyncobjDevice::open(kernel, connection.main_device());
    if (!device) return fail(std::move(device).error());
    auto finished = SyncTimeline::create(**device);
    if (!finished) return fail(std::move(finished).error());
    V4L2PLAY_TRY(finished->signal(1)); // `finished_point_`
    V4L2PLAY_TRY(try_out(connection, *finished));
    std::unique_ptr<ExplicitSync> sync(new ExplicitSync(connection, std::move(*device), std::move(*finished)));
    auto acquire = import(connection, sync->finished_);
    if (!acquire) return fail(std::move(acquire).error());
    sync->acquire_ = std::move(*acquire);
    sync->set_surface(surface);
    return sync;
}

void ExplicitSync::set_surface(wl_surface* surface) {
    surface_.reset(wp_linux_drm_syncobj_manager_v1_get_surface(connection_.globals().syncobj.get(), surface));
}

void ExplicitSync::leave_surface() { surface_.reset(); }

Result<std::unique_ptr<ReleaseTimeline>> ExplicitSync::create_timeline(int epoll_fd) {
    return ReleaseTimeline::create(*device_, connection_, epoll_fd);
}

Result<> ExplicitSync::acquire_with(const UniqueFd& fence) {
    V4L2PLAY_TRY(finished_.signal_with(finished_point_ + 1, fence.get()));
    ++finished_point_;
    return {};
}

Result<> ExplicitSync::set_points(ReleaseTimeline& release) {
    auto point = release.expect();
    if (!point) return fail(std::move(point).error());
    wp_linux_drm_syncobj_surface_v1_set_acquire_point(surface_.get(), acquire_.get(), high(finished_point_),
                                                      low(finished_point_));
    wp_linux_drm_syncobj_surface_v1_set_release_point(surface_.get(), release.proxy(), high(*point), low(*point));
    return {};
}
#else
Result<std::uint64_t> ReleaseTimeline::expect() { return fail(ENOTSUP, "not in this build", "linux-drm-syncobj"); }
bool ReleaseTimeline::take() { return false; }
Result<std::unique_ptr<ExplicitSync>> ExplicitSync::create(Kernel&, Connection&, wl_surface*) {
    return fail(ENOTSUP, "this build has no linux-drm-syncobj-v1", "linux-drm-syncobj");
}
void ExplicitSync::set_surface(wl_surface*) {}
void ExplicitSync::leave_surface() {}
Result<std::unique_ptr<ReleaseTimeline>> ExplicitSync::create_timeline(int) {
    return fail(ENOTSUP, "not in this build", "linux-drm-syncobj");
}
Result<> ExplicitSync::acquire_with(const UniqueFd&) { return fail(ENOTSUP, "not in this build", "linux-drm-syncobj"); }
Result<> ExplicitSync::set_points(ReleaseTimeline&) { return fail(ENOTSUP, "not in this build", "linux-drm-syncobj"); }
#endif

} // namespace v4l2play
