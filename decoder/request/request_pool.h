// The life of a request
// =====================
//
// A request ties together what a stateless device needs for one picture (or one slice of it): the controls that say
// what the headers said, and one OUTPUT buffer with the bitstream. It has a descriptor of its own:
//
//     IDLE ──borrow──► FILLED ──queue──► QUEUED ──complete──► SPENT ──borrow (REINIT)──► FILLED ...
//                        │                 ▲
//                        └──give_back──► IDLE     S_EXT_CTRLS, QBUF OUTPUT with the request's descriptor; the CAPTURE
//                                                 buffer is queued beside it, never inside
//
// FILLED: controls and the bitstream buffer are in it and may still be taken back. Nothing has happened on the device.
// QUEUED: the kernel owns it, in the order of queueing. Its controls take effect when the device gets to it, so that
// those of the next request can be filled meanwhile: four requests are as deep as the pipelines of known devices.
// SPENT: EPOLLPRI on its descriptor has said that it is complete. That is one of *three* completions, and none implies
// another: the OUTPUT buffer comes back by DQBUF (the bitstream buffer is idle), and the CAPTURE buffer comes back by
// DQBUF (the slot is DECODED). Drivers give OUTPUT back before the request completes (two-stage devices), or CAPTURE
// long after it (HOLD: more slices or the second field are to come). Each is waited for by itself.
//
// A request is not freed but emptied (REINIT) and used again. Where REINIT keeps failing, it is closed and another one
// allocated in its place.
//
// References are no part of a request. Controls name them by the time stamp of the OUTPUT buffer they were decoded
// from, which is a counter here (FrameId), never a time; the kernel looks the CAPTURE buffer up by it when the request
// runs. So a slot that a queued request refers to must not be queued for another picture before: that is what
// Hold::Request and Hold::Reference are for (decoder/slot.h).
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
