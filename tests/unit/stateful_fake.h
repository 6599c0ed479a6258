// A stateful decoder device, as the kernel shows one: single-planar, no media controller. It decodes in epoll_wait.
//
// Units are bytes: what it is, and the size of the picture in units of 16.
//     K, P   a picture               E   a picture with an error       X   an error without a picture
//     Y      no picture, and no word of it
//     H      hidden: no picture      B   a picture shown before the one sent just before it
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <linux/videodev2.h>

#include "decoder/kernel.h"

namespace v4l2play::test {

class FakeStateful final : public Kernel {
  public:
    // What the driver is like.
    bool announces = true;       ///< knows source-change events
    bool announces_late = false; ///< ... and sends none for the first format
    bool stuck = false;          ///< does nothing
    std::uint32_t coded_format = V4L2_PIX_FMT_H264;
    std::uint32_t capture_format = V4L2_PIX_FMT_NV12;
    std::uint32_t minimum_buffers = 2;
    std::string driver = "fake";
    std::uint64_t profiles = 0; ///< menu of H264_PROFILE; 0: no such control
    unsigned most_buffers = 32;
    std::uint32_t unallocatable = 0;   ///< pixel format that there is no memory for
    std::uint32_t failing_dequeue = 0; ///< type of buffers: the next DQBUF of one answers EIO
    int fail_call = 0;                 ///< the n-th system call that can fail does; 0 none

    // Called at the beginning of such a call; may keep it from coming back.
    std::function<void()> on_close; ///< of the device
    std::function<void()> on_stream_off;

    // What was seen.
    std::atomic<unsigned> closed{0}; ///< the device
    int calls = 0;
    unsigned opened = 0;
    unsigned created_buffers = 0;
    std::set<int> open_fds;
    std::vector<std::vector<std::uint8_t>> units;

    int open(const char*, int) override {
        if (fails()) return -EACCES;
        ++opened;
        context_ = {};
        return video_ = new_fd();
    }
    int close(int fd) override {
        const bool video = fd == video_;
        if (video && on_close) on_close();
        if (open_fds.erase(fd) == 0) ++bad_closes;
        if (video) video_ = -1;
        if (video) ++closed;
        return 0;
    }
    int bad_closes = 0;
    void* mmap(std::size_t length, int, int, std::int64_t offset, int& error) override {
        if (fails()) {
            error = -ENOMEM;
            return nullptr;
        }
        Buffer& buffer = context_.output[static_cast<std::size_t>(offset)];
        buffer.memory = std::make_shared<std::vector<std::uint8_t>>(length);
        mappings_[buffer.memory->data()] = buffer.memory;
        return buffer.memory->data();
    }
    int munmap(void* address, std::size_t) override { return mappings_.erase(address) == 1 ? 0 : -EINVAL; }
    ssize_t read(int, void*, std::size_t) override { return -EINVAL; }
    ssize_t write(int, const void*, std::size_t size) override {
        woken_ = true;
        return static_cast<ssize_t>(size);
    }
    int eventfd() override { return fails() ? -EMFILE : new_fd(); }
    int memfd(const char*, std::size_t, unsigned) override { return -ENOSYS; }
    int epoll_create() override { return fails() ? -EMFILE : new_fd(); }
    int epoll_add(int, int fd, std::uint32_t, std::uint64_t data) override {
        if (fails()) return -ENOSPC;
        if (fd == video_) video_data_ = data;
        return 0;
    }
    int epoll_remove(int, int) override { return 0; }
    int epoll_wait(int, std::span<epoll_event> events, Nanoseconds timeout) override {
        if (fails()) return -EIO;
        if (!stuck && video_ >= 0) work();
        if (std::exchange(context_.noted, false)) {
            events[0].events = EPOLLIN | EPOLLOUT | EPOLLPRI;
            events[0].data.u64 = video_data_;
            return 1;
        }
        if (std::exchange(woken_, false) || timeout == 0) return 0;
        now_ += std::max<Nanoseconds>(timeout, millisecond);
        return 0;
    }
    std::vector<std::string> list_directory(const char*) override { return {}; }
    dev_t device_number(const char*) override { return 0; }
    Nanoseconds now() override { return now_; }

