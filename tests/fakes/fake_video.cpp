#include "tests/fakes/fake_video.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <sys/epoll.h>

namespace v4l2play::fakes {
namespace {

template <std::size_t size>
void copy(__u8 (&out)[size], const std::string& text) {
    std::snprintf(reinterpret_cast<char*>(out), size, "%s", text.c_str());
}

template <class Structure>
Structure& as(void* argument) {
    return *static_cast<Structure*>(argument);
}

} // namespace

FakeQueue* FakeContext::queue_of(std::uint32_t type) {
    if (formats_.is_output(type)) return &output_;
    return formats_.is_capture(type) ? &capture_ : nullptr;
}

bool FakeContext::kick() {
    const bool changed = !decoder_.gone && engine_.run();
    if (changed) wake();
    return changed;
}

bool FakeContext::complete_one() {
    const bool completed = engine_.complete_one();
    if (completed) wake();
    return completed;
}

/// As v4l2_m2m_poll: EPOLLERR when nothing is queued on either side, so a watch of an idle device does not sleep.
std::uint32_t FakeContext::poll(std::uint32_t wanted) {
    if (decoder_.gone) return EPOLLERR | EPOLLHUP; // v4l2_poll
    if ((wanted & (EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM)) == 0) return 0;
    const bool output = output_.streaming() && output_.any_in_flight();
    const bool capture = capture_.streaming() && capture_.any_in_flight();
    if (!output && !capture) return EPOLLERR;
    return wanted & ((output_.any_done() ? EPOLLOUT | EPOLLWRNORM : std::uint32_t{0}) |
                     (capture_.any_done() ? EPOLLIN | EPOLLRDNORM : std::uint32_t{0}));
}

std::shared_ptr<FakeMemory> FakeContext::memory(std::size_t length, std::int64_t offset) {
    const auto found = output_.memory(length, offset);
    return found != nullptr ? found : capture_.memory(length, offset);
}

void FakeContext::released() {
    for (const std::uint32_t type : {V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE,
                                     V4L2_BUF_TYPE_VIDEO_CAPTURE, V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE})
        if (queue_of(type) != nullptr) stream_off(type);
}

int FakeContext::describe(v4l2_capability& out) const {
    out = {};
    copy(out.driver, decoder_.driver);
    copy(out.card, decoder_.card);
    copy(out.bus_info, decoder_.bus_info);
    out.version = decoder_.kernel_version;
    out.device_caps = V4L2_CAP_STREAMING | V4L2_CAP_EXT_PIX_FORMAT |
                      (decoder_.multi_planar ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M);
    out.capabilities = out.device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

int FakeContext::set_format(v4l2_format& format, bool set) {
    const bool resizes = decoder_.resize == FakeResize::Always ||
                         (decoder_.resize == FakeResize::NotWhileStreaming && !output_.streaming());
    return formats_.negotiate(format, set, !resizes && output_.busy(), !resizes && capture_.busy());
}

int FakeContext::create_buffers(v4l2_create_buffers& wanted) {
    FakeQueue* queue = queue_of(wanted.format.type);
    if (queue == nullptr) return -EINVAL;
    return queue->create_buffers(wanted, queue == &output_ ? formats_.output() : formats_.capture());
}

int FakeContext::set_controls(v4l2_ext_controls& list, bool get) {
    if (list.which != V4L2_CTRL_WHICH_REQUEST_VAL) {
        if (get) return controls_.get(list, controls_.current);
        ControlValues wanted = controls_.current;
        if (const int error = controls_.set(list, wanted); error != 0) return error;
        const auto* sps = find_control<v4l2_ctrl_h264_sps>(wanted, V4L2_CID_STATELESS_H264_SPS);
        if (sps != nullptr)
            if (const int error = formats_.set_bit_depth(sps->bit_depth_luma_minus8 + 8U, capture_.busy()); error != 0)
                return error;
        controls_.current = std::move(wanted);
        return 0;
    }
    const auto request = world_.request(list.request_fd);
    if (request == nullptr) return -EINVAL;
    if (get) return request->state() == FakeRequest::State::Queued ? -EACCES : controls_.get(list, request->controls);
    if (request->state() != FakeRequest::State::Idle) {
        world_.violation("controls set on a request that is not idle");
        return -EBUSY;
    }
    const int error = controls_.set(list, request->controls);
    if (error == 0) request->bind(shared_from_this());
    return error;
}

/// The heart of the fake: a picture must stay in its buffer for as long as a queued request refers to it.
void FakeContext::check_reuse(unsigned index) {
    const std::uint64_t content = capture_.buffers[index].content;
    if (content != 0 && engine_.is_referenced(content))
        world_.violation(
            fmt::format("CAPTURE buffer {} is queued while requests refer to its picture {}", index, content));
    if (world_.on_capture_queued) world_.on_capture_queued(index, content);
}

int FakeContext::queue_capture(const v4l2_buffer& buffer) {
    if ((buffer.flags & V4L2_BUF_FLAG_REQUEST_FD) != 0) return -EBADR;
    if (const int error = capture_.check(buffer); error != 0) return error;
    // As drivers do in buf_prepare.
    if (capture_.buffers[buffer.index].planes[0]->size() < formats_.capture().size[0]) return -EINVAL;
    check_reuse(buffer.index);
    capture_.buffers[buffer.index].content = 0;
    capture_.buffers[buffer.index].timestamp = 0;
    capture_.push(buffer.index);
    kick();
    return 0;
}

int FakeContext::queue_output(v4l2_buffer& buffer) {
    if ((buffer.flags & V4L2_BUF_FLAG_REQUEST_FD) == 0) return -EBADR;
    const auto request = world_.request(buffer.request_fd);
    if (request == nullptr) return -EINVAL;
    if (request->state() != FakeRequest::State::Idle) {
        world_.violation("QBUF into a request that is not idle");
        return -EBUSY;
    }
    if (const int error = output_.check(buffer); error != 0) return error;
    FakeBuffer& target = output_.buffers[buffer.index];
    const std::uint32_t used = decoder_.multi_planar ? buffer.m.planes[0].bytesused : buffer.bytesused;
    if (used > target.planes[0]->size()) return -EINVAL;
    if (used == 0) world_.violation("OUTPUT buffer without payload");
    target.bytes_used = used;
    target.timestamp = static_cast<std::uint64_t>(buffer.timestamp.tv_sec) * 1'000'000'000 +
                       static_cast<std::uint64_t>(buffer.timestamp.tv_usec) * 1000;
    target.hold = (buffer.flags & V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF) != 0 && decoder_.holds;
    target.state = FakeBuffer::State::InRequest;
    target.request = request;
    request->bind(shared_from_this());
    request->bind_buffer(buffer.index);
    return 0;
}

int FakeContext::queue(v4l2_buffer& buffer) {
    if (formats_.is_output(buffer.type)) return queue_output(buffer);
    return formats_.is_capture(buffer.type) ? queue_capture(buffer) : -EINVAL;
}

int FakeContext::queue_request(FakeRequest& request, unsigned buffer) {
    if (const int error = controls_.validate(request.controls); error != 0) return error;
    const auto* sps = find_control<v4l2_ctrl_h264_sps>(request.controls, V4L2_CID_STATELESS_H264_SPS);
    // As rkvdec: an SPS for another pixel format is refused inside a request, too.
    if (sps != nullptr)
        if (const int error = formats_.set_bit_depth(sps->bit_depth_luma_minus8 + 8U, capture_.busy()); error != 0)
            return error;
    output_.push(buffer);
    kick();
    return 0;
}

void FakeContext::return_buffer(unsigned index) {
    if (index >= output_.buffers.size()) return;
    FakeBuffer& buffer = output_.buffers[index];
    buffer.request.reset();
    if (buffer.state == FakeBuffer::State::InRequest) buffer.state = FakeBuffer::State::Dequeued;
}

int FakeContext::decoder_command(const v4l2_decoder_cmd& command) {
    if (command.cmd != V4L2_DEC_CMD_FLUSH) return -EINVAL;
    if (engine_.release_held()) wake();
    return 0;
}

int FakeContext::stream_off(std::uint32_t type) {
    FakeQueue* queue = queue_of(type);
    if (queue == nullptr) return -EINVAL;
    engine_.cancel(queue == &capture_);
    queue->stream_off();
    wake();
    return 0;
}

int FakeContext::dequeue(v4l2_buffer& out) {
    FakeQueue* queue = queue_of(out.type);
    if (queue == nullptr) return -EINVAL;
    const int result = queue->dequeue(out);
    if (result == -EAGAIN && blocking_) world_.violation("DQBUF would block: the device was opened without O_NONBLOCK");
    return result;
}

int FakeContext::buffer_ioctl(unsigned long request, void* argument) {
    switch (request) {
    case VIDIOC_REQBUFS: {
        FakeQueue* queue = queue_of(as<v4l2_requestbuffers>(argument).type);
        if (queue == nullptr) return -EINVAL;
        return queue->request_buffers(as<v4l2_requestbuffers>(argument),
                                      queue == &output_ ? formats_.output() : formats_.capture());
    }
    case VIDIOC_CREATE_BUFS:
        return create_buffers(as<v4l2_create_buffers>(argument));
    case VIDIOC_REMOVE_BUFS: {
        FakeQueue* queue = queue_of(as<v4l2_remove_buffers>(argument).type);
        return queue == nullptr ? -EINVAL : queue->remove_buffers(as<v4l2_remove_buffers>(argument));
    }
    case VIDIOC_QUERYBUF: {
        FakeQueue* queue = queue_of(as<v4l2_buffer>(argument).type);
        return queue == nullptr ? -EINVAL : queue->query(as<v4l2_buffer>(argument));
    }
    case VIDIOC_EXPBUF: {
        FakeQueue* queue = queue_of(as<v4l2_exportbuffer>(argument).type);
        return queue == nullptr ? -EINVAL : queue->export_buffer(as<v4l2_exportbuffer>(argument));
    }
    case VIDIOC_QBUF:
        return queue(as<v4l2_buffer>(argument));
    case VIDIOC_DQBUF:
        return dequeue(as<v4l2_buffer>(argument));
    case VIDIOC_STREAMON: {
        FakeQueue* queue = queue_of(static_cast<std::uint32_t>(as<int>(argument)));
        const int result = queue == nullptr ? -EINVAL : queue->stream_on();
        kick();
        return result;
    }
    case VIDIOC_STREAMOFF:
        return stream_off(static_cast<std::uint32_t>(as<int>(argument)));
    default:
        return -ENOTTY;
    }
}

int FakeContext::control_ioctl(unsigned long request, void* argument) {
    switch (request) {
    case VIDIOC_QUERY_EXT_CTRL:
        return controls_.query(as<v4l2_query_ext_ctrl>(argument));
    case VIDIOC_QUERYMENU:
        return controls_.query_menu(as<v4l2_querymenu>(argument));
    case VIDIOC_S_EXT_CTRLS:
        return set_controls(as<v4l2_ext_controls>(argument), false);
    case VIDIOC_G_EXT_CTRLS:
        return set_controls(as<v4l2_ext_controls>(argument), true);
    default:
        return buffer_ioctl(request, argument);
    }
}

int FakeContext::ioctl(unsigned long request, void* argument) {
    if (decoder_.gone) return -ENODEV; // v4l2_ioctl
    switch (request) {
    case VIDIOC_QUERYCAP:
        return describe(as<v4l2_capability>(argument));
    case VIDIOC_ENUM_FMT:
        return formats_.enumerate(as<v4l2_fmtdesc>(argument));
    case VIDIOC_ENUM_FRAMESIZES:
        return formats_.enumerate_sizes(as<v4l2_frmsizeenum>(argument));
    case VIDIOC_G_FMT:
        return formats_.get(as<v4l2_format>(argument));
    case VIDIOC_TRY_FMT:
        return set_format(as<v4l2_format>(argument), false);
    case VIDIOC_S_FMT:
        return set_format(as<v4l2_format>(argument), true);
    case VIDIOC_DECODER_CMD:
        return decoder_command(as<v4l2_decoder_cmd>(argument));
    default:
        return control_ioctl(request, argument);
    }
}

} // namespace v4l2play::fakes
