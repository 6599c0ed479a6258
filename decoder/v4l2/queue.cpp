#include "decoder/v4l2/queue.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

namespace v4l2play {

timeval to_timestamp(FrameId id) {
    timeval timestamp{};
    timestamp.tv_sec = static_cast<decltype(timestamp.tv_sec)>(id / 1'000'000);
    timestamp.tv_usec = static_cast<decltype(timestamp.tv_usec)>(id % 1'000'000);
    return timestamp;
}

FrameId to_frame_id(const timeval& timestamp) {
    return static_cast<FrameId>(timestamp.tv_sec) * 1'000'000 + static_cast<FrameId>(timestamp.tv_usec);
}

Queue::Queue(const VideoDevice& device, QueueSide side)
    : kernel_(&device.kernel())
    , fd_(device.fd())
    , side_(side)
    , type_(device.buffer_type(side))
    , multi_planar_(device.multi_planar()) {}

/// The one v4l2_buffer that all calls use, clean.
v4l2_buffer& Queue::prepare(std::uint32_t index) {
    buffer_ = {};
    buffer_.type = type_;
    buffer_.memory = V4L2_MEMORY_MMAP;
    buffer_.index = index;
    if (multi_planar_) {
        for (std::uint8_t i = 0; i < memory_planes_; ++i) planes_[i] = {};
        buffer_.m.planes = planes_.data();
        buffer_.length = memory_planes_;
    }
    return buffer_;
}

Result<unsigned> Queue::request_buffers(unsigned count) {
    v4l2_requestbuffers request{};
    request.type = type_;
    request.memory = V4L2_MEMORY_MMAP;
    request.count = count;
    if (const int error = call(VIDIOC_REQBUFS, &request); error < 0)
        return fail(-error,
                    fmt::format("the driver gives no {} buffers: {}",
                                side_ == QueueSide::Output ? "bitstream" : "picture", error_text(-error)),
                    "REQBUFS");
    capabilities_ = request.capabilities;
    return request.count;
}

Result<BufferRange> Queue::create_buffers(unsigned count, const PixelFormat& format) {
    v4l2_create_buffers request{};
    request.count = count;
    request.memory = V4L2_MEMORY_MMAP;
    request.format.type = type_;
    to_kernel(format, multi_planar_, request.format);
    if (const int error = call(VIDIOC_CREATE_BUFS, &request); error < 0)
        return fail(
            -error,
            fmt::format("the driver gives no buffers of {} bytes: {}", format.plane[0].sizeimage, error_text(-error)),
            "CREATE_BUFS");
    if (request.count == 0) return fail(ENOMEM, "the driver gives no buffers", "CREATE_BUFS");
    return BufferRange{request.index, request.count};
}

int Queue::remove_buffers(BufferRange buffers) {
    v4l2_remove_buffers request{};
    request.index = buffers.first;
    request.count = buffers.count;
    request.type = type_;
    return call(VIDIOC_REMOVE_BUFS, &request);
}

Result<Mapping> Queue::map(unsigned index) {
    v4l2_buffer& buffer = prepare(index);
    if (const int error = call(VIDIOC_QUERYBUF, &buffer); error < 0)
        return fail(-error, fmt::format("the driver does not know buffer {}: {}", index, error_text(-error)),
                    "QUERYBUF");
    const std::uint32_t length = multi_planar_ ? planes_[0].length : buffer.length;
    const std::uint32_t offset = multi_planar_ ? planes_[0].m.mem_offset : buffer.m.offset;
    return Mapping::create(*kernel_, length, PROT_READ | PROT_WRITE, fd_, offset);
}

Result<UniqueFd> Queue::export_plane(unsigned index, unsigned plane) const {
    v4l2_exportbuffer request{};
    request.type = type_;
    request.index = index;
    request.plane = plane;
    request.flags = O_CLOEXEC | O_RDWR;
    if (const int error = call(VIDIOC_EXPBUF, &request); error < 0)
        return fail(-error, fmt::format("the driver does not export buffer {}: {}", index, error_text(-error)),
                    "EXPBUF");
    return UniqueFd(*kernel_, request.fd);
}

int Queue::queue(const QueueArguments& arguments) {
    v4l2_buffer& buffer = prepare(arguments.index);
    if (side_ == QueueSide::Output) {
        buffer.timestamp = to_timestamp(arguments.id);
        (multi_planar_ ? planes_[0].bytesused : buffer.bytesused) = arguments.bytes_used;
        if (arguments.request_fd >= 0) {
            buffer.flags |= V4L2_BUF_FLAG_REQUEST_FD;
            buffer.request_fd = arguments.request_fd;
        }
        if (arguments.hold_capture) buffer.flags |= V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF;
    }
    return call(VIDIOC_QBUF, &buffer);
}

int Queue::dequeue(DequeuedBuffer& out) {
    v4l2_buffer& buffer = prepare(0);
    if (const int error = call(VIDIOC_DQBUF, &buffer); error < 0) return error;
    out = {buffer.index, to_frame_id(buffer.timestamp), (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0,
           (buffer.flags & V4L2_BUF_FLAG_LAST) != 0, multi_planar_ ? planes_[0].bytesused : buffer.bytesused};
    return 0;
}

Result<> Queue::stream_on() {
    int type = static_cast<int>(type_);
    if (const int error = call(VIDIOC_STREAMON, &type); error < 0)
        return fail(-error, fmt::format("the driver does not start: {}", error_text(-error)), "STREAMON");
    return {};
}

int Queue::stream_off() {
    int type = static_cast<int>(type_);
    return call(VIDIOC_STREAMOFF, &type);
}

} // namespace v4l2play
