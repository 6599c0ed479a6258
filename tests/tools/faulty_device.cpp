// For LD_PRELOAD: a decoder that fails. $FAULTS names pictures by the number (from 1) of the CAPTURE buffer that is
// dequeued, in all of the process, and what happens to each: "error:30,empty:41,eio:50".
//   error  it comes with V4L2_BUF_FLAG_ERROR
//   empty  it comes without payload
//   eio    the call answers EIO in its place, once
// With $NO_HOLD, drivers do not have V4L2_BUF_CAP_SUPPORTS_M2M_HOLD_CAPTURE_BUF.
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include <linux/videodev2.h>

#include "tests/tools/ioctl_hook.h"

namespace {

using v4l2play::test::real_ioctl;

bool is_chosen(std::string_view fault, long number) {
    static const char* const faults = std::getenv("FAULTS");
    if (faults == nullptr) return false;
    const std::string list = std::string(",") + faults + ",";
    return list.find("," + std::string(fault) + ":" + std::to_string(number) + ",") != std::string::npos;
}

int dequeue(int fd, void* argument) {
    static std::atomic<long> dequeued{0};
    static std::atomic<long> refused{0};
    auto& buffer = *static_cast<v4l2_buffer*>(argument);
    const bool planes = buffer.type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    if (!planes && buffer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return real_ioctl(fd, VIDIOC_DQBUF, argument);
    const long next = dequeued + 1;
    if (is_chosen("eio", next) && refused.exchange(next) != next) {
        errno = EIO;
        return -1;
    }
    if (real_ioctl(fd, VIDIOC_DQBUF, argument) < 0) return -1;
    const long number = ++dequeued;
    if (is_chosen("error", number)) buffer.flags |= V4L2_BUF_FLAG_ERROR;
    if (is_chosen("empty", number)) {
        buffer.bytesused = 0;
        for (unsigned i = 0; planes && i < buffer.length; ++i) buffer.m.planes[i].bytesused = 0;
    }
    return 0;
}

void take_hold_away(std::uint32_t& capabilities) {
    static const bool none = std::getenv("NO_HOLD") != nullptr;
    if (none) capabilities &= ~std::uint32_t{V4L2_BUF_CAP_SUPPORTS_M2M_HOLD_CAPTURE_BUF};
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (request == VIDIOC_DQBUF) return dequeue(fd, argument);
    const int answer = real_ioctl(fd, request, argument);
    if (answer == 0 && request == VIDIOC_REQBUFS)
        take_hold_away(static_cast<v4l2_requestbuffers*>(argument)->capabilities);
    if (answer == 0 && request == VIDIOC_CREATE_BUFS)
        take_hold_away(static_cast<v4l2_create_buffers*>(argument)->capabilities);
    return answer;
}
