// The CAPTURE side: its buffers as slots, in one pool as a rule.
//
// A pool's slots have one layout, so pictures of another size need another pool. While they refer to pictures in the
// pool before, both are in the queue: VIDIOC_CREATE_BUFS adds the new one, VIDIOC_REMOVE_BUFS takes the old one away
// when all of its slots are FREE. A driver without the latter keeps the buffers until the context ends, or until that
// size comes back.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "decoder/slot.h"
#include "decoder/v4l2/queue.h"

namespace v4l2play {

class CaptureSlots {
  public:
    /// `queue` must outlive the object. `waker` is told when a slot becomes FREE.
    CaptureSlots(Kernel& kernel, Queue& queue, Waker* waker)
        : kernel_(kernel)
        , queue_(queue)
        , waker_(waker) {}
    ~CaptureSlots();
    CaptureSlots(const CaptureSlots&) = delete;
    CaptureSlots& operator=(const CaptureSlots&) = delete;

    /// Who is told when a slot becomes FREE from now on; null for nobody.
    void set_waker(Waker* waker);

    /// The first pool (VIDIOC_REQBUFS). ENOMEM when there is memory for fewer than `least` slots.
    Result<> allocate(const PixelFormat& format, unsigned wanted, unsigned least);
    /// More slots in the current pool, for at least `count`; the queue may be streaming. All or nothing.
    Result<> grow(unsigned count);
    /// A smaller pool of the same format becomes the current one; the larger goes when its slots are FREE. Until then
    /// the memory of both is needed. ENOTSUP where the driver does not remove buffers; nothing changes on errors.
    Result<> shrink(unsigned count);
    /// Makes a pool of `format` the current one: that which is there already, or a new one. ENOMEM as `allocate`;
    /// EAGAIN when there will be room once the frames of an older pool were shown (`any_idle_pool`).
    Result<> change(const PixelFormat& format, unsigned wanted, unsigned least);

    /// The pool that pictures are decoded into now.
    [[nodiscard]] const std::shared_ptr<SlotPool>& pool() const { return pools_.back().slots; }
    /// A FREE slot of it; empty when there is none.
    SlotRef acquire();
    /// An older pool can be removed.
    [[nodiscard]] bool any_idle_pool() const;
    /// The V4L2 index of the slot's buffer.
    [[nodiscard]] std::uint32_t buffer_of(const SlotRef& slot) const;
    /// Above all V4L2 indices there have been.
    [[nodiscard]] std::uint32_t end() const { return end_; }

  private:
    struct Pool {
        PixelFormat format;
        std::shared_ptr<SlotPool> slots;
        std::vector<std::uint32_t> buffers; ///< V4L2 index by slot index
    };

    Result<> add_pool(const PixelFormat& format, BufferRange buffers);
    Result<> add_slots(Pool& pool, BufferRange buffers);
    Result<SlotMemory> export_slot(std::uint32_t buffer, unsigned memory_planes) const;
    [[nodiscard]] bool removes() const;
    [[nodiscard]] bool any_pool_only_shown() const;
    void remove_idle_pools();
    void remove(const Pool& pool);

    Kernel& kernel_;
    Queue& queue_;
    Waker* waker_;
    std::vector<Pool> pools_; ///< the current one is the last
    std::uint32_t end_ = 0;
};

} // namespace v4l2play