    int ioctl(int, unsigned long request, void* argument) override {
        if (fails()) return -EIO;
        switch (request) {
        case VIDIOC_QUERYCAP:
            static_cast<v4l2_capability*>(argument)->capabilities = V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING;
            driver.copy(reinterpret_cast<char*>(static_cast<v4l2_capability*>(argument)->driver), 15);
            return 0;
        case VIDIOC_QUERY_EXT_CTRL:
            return query_control(*static_cast<v4l2_query_ext_ctrl*>(argument));
        case VIDIOC_QUERYMENU:
            return (profiles >> static_cast<v4l2_querymenu*>(argument)->index & 1U) != 0 ? 0 : -EINVAL;
        case VIDIOC_SUBSCRIBE_EVENT:
            return announces ? 0 : -EINVAL;
        case VIDIOC_DQEVENT:
            return dequeue_event(*static_cast<v4l2_event*>(argument));
        case VIDIOC_ENUM_FMT:
            return enumerate(*static_cast<v4l2_fmtdesc*>(argument));
        case VIDIOC_G_FMT:
        case VIDIOC_S_FMT:
            return format(*static_cast<v4l2_format*>(argument), request == VIDIOC_S_FMT);
        case VIDIOC_G_SELECTION:
            return select(*static_cast<v4l2_selection*>(argument));
        case VIDIOC_G_CTRL:
            static_cast<v4l2_control*>(argument)->value = static_cast<int>(minimum_buffers);
            return 0;
        case VIDIOC_REQBUFS:
            return request_buffers(*static_cast<v4l2_requestbuffers*>(argument));
        case VIDIOC_CREATE_BUFS:
            return create_buffers(*static_cast<v4l2_create_buffers*>(argument));
        case VIDIOC_QUERYBUF:
            return query(*static_cast<v4l2_buffer*>(argument));
        case VIDIOC_QBUF:
            return queue(*static_cast<v4l2_buffer*>(argument));
        case VIDIOC_DQBUF:
            return dequeue(*static_cast<v4l2_buffer*>(argument));
        case VIDIOC_EXPBUF:
            static_cast<v4l2_exportbuffer*>(argument)->fd = new_fd();
            return 0;
        case VIDIOC_STREAMON:
        case VIDIOC_STREAMOFF:
            return stream(*static_cast<int*>(argument) == V4L2_BUF_TYPE_VIDEO_OUTPUT, request == VIDIOC_STREAMON);
        case VIDIOC_DECODER_CMD:
            return command(static_cast<v4l2_decoder_cmd*>(argument)->cmd);
        default:
            return -ENOTTY;
        }
    }

  private:
    struct Buffer {
        std::shared_ptr<std::vector<std::uint8_t>> memory;
        std::size_t size = 0;
        bool queued = false;
        v4l2_buffer arguments{};
    };
    struct Picture {
        timeval timestamp{};
        std::uint32_t bytes = 0;
        bool error = false;
    };
    struct Context {
        std::vector<Buffer> output;
        std::vector<Buffer> capture;
        std::deque<std::uint32_t> sent;     ///< OUTPUT indexes, queued
        std::deque<std::uint32_t> consumed; ///< OUTPUT indexes, to be dequeued
        std::deque<std::uint32_t> empty;    ///< CAPTURE indexes, queued
        std::deque<v4l2_buffer> filled;     ///< CAPTURE, to be dequeued
        std::deque<Picture> ready;          ///< decoded, without a buffer yet
        std::optional<Picture> held;        ///< waits for a B picture
        unsigned events = 0;
        std::uint32_t output_size = 0;
        std::uint32_t size = 0;   ///< of the stream, as announced
        std::uint32_t chosen = 0; ///< CAPTURE format that the client has set
        bool output_on = false;
        bool capture_on = false;
        bool draining = false;
        bool changing = false; ///< announced, and CAPTURE not yet restarted
        bool last_given = false;
        bool last_dequeued = false;
        bool noted = false; ///< something for epoll
    };

    bool fails() { return ++calls == fail_call; }
    int new_fd() {
        open_fds.insert(next_fd_);
        return next_fd_++;
    }

