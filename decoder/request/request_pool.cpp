#include "decoder/request/request_pool.h"

#include "decoder/log.h"
#include "decoder/v4l2/video_device.h"

namespace v4l2play {

Result<> RequestPool::allocate(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        auto request = make(i);
        if (!request) return fail(request.error());
        entries_.push_back({std::move(*request)});
        idle_.push_back(i);
    }
    return {};
}

Result<MediaRequest> RequestPool::make(unsigned index) {
    auto request = MediaRequest::allocate(*kernel_, media_fd_);
    if (!request) return request;
    const int error = kernel_->epoll_add(epoll_fd_, request->fd(), EPOLLPRI | EPOLLET, tag_ | index);
    if (error < 0) return fail(-error, "cannot watch a request", "epoll_ctl");
    return request;
}

unsigned RequestPool::borrow() {
    const unsigned index = idle_.back();
    idle_.pop_back();
    return index;
}

int RequestPool::queue(unsigned index, bool ends_picture) {
    Entry& entry = entries_[index];
    if (const int error = entry.request.queue(); error < 0) return error;
    entry.queued = true;
    entry.ends_picture = ends_picture;
    ++queued_;
    return 0;
}

bool RequestPool::recycle(unsigned index) {
    Entry& entry = entries_[index];
    if (entry.queued) --queued_;
    entry.queued = false;
    int error = entry.request.reinitialise();
    if (error == -EBUSY) error = entry.request.reinitialise();
    if (error < 0) {
        log_warning("request", "a request cannot be used again ({}); taking a new one", error_text(-error));
        // Closing the descriptor removes it from the epoll set.
        auto fresh = make(index);
        if (!fresh) return false;
        entry.request = std::move(*fresh);
    }
    idle_.push_back(index);
    return true;
}

} // namespace v4l2play
