// For LD_PRELOAD: gives EGL native fences, as GPUs have them and llvmpipe has not: fences of vgem, each of which
// signals $LATE_FENCES milliseconds after it was made, when a line with that time (CLOCK_MONOTONIC, ns) goes to
// $FENCE_TIMES.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#include "tests/tools/real_call.h"
#include "tests/tools/vgem.h"

using namespace v4l2play::test;
using Clock = std::chrono::steady_clock;

namespace {

/// Opened before the program counts its descriptors.
const int card = open_vgem("card", 0);
std::FILE* const times = std::fopen(std::getenv("FENCE_TIMES"), "w");
const std::chrono::milliseconds lateness(std::strtol(std::getenv("LATE_FENCES"), nullptr, 10));
char sync_object;

void signal_later(std::uint32_t fence) {
    std::thread([fence, due = Clock::now() + lateness] {
        std::this_thread::sleep_until(due);
        const std::chrono::nanoseconds now = Clock::now().time_since_epoch();
        VgemSignal signal{fence, 0};
        if (drmIoctl(card, vgem_signal, &signal) != 0) std::perror("late_fences: vgem");
        std::fprintf(times, "%lld\n", static_cast<long long>(now.count()));
        std::fflush(times);
    }).detach();
}

/// A sync_file of what writes into memory that nobody knows.
EGLint share(EGLDisplay, EGLSyncKHR) {
    glFinish(); // no fence of the renderer is behind it
    drm_mode_create_dumb memory{};
    memory.width = memory.height = 32;
    memory.bpp = 32;
    if (drmIoctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &memory) != 0) return EGL_NO_NATIVE_FENCE_FD_ANDROID;
    VgemAttach attach{memory.handle, 1, 0, 0};
    int dmabuf = -1;
    dma_buf_export_sync_file file{DMA_BUF_SYNC_READ, EGL_NO_NATIVE_FENCE_FD_ANDROID};
    if (drmIoctl(card, vgem_attach, &attach) == 0 &&
        drmPrimeHandleToFD(card, memory.handle, DRM_CLOEXEC, &dmabuf) == 0 &&
        ioctl(dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &file) == 0)
        signal_later(attach.fence);
    if (dmabuf >= 0) close(dmabuf);
    drm_mode_destroy_dumb gone{memory.handle};
    drmIoctl(card, DRM_IOCTL_MODE_DESTROY_DUMB, &gone);
    return file.fd;
}

EGLSyncKHR create(EGLDisplay, EGLenum, const EGLint*) { return &sync_object; }
EGLBoolean destroy(EGLDisplay, EGLSyncKHR) { return EGL_TRUE; }

} // namespace

extern "C" __eglMustCastToProperFunctionPointerType eglGetProcAddress(const char* name) {
    using Function = __eglMustCastToProperFunctionPointerType;
    const std::string_view wanted = name;
    if (wanted == "eglCreateSyncKHR") return reinterpret_cast<Function>(create);
    if (wanted == "eglDestroySyncKHR") return reinterpret_cast<Function>(destroy);
    if (wanted == "eglDupNativeFenceFDANDROID") return reinterpret_cast<Function>(share);
    return real<Function>("eglGetProcAddress", name);
}

extern "C" const char* eglQueryString(EGLDisplay display, EGLint name) {
    const char* const text = real<const char*>("eglQueryString", display, name);
    if (name != EGL_EXTENSIONS || text == nullptr) return text;
    static const std::string with_fences = std::string(text) + " EGL_ANDROID_native_fence_sync";
    return with_fences.c_str();
}
