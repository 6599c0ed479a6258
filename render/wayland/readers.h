// Waits, in the event loop, for whoever still reads a slot that the compositor has released.
#pragma once

#include <vector>

#include "decoder/kernel.h"
#include "decoder/slot.h"

namespace v4l2play {

struct Commit;

/// wl_buffer.release does not say that the GPU has finished reading, and V4L2 waits for no fence: a slot given back
/// then may be overwritten while a job of the compositor reads it. A dmabuf is ready for EPOLLOUT when no fence of a
/// reader or writer is left on it.
class Readers {
  public:
    /// `epoll_fd` is where the loop sleeps; descriptors are watched there only while there is something to wait for.
    Readers(Kernel& kernel, int epoll_fd)
        : kernel_(kernel)
        , epoll_fd_(epoll_fd) {}

    [[nodiscard]] static bool has_left(const SlotMemory& memory);
    /// The commit's slot is being read still.
    void wait_for(Commit& commit);
    /// A commit that waited and need not any more; null when there is none.
    Commit* next_done();
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

  private:
    void watch(const SlotMemory& memory);
    void forget(const SlotMemory& memory);

    Kernel& kernel_;
    int epoll_fd_;
    std::vector<Commit*> waiting_;
};

} // namespace v4l2play
