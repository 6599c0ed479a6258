// How the compositor says that it has done with a buffer of one commit: the best method that it offers and that works.
#pragma once

#include <memory>

#include "decoder/kernel.h"
#include "render/wayland/connection.h"
#include "render/wayland/syncobj.h"

namespace v4l2play {

enum class ReleaseMethod : std::uint8_t {
    Buffer,   ///< wl_buffer.release: names the buffer, not the commit
    Callback, ///< wl_surface.get_release
    Timeline, ///< linux-drm-syncobj: a point that is signalled when the GPU has finished too
};
const char* to_string(ReleaseMethod method);

/// The release points of one buffer, one a commit.
class ReleaseTimeline {
  public:
    /// `epoll_fd` wakes when a point is signalled.
    static Result<std::unique_ptr<ReleaseTimeline>> create(const SyncobjDevice& device, Connection& connection,
                                                           int epoll_fd);
    /// Answers the next point, having asked to be told of it.
    Result<std::uint64_t> expect();
    /// True once after the point was signalled.
    bool take();
    [[nodiscard]] wp_linux_drm_syncobj_timeline_v1* proxy() const { return proxy_.get(); }

  private:
    ReleaseTimeline(SyncTimeline timeline, UniqueFd event, Kernel& kernel)
        : kernel_(kernel)
        , timeline_(std::move(timeline))
        , event_(std::move(event)) {}

    Kernel& kernel_;
    SyncTimeline timeline_;
    UniqueFd event_; ///< leaves the epoll set when it is closed
    Proxy<wp_linux_drm_syncobj_timeline_v1> proxy_;
    std::uint64_t point_ = 0;
};

/// linux-drm-syncobj on one surface: every buffer committed to it needs points.
class ExplicitSync {
  public:
    /// ENOTSUP, with the reason, when it is not offered, or does not work here or there. That is tried out on a
    /// connection of its own: a compositor ends one on which it cannot import a timeline.
    static Result<std::unique_ptr<ExplicitSync>> create(Kernel& kernel, Connection& connection, wl_surface* surface);

    /// The surface before takes other buffers again.
    void set_surface(wl_surface* surface);
    void leave_surface();
    Result<std::unique_ptr<ReleaseTimeline>> create_timeline(int epoll_fd);
    /// What the next commit attaches is complete when `fence` signals. What decoders give out is complete already.
    Result<> acquire_with(const UniqueFd& fence);
    /// For the buffer that the next commit attaches.
    Result<> set_points(ReleaseTimeline& release);

  private:
    ExplicitSync(Connection& connection, std::unique_ptr<SyncobjDevice> device, SyncTimeline finished)
        : connection_(connection)
        , device_(std::move(device))
        , finished_(std::move(finished)) {}

    [[maybe_unused]] Connection& connection_;
    std::unique_ptr<SyncobjDevice> device_;
    SyncTimeline finished_; ///< whose first point is signalled; the others are as what was drawn is complete
    [[maybe_unused]] std::uint64_t finished_point_ = 1; ///< of the newest picture: all before it are complete then, too
    Proxy<wp_linux_drm_syncobj_timeline_v1> acquire_;
    Proxy<wp_linux_drm_syncobj_surface_v1> surface_;
};

} // namespace v4l2play
