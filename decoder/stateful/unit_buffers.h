// The OUTPUT side: mapped buffers that access units are written to, each borrowed from submission until it comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/queue.h"

namespace v4l2play {

/// Stopping OUTPUT makes a stateful driver forget the stream, so larger buffers are added to those there are, while the
/// queue goes on.
class UnitBuffers {
  public:
    /// `queue` must outlive it.
    explicit UnitBuffers(Queue& queue)
        : queue_(&queue) {}

    /// `format` is what S_FMT answered for OUTPUT.
    Result<> allocate(unsigned count, const PixelFormat& format);
    /// Adds buffers for `needed` bytes.
    Result<> grow(std::size_t needed);

    /// Some buffer, idle or not, takes so many bytes.
    [[nodiscard]] bool fits(std::size_t needed) const;
    /// An idle buffer that takes so many bytes; nothing when there is none.
    std::optional<unsigned> borrow(std::size_t needed);
    void give_back(unsigned index);
    /// OUTPUT was stopped: all are idle.
    void give_back_all();

    [[nodiscard]] unsigned borrowed() const { return borrowed_; }
    [[nodiscard]] std::span<std::uint8_t> bytes(unsigned index) const { return buffers_[index].memory.bytes(); }

  private:
    struct Buffer {
        Mapping memory;
        bool idle = true;
    };
    Result<> map(unsigned first, unsigned count);

    Queue* queue_;
    PixelFormat format_;
    std::vector<Buffer> buffers_; ///< by V4L2 index
    unsigned borrowed_ = 0;
};

} // namespace v4l2play
