// Media requests: controls and one OUTPUT buffer that the device takes together.
#pragma once

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play {

/// One request descriptor. Polls EPOLLPRI when complete, and EPOLLERR for as long as it is not queued.
class MediaRequest {
  public:
    static Result<MediaRequest> allocate(Kernel& kernel, int media_fd);

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// MEDIA_REQUEST_IOC_QUEUE: 0 or -errno. ENOENT: a buffer or a needed control is missing.
    int queue() { return kernel_->ioctl(fd_.get(), MEDIA_REQUEST_IOC_QUEUE, nullptr); }
    /// Empties it for the next use: 0 or -errno. EBUSY: the device still has it.
    int reinitialise() { return kernel_->ioctl(fd_.get(), MEDIA_REQUEST_IOC_REINIT, nullptr); }

  private:
    MediaRequest(Kernel& kernel, int fd)
        : kernel_(&kernel)
        , fd_(kernel, fd) {}

    Kernel* kernel_;
    UniqueFd fd_;
};

} // namespace v4l2play
