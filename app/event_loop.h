// What the main thread sleeps in: one epoll with nanosecond time-outs.
#pragma once

#include <cstdint>

#include "decoder/kernel.h"
#include "decoder/nanoseconds.h"

namespace v4l2play {

/// A thing that may wake the loop; several are a bit mask.
enum class Source : std::uint32_t { Output = 1, Frames = 2, Signals = 4, Keyboard = 8 };

class EventLoop {
  public:
    static Result<std::unique_ptr<EventLoop>> create();

    /// Level-triggered. `edge` for a Waker's descriptor, which is never read.
    Result<> watch(int fd, Source source, bool edge = false);
    void forget(int fd);
    /// Sleeps until a source is ready or the monotonic clock reaches `until` (no_time: no limit); the sources' bits.
    std::uint32_t wait(Nanoseconds until);

  private:
    explicit EventLoop(UniqueFd epoll)
        : epoll_(std::move(epoll)) {}

    UniqueFd epoll_;
};

constexpr bool has(std::uint32_t ready, Source source) { return (ready & static_cast<std::uint32_t>(source)) != 0; }

} // namespace v4l2play
