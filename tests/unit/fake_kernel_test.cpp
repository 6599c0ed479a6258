// The fake kernel's own rules: what it refuses, and that it notices what it is there to notice.
#include "tests/fakes/fake_kernel.h"

#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/media.h>
#include <sys/mman.h>

namespace v4l2play::fakes {
namespace {

/// A single-planar device in frame-based mode with two OUTPUT and three CAPTURE buffers, streaming.
class FakeKernelTest : public testing::Test {
  protected:
    FakeKernelTest()
        : kernel_({FakeDecoder{.multi_planar = false}}) {
        media_ = kernel_.open("/dev/media0", O_RDWR);
        video_ = kernel_.open("/dev/video0", O_RDWR | O_NONBLOCK);
        v4l2_format format{};
        format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
        format.fmt.pix.width = format.fmt.pix.height = 64;
        format.fmt.pix.sizeimage = 4096;
        EXPECT_EQ(0, ioctl(VIDIOC_S_FMT, format));
        EXPECT_EQ(0, set(V4L2_CID_STATELESS_H264_DECODE_MODE, V4L2_STATELESS_H264_DECODE_MODE_FRAME_BASED));
        EXPECT_EQ(0, allocate(V4L2_BUF_TYPE_VIDEO_OUTPUT, 2));
        EXPECT_EQ(0, allocate(V4L2_BUF_TYPE_VIDEO_CAPTURE, 3));
        for (int type : {V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_BUF_TYPE_VIDEO_CAPTURE})
            EXPECT_EQ(0, ioctl(VIDIOC_STREAMON, type));
    }
    template <class Structure>
    int ioctl(unsigned long request, Structure& argument) {
        return kernel_.ioctl(video_, request, &argument);
    }
    int allocate(std::uint32_t type, std::uint32_t count) {
        v4l2_requestbuffers request{};
        request.type = type;
        request.memory = V4L2_MEMORY_MMAP;
        request.count = count;
        return ioctl(VIDIOC_REQBUFS, request);
    }
    int set(std::uint32_t id, std::int32_t value) {
        v4l2_ext_control control{};
        control.id = id;
        control.value = value;
        v4l2_ext_controls list{};
        list.count = 1;
        list.controls = &control;
        return ioctl(VIDIOC_S_EXT_CTRLS, list);
    }
    int new_request() {
        int fd = -1;
        EXPECT_EQ(0, kernel_.ioctl(media_, MEDIA_IOC_REQUEST_ALLOC, &fd));
        return fd;
    }
    int queue_request(int fd) { return kernel_.ioctl(fd, MEDIA_REQUEST_IOC_QUEUE, nullptr); }
    int reinit(int fd) { return kernel_.ioctl(fd, MEDIA_REQUEST_IOC_REINIT, nullptr); }
    int set_picture(int fd, std::uint64_t reference) {
        v4l2_ctrl_h264_sps sps{};
        v4l2_ctrl_h264_pps pps{};
        v4l2_ctrl_h264_decode_params params{};
        if (reference != 0) params.dpb[0].flags = V4L2_H264_DPB_ENTRY_FLAG_VALID;
        params.dpb[0].reference_ts = reference * 1000;
        std::array<v4l2_ext_control, 3> controls{};
        const auto fill = [&](std::size_t i, std::uint32_t id, auto& structure) {
            controls[i].id = id;
            controls[i].size = sizeof structure;
            controls[i].ptr = &structure;
        };
        fill(0, V4L2_CID_STATELESS_H264_SPS, sps);
        fill(1, V4L2_CID_STATELESS_H264_PPS, pps);
        fill(2, V4L2_CID_STATELESS_H264_DECODE_PARAMS, params);
        v4l2_ext_controls list{};
        list.which = V4L2_CTRL_WHICH_REQUEST_VAL;
        list.request_fd = fd;
        list.count = 3;
        list.controls = controls.data();
        return ioctl(VIDIOC_S_EXT_CTRLS, list);
    }
    int queue_output(std::uint32_t index, int request, std::uint64_t id) {
        v4l2_buffer buffer{};
        buffer.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
        buffer.memory = V4L2_MEMORY_MMAP;
        buffer.index = index;
        buffer.bytesused = 16;
        buffer.timestamp.tv_usec = static_cast<decltype(buffer.timestamp.tv_usec)>(id);
        if (request >= 0) buffer.flags = V4L2_BUF_FLAG_REQUEST_FD;
        buffer.request_fd = request;
        return ioctl(VIDIOC_QBUF, buffer);
    }
    int capture(unsigned long request, std::uint32_t& index, std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE) {
        v4l2_buffer buffer{};
        buffer.type = type;
        buffer.memory = V4L2_MEMORY_MMAP;
        buffer.index = index;
        const int result = ioctl(request, buffer);
        index = buffer.index;
        return result;
    }
    int queue_capture(std::uint32_t index) { return capture(VIDIOC_QBUF, index); }
    /// Everything that one picture takes, into CAPTURE buffer `index`.
    int submit(std::uint32_t output, std::uint32_t index, std::uint64_t id, std::uint64_t reference) {
        const int fd = new_request();
        EXPECT_EQ(0, set_picture(fd, reference));
        EXPECT_EQ(0, queue_output(output, fd, id));
        EXPECT_EQ(0, queue_capture(index));
        EXPECT_EQ(0, queue_request(fd));
        return fd;
    }
    void dequeue_both() {
        std::uint32_t index = 0;
        EXPECT_EQ(0, capture(VIDIOC_DQBUF, index));
        EXPECT_EQ(0, capture(VIDIOC_DQBUF, index, V4L2_BUF_TYPE_VIDEO_OUTPUT));
    }

