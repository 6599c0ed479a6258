// For LD_PRELOAD: a driver that does not come back from the end of streaming, whichever call that is.
#include <atomic>

#include <linux/videodev2.h>
#include <unistd.h>

#include "tests/tools/ioctl_hook.h"
#include "tests/tools/real_call.h"

namespace {

std::atomic<int> streaming{-1};

void hang_if_streaming(int fd) {
    while (fd >= 0 && fd == streaming.load()) pause();
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (request == VIDIOC_STREAMON) streaming.store(fd);
    if (request == VIDIOC_STREAMOFF) hang_if_streaming(fd);
    return real_ioctl(fd, request, argument);
}

extern "C" int close(int fd) {
    hang_if_streaming(fd);
    return v4l2play::test::real<int>("close", fd);
}
