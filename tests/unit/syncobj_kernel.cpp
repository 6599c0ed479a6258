#include "tests/unit/syncobj_kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>

namespace v4l2play {
namespace {

constexpr char node[] = "/dev/dri/renderD128";
constexpr unsigned long eventfd_request = DRM_IOWR(0xCF, std::uint64_t[3]);

struct EventfdArgument {
    std::uint32_t handle;
    std::uint32_t flags;
    std::uint64_t point;
    std::int32_t fd;
    std::uint32_t pad;
};

} // namespace

std::vector<std::string> SyncobjKernel::list_directory(const char* path) {
    if (std::strcmp(path, "/dev/dri") == 0) return {"card0", "renderD128"};
    return real_.list_directory(path);
}

int SyncobjKernel::open(const char* path, int flags) {
    if (std::strcmp(path, node) == 0) return memfd_create("render node", MFD_CLOEXEC);
    return real_.open(path, flags);
}

int SyncobjKernel::ioctl(int fd, unsigned long request, void* argument) {
    const std::lock_guard lock(mutex_);
    switch (request) {
    case DRM_IOCTL_GET_CAP:
        static_cast<drm_get_cap*>(argument)->value = has_capability ? 1 : 0;
        return 0;
    case DRM_IOCTL_SYNCOBJ_CREATE:
        objects_[++last_handle_] = {};
        static_cast<drm_syncobj_create*>(argument)->handle = last_handle_;
        return 0;
    case DRM_IOCTL_SYNCOBJ_DESTROY:
        return destroy(argument);
    case DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD:
        return share(argument);
    case DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE:
        return import_fence(argument);
    case DRM_IOCTL_SYNCOBJ_TRANSFER:
        return transfer(argument);
    case DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL:
        return signal_points(argument);
    case eventfd_request:
        return watch(argument);
    default:
        return real_.ioctl(fd, request, argument);
    }
}

int SyncobjKernel::destroy(void* argument) {
    const auto found = objects_.find(static_cast<drm_syncobj_destroy*>(argument)->handle);
    if (found == objects_.end()) return -EINVAL;
    for (const Wait& wait : found->second.waits) ::close(wait.fd);
    objects_.erase(found);
    return 0;
}

int SyncobjKernel::share(void* argument) {
    auto& share = *static_cast<drm_syncobj_handle*>(argument);
    const auto found = objects_.find(share.handle);
    if (found == objects_.end()) return -EINVAL;
    share.fd = memfd_create("syncobj", MFD_CLOEXEC);
    struct stat status {};
    fstat(share.fd, &status);
    found->second.inode = status.st_ino;
    return 0;
}

int SyncobjKernel::import_fence(void* argument) {
    const auto& import = *static_cast<drm_syncobj_handle*>(argument);
    const auto found = objects_.find(import.handle);
    if (!takes_fences || found == objects_.end() || import.flags != DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE)
        return -EINVAL;
    found->second.fence = UniqueFd(real_, fcntl(import.fd, F_DUPFD_CLOEXEC, 0));
    return found->second.fence ? 0 : -EINVAL;
}

/// Points come in their order.
int SyncobjKernel::transfer(void* argument) {
    const auto& transfer = *static_cast<drm_syncobj_transfer*>(argument);
    const auto from = objects_.find(transfer.src_handle), to = objects_.find(transfer.dst_handle);
    if (from == objects_.end() || to == objects_.end() || transfer.src_point != 0 || transfer.flags != 0)
        return -EINVAL;
    Object& timeline = to->second;
    const std::uint64_t last = timeline.comes.empty() ? timeline.signalled : timeline.comes.rbegin()->first;
    if (!from->second.fence || transfer.dst_point <= last) return -EINVAL;
    timeline.comes.emplace(transfer.dst_point, std::move(from->second.fence));
    return 0;
}

int SyncobjKernel::watch(void* argument) {
    const auto& watch = *static_cast<EventfdArgument*>(argument);
    const auto found = objects_.find(watch.handle);
    if (found == objects_.end() || watch.flags != 0 || watch.pad != 0) return -EINVAL;
    found->second.waits.push_back({watch.point, fcntl(watch.fd, F_DUPFD_CLOEXEC, 0)});
    tell(found->second, tells_points);
    return 0;
}

int SyncobjKernel::signal_points(void* argument) {
    const auto& array = *static_cast<drm_syncobj_timeline_array*>(argument);
    const auto* handles = reinterpret_cast<const std::uint32_t*>(array.handles);
    const auto* points = reinterpret_cast<const std::uint64_t*>(array.points);
    for (std::uint32_t i = 0; i < array.count_handles; ++i) {
        const auto found = objects_.find(handles[i]);
        if (found == objects_.end() || points[i] <= found->second.signalled) return -EINVAL;
        found->second.signalled = points[i];
        tell(found->second, tells_points);
    }
    return 0;
}

void SyncobjKernel::tell(Object& object, bool really) {
    std::erase_if(object.waits, [&](const Wait& wait) {
        if (wait.point > object.signalled) return false;
        if (really) eventfd_write(wait.fd, 1);
        ::close(wait.fd);
        return true;
    });
}

std::uint64_t SyncobjKernel::import(int fd) {
    struct stat status {};
    fstat(fd, &status);
    return status.st_ino;
}

void SyncobjKernel::signal(std::uint64_t timeline, std::uint64_t point) {
    const std::lock_guard lock(mutex_);
    for (auto& [handle, object] : objects_) {
        if (object.inode != timeline) continue;
        object.signalled = std::max(object.signalled, point);
        tell(object, tells_points);
    }
}

SyncobjKernel::Object* SyncobjKernel::find(std::uint64_t timeline) {
    for (auto& [handle, object] : objects_)
        if (object.inode == timeline) return &object;
    return nullptr;
}

/// All before it are, too.
bool SyncobjKernel::is_signalled(std::uint64_t timeline, std::uint64_t point) {
    const std::lock_guard lock(mutex_);
    const Object* const object = find(timeline);
    if (object == nullptr) return false;
    std::uint64_t reached = object->signalled;
    for (const auto& [next, fence] : object->comes) {
        if (real_.poll(fence.get(), POLLIN, 0) != 1) break;
        reached = next;
    }
    return reached >= point;
}

bool SyncobjKernel::is_promised(std::uint64_t timeline, std::uint64_t point) {
    const std::lock_guard lock(mutex_);
    const Object* const object = find(timeline);
    return object != nullptr && (object->signalled >= point || object->comes.contains(point));
}

unsigned SyncobjKernel::objects() const {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(objects_.size());
}

} // namespace v4l2play
