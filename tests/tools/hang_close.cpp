// For LD_PRELOAD: a driver that does not come back from the end of streaming, whichever call that is.
#include <atomic>
#include <cstdarg>

#include <linux/videodev2.h>
#include <unistd.h>

#include "tests/tools/real_call.h"

namespace {

std::atomic<int> streaming{-1};

void hang_if_streaming(int fd) {
    while (fd >= 0 && fd == streaming.load()) pause();
}

} // namespace

extern "C" int ioctl(int fd, unsigned long request, ...) {
    std::va_list arguments;
    va_start(arguments, request);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    if (request == VIDIOC_STREAMON) streaming.store(fd);
    if (request == VIDIOC_STREAMOFF) hang_if_streaming(fd);
    return v4l2play::test::real<int>("ioctl", fd, request, argument);
}

extern "C" int close(int fd) {
    hang_if_streaming(fd);
    return v4l2play::test::real<int>("close", fd);
}
