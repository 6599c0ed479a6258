// For LD_PRELOAD: lets Mesa's software renderer read dmabufs of others, as the GPU of a real compositor does.
//
// It asks the display's driver to map what it has imported, which vkms refuses: it is mapped by its own descriptor
// then. As a whole, NV12 and YU12 are sampled wrongly by Mesa 22.3: they are refused, and weston draws them from their
// planes, R8 and GR88. Both mmap and mmap64 are taken over, and so neither may be the other in disguise.
#undef _TIME_BITS
#undef _FILE_OFFSET_BITS
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <drm.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/tools/ioctl_hook.h"
#include "tests/tools/real_call.h"

using v4l2play::test::real;
using v4l2play::test::real_ioctl;

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t imports = std::uint64_t{1} << 52; ///< above every offset of the kernel's; then the handle

void* map(const char* call, void* at, std::size_t size, int protection, int flags, int fd, off64_t offset) {
    if (offset < static_cast<off64_t>(imports)) return real<void*>(call, at, size, protection, flags, fd, offset);
    const std::uint64_t handle = (static_cast<std::uint64_t>(offset) - imports) / page;
    drm_prime_handle prime{static_cast<std::uint32_t>(handle), DRM_CLOEXEC | DRM_RDWR, -1};
    if (real_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) != 0) return MAP_FAILED;
    void* const address = real<void*>(call, at, size, protection, flags, int{prime.fd}, off64_t{0});
    close(prime.fd);
    return address;
}

bool is_yuv(const EGLint* attribute) {
    for (; attribute != nullptr && *attribute != EGL_NONE; attribute += 2)
        if (attribute[0] == EGL_LINUX_DRM_FOURCC_EXT)
            return std::memcmp(attribute + 1, "NV12", 4) == 0 || std::memcmp(attribute + 1, "YU12", 4) == 0;
    return false;
}

/// What EGL itself says. It is not the next library: weston loads it with its renderer.
__eglMustCastToProperFunctionPointerType egl(const char* name) {
    static const auto get =
        reinterpret_cast<decltype(&eglGetProcAddress)>(dlsym(dlopen("libEGL.so.1", RTLD_NOW), "eglGetProcAddress"));
    return get(name);
}

EGLImageKHR create_image(EGLDisplay display, EGLContext context, EGLenum target, EGLClientBuffer buffer,
                         const EGLint* attributes) {
    if (target == EGL_LINUX_DMA_BUF_EXT && is_yuv(attributes)) return EGL_NO_IMAGE_KHR;
    static const auto create = reinterpret_cast<PFNEGLCREATEIMAGEKHRPROC>(egl("eglCreateImageKHR"));
    return create(display, context, target, buffer, attributes);
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    const int answer = real_ioctl(fd, request, argument);
    if (request != DRM_IOCTL_MODE_MAP_DUMB || answer == 0 || errno != EINVAL) return answer;
    auto& dumb = *static_cast<drm_mode_map_dumb*>(argument);
    dumb.offset = imports + dumb.handle * page;
    return 0;
}

extern "C" void* mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
    return map("mmap", at, size, protection, flags, fd, offset);
}
extern "C" void* mmap64(void* at, std::size_t size, int protection, int flags, int fd, off64_t offset) {
    return map("mmap64", at, size, protection, flags, fd, offset);
}

extern "C" __eglMustCastToProperFunctionPointerType eglGetProcAddress(const char* name) {
    if (std::string_view(name) != "eglCreateImageKHR") return egl(name);
    return reinterpret_cast<__eglMustCastToProperFunctionPointerType>(create_image);
}
