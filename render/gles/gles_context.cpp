#include "render/gles/gles_context.h"

#include <algorithm>
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

#include "render/yuv.h"

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

bool lists(const char* extensions, const char* name) {
    return extensions != nullptr && std::strstr(extensions, name) != nullptr;
}

/// What EGL tells one after another into an array whose size it is asked for first.
template <class T, class Ask>
std::vector<T> ask_twice(Ask ask) {
    EGLint count = 0;
    if (ask(0, nullptr, &count) == EGL_FALSE || count <= 0) return {};
    std::vector<T> answers(static_cast<std::size_t>(count));
    if (ask(count, answers.data(), &count) == EGL_FALSE) return {};
    answers.resize(static_cast<std::size_t>(std::max(count, 0)));
    return answers;
}

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
        if (!lists(extensions, needed)) return no_gl(needed);
    gles->fences_ = lists(extensions, "EGL_ANDROID_native_fence_sync");
    constexpr std::array<EGLint, 3> version{EGL_CONTEXT_CLIENT_VERSION, 2, EGL_NONE};
    eglBindAPI(EGL_OPENGL_ES_API);
    gles->context_ = eglCreateContext(gles->display_, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, version.data());
    if (gles->context_ == EGL_NO_CONTEXT ||
        eglMakeCurrent(gles->display_, EGL_NO_SURFACE, EGL_NO_SURFACE, gles->context_) == EGL_FALSE)
        return no_gl("eglMakeCurrent");
    gles->renderer_ = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
    gles->software_ = gles->renderer_.rfind("llvmpipe", 0) == 0 || gles->renderer_.rfind("softpipe", 0) == 0;
    if (!gles->software_) gles->read_formats(); // Mesa's rasteriser lists many, and makes black of them (22.3)
    return gles;
}

/// Whether a modifier is for external textures alone does not matter: ours are. Drivers that know no modifiers tell
/// none: linear pictures are meant.
void GlesContext::read_formats() {
    const auto formats = function<PFNEGLQUERYDMABUFFORMATSEXTPROC>("eglQueryDmaBufFormatsEXT");
    const auto modifiers = function<PFNEGLQUERYDMABUFMODIFIERSEXTPROC>("eglQueryDmaBufModifiersEXT");
    if (!lists(eglQueryString(display_, EGL_EXTENSIONS), "EGL_EXT_image_dma_buf_import_modifiers") ||
        !lists(reinterpret_cast<const char*>(glGetString(GL_EXTENSIONS)), "GL_OES_EGL_image_external") ||
        formats == nullptr || modifiers == nullptr)
        return;
    const auto all = ask_twice<EGLint>(
        [&](EGLint most, EGLint* list, EGLint* count) { return formats(display_, most, list, count); });
    for (const EGLint format : all) {
        const DrmFourcc fourcc{static_cast<std::uint32_t>(format)};
        if (!is_yuv(fourcc)) continue;
        const auto layouts = ask_twice<EGLuint64KHR>([&](EGLint most, EGLuint64KHR* list, EGLint* count) {
            return modifiers(display_, format, most, list, nullptr, count);
        });
        if (layouts.empty()) whole_.push_back({fourcc, modifier_invalid});
        for (const EGLuint64KHR layout : layouts) whole_.push_back({fourcc, layout});
    }
}

std::vector<FormatModifier> GlesContext::whole_formats() const {
    std::vector<FormatModifier> formats = whole_;
    for (FormatModifier& format : formats)
        if (format.modifier == modifier_invalid) format.modifier = modifier_linear;
    return formats;
}

bool GlesContext::samples_whole(const FormatModifier& format) const {
    const std::vector<FormatModifier> formats = whole_formats();
    return std::any_of(formats.begin(), formats.end(), [&](const FormatModifier& one) {
        return one.fourcc == format.fourcc && without_parameters(one.modifier) == without_parameters(format.modifier);
    });
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
    return make_texture(GL_TEXTURE_2D, attributes.data(),
                        fmt::format("{} {}x{}", to_string(plane.fourcc), plane.width, plane.height));
}

