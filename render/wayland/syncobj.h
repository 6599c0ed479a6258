// Timelines of the kernel's DRM sync objects. No Wayland.
#pragma once

#include <cstdint>
#include <memory>

#include <sys/types.h>

#include "decoder/kernel.h"
#include "decoder/result.h"

namespace v4l2play {

/// A DRM device with sync objects. Outlives what is made of it.
class SyncobjDevice {
  public:
    /// `preferred` if it can, else the first render node that can. Advertised timelines are tried out: one is made,
    /// shared, waited for and signalled. ENOTSUP with the last reason.
    static Result<std::unique_ptr<SyncobjDevice>> open(Kernel& kernel, dev_t preferred);

    [[nodiscard]] Kernel& kernel() const { return kernel_; }
    /// 0 or a negative errno.
    int ioctl(unsigned long request, void* argument) const { return kernel_.ioctl(fd_.get(), request, argument); }

  private:
    SyncobjDevice(Kernel& kernel, UniqueFd fd)
        : kernel_(kernel)
        , fd_(std::move(fd)) {}
    Result<> try_out();

    Kernel& kernel_;
    UniqueFd fd_;
};

/// One timeline: a point is signalled once it or a later one is.
class SyncTimeline {
  public:
    static Result<SyncTimeline> create(const SyncobjDevice& device);
    SyncTimeline(SyncTimeline&& other) noexcept
        : device_(other.device_)
        , handle_(std::exchange(other.handle_, 0)) {}
    SyncTimeline& operator=(SyncTimeline&&) = delete;
    SyncTimeline(const SyncTimeline&) = delete;
    SyncTimeline& operator=(const SyncTimeline&) = delete;
    ~SyncTimeline();

    Result<> signal(std::uint64_t point) const;
    /// `point`, the first after all there are, is signalled when `sync_file` signals, which stays the caller's.
    Result<> signal_with(std::uint64_t point, int sync_file) const;
    /// Adds 1 to the eventfd when `point` is signalled, whether anybody has promised that yet or not.
    Result<> watch(std::uint64_t point, int eventfd) const;
    /// For other processes.
    [[nodiscard]] Result<UniqueFd> share() const;

  private:
    SyncTimeline(const SyncobjDevice& device, std::uint32_t handle)
        : device_(device)
        , handle_(handle) {}

    const SyncobjDevice& device_;
    std::uint32_t handle_;
};

} // namespace v4l2play
