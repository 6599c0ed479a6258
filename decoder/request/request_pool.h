// The third pool: media requests, used again and again.
#pragma once

#include <cstdint>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/request.h"

namespace v4l2play {

/// Requests go Idle → Filled (borrowed) → Queued → Idle. All are watched by one epoll set, edge-triggered because a
/// request that is not queued polls as an error for ever. A completed one is emptied only when it is borrowed again:
/// REINIT wakes whoever polls, and by the time of the next wait the request is queued again and has nothing to say.
/// Done at once, it would end every wait for nothing.
class RequestPool {
  public:
    /// Descriptors will be added to `epoll_fd` with the data `tag | index`. Nothing is allocated before `allocate`.
    RequestPool(Kernel& kernel, int media_fd, int epoll_fd, std::uint64_t tag)
        : kernel_(&kernel)
        , media_fd_(media_fd)
        , epoll_fd_(epoll_fd)
        , tag_(tag) {}
    Result<> allocate(unsigned count);

    [[nodiscard]] bool any_idle() const { return !idle_.empty(); }
    [[nodiscard]] unsigned queued() const { return queued_; }
    [[nodiscard]] bool is_queued(unsigned index) const { return entries_[index].queued; }
    /// What `queue` was told of it.
    [[nodiscard]] bool ends_picture(unsigned index) const { return entries_[index].ends_picture; }

    /// Some request must be idle. It is empty, or, where even a new one is not to be had, cannot be queued.
    unsigned borrow();
    [[nodiscard]] int fd(unsigned index) const { return entries_[index].request.fd(); }
    /// 0 or -errno; on failure the request is still borrowed.
    int queue(unsigned index, bool ends_picture);
    /// A queued one is complete: idle from here on.
    void complete(unsigned index);
    /// A borrowed one is not to be queued: empties it and makes it idle. False when that cannot be done.
    bool give_back(unsigned index);

  private:
    struct Entry {
        MediaRequest request;
        bool queued = false;
        bool ends_picture = false;
        bool spent = false; ///< completed and not emptied yet
    };
    Result<MediaRequest> make(unsigned index);
    bool empty(Entry& entry, unsigned index);

    Kernel* kernel_;
    int media_fd_;
    int epoll_fd_;
    std::uint64_t tag_;
    std::vector<Entry> entries_;
    std::vector<unsigned> idle_;
    unsigned queued_ = 0;
};

} // namespace v4l2play
