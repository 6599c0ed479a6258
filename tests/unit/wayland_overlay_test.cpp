// The overlay above the video, before a compositor of the test's own.

#include <algorithm>
#include <cstring>

#include <linux/input-event-codes.h>

#include "tests/unit/overlay_model.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

class WaylandOverlayTest : public WaylandTest {
  protected:
    /// Draws and shows an overlay whose first pixel is `color`; false when there is no buffer.
    bool overlay(std::uint32_t color, std::uint32_t x = 0, std::uint32_t y = 0, std::uint32_t width = 20) {
        const auto buffer = output_->acquire_overlay(width, 10);
        if (!buffer) return false;
        EXPECT_EQ(buffer->width, width);
        EXPECT_EQ(buffer->height, 10U);
        EXPECT_GE(buffer->pitch, width * 4);
        for (std::uint32_t row = 0; row < 10; ++row) std::memset(buffer->pixels + row * buffer->pitch, 0, width * 4);
        std::memcpy(buffer->pixels, &color, sizeof color);
        output_->show_overlay(*buffer, x, y);
        return true;
    }

    bool overlay(const OverlayModel& model, std::uint32_t x = 0) {
        auto buffer = output_->acquire_overlay(model.width(), model.height());
        if (!buffer) return false;
        model.draw(*buffer);
        output_->show_overlay(*buffer, x, 0);
        return true;
    }
    /// What the compositor has drawn and replaced is given back.
    void release_replaced() {
        const auto commits = mock_->commits();
        const std::size_t frame = last_frame();
        std::size_t overlay = commits.size();
        while (overlay-- > 0 && commits[overlay].buffer != 0) {
        }
        for (std::size_t i = 0; i < commits.size(); ++i)
            if (i != frame && i != overlay && !commits[i].released) mock_->release(i);
    }

    /// The commits of overlays, oldest first.
    std::vector<MockCommit> overlays() {
        std::vector<MockCommit> commits = mock_->commits();
        std::erase_if(commits, [](const MockCommit& commit) { return commit.buffer != 0; });
        return commits;
    }

    std::size_t last_commit() { return mock_->commits().size() - 1; }
};

TEST_F(WaylandOverlayTest, ItComesWithTheNextFrame) {
    start();
    const auto pool = make_pool(3);
    EXPECT_EQ(output_->overlay_area(), Rect{});
    show(pool, 1);
    EXPECT_EQ(output_->overlay_area(), (Rect{0, 0, 64, 48}));
    ASSERT_TRUE(overlay(0xff112233, 4, 6));
    EXPECT_TRUE(overlays().empty()) << "no frame yet";
    Frame frame = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(frame, 0));
    const auto commits = mock_->commits();
    ASSERT_EQ(commits.size(), 3U);
    EXPECT_EQ(commits[1].buffer != 0, true) << "the frame";
    EXPECT_EQ(commits[2].pixel, 0xff112233U);
    EXPECT_EQ(commits[2].width, 20);
    EXPECT_EQ(commits[2].destination_width, 20);
    EXPECT_EQ(commits[2].x, 4);
    EXPECT_EQ(commits[2].y, 6);
    EXPECT_NE(commits[2].surface, commits[1].surface);
}

TEST_F(WaylandOverlayTest, ItHasACommitOfItsOwnWhenNoFrameComes) {
    start();
    const auto pool = make_pool(1);
    show(pool, 1);
    ASSERT_TRUE(overlay(1));
    ASSERT_NE(output_->next_timeout(), no_time);
    live_for(200);
    ASSERT_EQ(overlays().size(), 1U);
    EXPECT_EQ(mock_->commits().size(), 2U) << "the frame is not committed again";
    EXPECT_EQ(mock_->surfaces_mapped(), 3U);
    output_->hide_overlay();
    live_for(200);
    EXPECT_EQ(mock_->surfaces_mapped(), 2U);
    EXPECT_EQ(events(), Texts{"shown 1"});
}

