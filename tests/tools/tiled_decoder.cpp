// For LD_PRELOAD: a decoder that makes nothing but NV12 in tiles (NV12_32L32, Allwinner's), as it says; they are as
// linear as before.
#include <cerrno>
#include <cstdint>

#include <linux/videodev2.h>

#include "tests/tools/ioctl_hook.h"

namespace {

using v4l2play::test::real_ioctl;

constexpr std::uint32_t said = V4L2_PIX_FMT_NV12_32L32, made = V4L2_PIX_FMT_NV12;

bool is_capture(std::uint32_t type) {
    return type == V4L2_BUF_TYPE_VIDEO_CAPTURE || type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

std::uint32_t& pixel_format(v4l2_format& format) {
    return format.type == V4L2_BUF_TYPE_VIDEO_CAPTURE ? format.fmt.pix.pixelformat : format.fmt.pix_mp.pixelformat;
}

/// Whole tiles, of chroma as well.
void round_up(v4l2_format& format) {
    std::uint32_t& height =
        format.type == V4L2_BUF_TYPE_VIDEO_CAPTURE ? format.fmt.pix.height : format.fmt.pix_mp.height;
    height = (height + 63) / 64 * 64;
}

int list(int fd, v4l2_fmtdesc& entry) {
    if (entry.index != 0) {
        errno = EINVAL;
        return -1;
    }
    const int answer = real_ioctl(fd, VIDIOC_ENUM_FMT, &entry);
    entry.pixelformat = said;
    return answer;
}

int pass_on(int fd, unsigned long request, v4l2_format& format) {
    if (request != VIDIOC_G_FMT && pixel_format(format) == said) {
        pixel_format(format) = made;
        round_up(format);
    }
    const int answer = real_ioctl(fd, request, &format);
    if (pixel_format(format) == made) pixel_format(format) = said;
    return answer;
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (request == VIDIOC_ENUM_FMT && is_capture(static_cast<v4l2_fmtdesc*>(argument)->type))
        return list(fd, *static_cast<v4l2_fmtdesc*>(argument));
    const bool formats = request == VIDIOC_G_FMT || request == VIDIOC_S_FMT || request == VIDIOC_TRY_FMT;
    if (formats && is_capture(static_cast<v4l2_format*>(argument)->type))
        return pass_on(fd, request, *static_cast<v4l2_format*>(argument));
    return real_ioctl(fd, request, argument);
}
