#include "tests/tools/reader_fences.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <xf86drm.h>

namespace v4l2play {
namespace {

// include/uapi/drm/vgem_drm.h, which Debian 12 does not install.
struct Attach {
    std::uint32_t handle;
    std::uint32_t flags; ///< 1: of a writer
    std::uint32_t fence; ///< the kernel's answer
    std::uint32_t padding;
};
struct Signal {
    std::uint32_t fence;
    std::uint32_t flags;
};
constexpr unsigned long attach_ioctl = DRM_IOWR(DRM_COMMAND_BASE + 1, Attach);
constexpr unsigned long signal_ioctl = DRM_IOW(DRM_COMMAND_BASE + 2, Signal);

int open_vgem() {
    for (int minor = 128; minor < 136; ++minor) {
        const int fd = open(fmt::format("/dev/dri/renderD{}", minor).c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0) continue;
        const std::unique_ptr<drmVersion, void (*)(drmVersionPtr)> version(drmGetVersion(fd), drmFreeVersion);
        if (version != nullptr && std::strcmp(version->name, "vgem") == 0) return fd;
        close(fd);
    }
    fmt::print(stderr, "reader_fences: no vgem here\n");
    std::abort();
}

} // namespace

ReaderFences::ReaderFences()
    : card_(system_kernel(), open_vgem()) {}

std::uint32_t ReaderFences::add(int dmabuf) {
    Attach attach{};
    int status = drmPrimeFDToHandle(card_.get(), dmabuf, &attach.handle);
    if (status == 0) status = drmIoctl(card_.get(), attach_ioctl, &attach);
    if (status != 0) fmt::print(stderr, "reader_fences: vgem takes no fence: {}\n", std::strerror(errno));
    if (attach.handle != 0) drmCloseBufferHandle(card_.get(), attach.handle);
    return status == 0 ? attach.fence : 0;
}

void ReaderFences::signal(std::uint32_t fence) {
    Signal signal{fence, 0};
    if (drmIoctl(card_.get(), signal_ioctl, &signal) != 0)
        fmt::print(stderr, "reader_fences: fence {} does not end: {}\n", fence, std::strerror(errno));
}

} // namespace v4l2play