TEST_F(WaylandOverlayTest, HiddenItIsUnmappedWithTheNextFrame) {
    start();
    const auto pool = make_pool(4);
    show(pool, 1);
    ASSERT_TRUE(overlay(1));
    show(pool, 2);
    EXPECT_EQ(mock_->surfaces_mapped(), 3U);
    output_->hide_overlay();
    EXPECT_EQ(mock_->surfaces_mapped(), 3U) << "not before the frame";
    show(pool, 3);
    EXPECT_EQ(mock_->surfaces_mapped(), 2U);
    ASSERT_TRUE(overlay(2));
    show(pool, 4);
    EXPECT_EQ(mock_->surfaces_mapped(), 3U);
    EXPECT_EQ(overlays().size(), 2U);
}

TEST_F(WaylandOverlayTest, BuffersAreGivenAgainOnlyAfterTheirRelease) {
    start();
    const auto pool = make_pool(8);
    show(pool, 1);
    unsigned given = 0;
    FrameId id = 2;
    std::vector<std::size_t> commits;
    for (; overlay(given + 1); ++given, ++id) {
        ASSERT_LT(given, 6U) << "it has all of them by now";
        show(pool, id);
        commits.push_back(last_commit());
    }
    EXPECT_GE(given, 3U);
    mock_->release(commits[1]);
    dispatch();
    ASSERT_TRUE(overlay(77));
    EXPECT_FALSE(output_->acquire_overlay(20, 10));
    show(pool, id); // the mock refuses what is attached while it is held
    EXPECT_EQ(overlays().back().pixel, 77U);
    EXPECT_EQ(overlays().front().pixel, 1U);
}

TEST_F(WaylandOverlayTest, UntilItIsShownTheSameIsGiven) {
    start();
    const auto pool = make_pool(2);
    show(pool, 1);
    const auto first = output_->acquire_overlay(20, 10);
    const auto again = output_->acquire_overlay(20, 10);
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->pixels, again->pixels);
    EXPECT_EQ(first->index, again->index);
    const auto larger = output_->acquire_overlay(30, 10);
    ASSERT_TRUE(larger);
    EXPECT_EQ(larger->width, 30U);
    EXPECT_NE(larger->index, first->index) << "it is other memory";
    EXPECT_FALSE(output_->acquire_overlay(0, 10));
    EXPECT_FALSE(output_->acquire_overlay(1 << 20, 10));
}

TEST_F(WaylandOverlayTest, OneThatIsReplacedUnseenIsFreeAgain) {
    start({}, {}, still_); // by and by the overlay would have a commit of its own
    const auto pool = make_pool(2);
    show(pool, 1);
    for (std::uint32_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(overlay(i)) << i;
        EXPECT_TRUE(overlays().empty());
        dispatch();
    }
    show(pool, 2);
    ASSERT_EQ(overlays().size(), 1U);
    EXPECT_EQ(overlays()[0].pixel, 20U);
}

TEST_F(WaylandOverlayTest, OneThatComesWithAnotherSizeNeedsNoCommitOfItsOwn) {
    start();
    const auto pool = make_pool(1);
    show(pool, 1);
    ASSERT_TRUE(overlay(1));
    mock_->configure(200, 48);
    dispatch();
    ASSERT_EQ(overlays().size(), 1U);
    live_for(100);
    EXPECT_EQ(mock_->complaints(), Texts{});
}

TEST_F(WaylandOverlayTest, ItsPlaceIsTheWindowsNotThePictures) {
    start();
    const auto pool = make_pool(3);
    show(pool, 1);
    mock_->configure(200, 48);
    dispatch();
    show(pool, 2);
    EXPECT_EQ(output_->overlay_area(), (Rect{0, 0, 200, 48}));
    ASSERT_TRUE(overlay(1, 0, 0, 200));
    show(pool, 3);
    EXPECT_EQ(overlays().back().x, -68) << "the picture begins at 68";
    EXPECT_EQ(overlays().back().destination_width, 200);
}

