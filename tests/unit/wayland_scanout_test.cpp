// Which surface shows the picture, before compositors that scan out all, windows alone, or nothing.
#include <functional>
#include <set>

#include "tests/unit/syncobj_kernel.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

const std::vector<MockFormat> scanned_out{{{fourcc_nv12, modifier_linear}, true}};

class WaylandScanoutTest : public WaylandTest {
  protected:
    static constexpr unsigned many = 400;

    void fill_screen(const MockOptions& mock, Kernel& kernel = system_kernel()) {
        start(mock, {.fullscreen = true, .reconnect_limit = 0}, kernel);
        mock_->configure(640, 480, true);
        dispatch();
        pool_ = make_pool(3);
        play(1);
        upon_ = surface();
    }
    [[nodiscard]] std::uint32_t surface() { return mock_->commits()[last_frame()].surface; }
    /// The number of surfaces that pictures moved to meanwhile.
    unsigned play(unsigned frames) {
        unsigned moves = 0;
        for (unsigned i = 0; i < frames; ++i) {
            const std::uint32_t before = frames_ == 0 ? 0 : surface();
            const std::size_t last = last_frame();
            Frame frame = make_frame(pool_, ++frames_);
            const auto presented = output_->present(frame, 0);
            EXPECT_TRUE(presented) << presented.error().what;
            const std::size_t index = last_frame();
            mock_->present(index, next_refresh(), period, scans_out_(surface()));
            if (before != 0) mock_->release(last);
            dispatch();
            moves += before != 0 && surface() != before ? 1 : 0;
        }
        for (const std::string& event : events())
            EXPECT_TRUE(event.rfind("shown", 0) == 0 || event.rfind("released", 0) == 0) << event;
        return moves;
    }

    std::shared_ptr<SlotPool> pool_;
    FrameId frames_ = 0;
    std::uint32_t upon_ = 0; ///< the subsurface
    std::function<bool(std::uint32_t)> scans_out_ = [](std::uint32_t) { return false; };
};

TEST_F(WaylandScanoutTest, AWindowIsScannedOutAndNoSubsurface) {
    SyncobjKernel kernel;
    for (const bool timelines : {false, true}) {
        frames_ = upon_ = 0;
        scans_out_ = [&](std::uint32_t surface) { return upon_ != 0 && surface != upon_; };
        fill_screen({.formats = scanned_out, .timelines = timelines ? &kernel : nullptr, .extras = true}, kernel);
        EXPECT_EQ(mock_->surfaces_mapped(), 2U);
        EXPECT_EQ(play(many), 1U);
        EXPECT_NE(surface(), upon_);
        EXPECT_EQ(mock_->surfaces_mapped(), 1U) << "nothing is above or beneath it";
        EXPECT_EQ(output_->description().path, OutputPath::Plane);
        const MockCommit commit = mock_->commits().back();
        EXPECT_EQ(commit.destination_width, 640);
        EXPECT_EQ(commit.source_width, 64);
        EXPECT_TRUE(commit.barrier);
        EXPECT_EQ(mock_->content_type(), 2U) << "video";
        EXPECT_NE(output_->description().plane.find("the picture as the window itself"), std::string::npos);

        mock_->configure(800, 480, true); // another shape
        dispatch();
        EXPECT_EQ(play(many), 1U);
        EXPECT_EQ(surface(), upon_);
        EXPECT_EQ(mock_->surfaces_mapped(), 2U);
        EXPECT_EQ(mock_->commits().back().x, 80);
        EXPECT_EQ(pool_->statistics().early_reuse, 0U);
        EXPECT_EQ(pool_->free_count(), 2U);
        output_.reset();
    }
    EXPECT_EQ(kernel.objects(), 0U);
}

TEST_F(WaylandScanoutTest, WhatIsNeverScannedOutIsTriedOnce) {
    fill_screen({.formats = scanned_out});
    EXPECT_EQ(play(many), 2U) << "to the window, and back";
    EXPECT_EQ(surface(), upon_);
    EXPECT_EQ(play(many), 0U);
}

TEST_F(WaylandScanoutTest, NothingIsTriedWithoutProspect) {
    scans_out_ = [](std::uint32_t) { return true; };
    fill_screen({.formats = scanned_out});
    EXPECT_EQ(play(many), 0U) << "the subsurface is scanned out";

    scans_out_ = [](std::uint32_t) { return false; };
    frames_ = 0;
    fill_screen({.formats = {{{fourcc_nv12, modifier_linear}, false}}});
    EXPECT_EQ(play(many), 0U) << "no format of this kind is";

    frames_ = 0;
    fill_screen({.formats = scanned_out});
    mock_->configure(800, 480, true);
    dispatch();
    EXPECT_EQ(play(many), 0U) << "there is black at the sides";
    mock_->configure(640, 480, false);
    dispatch();
    EXPECT_EQ(play(many), 0U) << "it does not fill the screen";
}

TEST_F(WaylandScanoutTest, AnOverlayIsNoReasonToMoveAndComesAlong) {
    fill_screen({.formats = scanned_out});
    auto overlay = output_->acquire_overlay(20, 10);
    ASSERT_TRUE(overlay);
    output_->show_overlay(*overlay, 0, 0);
    EXPECT_EQ(play(many), 0U) << "what is drawn with an overlay says nothing";
    output_->hide_overlay();
    scans_out_ = [&](std::uint32_t surface) { return surface != upon_; };
    EXPECT_EQ(play(many), 1U);
    const unsigned before = overlay->index;
    overlay = output_->acquire_overlay(20, 10);
    ASSERT_TRUE(overlay);
    EXPECT_NE(overlay->index, before) << "it is other memory";
    output_->show_overlay(*overlay, 0, 0);
    EXPECT_EQ(play(3), 0U);
    EXPECT_EQ(mock_->surfaces_mapped(), 2U);
}

TEST_F(WaylandScanoutTest, ATurnedPictureIsTurnedOnEitherSurface) {
    start({.formats = scanned_out}, {.fullscreen = true, .reconnect_limit = 0, .rotate = 180});
    mock_->configure(640, 480, true);
    dispatch();
    pool_ = make_pool(3);
    scans_out_ = [&](std::uint32_t surface) { return upon_ != 0 && surface != upon_; };
    play(1);
    upon_ = surface();
    EXPECT_EQ(play(many), 1U);
    EXPECT_EQ(mock_->commits().back().transform, 2);
    mock_->configure(800, 480, true);
    dispatch();
    EXPECT_EQ(play(3), 1U);
    EXPECT_EQ(mock_->commits().back().transform, 2);
}

} // namespace
} // namespace v4l2play
