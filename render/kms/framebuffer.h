// Memory that planes can scan out: framebuffers made of slots, and one black picture.
#pragma once

#include <cstdint>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/slot.h"

namespace v4l2play {

class KmsDevice;

/// The framebuffers of slots, one per slot, made when it is first asked for and kept for the pool's life. Keyed by
/// SlotKey, because descriptor numbers come again. A framebuffer that is removed while it is scanned out takes its
/// plane down, so `keep_only` and `clear` are for generations that nobody shows.
class FramebufferCache {
  public:
    explicit FramebufferCache(const KmsDevice& device)
        : device_(&device) {}
    FramebufferCache(const FramebufferCache&) = delete;
    FramebufferCache& operator=(const FramebufferCache&) = delete;
    ~FramebufferCache() { clear(); }

    /// Id of the framebuffer of slot `index` of `pool`. ENOTSUP when the slot has no dmabuf, or what the driver says
    /// when it cannot scan that memory out.
    Result<std::uint32_t> get(const SlotPool& pool, std::uint32_t index);
    /// Removes those of all generations but these two.
    void keep_only(std::uint32_t generation, std::uint32_t shown);
    void clear();
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        SlotKey key;
        std::uint32_t framebuffer;
    };
    const KmsDevice* device_;
    std::vector<Entry> entries_;
};

/// A black picture in memory of the card's own. Move-only.
class BlackFramebuffer {
  public:
    static Result<BlackFramebuffer> create(const KmsDevice& device, std::uint32_t width, std::uint32_t height);
    BlackFramebuffer() = default;
    BlackFramebuffer(BlackFramebuffer&& other) noexcept;
    BlackFramebuffer& operator=(BlackFramebuffer&& other) noexcept;
    BlackFramebuffer(const BlackFramebuffer&) = delete;
    BlackFramebuffer& operator=(const BlackFramebuffer&) = delete;
    ~BlackFramebuffer() { reset(); }

    void reset();
    [[nodiscard]] std::uint32_t id() const { return id_; }

  private:
    int fd_ = -1;
    std::uint32_t id_ = 0;
    std::uint32_t handle_ = 0;
};

} // namespace v4l2play