TEST_F(WaylandOverlayTest, WithoutASurfaceForThePictureItIsTheWindows) {
    start({.single_pixel = false});
    const auto pool = make_pool(2);
    show(pool, 1);
    ASSERT_TRUE(overlay(1, 5, 5));
    show(pool, 2);
    ASSERT_EQ(overlays().size(), 1U);
    EXPECT_EQ(overlays()[0].x, 5);
    EXPECT_EQ(mock_->surfaces_mapped(), 2U);
}

TEST_F(WaylandOverlayTest, CompositorWithoutSharedMemoryHasNone) {
    start({.shm = false});
    const auto pool = make_pool(2);
    show(pool, 1);
    EXPECT_EQ(output_->overlay_area(), Rect{});
    EXPECT_FALSE(output_->acquire_overlay(20, 10));
    output_->hide_overlay();
    show(pool, 2);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
}

TEST_F(WaylandOverlayTest, ItIsGoneWithItsCompositor) {
    start({}, {.fullscreen = false, .reconnect_limit = second});
    const auto pool = make_pool(3);
    show(pool, 1);
    const auto buffer = output_->acquire_overlay(20, 10);
    ASSERT_TRUE(buffer);
    mock_->drop_clients();
    live_for(600);
    output_->show_overlay(*buffer, 0, 0); // of a session that is over
    show(pool, 2);
    EXPECT_TRUE(overlays().empty());
    const auto other = output_->acquire_overlay(20, 10);
    ASSERT_TRUE(other);
    EXPECT_NE(other->index, buffer->index) << "it is other memory";
    ASSERT_TRUE(overlay(3));
    show(pool, 3);
    EXPECT_EQ(overlays().size(), 1U);
}

TEST_F(WaylandOverlayTest, SaysWhatHasChanged) {
    start();
    const auto pool = make_pool(8);
    show(pool, 1);
    OverlayModel model(20, 10);
    std::minstd_rand random(1);
    model.change(random);
    overlay(model);
    show(pool, 2);
    EXPECT_EQ(overlays().back().damage, (std::vector<Rect>{{0, 0, 20, 10}})) << "it is new";
    model.change(random);
    const Rect second_change = model.changed();
    overlay(model);
    show(pool, 3);
    EXPECT_EQ(overlays().back().damage, std::vector<Rect>{second_change});
    overlay(model, 1);
    show(pool, 4);
    EXPECT_EQ(overlays().back().damage, (std::vector<Rect>{{0, 0, 20, 10}})) << "it is elsewhere";
    ASSERT_TRUE(overlay(7, 1)); // by one who does not say what
    show(pool, 5);
    EXPECT_EQ(overlays().back().damage, (std::vector<Rect>{{0, 0, 20, 10}}));
}

/// The mock complains of all that differs and was not said to, and of surfaces that are new and in part undamaged.
TEST_F(WaylandOverlayTest, NothingDiffersOutsideOfTheDamage) {
    start({}, {}, still_);
    const auto pool = make_pool(8);
    show(pool, 1);
    OverlayModel model(20, 10);
    std::minstd_rand random(1);
    unsigned small = 0;
    for (FrameId id = 2; id < 300; ++id) {
        for (auto shown = random() % 4; shown > 0; --shown) { // of which one is seen
            if (random() % 16 == 0) model.resize(10 + random() % 20, 10);
            model.change(random);
            ASSERT_TRUE(overlay(model, random() % 16 == 0 ? 3 : 0));
            dispatch();
        }
        if (random() % 16 == 0) output_->hide_overlay();
        show(pool, id);
        if (const auto seen = overlays(); !seen.empty() && seen.back().damage.size() == 1)
            small += seen.back().damage[0].width < 10 ? 1 : 0;
        release_replaced();
        dispatch();
        ASSERT_EQ(mock_->complaints(), Texts{});
    }
    EXPECT_GT(small, 30U);
}

TEST_F(WaylandOverlayTest, KeyOfTheStatistics) {
    start();
    dispatch();
    EXPECT_TRUE(mock_->has_window());
    dispatch();
    mock_->press(KEY_I);
    dispatch();
    EXPECT_EQ(events(), Texts{"key " + std::to_string(static_cast<int>(OutputKey::Stats))});
}

} // namespace
} // namespace v4l2play
