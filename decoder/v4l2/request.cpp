#include "decoder/v4l2/request.h"

#include <fmt/format.h>

#include "decoder/v4l2/video_device.h"

namespace v4l2play {

Result<MediaRequest> MediaRequest::allocate(Kernel& kernel, int media_fd) {
    int fd = -1;
    if (const int error = kernel.ioctl(media_fd, MEDIA_IOC_REQUEST_ALLOC, &fd); error < 0)
        return fail(-error, fmt::format("the driver gives no request: {}", error_text(-error)), "REQUEST_ALLOC");
    return MediaRequest(kernel, fd);
}

} // namespace v4l2play
