// For LD_PRELOAD: a driver of GLES that samples YUV pictures as a whole, as those of GPUs do. Mesa's software
// rasteriser imports them too, but makes black of them (22.3). It says that it knows Allwinner's tiles, too, and takes
// them for what tests/tools/tiled_decoder makes of them.
//
// In the place of an image of linear YUV is one of a texture in RGB, into which the picture is converted anew for each
// draw, by the attributes and hints that came with it, and by nothing else.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES2/gl2.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decoder/format.h"
#include "render/yuv.h"
#include "tests/tools/real_call.h"

using v4l2play::DrmFourcc;
using v4l2play::test::real;

namespace {

constexpr std::uint64_t allwinner_tiled = std::uint64_t{9} << 56 | 1; // DRM_FORMAT_MOD_ALLWINNER_TILED

using Attributes = std::map<EGLint, EGLint>;

struct Plane {
    const std::uint8_t* bytes = nullptr;
    std::size_t pitch = 0;
};

struct Picture {
    std::size_t width = 0;
    std::size_t height = 0;
    bool interleaved = false; ///< Cb and Cr
    v4l2play::Subsampling chroma;
    double red = 0; ///< weights of luma: of H.273, table 4
    double blue = 0;
    bool full_range = false;
    std::array<Plane, 3> planes;
    GLuint texture = 0;
    std::vector<std::uint8_t> rgba;
};

std::vector<Picture>& pictures() {
    static std::vector<Picture> all; // until the process ends
    return all;
}

bool read_planes(const Attributes& attributes, Picture& picture) {
    for (EGLint i = 0; i < (picture.interleaved ? 2 : 3); ++i) {
        const auto at = [&](EGLint name) { return attributes.at(name + 3 * i); };
        const int dmabuf = at(EGL_DMA_BUF_PLANE0_FD_EXT);
        const auto size = static_cast<std::size_t>(lseek(dmabuf, 0, SEEK_END));
        const void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, dmabuf, 0);
        if (memory == MAP_FAILED) return false;
        picture.planes[static_cast<std::size_t>(i)] = {static_cast<const std::uint8_t*>(memory) +
                                                           at(EGL_DMA_BUF_PLANE0_OFFSET_EXT),
                                                       static_cast<std::size_t>(at(EGL_DMA_BUF_PLANE0_PITCH_EXT))};
    }
    return true;
}

void read_colors(const Attributes& attributes, Picture& picture) {
    const EGLint matrix = attributes.at(EGL_YUV_COLOR_SPACE_HINT_EXT);
    picture.red = matrix == EGL_ITU_REC709_EXT ? 0.2126 : matrix == EGL_ITU_REC2020_EXT ? 0.2627 : 0.299;
    picture.blue = matrix == EGL_ITU_REC709_EXT ? 0.0722 : matrix == EGL_ITU_REC2020_EXT ? 0.0593 : 0.114;
    picture.full_range = attributes.at(EGL_SAMPLE_RANGE_HINT_EXT) == EGL_YUV_FULL_RANGE_EXT;
}

std::uint8_t clamped(double value) {
    return static_cast<std::uint8_t>(std::lround(value < 0 ? 0 : value > 255 ? 255 : value));
}

void convert(Picture& picture) {
    const double green = 1 - picture.red - picture.blue;
    std::uint8_t* out = picture.rgba.data();
    for (std::size_t y = 0; y < picture.height; ++y)
        for (std::size_t x = 0; x < picture.width; ++x, out += 4) {
            const std::size_t row = y / picture.chroma.y, column = x / picture.chroma.x;
            const auto sample = [&](std::size_t plane, std::size_t across, std::size_t down) {
                return static_cast<double>(picture.planes[plane].bytes[down * picture.planes[plane].pitch + across]);
            };
            double luma = sample(0, x, y);
            double cb = (picture.interleaved ? sample(1, 2 * column, row) : sample(1, column, row)) - 128;
            double cr = (picture.interleaved ? sample(1, 2 * column + 1, row) : sample(2, column, row)) - 128;
            if (!picture.full_range) {
                luma = (luma - 16) * 255 / 219;
                cb *= 255.0 / 224;
                cr *= 255.0 / 224;
            }
            const double r = luma + 2 * (1 - picture.red) * cr, b = luma + 2 * (1 - picture.blue) * cb;
            out[0] = clamped(r);
            out[1] = clamped((luma - picture.red * r - picture.blue * b) / green);
            out[2] = clamped(b);
            out[3] = 255;
        }
}

