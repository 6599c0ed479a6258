// The tests' compositor: linux-drm-syncobj, strict.
#include "tests/unit/mock_state.h"

#include <unistd.h>

#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
#include <linux-drm-syncobj-v1-server-protocol.h>
#endif

namespace v4l2play {

using State = MockCompositor::State;

#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
namespace {

/// A timeline's resource carries its number instead of data.
const auto timeline_implementation = [] {
    struct wp_linux_drm_syncobj_timeline_v1_interface calls {};
    calls.destroy = destroy;
    return calls;
}();

MockPoint point_of(wl_resource* timeline, std::uint32_t high, std::uint32_t low) {
    const auto number = reinterpret_cast<std::uintptr_t>(wl_resource_get_user_data(timeline));
    return {number, std::uint64_t{high} << 32 | low, true};
}

const auto syncobj_surface_implementation = [] {
    struct wp_linux_drm_syncobj_surface_v1_interface calls {};
    calls.destroy = destroy;
    calls.set_acquire_point = [](wl_client*, wl_resource* resource, wl_resource* timeline, std::uint32_t high,
                                 std::uint32_t low) {
        data_of<MockSurface>(resource).pending.acquire = point_of(timeline, high, low);
    };
    calls.set_release_point = [](wl_client*, wl_resource* resource, wl_resource* timeline, std::uint32_t high,
                                 std::uint32_t low) {
        data_of<MockSurface>(resource).pending.release_point = point_of(timeline, high, low);
    };
    return calls;
}();

void syncobj_surface_destroyed(wl_resource* resource) {
    auto* surface = static_cast<MockSurface*>(wl_resource_get_user_data(resource));
    if (surface != nullptr) surface->syncobj = nullptr;
}

const auto manager_implementation = [] {
    struct wp_linux_drm_syncobj_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.get_surface = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        auto& of = data_of<MockSurface>(surface);
        if (of.syncobj != nullptr)
            return wl_resource_post_error(resource, WP_LINUX_DRM_SYNCOBJ_MANAGER_V1_ERROR_SURFACE_EXISTS, "it has one");
        of.syncobj = create(client, wp_linux_drm_syncobj_surface_v1_interface, resource, id,
                            &syncobj_surface_implementation, &of, syncobj_surface_destroyed);
    };
    calls.import_timeline = [](wl_client* client, wl_resource* resource, std::uint32_t id, std::int32_t fd) {
        const std::uint64_t number = data_of<State>(resource).options.timelines->import(fd);
        close(fd);
        if (data_of<State>(resource).options.refuse_timelines)
            return wl_resource_post_error(resource, WP_LINUX_DRM_SYNCOBJ_MANAGER_V1_ERROR_INVALID_TIMELINE, "no");
        create(client, wp_linux_drm_syncobj_timeline_v1_interface, resource, id, &timeline_implementation,
               reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)));
    };
    return calls;
}();

} // namespace

void MockSurface::check_points(const MockPending& brought) {
    if (syncobj == nullptr) return;
    const bool attached = brought.attached && brought.buffer != nullptr;
    if (!attached && (brought.acquire.set || brought.release_point.set))
        wl_resource_post_error(syncobj, WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_BUFFER, "points without a buffer");
    if (!attached) return;
    if (!brought.acquire.set)
        wl_resource_post_error(syncobj, WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_ACQUIRE_POINT, "no acquire point");
    else if (!brought.release_point.set)
        wl_resource_post_error(syncobj, WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_NO_RELEASE_POINT, "no release point");
    else if (brought.acquire.timeline == brought.release_point.timeline &&
             brought.acquire.point >= brought.release_point.point)
        wl_resource_post_error(syncobj, WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_CONFLICTING_POINTS, "conflict");
    else if (!state->options.timelines->is_promised(brought.acquire.timeline, brought.acquire.point))
        wl_resource_post_error(syncobj, WP_LINUX_DRM_SYNCOBJ_SURFACE_V1_ERROR_CONFLICTING_POINTS,
                               "would wait for ever");
    if (!state->release_points.emplace(brought.release_point.timeline, brought.release_point.point).second)
        state->complaints.emplace_back("a release point was used twice");
}

void offer_syncobj(State& state) {
    if (state.options.timelines != nullptr)
        wl_global_create(state.display, &wp_linux_drm_syncobj_manager_v1_interface, 1, &state,
                         bind_plainly<wp_linux_drm_syncobj_manager_v1_interface, manager_implementation>);
}
#else
void MockSurface::check_points(const MockPending&) {}
void offer_syncobj(State&) {}
#endif

} // namespace v4l2play
