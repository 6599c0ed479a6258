// Memory that planes can scan out: framebuffers made of slots, and pictures of our own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/slot.h"
#include "render/kms/planner.h"

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

/// A picture in memory of the card's own, zero (black, transparent) at first. Move-only.
class DumbFramebuffer {
  public:
    /// `fourcc`: one of 32 bits per pixel, linear.
    static Result<DumbFramebuffer> create(const KmsDevice& device, Size size, DrmFourcc fourcc);
    DumbFramebuffer() = default;
    DumbFramebuffer(DumbFramebuffer&& other) noexcept;
    DumbFramebuffer& operator=(DumbFramebuffer&& other) noexcept;
    DumbFramebuffer(const DumbFramebuffer&) = delete;
    DumbFramebuffer& operator=(const DumbFramebuffer&) = delete;
    ~DumbFramebuffer() { reset(); }

    void reset();
    /// Makes `pixels` valid.
    Result<> map(Kernel& kernel);
    [[nodiscard]] std::span<std::uint8_t> pixels() const { return mapping_.bytes(); }
    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] std::uint32_t pitch() const { return pitch_; }
    [[nodiscard]] Size size() const { return size_; }

  private:
    Result<> allocate(DrmFourcc fourcc);

    int fd_ = -1;
    std::uint32_t id_ = 0;
    std::uint32_t handle_ = 0;
    std::uint32_t pitch_ = 0;
    std::uint64_t bytes_ = 0;
    Size size_;
    Mapping mapping_;
};

} // namespace v4l2play
