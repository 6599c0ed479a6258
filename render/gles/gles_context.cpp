#include "render/gles/gles_context.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gbm.h>
#include <xf86drm.h>

namespace v4l2play {
namespace {

template <class Function>
Function function(const char* name) {
    return reinterpret_cast<Function>(eglGetProcAddress(name));
}

tl::unexpected<Error> no_gl(const char* what) {
    return fail(ENOTSUP, fmt::format("no GLES here: {} (EGL error {:#x})", what, eglGetError()), what);
}

EGLint number(std::uint32_t value) { return static_cast<EGLint>(value); }

} // namespace

/// A render node, which cards without a display of their own have as well; but vgem's has nothing behind it.
bool has_gpu(Kernel& kernel) {
    for (const std::string& name : kernel.list_directory("/dev/dri")) {
        if (name.rfind("renderD", 0) != 0) continue;
        const UniqueFd node(kernel, kernel.open(("/dev/dri/" + name).c_str(), O_RDWR));
        drmVersionPtr version = node ? drmGetVersion(node.get()) : nullptr;
        if (version == nullptr) continue;
        const bool draws = std::strcmp(version->name, "vgem") != 0;
        drmFreeVersion(version);
        if (draws) return true;
    }
    return false;
}

Result<std::unique_ptr<GlesContext>> GlesContext::create(Kernel& kernel, const std::string& card) {
    std::unique_ptr<GlesContext> gles(new GlesContext);
    gles->kernel_ = &kernel;
    gles->card_ = UniqueFd(kernel, kernel.open(card.c_str(), O_RDWR));
    if (!gles->card_) return fail(ENOTSUP, fmt::format("no GLES here: cannot open {} anew", card), "open");
    gbm_device* device = gbm_create_device(gles->card_.get());
    if (device == nullptr) return no_gl("gbm_create_device");
    gles->device_ = device;
    const auto get_display = function<PFNEGLGETPLATFORMDISPLAYEXTPROC>("eglGetPlatformDisplayEXT");
    if (get_display == nullptr) return no_gl("eglGetPlatformDisplayEXT");
    gles->display_ = get_display(EGL_PLATFORM_GBM_KHR, device, nullptr);
    if (gles->display_ == EGL_NO_DISPLAY || eglInitialize(gles->display_, nullptr, nullptr) == EGL_FALSE)
        return no_gl("eglInitialize");
    const char* extensions = eglQueryString(gles->display_, EGL_EXTENSIONS);
    for (const char* needed :
         {"EGL_EXT_image_dma_buf_import", "EGL_KHR_surfaceless_context", "EGL_KHR_no_config_context"})
        if (extensions == nullptr || std::strstr(extensions, needed) == nullptr) return no_gl(needed);
    gles->fences_ = std::strstr(extensions, "EGL_ANDROID_native_fence_sync") != nullptr;
    constexpr std::array<EGLint, 3> version{EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE};
    eglBindAPI(EGL_OPENGL_ES_API);
    gles->context_ = eglCreateContext(gles->display_, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, version.data());
    if (gles->context_ == EGL_NO_CONTEXT ||
        eglMakeCurrent(gles->display_, EGL_NO_SURFACE, EGL_NO_SURFACE, gles->context_) == EGL_FALSE)
        return no_gl("eglMakeCurrent");
    gles->renderer_ = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
    gles->software_ = gles->renderer_.rfind("llvmpipe", 0) == 0 || gles->renderer_.rfind("softpipe", 0) == 0;
    return gles;
}

GlesContext::~GlesContext() {
    if (context_ != nullptr) finish();
    if (display_ != nullptr) {
        eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        if (context_ != nullptr) eglDestroyContext(display_, context_);
        eglTerminate(display_);
    }
    if (device_ != nullptr) gbm_device_destroy(static_cast<gbm_device*>(device_));
}

/// The functions are looked up once, not for each picture: they are the same for all displays.
UniqueFd GlesContext::fence() {
    static const auto create = function<PFNEGLCREATESYNCKHRPROC>("eglCreateSyncKHR");
    static const auto destroy = function<PFNEGLDESTROYSYNCKHRPROC>("eglDestroySyncKHR");
    static const auto share = function<PFNEGLDUPNATIVEFENCEFDANDROIDPROC>("eglDupNativeFenceFDANDROID");
    UniqueFd fence;
    if (fences_ && create != nullptr && destroy != nullptr && share != nullptr) {
        EGLSyncKHR sync = create(display_, EGL_SYNC_NATIVE_FENCE_ANDROID, nullptr);
        glFlush(); // a fence has a descriptor when it is on its way
        if (sync != EGL_NO_SYNC_KHR) {
            fence = UniqueFd(*kernel_, share(display_, sync));
            destroy(display_, sync);
        }
    }
    if (!fence) glFinish();
    return fence;
}

void GlesContext::finish() { glFinish(); }

/// Mesa's software rasteriser maps memory as dumb buffers are mapped, and dies of a null pointer where the card does
/// not let it: where the memory is not the card's own.
bool GlesContext::can_read(int dmabuf) const {
    if (!software_) return true;
    drm_mode_map_dumb map{};
    if (drmPrimeFDToHandle(card_.get(), dmabuf, &map.handle) != 0) return false;
    const bool mapped = drmIoctl(card_.get(), DRM_IOCTL_MODE_MAP_DUMB, &map) == 0;
    drmCloseBufferHandle(card_.get(), map.handle);
    return mapped;
}

Result<unsigned> GlesContext::import(const GlesPlane& plane) {
    if (!can_read(plane.dmabuf))
        return fail(ENOTSUP, fmt::format("{} cannot read memory that is not the card's own", renderer_), "import");
    const std::array<EGLint, 13> attributes{EGL_WIDTH,
                                            number(plane.width),
                                            EGL_HEIGHT,
                                            number(plane.height),
                                            EGL_LINUX_DRM_FOURCC_EXT,
                                            number(static_cast<std::uint32_t>(plane.fourcc)),
                                            EGL_DMA_BUF_PLANE0_FD_EXT,
                                            plane.dmabuf,
                                            EGL_DMA_BUF_PLANE0_OFFSET_EXT,
                                            number(plane.offset),
                                            EGL_DMA_BUF_PLANE0_PITCH_EXT,
                                            number(plane.pitch),
                                            EGL_NONE};
    const auto create = function<PFNEGLCREATEIMAGEKHRPROC>("eglCreateImageKHR");
    const auto destroy = function<PFNEGLDESTROYIMAGEKHRPROC>("eglDestroyImageKHR");
    const auto bind = function<PFNGLEGLIMAGETARGETTEXTURE2DOESPROC>("glEGLImageTargetTexture2DOES");
    if (create == nullptr || destroy == nullptr || bind == nullptr) return no_gl("eglCreateImageKHR");
    EGLImageKHR image = create(display_, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, nullptr, attributes.data());
    if (image == EGL_NO_IMAGE_KHR)
        return fail(ENOTSUP,
                    fmt::format("{} takes no {} {}x{}", renderer_, to_string(plane.fourcc), plane.width, plane.height),
                    "eglCreateImageKHR");
    unsigned texture = 0;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    bind(GL_TEXTURE_2D, image);
    destroy(display_, image); // the texture keeps it
    for (const GLenum filter : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER})
        glTexParameteri(GL_TEXTURE_2D, filter, GL_LINEAR);
    for (const GLenum wrap : {GL_TEXTURE_WRAP_S, GL_TEXTURE_WRAP_T})
        glTexParameteri(GL_TEXTURE_2D, wrap, GL_CLAMP_TO_EDGE);
    if (glGetError() == GL_NO_ERROR) return texture;
    glDeleteTextures(1, &texture);
    return no_gl("glEGLImageTargetTexture2DOES");
}

} // namespace v4l2play
