// Wakes a thread that sleeps in epoll, and costs nothing while it does not sleep.
#pragma once

#include <atomic>

#include "decoder/kernel.h"

namespace v4l2play {

/// An eventfd with a flag in front of it. The sleeper arms it, looks at its queues once more, then sleeps; others call
/// `wake()`, which makes a system call only when the sleeper is armed. The descriptor is watched edge-triggered
/// (EPOLLIN | EPOLLET) and so never has to be read.
class Waker {
  public:
    static Result<std::unique_ptr<Waker>> create(Kernel& kernel) {
        const int fd = kernel.eventfd();
        if (fd < 0) return fail(-fd, "cannot create an eventfd", "eventfd");
        return std::unique_ptr<Waker>(new Waker(kernel, fd));
    }

    [[nodiscard]] int fd() const { return fd_.get(); }

    void arm() { armed_.store(true); }
    void disarm() { armed_.store(false); }

    /// Thread-safe.
    void wake() {
        if (armed_.exchange(false)) signal();
    }
    /// Wakes the sleeper even when it is not armed (shut-down). Thread-safe.
    void signal() {
        const std::uint64_t one = 1;
        (void)kernel_->write(fd_.get(), &one, sizeof one);
    }

  private:
    Waker(Kernel& kernel, int fd)
        : kernel_(&kernel)
        , fd_(kernel, fd) {}

    Kernel* kernel_;
    UniqueFd fd_;
    std::atomic<bool> armed_{false};
};

} // namespace v4l2play