    int dequeue_event(v4l2_event& event) {
        if (context_.events == 0) return -ENOENT;
        --context_.events;
        event.type = V4L2_EVENT_SOURCE_CHANGE;
        event.u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
        return 0;
    }
    int enumerate(v4l2_fmtdesc& description) const {
        const bool output = description.type == V4L2_BUF_TYPE_VIDEO_OUTPUT;
        constexpr std::array<std::uint32_t, 2> pixels{V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12};
        if (description.index >= (output ? 1 : pixels.size())) return -EINVAL;
        description.pixelformat = output ? coded_format : pixels[description.index];
        if (!output && capture_format != V4L2_PIX_FMT_NV12) description.pixelformat = capture_format;
        return 0;
    }
    int query_control(v4l2_query_ext_ctrl& control) const {
        if (profiles == 0 || control.id != V4L2_CID_MPEG_VIDEO_H264_PROFILE) return -EINVAL;
        control.type = V4L2_CTRL_TYPE_MENU;
        control.minimum = 0;
        control.maximum = 20;
        return 0;
    }
    int format(v4l2_format& format, bool set) {
        v4l2_pix_format& pix = format.fmt.pix;
        if (format.type == V4L2_BUF_TYPE_VIDEO_OUTPUT) {
            if (set) context_.output_size = pix.sizeimage;
            pix.pixelformat = coded_format;
            pix.sizeimage = context_.output_size;
            return 0;
        }
        if (set && !context_.capture.empty()) return -EBUSY;
        if (set) context_.chosen = pix.pixelformat;
        const std::uint32_t side = std::max(context_.size, 1U) * 16;
        pix.width = pix.height = pix.bytesperline = side;
        pix.pixelformat = context_.chosen != 0 ? context_.chosen : capture_format;
        pix.sizeimage = side * side * 3 / 2;
        return 0;
    }
    int select(v4l2_selection& selection) const {
        selection.r = {0, 0, context_.size * 16 - 2, context_.size * 16 - 4};
        return context_.size == 0 ? -EINVAL : 0;
    }
    int request_buffers(v4l2_requestbuffers& request) {
        auto& buffers = request.type == V4L2_BUF_TYPE_VIDEO_OUTPUT ? context_.output : context_.capture;
        if (&buffers == &context_.capture ? context_.capture_on : context_.output_on) return -EBUSY;
        if (&buffers == &context_.capture && request.count != 0 && context_.chosen == unallocatable &&
            unallocatable != 0)
            return -ENOMEM;
        request.count = std::min<std::uint32_t>(request.count, most_buffers);
        buffers.assign(request.count, {});
        for (Buffer& buffer : buffers) buffer.size = context_.output_size;
        return 0;
    }
    int create_buffers(v4l2_create_buffers& request) {
        request.index = static_cast<std::uint32_t>(context_.output.size());
        context_.output.resize(request.index + request.count);
        created_buffers += request.count;
        for (std::size_t i = request.index; i < context_.output.size(); ++i)
            context_.output[i].size = request.format.fmt.pix.sizeimage;
        return 0;
    }
    int query(v4l2_buffer& buffer) const {
        if (buffer.index >= context_.output.size()) return -EINVAL;
        buffer.length = static_cast<std::uint32_t>(context_.output[buffer.index].size);
        buffer.m.offset = buffer.index;
        return 0;
    }
    int queue(const v4l2_buffer& arguments) {
        const bool output = arguments.type == V4L2_BUF_TYPE_VIDEO_OUTPUT;
        auto& buffers = output ? context_.output : context_.capture;
        if (arguments.index >= buffers.size() || buffers[arguments.index].queued) return -EINVAL;
        buffers[arguments.index].queued = true;
        buffers[arguments.index].arguments = arguments;
        (output ? context_.sent : context_.empty).push_back(arguments.index);
        return 0;
    }
    int dequeue(v4l2_buffer& arguments) {
        if (arguments.type == V4L2_BUF_TYPE_VIDEO_OUTPUT) {
            if (context_.consumed.empty()) return -EAGAIN;
            arguments.index = context_.consumed.front();
            context_.consumed.pop_front();
            context_.output[arguments.index].queued = false;
            return 0;
        }
        if (context_.last_dequeued) return -EPIPE;
        if (context_.filled.empty()) return -EAGAIN;
        if (std::exchange(failing_dequeue, 0) == arguments.type) return -EIO;
        arguments = context_.filled.front();
        context_.filled.pop_front();
        context_.capture[arguments.index].queued = false;
        context_.last_dequeued = (arguments.flags & V4L2_BUF_FLAG_LAST) != 0;
        return 0;
    }
    int stream(bool output, bool on) {
        if (!on && on_stream_off) on_stream_off();
        (output ? context_.output_on : context_.capture_on) = on;
        if (on && !output) context_.changing = false;
        if (on) return 0;
        for (Buffer& buffer : output ? context_.output : context_.capture) buffer.queued = false;
        if (output) {
            context_.sent.clear();
            context_.consumed.clear();
            context_.held.reset();
            context_.ready.clear();
        } else {
            context_.empty.clear();
            context_.filled.clear();
            context_.changing = context_.draining = context_.last_given = context_.last_dequeued = false;
        }
        return 0;
    }
    int command(std::uint32_t what) {
        if (what == V4L2_DEC_CMD_STOP) context_.draining = true;
        if (what == V4L2_DEC_CMD_START) context_.draining = context_.last_given = context_.last_dequeued = false;
        return 0;
    }