EGLImageKHR create_real(EGLDisplay display, EGLContext context, EGLenum target, EGLClientBuffer buffer,
                        const EGLint* list) {
    static const auto create = reinterpret_cast<PFNEGLCREATEIMAGEKHRPROC>(
        real<__eglMustCastToProperFunctionPointerType>("eglGetProcAddress", "eglCreateImageKHR"));
    return create(display, context, target, buffer, list);
}

EGLImageKHR create_image(EGLDisplay display, EGLContext context, EGLenum target, EGLClientBuffer buffer,
                         const EGLint* list) {
    Attributes attributes;
    for (const EGLint* one = list; one != nullptr && *one != EGL_NONE; one += 2) attributes[one[0]] = one[1];
    if (attributes.count(EGL_YUV_COLOR_SPACE_HINT_EXT) == 0) return create_real(display, context, target, buffer, list);
    const DrmFourcc fourcc{static_cast<std::uint32_t>(attributes.at(EGL_LINUX_DRM_FOURCC_EXT))};
    const bool planar = fourcc == v4l2play::fourcc_yuv420 || fourcc == v4l2play::fourcc_yuv422;
    if (!planar && fourcc != v4l2play::fourcc_nv12) return EGL_NO_IMAGE_KHR;
    Picture picture;
    picture.width = static_cast<std::size_t>(attributes.at(EGL_WIDTH));
    picture.height = static_cast<std::size_t>(attributes.at(EGL_HEIGHT));
    picture.interleaved = !planar;
    picture.chroma = v4l2play::subsampling(fourcc);
    picture.rgba.resize(picture.width * picture.height * 4);
    read_colors(attributes, picture);
    if (!read_planes(attributes, picture)) return EGL_NO_IMAGE_KHR;
    glGenTextures(1, &picture.texture);
    glBindTexture(GL_TEXTURE_2D, picture.texture);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, attributes.at(EGL_WIDTH), attributes.at(EGL_HEIGHT), 0, GL_RGBA,
                 GL_UNSIGNED_BYTE, nullptr);
    for (const GLenum filter : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER})
        glTexParameteri(GL_TEXTURE_2D, filter, GL_LINEAR);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as EGL has it
    auto* const name = reinterpret_cast<EGLClientBuffer>(static_cast<std::uintptr_t>(picture.texture));
    pictures().push_back(std::move(picture));
    return create_real(display, eglGetCurrentContext(), EGL_GL_TEXTURE_2D_KHR, name, nullptr);
}

EGLBoolean list_modifiers(EGLDisplay display, EGLint format, EGLint most, EGLuint64KHR* modifiers, EGLBoolean* external,
                          EGLint* count) {
    static const auto list = reinterpret_cast<PFNEGLQUERYDMABUFMODIFIERSEXTPROC>(
        real<__eglMustCastToProperFunctionPointerType>("eglGetProcAddress", "eglQueryDmaBufModifiersEXT"));
    if (DrmFourcc{static_cast<std::uint32_t>(format)} != v4l2play::fourcc_nv12)
        return list(display, format, most, modifiers, external, count);
    constexpr std::array<EGLuint64KHR, 2> known{v4l2play::modifier_linear, allwinner_tiled};
    *count = static_cast<EGLint>(known.size());
    std::copy_n(known.begin(), std::min<std::size_t>(known.size(), static_cast<std::size_t>(most)), modifiers);
    return EGL_TRUE;
}

} // namespace

extern "C" void glDrawArrays(GLenum mode, GLint first, GLsizei count) {
    for (Picture& picture : pictures()) {
        convert(picture);
        glBindTexture(GL_TEXTURE_2D, picture.texture);
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, static_cast<GLsizei>(picture.width),
                        static_cast<GLsizei>(picture.height), GL_RGBA, GL_UNSIGNED_BYTE, picture.rgba.data());
        glBindTexture(GL_TEXTURE_2D, 0);
    }
    real<void>("glDrawArrays", mode, first, count);
}

extern "C" __eglMustCastToProperFunctionPointerType eglGetProcAddress(const char* name) {
    if (std::string_view(name) == "eglCreateImageKHR")
        return reinterpret_cast<__eglMustCastToProperFunctionPointerType>(create_image);
    if (std::string_view(name) == "eglQueryDmaBufModifiersEXT")
        return reinterpret_cast<__eglMustCastToProperFunctionPointerType>(list_modifiers);
    return real<__eglMustCastToProperFunctionPointerType>("eglGetProcAddress", name);
}
