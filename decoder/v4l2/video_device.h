// One context on a memory-to-memory video device: formats and controls. Single- and multi-planar drivers look alike.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/format.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play {

/// V4L2's names: OUTPUT takes the bitstream, CAPTURE gives the pixels.
enum class QueueSide : std::uint8_t { Output, Capture };

/// Pixels. Zero: the driver does not tell.
struct FrameSizes {
    std::uint32_t maximum_width = 0;
    std::uint32_t maximum_height = 0;
};

/// Fills in what drivers read of a format; the type must have been set.
void to_kernel(const PixelFormat& in, bool multi_planar, v4l2_format& format);

/// An open video device. Every context has its own descriptor; two never share one.
class VideoDevice {
  public:
    /// ENODEV when `path` is no memory-to-memory device.
    static Result<VideoDevice> open(Kernel& kernel, const std::string& path);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Kernel& kernel() const { return *kernel_; }
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] const std::string& card() const { return card_; }
    [[nodiscard]] const std::string& bus_info() const { return bus_info_; }
    /// Of the media subsystem, as KERNEL_VERSION().
    [[nodiscard]] std::uint32_t kernel_version() const { return kernel_version_; }
    [[nodiscard]] bool multi_planar() const { return multi_planar_; }
    [[nodiscard]] std::uint32_t buffer_type(QueueSide side) const;

    [[nodiscard]] std::vector<V4l2Fourcc> formats(QueueSide side) const;
    /// Whether any OUTPUT format is a compressed one: a decoder, then.
    [[nodiscard]] bool decodes() const;
    [[nodiscard]] FrameSizes frame_sizes(V4l2Fourcc coded) const;
    [[nodiscard]] Result<PixelFormat> get_format(QueueSide side) const;
    /// What the driver made of `wanted`. EBUSY while buffers are allocated.
    [[nodiscard]] Result<PixelFormat> set_format(QueueSide side, const PixelFormat& wanted) const;

    /// False when the control does not exist.
    bool query_control(std::uint32_t id, v4l2_query_ext_ctrl& control) const;
    /// Bit n: item n of the menu control exists. Items beyond 63 are not looked at.
    [[nodiscard]] std::uint64_t menu_items(const v4l2_query_ext_ctrl& control) const;
    /// Sets controls on the device itself.
    [[nodiscard]] Result<> set_controls(std::span<v4l2_ext_control> controls) const;
    /// Sets controls on a request: once per picture, so it answers 0 or -errno and makes no text.
    [[nodiscard]] int set_request_controls(int request_fd, std::span<v4l2_ext_control> controls) const;
    /// V4L2_DEC_CMD_*: 0 or -errno.
    [[nodiscard]] int decoder_command(std::uint32_t command) const;

  private:
    VideoDevice(Kernel& kernel, UniqueFd fd)
        : kernel_(&kernel)
        , fd_(std::move(fd)) {}
    Result<> query_capabilities(const std::string& path);
    int call(unsigned long request, void* argument) const { return kernel_->ioctl(fd_.get(), request, argument); }

    Kernel* kernel_;
    UniqueFd fd_;
    std::string driver_;
    std::string card_;
    std::string bus_info_;
    std::uint32_t kernel_version_ = 0;
    bool multi_planar_ = false;
};

/// Text of a fixed-size field of the kernel, which need not be terminated.
template <class Character, std::size_t Size>
std::string field_text(const Character (&field)[Size]) {
    std::string text;
    for (std::size_t i = 0; i < Size && field[i] != 0; ++i) text.push_back(static_cast<char>(field[i]));
    return text;
}

/// "Invalid argument" for EINVAL.
std::string error_text(int code);

} // namespace v4l2play
