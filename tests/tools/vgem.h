// The fences of vgem, the kernel's virtual GPU (include/uapi/drm/vgem_drm.h, which Debian 12 does not install).
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <fcntl.h>
#include <unistd.h>
#include <xf86drm.h>

namespace v4l2play::test {

struct VgemAttach {
    std::uint32_t handle;
    std::uint32_t flags; ///< 1: of a writer
    std::uint32_t fence; ///< the kernel's answer
    std::uint32_t padding;
};
struct VgemSignal {
    std::uint32_t fence;
    std::uint32_t flags;
};
constexpr unsigned long vgem_attach = DRM_IOWR(DRM_COMMAND_BASE + 1, VgemAttach);
constexpr unsigned long vgem_signal = DRM_IOW(DRM_COMMAND_BASE + 2, VgemSignal);

/// Opens the first of "/dev/dri/renderD128" and the following ("/dev/dri/card0"), by its name and first number, that
/// is vgem. -1: none is.
inline int open_vgem(const char* name, int first) {
    for (int minor = first; minor < first + 8; ++minor) {
        const int fd = open((std::string("/dev/dri/") + name + std::to_string(minor)).c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0) continue;
        const std::unique_ptr<drmVersion, void (*)(drmVersionPtr)> version(drmGetVersion(fd), drmFreeVersion);
        if (version != nullptr && std::strcmp(version->name, "vgem") == 0) return fd;
        close(fd);
    }
    return -1;
}

} // namespace v4l2play::test
