#include "tests/fakes/fake_queue.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>

#include "tests/fakes/fake_request.h"

namespace v4l2play::fakes {

std::shared_ptr<FakeMemory> FakeDmabuf::memory(std::size_t length, std::int64_t offset) {
    return offset == 0 && length <= memory_->size() ? memory_ : nullptr;
}

std::uint32_t FakeQueue::capabilities() const {
    std::uint32_t flags =
        V4L2_BUF_CAP_SUPPORTS_MMAP | V4L2_BUF_CAP_SUPPORTS_DMABUF | V4L2_BUF_CAP_SUPPORTS_ORPHANED_BUFS;
    if (!capture_) flags |= V4L2_BUF_CAP_SUPPORTS_REQUESTS;
    if (decoder_.removes_buffers) flags |= V4L2_BUF_CAP_SUPPORTS_REMOVE_BUFS;
    if (!capture_ && decoder_.holds) flags |= V4L2_BUF_CAP_SUPPORTS_M2M_HOLD_CAPTURE_BUF;
    return flags;
}

void FakeQueue::allocate(unsigned first, unsigned count, const std::array<std::uint32_t, 4>& sizes, unsigned planes) {
    buffers.resize(std::max<std::size_t>(buffers.size(), first + count));
    for (unsigned i = first; i < first + count; ++i) {
        buffers[i] = {};
        for (unsigned plane = 0; plane < planes; ++plane)
            buffers[i].planes.push_back(std::make_shared<FakeMemory>(sizes[plane]));
    }
}

bool FakeQueue::busy() const {
    return std::any_of(buffers.begin(), buffers.end(),
                       [](const FakeBuffer& buffer) { return buffer.state != FakeBuffer::State::Removed; });
}

/// The first gap for `count` buffers in a row, or the end.
unsigned FakeQueue::find_room(unsigned count) const {
    unsigned gap = 0;
    for (unsigned i = 0; i < buffers.size(); ++i) {
        gap = is_there(i) ? 0 : gap + 1;
        if (gap == count) return i + 1 - count;
    }
    return static_cast<unsigned>(buffers.size());
}

int FakeQueue::remove_buffers(const v4l2_remove_buffers& wanted) {
    if (!decoder_.removes_buffers) return -ENOTTY;
    for (unsigned i = wanted.index; i < wanted.index + wanted.count; ++i) {
        if (!is_there(i)) return -EINVAL;
        if (buffers[i].state != FakeBuffer::State::Dequeued) return -EBUSY;
    }
    for (unsigned i = wanted.index; i < wanted.index + wanted.count; ++i) {
        buffers[i] = {};
        buffers[i].state = FakeBuffer::State::Removed;
    }
    return 0;
}

int FakeQueue::request_buffers(v4l2_requestbuffers& wanted, const FakeFormat& format) {
    if (wanted.memory != V4L2_MEMORY_MMAP) return -EINVAL;
    if (streaming_) return -EBUSY;
    wanted.capabilities = capabilities();
    // Mapped or exported memory outlives its buffer: it is "orphaned".
    buffers.clear();
    if (wanted.count != 0 && decoder_.unallocatable.count(format.fourcc) != 0) return -ENOMEM;
    wanted.count = std::min(wanted.count, decoder_.most_buffers);
    allocate(0, wanted.count, format.size, format.planes);
    return 0;
}

int FakeQueue::create_buffers(v4l2_create_buffers& wanted, const FakeFormat& format) {
    if (wanted.memory != V4L2_MEMORY_MMAP) return -EINVAL;
    wanted.capabilities = capabilities();
    wanted.index = find_room(std::max(wanted.count, 1U));
    if (wanted.count == 0) return 0;
    std::array<std::uint32_t, 4> sizes{};
    unsigned planes = 1;
    if (decoder_.multi_planar) {
        planes = wanted.format.fmt.pix_mp.num_planes;
        for (unsigned i = 0; i < std::min(planes, 4U); ++i) sizes[i] = wanted.format.fmt.pix_mp.plane_fmt[i].sizeimage;
    } else {
        sizes[0] = wanted.format.fmt.pix.sizeimage;
    }
    if (planes != format.planes) return -EINVAL;
    for (unsigned i = 0; i < planes; ++i)
        if (sizes[i] == 0 || (capture_ && sizes[i] < format.size[i])) return -EINVAL;
    const auto room = decoder_.most_buffers - std::min(decoder_.most_buffers, wanted.index);
    if (room == 0) return -ENOBUFS;
    wanted.count = std::min(wanted.count, room);
    allocate(wanted.index, wanted.count, sizes, planes);
    return 0;
}

std::uint32_t FakeQueue::offset(unsigned index, unsigned plane) const {
    return (capture_ ? 1U << 30 : 0) + ((index * 8 + plane) << 16);
}

std::shared_ptr<FakeMemory> FakeQueue::memory(std::size_t length, std::int64_t wanted) const {
    for (unsigned index = 0; index < buffers.size(); ++index)
        for (unsigned plane = 0; plane < buffers[index].planes.size(); ++plane)
            if (offset(index, plane) == wanted && length <= buffers[index].planes[plane]->size())
                return buffers[index].planes[plane];
    return nullptr;
}

void FakeQueue::describe(const FakeBuffer& buffer, unsigned index, v4l2_buffer& out) const {
    using State = FakeBuffer::State;
    out.index = index;
    out.memory = V4L2_MEMORY_MMAP;
    out.field = V4L2_FIELD_NONE;
    out.sequence = buffer.sequence;
    out.timestamp.tv_sec = static_cast<decltype(out.timestamp.tv_sec)>(buffer.timestamp / 1'000'000'000);
    out.timestamp.tv_usec = static_cast<decltype(out.timestamp.tv_usec)>(buffer.timestamp / 1000 % 1'000'000);
    out.flags = V4L2_BUF_FLAG_TIMESTAMP_COPY;
    if (buffer.state == State::Queued) out.flags |= V4L2_BUF_FLAG_QUEUED;
    if (buffer.state == State::Done) out.flags |= buffer.error ? V4L2_BUF_FLAG_ERROR : V4L2_BUF_FLAG_DONE;
    if (buffer.state == State::InRequest) out.flags |= V4L2_BUF_FLAG_IN_REQUEST;
    if (buffer.hold) out.flags |= V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF;
    if (!decoder_.multi_planar) {
        out.bytesused = buffer.bytes_used;
        out.length = static_cast<std::uint32_t>(buffer.planes[0]->size());
        out.m.offset = offset(index, 0);
        return;
    }
    out.length = static_cast<std::uint32_t>(buffer.planes.size());
    for (unsigned plane = 0; plane < buffer.planes.size(); ++plane) {
        out.m.planes[plane].length = static_cast<std::uint32_t>(buffer.planes[plane]->size());
        out.m.planes[plane].bytesused = plane == 0 ? buffer.bytes_used : out.m.planes[plane].length;
        out.m.planes[plane].m.mem_offset = offset(index, plane);
        out.m.planes[plane].data_offset = 0;
    }
}

int FakeQueue::query(v4l2_buffer& out) const {
    if (!is_there(out.index)) return -EINVAL;
    const FakeBuffer& buffer = buffers[out.index];
    if (decoder_.multi_planar && (out.m.planes == nullptr || out.length < buffer.planes.size())) return -EINVAL;
    describe(buffer, out.index, out);
    return 0;
}

int FakeQueue::export_buffer(v4l2_exportbuffer& wanted) {
    if (!is_there(wanted.index) || wanted.plane >= buffers[wanted.index].planes.size()) return -EINVAL;
    if ((wanted.flags & ~static_cast<unsigned>(O_CLOEXEC | O_ACCMODE)) != 0) return -EINVAL;
    if ((wanted.flags & O_CLOEXEC) == 0) world_.violation("EXPBUF without O_CLOEXEC");
    wanted.fd = world_.install(std::make_shared<FakeDmabuf>(buffers[wanted.index].planes[wanted.plane]));
    return 0;
}

int FakeQueue::check(const v4l2_buffer& buffer) const {
    if (!is_there(buffer.index) || buffer.memory != V4L2_MEMORY_MMAP) return -EINVAL;
    const FakeBuffer& known = buffers[buffer.index];
    if (decoder_.multi_planar && (buffer.m.planes == nullptr || buffer.length < known.planes.size())) return -EINVAL;
    if (known.state != FakeBuffer::State::Dequeued) {
        world_.violation(
            fmt::format("QBUF of {} buffer {}, which is not dequeued", capture_ ? "CAPTURE" : "OUTPUT", buffer.index));
        return -EINVAL;
    }
    return 0;
}

int FakeQueue::dequeue(v4l2_buffer& out) {
    if (!streaming_) return -EINVAL;
    if (decoder_.multi_planar && out.m.planes == nullptr) return -EINVAL;
    if (done_.empty()) return -EAGAIN;
    const unsigned index = done_.front();
    FakeBuffer& buffer = buffers[index];
    if (decoder_.multi_planar && out.length < buffer.planes.size()) return -EINVAL;
    done_.pop_front();
    describe(buffer, index, out);
    out.flags &= ~static_cast<unsigned>(V4L2_BUF_FLAG_DONE);
    buffer.state = FakeBuffer::State::Dequeued;
    return 0;
}

int FakeQueue::stream_on() {
    if (buffers.empty()) return -EINVAL;
    streaming_ = true;
    return 0;
}

void FakeQueue::stream_off() {
    streaming_ = false;
    queued.clear();
    done_.clear();
    for (FakeBuffer& buffer : buffers) {
        // Requests that wait for their buffer would never end otherwise; those not queued lose it.
        if (buffer.request != nullptr) {
            if (buffer.state == FakeBuffer::State::Queued) buffer.request->complete();
            buffer.request->unbind_buffers();
        }
        buffer.request.reset();
        if (buffer.state != FakeBuffer::State::Removed) buffer.state = FakeBuffer::State::Dequeued;
        buffer.error = false;
    }
}

void FakeQueue::push(unsigned index) {
    buffers[index].state = FakeBuffer::State::Queued;
    buffers[index].error = false;
    queued.push_back(index);
}

void FakeQueue::finish(unsigned index, bool error) {
    FakeBuffer& buffer = buffers[index];
    buffer.state = FakeBuffer::State::Done;
    buffer.error = error;
    buffer.request.reset();
    done_.push_back(index);
}

bool FakeQueue::any_in_flight() const {
    return std::any_of(buffers.begin(), buffers.end(), [](const FakeBuffer& buffer) {
        return buffer.state == FakeBuffer::State::Queued || buffer.state == FakeBuffer::State::Done;
    });
}

} // namespace v4l2play::fakes
