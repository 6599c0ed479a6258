// What the compositor is told beside the pictures: colour, time, size, and that somebody is looking.

#include "render/wayland/title.h"
#include "tests/unit/wayland_fixture.h"

#include <wayland-client.h>

namespace v4l2play {
namespace {

class WaylandHintsTest : public WaylandTest {
  protected:
    /// Presents a frame that says so of itself, and has it shown.
    void show_as(const std::shared_ptr<SlotPool>& pool, FrameId id, const FrameInfo& info, Nanoseconds target = 0) {
        Frame frame = make_frame(pool, id);
        frame.info = info;
        const auto presented = output_->present(frame, target);
        ASSERT_TRUE(presented) << presented.error().what;
        mock_->present(last_frame(), next_refresh(), period);
        dispatch();
    }

    static FrameInfo plain() {
        FrameInfo info;
        info.visible = {0, 0, 64, 48};
        return info;
    }
};

TEST_F(WaylandHintsTest, QuarterTurnsTurnCropAndShape) {
    struct Case {
        unsigned degrees;
        int transform;
        int right, bottom; ///< of the crop, in the turned buffer
        int width, height;
    };
    const auto check = [this](const Case& turn, unsigned by_the_file) {
        start({}, {.fullscreen = false, .reconnect_limit = 0, .rotate = (turn.degrees + 360 - by_the_file) % 360});
        const auto pool = make_pool(1);
        FrameInfo info = plain();
        info.visible = {2, 4, 40, 30};
        info.rotation = by_the_file;
        show_as(pool, 1, info);
        const MockCommit commit = mock_->commits().back();
        EXPECT_EQ(commit.transform, turn.transform) << turn.degrees;
        EXPECT_EQ(commit.source_width, turn.right) << turn.degrees;
        EXPECT_EQ(commit.source_height, turn.bottom) << turn.degrees;
        EXPECT_EQ(commit.destination_width, turn.width) << turn.degrees;
        EXPECT_EQ(commit.destination_height, turn.height) << turn.degrees;
        output_.reset();
    };
    for (const Case& turn : {Case{0, 0, 42, 34, 40, 30}, Case{90, 1, 44, 42, 30, 40}, Case{180, 2, 62, 44, 40, 30},
                             Case{270, 3, 34, 62, 30, 40}})
        for (const unsigned by_the_file : {0U, 90U, 270U}) check(turn, by_the_file);
}

TEST_F(WaylandHintsTest, FullScreenOnTheScreenThatIsNamed) {
    start({.screen = "DP-7"}, {.fullscreen = true, .reconnect_limit = 0});
    EXPECT_EQ(mock_->fullscreen_asked(), "some screen");
    output_.reset();
    start({.screen = "DP-7"}, {.fullscreen = true, .reconnect_limit = 0, .screen = "DP-7"});
    EXPECT_EQ(mock_->fullscreen_asked(), "that screen");
    output_.reset();
    const auto refused = create_wayland_output({.fullscreen = true, .reconnect_limit = 0, .screen = "DP-8"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENODEV);
    EXPECT_EQ(refused.error().what, "the compositor has no screen DP-8; it has: DP-7");
}

#ifdef HAVE_IDLE_INHIBIT_V1
TEST_F(WaylandHintsTest, ScreenStaysOnWhileItPlays) {
    start({.extras = true});
    EXPECT_EQ(mock_->inhibitors(), 0U);
    const auto pool = make_pool(2);
    show(pool, 1);
    EXPECT_EQ(mock_->inhibitors(), 1U);
    live_for(3300); // paused
    EXPECT_EQ(mock_->inhibitors(), 0U);
    show(pool, 2);
    EXPECT_EQ(mock_->inhibitors(), 1U);
}
#endif

#ifdef HAVE_CONTENT_TYPE_V1
TEST_F(WaylandHintsTest, ContentIsVideo) {
    start({.extras = true});
    EXPECT_EQ(mock_->content_type(), 2U);
}
#endif

#ifdef HAVE_XDG_DECORATION_V1
TEST_F(WaylandHintsTest, FrameIsTheCompositorsWhereItDrawsOne) {
    start();
    EXPECT_EQ(mock_->decoration(), "");
    output_.reset();
    start({.extras = true});
    EXPECT_EQ(mock_->decoration(), "server-side");
}
#endif

TEST_F(WaylandHintsTest, WindowIsCalledAsWhatItPlays) {
    start();
    EXPECT_EQ(mock_->title(), "v4l2play");
    output_->set_title("Größe.mkv");
    EXPECT_EQ(mock_->title(), "Größe.mkv - v4l2play");
    mock_->drop_clients();
    live_for(600);
    EXPECT_EQ(mock_->title(), "Größe.mkv - v4l2play") << "also of a compositor that came back";
}

TEST(WindowTitleTest, IsTextWhateverTheFileIsCalled) {
    EXPECT_EQ(window_title(""), "v4l2play");
    EXPECT_EQ(window_title("%s\\n 中"), "%s\\n 中 - v4l2play");
    const std::string wrong = "\xef\xbf\xbd";
    EXPECT_EQ(window_title("a\n\x1b\x7f"), "a" + wrong + wrong + wrong + " - v4l2play");
    EXPECT_EQ(window_title("\xff\xc0\x80"), wrong + wrong + wrong + " - v4l2play") << "overlong";
    EXPECT_EQ(window_title("\xed\xa0\x80"), wrong + wrong + wrong + " - v4l2play") << "a surrogate";
    EXPECT_EQ(window_title("\xe4\xb8"), wrong + wrong + " - v4l2play") << "cut off";
    EXPECT_EQ(window_title(std::string(5000, 'x')), std::string(200, 'x') + "… - v4l2play");
}

#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
TEST_F(WaylandHintsTest, WindowHasAnIcon) {
    start({.extras = true});
    EXPECT_EQ(mock_->icon(), "multimedia-video-player");
}
#endif

#ifdef HAVE_FRACTIONAL_SCALE_V1
TEST_F(WaylandHintsTest, OverlayIsDrawnInThePixelsOfTheScreen) {
    start({.extras = true, .scale = 180});
    const auto pool = make_pool(2);
    show(pool, 1);
    EXPECT_EQ(output_->overlay_area(), (Rect{0, 0, 96, 72}));
    const auto overlay = output_->acquire_overlay(30, 12);
    ASSERT_TRUE(overlay);
    output_->show_overlay(*overlay, 6, 9);
    show(pool, 2);
    const MockCommit commit = mock_->commits().back();
    EXPECT_EQ(commit.width, 30);
    EXPECT_EQ(commit.destination_width, 20);
    EXPECT_EQ(commit.destination_height, 8);
    EXPECT_EQ(commit.x, 4);
    EXPECT_EQ(commit.y, 6);
}
#endif

#ifdef HAVE_FIFO_V1
TEST_F(WaylandHintsTest, NoPictureReplacesAnotherUnseen) {
    start({.extras = true});
    const auto pool = make_pool(2);
    show(pool, 1);
    EXPECT_TRUE(mock_->commits().back().barrier);
    EXPECT_TRUE(mock_->commits().back().waits);
    Frame frame = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(frame, 0));
    live_for(300); // unanswered: hidden
    mock_->release(0);
    live_for(500);
    Frame unseen = make_frame(pool, 3);
    ASSERT_TRUE(output_->present(unseen, 0));
    ASSERT_EQ(mock_->commits().size(), 3U);
    EXPECT_FALSE(mock_->commits().back().waits) << "what nobody sees need not be waited for";
}
#endif

#ifdef HAVE_COMMIT_TIMING_V1
TEST_F(WaylandHintsTest, PictureIsNotShownBeforeItsTime) {
    start({.extras = true});
    const auto pool = make_pool(4);
    show(pool, 1);
    EXPECT_EQ(mock_->commits().back().time, 0) << "no clock yet";
    const Nanoseconds target = system_kernel().now() + 20 * period;
    show_as(pool, 2, plain(), target);
    EXPECT_EQ(mock_->commits().back().time, target - period / 2);
    show_as(pool, 3, plain(), system_kernel().now() - second);
    EXPECT_EQ(mock_->commits().back().time, 0) << "it is late";
    show_as(pool, 4, plain(), no_time);
    EXPECT_EQ(mock_->commits().back().time, 0);
}
#endif

#ifdef HAVE_COLOR_REPRESENTATION_V1
TEST_F(WaylandHintsTest, MatrixAndRangeAreAlwaysSaid) {
    start({.extras = true});
    const auto pool = make_pool(4);
    FrameInfo info = plain();
    show_as(pool, 1, info);
    EXPECT_EQ(mock_->commits().back().coefficients, 4U) << "small and silent: BT.601";
    EXPECT_EQ(mock_->commits().back().range, 2U);
    info.color.matrix = 9;
    show_as(pool, 2, info);
    EXPECT_EQ(mock_->commits().back().coefficients, 6U);
    info.color.full_range = true; // the compositor does not list it, and would end the connection
    show_as(pool, 3, info);
    EXPECT_EQ(mock_->commits().back().range, 2U);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2", "shown 3"}));
}
#endif

#ifdef HAVE_COLOR_MANAGEMENT_V1
FrameInfo hdr10(FrameInfo info) {
    info.color = {9, 16, 9, false};
    info.hdr.has_mastering_display = info.hdr.has_content_light = true;
    info.hdr.primaries[0] = {35400, 14600};
    info.hdr.max_luminance = 10'000'000;
    info.hdr.min_luminance = 50;
    info.hdr.max_content_light_level = 800;
    return info;
}

TEST_F(WaylandHintsTest, HighDynamicRangeIsPassedOn) {
    start({.extras = true});
    const auto pool = make_pool(6);
    show_as(pool, 1, plain());
    EXPECT_FALSE(mock_->commits().back().described);
    show_as(pool, 2, hdr10(plain()));
    EXPECT_TRUE(mock_->commits().back().described) << "the first picture of its kind";
    show_as(pool, 3, hdr10(plain()));
    EXPECT_TRUE(mock_->commits().back().described);
    const MockColor color = mock_->color();
    EXPECT_EQ(color.transfer, 11U);
    EXPECT_EQ(color.primaries, 6U);
    EXPECT_EQ(color.red_x, 708000);
    EXPECT_EQ(color.most, 1000U);
    EXPECT_EQ(color.light, 800U);
    FrameInfo hlg = plain();
    hlg.color = {9, 18, 9, false};
    show_as(pool, 4, hlg);
    EXPECT_EQ(mock_->color().transfer, 13U);
    show_as(pool, 5, plain());
    EXPECT_FALSE(mock_->commits().back().described) << "ordinary video again";
}

TEST_F(WaylandHintsTest, SenselessMasteringDataIsNotPassedOn) {
    start({.extras = true});
    const auto pool = make_pool(3);
    FrameInfo info = hdr10(plain());
    info.hdr.min_luminance = 20'000'000;
    show_as(pool, 1, info);
    show_as(pool, 2, info);
    EXPECT_EQ(mock_->color().most, 0U);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
}

TEST_F(WaylandHintsTest, CompositorThatTakesNoColoursStillShows) {
    start({.extras = true, .refuse_colors = true});
    const auto pool = make_pool(3);
    for (FrameId id = 1; id <= 3; ++id) show_as(pool, id, hdr10(plain()));
    EXPECT_FALSE(mock_->commits().back().described);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2", "shown 3"}));
}
#endif

} // namespace
} // namespace v4l2play