/// EGL_EXT_image_dma_buf_import(_modifiers): three attributes for each plane, and two for its modifier. Some drivers
/// that know no modifiers refuse the linear one.
Result<unsigned> GlesContext::import_whole(const FrameFormat& format, const SlotMemory& memory,
                                           const GlesColors& colors) {
    constexpr std::size_t most_planes = 3; // modifiers of the fourth are numbered elsewhere; nothing of ours has one
    constexpr EGLint plane_attributes = EGL_DMA_BUF_PLANE1_FD_EXT - EGL_DMA_BUF_PLANE0_FD_EXT;
    constexpr EGLint modifier_attributes = EGL_DMA_BUF_PLANE1_MODIFIER_LO_EXT - EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT;
    std::vector<EGLint> attributes;
    const auto add = [&](EGLint name, EGLint value) { attributes.insert(attributes.end(), {name, value}); };
    const bool implicit = contains(whole_, {format.fourcc, modifier_invalid});
    add(EGL_WIDTH, number(format.coded_width));
    add(EGL_HEIGHT, number(format.coded_height));
    add(EGL_LINUX_DRM_FOURCC_EXT, number(static_cast<std::uint32_t>(format.fourcc)));
    add(EGL_YUV_COLOR_SPACE_HINT_EXT, EGL_ITU_REC601_EXT + static_cast<EGLint>(colors.matrix));
    add(EGL_SAMPLE_RANGE_HINT_EXT, colors.full_range ? EGL_YUV_FULL_RANGE_EXT : EGL_YUV_NARROW_RANGE_EXT);
    for (std::size_t i = 0; i < std::min<std::size_t>(format.components, most_planes); ++i) {
        const ComponentLayout& layout = format.layout[i];
        const int dmabuf = memory.dmabuf[layout.memory_plane].get();
        if (!can_read(dmabuf))
            return fail(ENOTSUP, fmt::format("{} cannot read memory that is not the card's own", renderer_), "import");
        const auto plane = static_cast<EGLint>(i);
        add(EGL_DMA_BUF_PLANE0_FD_EXT + plane * plane_attributes, dmabuf);
        add(EGL_DMA_BUF_PLANE0_OFFSET_EXT + plane * plane_attributes, number(layout.offset));
        add(EGL_DMA_BUF_PLANE0_PITCH_EXT + plane * plane_attributes, number(layout.pitch));
        if (implicit) continue;
        const EGLint modifier = plane * modifier_attributes;
        add(EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT + modifier, number(static_cast<std::uint32_t>(format.modifier)));
        add(EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT + modifier, number(static_cast<std::uint32_t>(format.modifier >> 32)));
    }
    attributes.push_back(EGL_NONE);
    return make_texture(GL_TEXTURE_EXTERNAL_OES, attributes.data(),
                        fmt::format("{} {}x{} with modifier {:#x}", to_string(format.fourcc), format.coded_width,
                                    format.coded_height, format.modifier));
}

Result<unsigned> GlesContext::make_texture(unsigned target, const int* attributes, const std::string& what) {
    const auto create = function<PFNEGLCREATEIMAGEKHRPROC>("eglCreateImageKHR");
    const auto destroy = function<PFNEGLDESTROYIMAGEKHRPROC>("eglDestroyImageKHR");
    const auto bind = function<PFNGLEGLIMAGETARGETTEXTURE2DOESPROC>("glEGLImageTargetTexture2DOES");
    if (create == nullptr || destroy == nullptr || bind == nullptr) return no_gl("eglCreateImageKHR");
    EGLImageKHR image = create(display_, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, nullptr, attributes);
    if (image == EGL_NO_IMAGE_KHR)
        return fail(ENOTSUP, fmt::format("{} takes no {}", renderer_, what), "eglCreateImageKHR");
    unsigned texture = 0;
    glGenTextures(1, &texture);
    glBindTexture(target, texture);
    bind(target, image);
    destroy(display_, image); // the texture keeps it
    for (const GLenum filter : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER})
        glTexParameteri(target, filter, GL_LINEAR);
    for (const GLenum wrap : {GL_TEXTURE_WRAP_S, GL_TEXTURE_WRAP_T}) glTexParameteri(target, wrap, GL_CLAMP_TO_EDGE);
    if (glGetError() == GL_NO_ERROR) return texture;
    glDeleteTextures(1, &texture);
    return no_gl("glEGLImageTargetTexture2DOES");
}

} // namespace v4l2play
