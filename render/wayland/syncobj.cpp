#include "render/wayland/syncobj.h"

#include <cerrno>
#include <string>

#include <drm.h>
#include <fcntl.h>

namespace v4l2play {
namespace {

/// Of Linux 6.6's drm.h; libdrm's may be older.
struct SyncobjEventfd {
    std::uint32_t handle;
    std::uint32_t flags;
    std::uint64_t point;
    std::int32_t fd;
    std::uint32_t pad;
};
static_assert(sizeof(SyncobjEventfd) == 24);
constexpr unsigned long syncobj_eventfd = DRM_IOWR(0xCF, SyncobjEventfd);

tl::unexpected<Error> failed(int error, const char* call) {
    return fail(-error, "sync objects do not work here", call);
}

bool was_signalled(Kernel& kernel, int eventfd) {
    std::uint64_t count = 0;
    return kernel.read(eventfd, &count, sizeof count) == sizeof count;
}

} // namespace

Result<std::unique_ptr<SyncobjDevice>> SyncobjDevice::open(Kernel& kernel, dev_t preferred) {
    Result<std::unique_ptr<SyncobjDevice>> best = fail(ENOTSUP, "there is no render node in /dev/dri", "open");
    for (const std::string& name : kernel.list_directory("/dev/dri")) {
        const std::string path = "/dev/dri/" + name;
        const bool is_preferred = preferred != 0 && kernel.device_number(path.c_str()) == preferred;
        if (!is_preferred && (best || name.rfind("renderD", 0) != 0)) continue;
        const int fd = kernel.open(path.c_str(), O_RDWR);
        if (fd < 0) continue;
        std::unique_ptr<SyncobjDevice> device(new SyncobjDevice(kernel, UniqueFd(kernel, fd)));
        auto works = device->try_out();
        if (works)
            best = std::move(device);
        else if (!best)
            best = fail(std::move(works).error());
    }
    return best;
}

Result<> SyncobjDevice::try_out() {
    drm_get_cap capability{DRM_CAP_SYNCOBJ_TIMELINE, 0};
    if (const int error = ioctl(DRM_IOCTL_GET_CAP, &capability); error != 0) return failed(error, "DRM_IOCTL_GET_CAP");
    if (capability.value == 0) return fail(ENOTSUP, "the driver has no timelines", "DRM_CAP_SYNCOBJ_TIMELINE");
    auto timeline = SyncTimeline::create(*this);
    if (!timeline) return fail(std::move(timeline).error());
    auto shared = timeline->share();
    if (!shared) return fail(std::move(shared).error());
    const int fd = kernel_.eventfd();
    if (fd < 0) return failed(fd, "eventfd");
    const UniqueFd event(kernel_, fd);
    V4L2PLAY_TRY(timeline->watch(1, fd));
    const bool too_early = was_signalled(kernel_, fd);
    V4L2PLAY_TRY(timeline->signal(1));
    if (too_early || !was_signalled(kernel_, fd))
        return fail(ENOTSUP, "the driver's timelines do not tell their points", "DRM_IOCTL_SYNCOBJ_EVENTFD");
    return {};
}

Result<SyncTimeline> SyncTimeline::create(const SyncobjDevice& device) {
    drm_syncobj_create create{};
    if (const int error = device.ioctl(DRM_IOCTL_SYNCOBJ_CREATE, &create); error != 0)
        return failed(error, "DRM_IOCTL_SYNCOBJ_CREATE");
    return SyncTimeline(device, create.handle);
}

SyncTimeline::~SyncTimeline() {
    drm_syncobj_destroy destroy{handle_, 0};
    if (handle_ != 0) device_.ioctl(DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);
}

Result<> SyncTimeline::signal(std::uint64_t point) const {
    std::uint32_t handle = handle_;
    drm_syncobj_timeline_array array{};
    array.handles = reinterpret_cast<std::uintptr_t>(&handle);
    array.points = reinterpret_cast<std::uintptr_t>(&point);
    array.count_handles = 1;
    if (const int error = device_.ioctl(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &array); error != 0)
        return failed(error, "DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL");
    return {};
}

/// A sync_file goes into a sync object of its own, and from there to the point.
Result<> SyncTimeline::signal_with(std::uint64_t point, int sync_file) const {
    const Result<SyncTimeline> fence = create(device_);
    if (!fence) return fail(fence.error());
    drm_syncobj_handle import{};
    import.handle = fence->handle_;
    import.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE;
    import.fd = sync_file;
    if (const int error = device_.ioctl(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &import); error != 0)
        return failed(error, "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE");
    drm_syncobj_transfer transfer{};
    transfer.src_handle = fence->handle_;
    transfer.dst_handle = handle_;
    transfer.dst_point = point;
    if (const int error = device_.ioctl(DRM_IOCTL_SYNCOBJ_TRANSFER, &transfer); error != 0)
        return failed(error, "DRM_IOCTL_SYNCOBJ_TRANSFER");
    return {};
}

Result<> SyncTimeline::watch(std::uint64_t point, int eventfd) const {
    SyncobjEventfd watch{handle_, 0, point, eventfd, 0};
    if (const int error = device_.ioctl(syncobj_eventfd, &watch); error != 0)
        return failed(error, "DRM_IOCTL_SYNCOBJ_EVENTFD");
    return {};
}

Result<UniqueFd> SyncTimeline::share() const {
    drm_syncobj_handle share{};
    share.handle = handle_;
    share.fd = -1;
    if (const int error = device_.ioctl(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &share); error != 0)
        return failed(error, "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD");
    return UniqueFd(device_.kernel(), share.fd);
}

} // namespace v4l2play
