// One of the two buffer queues of a context.
#pragma once

#include <array>
#include <cstdint>

#include "decoder/frame.h"
#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/uapi.h"
#include "decoder/v4l2/video_device.h"

namespace v4l2play {

/// A frame id travels in the V4L2 timestamp as microseconds: drivers copy it from OUTPUT to CAPTURE untouched.
timeval to_timestamp(FrameId id);
FrameId to_frame_id(const timeval& timestamp);

/// What is queued with a buffer. Without a request: `request_fd` is -1.
struct QueueArguments {
    std::uint32_t index = 0;
    FrameId id = 0;               ///< OUTPUT
    std::uint32_t bytes_used = 0; ///< OUTPUT, memory plane 0
    int request_fd = -1;          ///< OUTPUT
    bool hold_capture = false;    ///< OUTPUT: the CAPTURE buffer takes more than this request
};

struct DequeuedBuffer {
    std::uint32_t index = 0;
    FrameId id = 0;
    bool error = false;           ///< V4L2_BUF_FLAG_ERROR
    bool last = false;            ///< V4L2_BUF_FLAG_LAST
    std::uint32_t bytes_used = 0; ///< memory plane 0
};

/// Buffers that were made together.
struct BufferRange {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
};

/// Memory-mapped buffers of one side. The hot calls (`queue`, `dequeue`) answer 0 or -errno and allocate nothing.
/// Must not outlive its device.
class Queue {
  public:
    Queue(const VideoDevice& device, QueueSide side);

    /// VIDIOC_REQBUFS. Returns how many there are now, which may be more or fewer than asked for.
    Result<unsigned> request_buffers(unsigned count);
    /// VIDIOC_CREATE_BUFS: buffers of `format`, which may be larger than the one set; also while streaming. There may
    /// be fewer than asked for, but at least one.
    Result<BufferRange> create_buffers(unsigned count, const PixelFormat& format);
    /// VIDIOC_REMOVE_BUFS: none of them may be queued. 0 or -errno; -ENOTTY before Linux 6.10.
    int remove_buffers(BufferRange buffers);
    /// V4L2_BUF_CAP_*, told by request_buffers.
    [[nodiscard]] std::uint32_t capabilities() const { return capabilities_; }

    /// Memory planes of a buffer, from the format; 1 unless told. Single-planar drivers have 1.
    void set_memory_planes(std::uint8_t count) { memory_planes_ = count; }

    /// Maps memory plane 0 for writing.
    [[nodiscard]] Result<Mapping> map(unsigned index);
    [[nodiscard]] Result<UniqueFd> export_plane(unsigned index, unsigned plane) const;

    int queue(const QueueArguments& arguments);
    /// -EAGAIN when the driver has none ready.
    int dequeue(DequeuedBuffer& out);
    [[nodiscard]] Result<> stream_on();
    int stream_off();

  private:
    v4l2_buffer& prepare(std::uint32_t index);
    int call(unsigned long request, void* argument) const { return kernel_->ioctl(fd_, request, argument); }

    Kernel* kernel_;
    int fd_;
    QueueSide side_;
    std::uint32_t type_;
    bool multi_planar_;
    std::uint32_t capabilities_ = 0;
    std::uint8_t memory_planes_ = 1;
    v4l2_buffer buffer_{};
    std::array<v4l2_plane, VIDEO_MAX_PLANES> planes_{};
};

} // namespace v4l2play
