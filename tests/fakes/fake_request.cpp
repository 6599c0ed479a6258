#include "tests/fakes/fake_request.h"

#include <cerrno>

#include <linux/media.h>
#include <sys/epoll.h>

#include "tests/fakes/fake_video.h"

namespace v4l2play::fakes {

int FakeRequest::ioctl(unsigned long request, void*) {
    switch (request) {
    case MEDIA_REQUEST_IOC_QUEUE:
        return queue();
    case MEDIA_REQUEST_IOC_REINIT:
        return reinit();
    default:
        return -ENOTTY;
    }
}

std::uint32_t FakeRequest::poll(std::uint32_t wanted) {
    if ((wanted & EPOLLPRI) == 0) return 0;
    if (state_ == State::Complete) return EPOLLPRI;
    return state_ == State::Queued ? 0 : std::uint32_t{EPOLLERR};
}

void FakeRequest::bind(const std::shared_ptr<FakeContext>& context) { context_ = context; }

int FakeRequest::queue() {
    if (state_ != State::Idle) return -EBUSY;
    const std::shared_ptr<FakeContext> context = context_.lock();
    if (context == nullptr || buffers_.empty()) return -ENOENT;
    if (buffers_.size() > 1) return -EINVAL;
    // The device may finish it before this returns.
    state_ = State::Queued;
    const int result = context->queue_request(*this, buffers_.front());
    if (result < 0) state_ = State::Idle;
    return result;
}

void FakeRequest::complete() {
    if (state_ != State::Queued) return;
    state_ = State::Complete;
    buffers_.clear();
    wake();
}

void FakeRequest::return_buffers() {
    if (const auto context = context_.lock())
        for (const unsigned index : buffers_) context->return_buffer(index);
    buffers_.clear();
}

int FakeRequest::reinit() {
    if (state_ == State::Queued) {
        world_.violation("REINIT of a request that the device still has");
        return -EBUSY;
    }
    return_buffers();
    controls.clear();
    context_.reset();
    state_ = State::Idle;
    // The kernel wakes pollers here, who then find a request that polls as an error.
    wake();
    return 0;
}

/// A queued request lives on until it is complete, without a descriptor.
void FakeRequest::released() {
    if (state_ == State::Idle) return_buffers();
}

} // namespace v4l2play::fakes
