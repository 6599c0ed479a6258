// The OUTPUT side's pool: mapped bitstream buffers, each borrowed from submission until OUTPUT gives it back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/queue.h"

namespace v4l2play {

/// Zeros that are written behind a bitstream: hardware reads ahead.
constexpr std::size_t bitstream_padding = 64;
/// Larger pictures are refused.
constexpr std::size_t largest_bitstream = std::size_t{64} << 20;

/// What a bitstream buffer for pictures of this size begins with, in bytes. It grows when that is too little.
std::uint32_t first_bitstream_size(std::uint32_t width, std::uint32_t height);

class BitstreamPool {
  public:
    /// Nothing is allocated before `allocate`. `queue` must outlive the pool.
    explicit BitstreamPool(Queue& queue)
        : queue_(&queue) {}

    /// `format` is what S_FMT answered for OUTPUT.
    Result<> allocate(unsigned count, const PixelFormat& format);
    /// Replaces all buffers by larger ones. None may be borrowed; the queue is streaming before and after.
    Result<> grow(std::size_t needed);

    [[nodiscard]] unsigned count() const { return static_cast<unsigned>(buffers_.size()); }
    [[nodiscard]] unsigned borrowed() const { return count() - static_cast<unsigned>(idle_.size()); }
    [[nodiscard]] bool any_idle() const { return !idle_.empty(); }
    /// Bytes that fit in every buffer, without the padding.
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

    /// Some buffer must be idle.
    unsigned borrow();
    void give_back(unsigned index);
    [[nodiscard]] std::span<std::uint8_t> bytes(unsigned index) { return buffers_[index].bytes(); }

  private:
    Result<> map_all(unsigned first, unsigned count);

    Queue* queue_;
    PixelFormat format_;
    std::vector<Mapping> buffers_;
    std::vector<unsigned> idle_;
    std::size_t capacity_ = 0;
};

} // namespace v4l2play