    void work() {
        while (decode_one() || give_one()) {
        }
        const bool all = context_.sent.empty() || context_.changing;
        if (!all || !context_.ready.empty() || context_.last_given || !context_.capture_on) return;
        if (context_.draining && !context_.changing && context_.held) {
            context_.ready.push_back(*std::exchange(context_.held, std::nullopt));
            return work();
        }
        if ((context_.draining || context_.changing) && !context_.empty.empty()) {
            give({}, V4L2_BUF_FLAG_LAST);
            context_.last_given = true;
        }
    }
    /// The next unit, unless it has to wait.
    bool decode_one() {
        if (!context_.output_on || context_.changing || context_.sent.empty() || context_.ready.size() > 1)
            return false;
        Buffer& buffer = context_.output[context_.sent.front()];
        const std::vector<std::uint8_t> unit(buffer.memory->begin(),
                                             buffer.memory->begin() + buffer.arguments.bytesused);
        if (unit[1] != context_.size) {
            context_.size = unit[1];
            context_.chosen = 0;
            const bool silent = announces_late && !context_.capture_on;
            context_.changing = context_.capture_on || !silent;
            if (announces && !silent) ++context_.events;
            if (!announces || silent) context_.changing = false;
            if (context_.held) context_.ready.push_back(*std::exchange(context_.held, std::nullopt));
            return context_.noted = true;
        }
        if (!context_.capture_on) return false;
        units.push_back(unit);
        decode(unit[0], buffer.arguments.timestamp);
        context_.consumed.push_back(context_.sent.front());
        context_.sent.pop_front();
        return context_.noted = true;
    }
    void decode(std::uint8_t kind, timeval timestamp) {
        if (kind == 'H') return;
        const Picture picture{timestamp, kind == 'X' || kind == 'Y' ? 0U : 100U,
                              kind == 'D' || kind == 'E' || kind == 'X'};
        if (kind == 'B') {
            context_.ready.push_back(picture);
            return;
        }
        if (context_.held) context_.ready.push_back(*context_.held);
        context_.held = picture;
    }
    bool give_one() {
        if (context_.ready.empty() || context_.empty.empty() || !context_.capture_on) return false;
        give(context_.ready.front(), 0);
        context_.ready.pop_front();
        return true;
    }
    void give(const Picture& picture, std::uint32_t flags) {
        v4l2_buffer buffer{};
        buffer.index = context_.empty.front();
        context_.empty.pop_front();
        buffer.timestamp = picture.timestamp;
        buffer.bytesused = picture.bytes;
        buffer.flags = flags | (picture.error ? V4L2_BUF_FLAG_ERROR : 0U);
        context_.filled.push_back(buffer);
        context_.noted = true;
    }

    Context context_;
    std::map<void*, std::shared_ptr<std::vector<std::uint8_t>>> mappings_;
    int next_fd_ = 100;
    int video_ = -1;
    std::uint64_t video_data_ = 0;
    bool woken_ = false;
    Nanoseconds now_ = second;
};

} // namespace v4l2play::test
