// For LD_PRELOAD: a display that offers formats, and then takes no framebuffer of them (EINVAL). $REFUSED_FORMATS names
// them: "NV12,YU12".
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <drm.h>

#include "tests/tools/ioctl_hook.h"

namespace {

bool is_refused(const drm_mode_fb_cmd2& framebuffer) {
    const char* list = std::getenv("REFUSED_FORMATS");
    char name[sizeof framebuffer.pixel_format];
    std::memcpy(name, &framebuffer.pixel_format, sizeof name); // a fourcc is little-endian text
    return list != nullptr && std::string_view(list).find({name, sizeof name}) != std::string_view::npos;
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (request == DRM_IOCTL_MODE_ADDFB2 && is_refused(*static_cast<const drm_mode_fb_cmd2*>(argument))) {
        errno = EINVAL;
        return -1;
    }
    return real_ioctl(fd, request, argument);
}
