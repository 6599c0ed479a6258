#include "app/event_loop.h"

#include <array>

#include <sys/epoll.h>

namespace v4l2play {

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
    const int fd = system_kernel().epoll_create();
    if (fd < 0) return fail(-fd, "cannot create the event loop", "epoll_create1");
    return std::unique_ptr<EventLoop>(new EventLoop(UniqueFd(system_kernel(), fd)));
}

Result<> EventLoop::watch(int fd, Source source, bool edge) {
    const std::uint32_t events =
        edge ? static_cast<std::uint32_t>(EPOLLIN | EPOLLET) : static_cast<std::uint32_t>(EPOLLIN);
    const int status = system_kernel().epoll_add(epoll_.get(), fd, events, static_cast<std::uint32_t>(source));
    if (status < 0) return fail(-status, "cannot watch a descriptor", "epoll_ctl");
    return {};
}

void EventLoop::forget(int fd) { system_kernel().epoll_remove(epoll_.get(), fd); }

std::uint32_t EventLoop::wait(Nanoseconds until) {
    std::array<epoll_event, 8> events{};
    Nanoseconds left = -1;
    if (until != no_time) left = std::max<Nanoseconds>(0, until - system_kernel().recently());
    const int count = system_kernel().epoll_wait(epoll_.get(), events, left);
    std::uint32_t ready = 0;
    for (int i = 0; i < count; ++i) ready |= static_cast<std::uint32_t>(events[static_cast<std::size_t>(i)].data.u64);
    return ready;
}

} // namespace v4l2play
