// For LD_PRELOAD: a video node that another program has, or that has gone. $BUSY_CALL (open, S_FMT, CREATE_BUFS,
// STREAMON, QBUF) of video nodes answers the error $BUSY_ERRNO (a number; default EBUSY), the first $BUSY_TIMES times,
// or always; from call number $BUSY_AFTER + 1 on.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/videodev2.h>

#include "tests/tools/ioctl_hook.h"
#include "tests/tools/real_call.h"

namespace {

long number(const char* variable, long otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

/// Whether this call is to fail; errno is set then.
bool fails(const char* call) {
    static std::atomic<long> before{number("BUSY_AFTER", 0)};
    static std::atomic<long> left{number("BUSY_TIMES", -1)};
    const char* chosen = std::getenv("BUSY_CALL");
    if (chosen == nullptr || std::strcmp(chosen, call) != 0 || left == 0) return false;
    if (before-- > 0) return false;
    if (left > 0) --left;
    errno = static_cast<int>(number("BUSY_ERRNO", EBUSY));
    return true;
}

bool ioctl_fails(unsigned long request) {
    switch (request) {
    case VIDIOC_S_FMT:
        return fails("S_FMT");
    case VIDIOC_REQBUFS:
    case VIDIOC_CREATE_BUFS:
        return fails("CREATE_BUFS");
    case VIDIOC_STREAMON:
        return fails("STREAMON");
    case VIDIOC_QBUF:
        return fails("QBUF");
    default:
        return false;
    }
}

} // namespace

/// By 64-bit offsets (meson.build), so the symbol is open64, here as in the player.
extern "C" int open(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (std::strncmp(path, "/dev/video", 10) == 0 && fails("open")) return -1;
    return v4l2play::test::real<int>("open64", path, flags, mode);
}

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (ioctl_fails(request)) return -1;
    return real_ioctl(fd, request, argument);
}
