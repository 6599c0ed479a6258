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
    Entry& entry = entries_[index];
    // One that cannot be emptied refuses its controls: the caller hears of it there.
    if (entry.spent) entry.spent = !empty(entry, index);
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

void RequestPool::complete(unsigned index) {
    Entry& entry = entries_[index];
    entry.queued = false;
    entry.spent = true;
    --queued_;
    idle_.push_back(index);
}

bool RequestPool::give_back(unsigned index) {
    idle_.push_back(index);
    return empty(entries_[index], index);
}

/// A request that stays busy is closed and replaced. False when there is none to replace it by.
bool RequestPool::empty(Entry& entry, unsigned index) {
    int error = entry.request.reinitialise();
    if (error == -EBUSY) error = entry.request.reinitialise();
    if (error == 0) return true;
    log_warning("request", "a request cannot be used again ({}); taking a new one", error_text(-error));
    // Closing the descriptor removes it from the epoll set.
    auto fresh = make(index);
    if (!fresh) return false;
    entry.request = std::move(*fresh);
    return true;
}

} // namespace v4l2play
