// How buffers come back: each method, in the order that the compositor likes.

#include <algorithm>
#include <cerrno>
#include <random>

#include <wayland-client.h>

#include "decoder/log.h"
#include "tests/unit/syncobj_kernel.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

class WaylandReleaseTest : public WaylandTest {
  protected:
    ~WaylandReleaseTest() override {
        output_.reset(); // before its kernel
    }

    /// Shows 200 frames of six slots; the compositor releases in an order of its own, late, and never what it shows.
    void play_in_disorder() {
        const auto pool = make_pool(6);
        std::mt19937 random(7);
        std::vector<std::size_t> held;
        for (FrameId id = 1; id <= 200; ++id) {
            while (pool->free_count() == 0 || held.size() > 4) {
                ASSERT_GT(held.size(), 1U);
                const std::size_t one = random() % (held.size() - 1);
                mock_->release(held[one]);
                held.erase(held.begin() + static_cast<std::ptrdiff_t>(one));
                dispatch();
            }
            show(pool, id);
            held.push_back(last_frame());
        }
        const auto told = events();
        EXPECT_EQ(std::count_if(told.begin(), told.end(), [](const auto& text) { return text.rfind("shown", 0) == 0; }),
                  200);
        EXPECT_EQ(pool->statistics().early_reuse, 0U);
        for (const std::size_t one : held) mock_->release(one);
        dispatch();
        EXPECT_EQ(states(*pool), "FFFFFF");
        EXPECT_EQ(mock_->imports(), 6U);
        EXPECT_EQ(mock_->connections(), connections_);
    }

    SyncobjKernel kernel_;
    unsigned connections_ = 1;
};

TEST_F(WaylandReleaseTest, ByBufferInAnyOrder) {
    start();
    play_in_disorder();
}

#ifdef WL_SURFACE_GET_RELEASE_SINCE_VERSION
TEST_F(WaylandReleaseTest, ByCallbackInAnyOrder) {
    start({.compositor_version = 7});
    play_in_disorder();
    EXPECT_NE(output_->description().plane.find("released by wl_surface.get_release"), std::string::npos);
}
#endif

#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
TEST_F(WaylandReleaseTest, ByTimelineInAnyOrder) {
    connections_ = 2; // one to try it out
    start({.timelines = &kernel_}, {false, 0}, kernel_);
    play_in_disorder();
    EXPECT_NE(output_->description().plane.find("released by linux-drm-syncobj"), std::string::npos);
    EXPECT_EQ(kernel_.objects(), 7U) << "one a buffer, one that is signalled";
    output_.reset();
    EXPECT_EQ(kernel_.objects(), 0U);
}

TEST_F(WaylandReleaseTest, TimelineWakesTheLoop) {
    start({.timelines = &kernel_}, {false, 0}, kernel_);
    const auto pool = make_pool(2);
    show(pool, 1);
    show(pool, 2);
    dispatch();
    EXPECT_EQ(states(*pool), "EE") << "wl_buffer.release has come, and means nothing";
    mock_->release(0);
    pollfd wait{output_->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&wait, 1, 1000), 1);
    dispatch();
    EXPECT_EQ(states(*pool), "FE");
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2", "released 1"}));
}

TEST_F(WaylandReleaseTest, OverlayAndResizeNeedNoPoints) {
    start({.timelines = &kernel_}, {false, 0}, kernel_);
    const auto pool = make_pool(4);
    show(pool, 1);
    const auto overlay = output_->acquire_overlay(20, 10);
    ASSERT_TRUE(overlay);
    output_->show_overlay(*overlay, 0, 0);
    live_for(100); // has a commit of its own
    mock_->configure(200, 48);
    dispatch();
    show(pool, 2);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
}

TEST_F(WaylandReleaseTest, TimelinesThatDoNotWorkAreNotUsed) {
    for (const int fault : {0, 1, 2}) {
        kernel_.has_capability = fault != 0;
        kernel_.tells_points = fault != 1;
        start({.timelines = &kernel_, .refuse_timelines = fault == 2}, {false, 0}, kernel_);
        const auto pool = make_pool(1);
        show(pool, 1);
        EXPECT_EQ(output_->description().plane, "window of 64x48") << fault;
        mock_->release(0);
        dispatch();
        EXPECT_EQ(events(), (Texts{"shown 1", "released 1"})) << fault;
        output_.reset();
        EXPECT_EQ(kernel_.objects(), 0U) << fault;
    }
}

TEST_F(WaylandReleaseTest, TimelinesDieWithTheirCompositor) {
    start({.timelines = &kernel_}, {.fullscreen = false, .reconnect_limit = second}, kernel_);
    const auto pool = make_pool(3);
    show(pool, 1);
    show(pool, 2);
    mock_->drop_clients();
    live_for(600);
    EXPECT_EQ(states(*pool), "FFF");
    show(pool, 3);
    mock_->release(last_frame());
    dispatch();
    EXPECT_EQ(states(*pool), "FFF");
    EXPECT_EQ(kernel_.objects(), 4U);
}
#endif

TEST_F(WaylandReleaseTest, CompositorThatNeverReleasesIsNamed) {
    set_log_level(LogLevel::Warning);
    start();
    const auto pool = make_pool(3);
    for (FrameId id = 1; id <= 3; ++id) show(pool, id);
    testing::internal::CaptureStderr();
    live_for(1300);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("holds 3 buffers and releases none"), std::string::npos) << said;
    EXPECT_NE(said.find(std::string("mock (") + program_invocation_short_name), std::string::npos) << said;
    EXPECT_EQ(states(*pool), "EEE") << "it is named, not robbed";
}

TEST_F(WaylandReleaseTest, BuffersThatAreNeverReleasedAreNamedOnce) {
    set_log_level(LogLevel::Warning);
    start();
    const auto pool = make_pool(10);
    const auto play = [&](FrameId first, FrameId last, std::size_t kept) {
        std::vector<std::size_t> held;
        for (FrameId id = first; id <= last; ++id) {
            show(pool, id);
            if (id % 50 != 0) held.push_back(last_frame());
            while (held.size() > kept) {
                mock_->release(held.front());
                held.erase(held.begin());
            }
            dispatch();
        }
        for (const std::size_t one : held) mock_->release(one);
        dispatch();
    };
    testing::internal::CaptureStderr();
    play(1, 49, 6);
    EXPECT_EQ(output_->description().never_released, 0U);
    play(50, 109, 6);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "it may be at work on the one";
    testing::internal::CaptureStderr();
    play(110, 165, 6);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("does not release all buffers: 1 of pictures long gone"), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
    EXPECT_EQ(output_->description().never_released, 2U);
    EXPECT_EQ(pool->statistics().early_reuse, 0U);
}

TEST_F(WaylandReleaseTest, CompositorThatReleasesLateIsNotAccused) {
    set_log_level(LogLevel::Warning);
    start();
    const auto pool = make_pool(8);
    std::vector<std::size_t> commits;
    testing::internal::CaptureStderr();
    for (FrameId id = 1; id <= 8; ++id) {
        show(pool, id);
        commits.push_back(last_frame());
        if (id <= 5) continue;
        live_for(600);
        mock_->release(commits[id - 6]);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

} // namespace
} // namespace v4l2play
