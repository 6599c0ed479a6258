// What is still being drawn when it is committed: the compositor waits for it, and nobody else.

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/dma-buf.h>
#include <sys/eventfd.h>

#include "render/drawn_output.h"
#include "tests/unit/fake_painter.h"
#include "tests/unit/syncobj_kernel.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

/// An eventfd stands for a dmabuf: it can be read while nobody writes into that.
int make_dmabuf() { return eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); }

/// With dmabufs that take fences, and with a GPU that is done at the latest when somebody waits for it.
class FenceKernel final : public SyncobjKernel {
  public:
    int ioctl(int fd, unsigned long request, void* argument) override {
        if (request != DMA_BUF_IOCTL_IMPORT_SYNC_FILE) return SyncobjKernel::ioctl(fd, request, argument);
        const auto& import = *static_cast<dma_buf_import_sync_file*>(argument);
        if (!takes_fences) return -ENOTTY;
        if (import.flags != DMA_BUF_SYNC_WRITE || fcntl(import.fd, F_GETFD) < 0) return -EINVAL;
        eventfd_t count = 0;
        eventfd_read(fd, &count);
        written_ = fd;
        return 0;
    }
    int poll(int fd, short events, Nanoseconds timeout) override {
        if (fence_ && fd == given_ && events == POLLIN && timeout != 0) {
            ++waits;
            finish();
        }
        return SyncobjKernel::poll(fd, events, timeout);
    }
    /// Of what is drawn next.
    UniqueFd make_fence() {
        fence_ = UniqueFd(*this, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        given_ = fcntl(fence_.get(), F_DUPFD_CLOEXEC, 0);
        return {*this, given_};
    }
    void finish() {
        eventfd_write(fence_.get(), 1);
        if (written_ >= 0) eventfd_write(std::exchange(written_, -1), 1);
    }

    unsigned waits = 0;

  private:
    UniqueFd fence_;
    int given_ = -1;
    int written_ = -1;
};

class WaylandFencesTest : public WaylandTest {
  protected:
    ~WaylandFencesTest() override {
        output_.reset(); // before its kernel
    }

    void start_drawn(MockTimelines* timelines) {
        gpu_ = {};
        gpu_.fence = [this] { return kernel_.make_fence(); };
        kernel_.waits = 0;
        constexpr MockFormat drawn{{fourcc_xrgb, modifier_linear}}, video{{fourcc_nv12, modifier_linear}};
        start({.formats = {drawn, video}, .timelines = timelines}, {false, 0}, kernel_);
        std::vector<std::unique_ptr<Painter>> painters;
        painters.push_back(std::make_unique<FakePainter>(OutputPath::Composited, gpu_, make_dmabuf));
        output_ = create_drawn_output(std::move(output_), std::move(painters), {.always = true}, kernel_);
        pool_ = make_pool(3);
    }
    void present(FrameId id) {
        Frame frame = make_frame(pool_, id);
        ASSERT_TRUE(output_->present(frame, 0));
    }
    /// The newest picture.
    void show() {
        mock_->present(last_frame(), next_refresh(), period);
        dispatch();
    }
    void play() {
        for (FrameId id = 1; id <= 8; ++id) {
            present(id);
            EXPECT_FALSE(mock_->is_complete(last_frame())) << id;
            EXPECT_EQ(pool_->free_count(), 2U) << "the GPU reads the frame";
            kernel_.finish();
            EXPECT_TRUE(mock_->is_complete(last_frame())) << id;
            show();
            EXPECT_EQ(events(), (Texts{fmt::format("shown {}", id), fmt::format("released {}", id)}));
            EXPECT_EQ(pool_->free_count(), 3U);
            if (id > 1) mock_->release(id - 2);
            dispatch();
        }
        EXPECT_EQ(gpu_.finished + kernel_.waits, 0U) << "nobody else waits";
        EXPECT_EQ(pool_->statistics().early_reuse, 0U);
    }

    FakePainter::Seen gpu_;
    FenceKernel kernel_;
    std::shared_ptr<SlotPool> pool_;
};

TEST_F(WaylandFencesTest, TheDmabufTellsItsReaders) {
    start_drawn(nullptr);
    play();
}

#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
TEST_F(WaylandFencesTest, TheAcquirePointTellsTheCompositor) {
    start_drawn(&kernel_);
    play();
    EXPECT_EQ(kernel_.objects(), 6U) << "one for each of five buffers, one for all that is drawn";
}
#endif

TEST_F(WaylandFencesTest, WhereNeitherCanBeToldItIsWaitedFor) {
    for (MockTimelines* const timelines :
         {static_cast<MockTimelines*>(nullptr), static_cast<MockTimelines*>(&kernel_)}) {
        start_drawn(timelines);
        kernel_.takes_fences = false;
        for (FrameId id = 1; id <= 3; ++id) {
            present(id);
            EXPECT_EQ(kernel_.waits, 1U) << "once, until it is known";
            EXPECT_EQ(gpu_.finished, id - 1);
            EXPECT_TRUE(mock_->is_complete(last_frame()));
            show();
        }
        EXPECT_EQ(events().size(), 6U);
        EXPECT_EQ(pool_->free_count(), 3U);
        kernel_.takes_fences = true;
        output_.reset();
    }
}

TEST_F(WaylandFencesTest, ACompositorThatDoesNotWaitIsNotTrusted) {
    start_drawn(nullptr);
    present(1);
    show();
    EXPECT_EQ(events(), (Texts{"shown 1", "released 1"}));
    EXPECT_EQ(gpu_.finished, 1U) << "the GPU still reads the frame";
    EXPECT_EQ(pool_->free_count(), 3U);
}

TEST_F(WaylandFencesTest, WhatIsNeverShownIsWaitedFor) {
    start_drawn(nullptr);
    present(1);
    mock_->discard(last_frame());
    mock_->release(last_frame());
    dispatch();
    EXPECT_EQ(events(), (Texts{"discarded 1", "released 1"}));
    EXPECT_EQ(gpu_.finished, 1U);
    EXPECT_EQ(pool_->free_count(), 3U);
}

} // namespace
} // namespace v4l2play