    FakeKernel kernel_;
    int media_ = -1;
    int video_ = -1;
};

TEST_F(FakeKernelTest, FormatsAreFixedWhileBuffersExist) {
    v4l2_format format{};
    format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    EXPECT_EQ(-EBUSY, ioctl(VIDIOC_S_FMT, format));
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    EXPECT_EQ(-EBUSY, ioctl(VIDIOC_S_FMT, format));
    EXPECT_EQ(0, ioctl(VIDIOC_TRY_FMT, format));
    format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    EXPECT_EQ(-EINVAL, ioctl(VIDIOC_G_FMT, format));
    EXPECT_EQ(-EBUSY, allocate(V4L2_BUF_TYPE_VIDEO_OUTPUT, 0)) << "while streaming";
}

TEST_F(FakeKernelTest, RequestsWantABufferAndControls) {
    const int fd = new_request();
    EXPECT_EQ(-ENOENT, queue_request(fd)) << "empty";
    EXPECT_EQ(-EBADR, queue_output(0, -1, 1)) << "without a request";
    EXPECT_EQ(-EINVAL, queue_output(0, media_, 1)) << "no request";
    EXPECT_EQ(0, queue_output(0, fd, 1));
    EXPECT_EQ(-ENOENT, queue_request(fd)) << "no controls";
    EXPECT_EQ(0, set_picture(fd, 0));
    EXPECT_EQ(0, queue_request(fd));
    EXPECT_EQ(-EBUSY, queue_request(fd));
    EXPECT_EQ(-EBUSY, reinit(fd));
    EXPECT_EQ(-EBUSY, queue_output(1, fd, 2));
    EXPECT_EQ(-EBUSY, set_picture(fd, 0));
    EXPECT_EQ(0, queue_capture(0));
    EXPECT_EQ(-EINVAL, queue_capture(0)) << "twice";
    std::uint32_t index = 0;
    EXPECT_EQ(-EAGAIN, capture(VIDIOC_DQBUF, index));
    kernel_.advance(second);
    EXPECT_EQ(0, reinit(fd));
    dequeue_both();
}

TEST_F(FakeKernelTest, ReinitGivesTheBufferBack) {
    const int fd = new_request();
    EXPECT_EQ(0, queue_output(0, fd, 1));
    EXPECT_EQ(0, reinit(fd));
    EXPECT_EQ(0, queue_output(0, fd, 1));
    EXPECT_EQ(0, kernel_.close(fd));
    EXPECT_EQ(0, queue_output(0, new_request(), 1));
    EXPECT_EQ("", kernel_.violations());
}

TEST_F(FakeKernelTest, NoticesAPictureThatIsOverwrittenTooEarly) {
    submit(0, 0, 1, 0);
    kernel_.advance(second);
    dequeue_both();
    submit(1, 1, 2, 1);
    EXPECT_EQ(kernel_.violations().find("requests refer to"), std::string::npos);
    EXPECT_EQ(0, queue_capture(0));
    EXPECT_NE(kernel_.violations().find("CAPTURE buffer 0 is queued while requests refer to its picture 1000"),
              std::string::npos);
}

TEST_F(FakeKernelTest, NoticesAReferenceThatIsGone) {
    submit(0, 0, 1, 0);
    kernel_.advance(second);
    dequeue_both();
    EXPECT_EQ(0, queue_capture(0));
    submit(1, 1, 2, 1);
    kernel_.advance(second);
    EXPECT_NE(kernel_.violations().find("picture 2000 refers to 1000, which no buffer holds"), std::string::npos);
}

TEST_F(FakeKernelTest, EdgesAndLevels) {
    const int level = kernel_.epoll_create();
    const int edge = kernel_.epoll_create();
    const int request = new_request();
    std::array<epoll_event, 4> events;
    EXPECT_EQ(0, kernel_.epoll_add(level, request, EPOLLPRI, 1));
    EXPECT_EQ(0, kernel_.epoll_add(edge, request, EPOLLPRI | EPOLLET, 2));
    EXPECT_EQ(-EEXIST, kernel_.epoll_add(edge, request, EPOLLPRI, 2));
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(1, kernel_.epoll_wait(level, events, 0)) << "an idle request is an error for ever";
        EXPECT_EQ(EPOLLERR, events[0].events);
        EXPECT_EQ(i == 0 ? 1 : 0, kernel_.epoll_wait(edge, events, 0));
    }
    EXPECT_EQ(0, set_picture(request, 0));
    EXPECT_EQ(0, queue_output(0, request, 1));
    EXPECT_EQ(0, queue_capture(0));
    EXPECT_EQ(0, queue_request(request));
    EXPECT_EQ(0, kernel_.epoll_wait(edge, events, millisecond));
    const Nanoseconds before = kernel_.now();
    EXPECT_EQ(1, kernel_.epoll_wait(edge, events, second)) << "time passes until the picture is done";
    EXPECT_EQ(EPOLLPRI, events[0].events);
    EXPECT_LT(kernel_.now() - before, 10 * millisecond);
    EXPECT_EQ(0, kernel_.epoll_wait(edge, events, 0));
    EXPECT_EQ(1, kernel_.epoll_wait(level, events, 0));
}

TEST_F(FakeKernelTest, FailsTheCallThatItWasToldTo) {
    kernel_.fail_call(2, EIO);
    EXPECT_GE(kernel_.eventfd(), 0);
    EXPECT_EQ(-EIO, kernel_.eventfd());
    EXPECT_EQ("eventfd", kernel_.failed_call());
    EXPECT_GE(kernel_.eventfd(), 0);
}

TEST_F(FakeKernelTest, NamesWhatIsNotGivenBack) {
    int error = 0;
    v4l2_buffer buffer{};
    buffer.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    EXPECT_EQ(0, ioctl(VIDIOC_QUERYBUF, buffer));
    void* memory = kernel_.mmap(buffer.length, PROT_WRITE, video_, buffer.m.offset, error);
    ASSERT_NE(nullptr, memory);
    EXPECT_EQ(0, kernel_.close(video_));
    EXPECT_EQ(0, kernel_.close(media_));
    EXPECT_EQ("mapping of 4096 bytes\n", kernel_.leaks());
    std::memset(memory, 1, buffer.length); // a mapping outlives its descriptor
    EXPECT_EQ(0, kernel_.munmap(memory, buffer.length));
    EXPECT_EQ("", kernel_.leaks());
    EXPECT_EQ(-EBADF, kernel_.close(media_));
    EXPECT_NE("", kernel_.violations());
}

} // namespace
} // namespace v4l2play::fakes
