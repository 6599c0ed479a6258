// One stream of frames on two displays of a card: who holds a slot until when, and what is told of it.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/fakes/fake_boards.h"
#include "tests/unit/kms_board.h"

namespace v4l2play {
namespace {

/// The planes of vc4 for two displays: a primary plane each, three overlays for either.
FakeBoard two_displays() {
    FakeBoard board = raspberry_pi_4();
    board.displays = 2;
    board.planes.pop_back(); // the cursor
    for (std::size_t i = 1; i < board.planes.size(); ++i) board.planes[i].possible_crtcs = 3;
    FakePlane primary = board.planes[0];
    primary.possible_crtcs = 2;
    board.planes.push_back(primary);
    return board;
}
KmsOptions both() {
    KmsOptions options;
    options.connector = "HDMI-A-1";
    options.clones = {"HDMI-A-2"};
    return options;
}
constexpr std::size_t first_plane = 1, other_plane = 3; // as the overlays are shared out

/// What the output told.
struct Told {
    std::vector<FrameId> shown;
    std::map<FrameId, unsigned> released;
    std::set<FrameId> discarded;
};

class Clones : public testing::Test {
  protected:
    explicit Clones(const FakeBoard& table = two_displays())
        : board_(table, both()) {
        board_.slots_ = 8;
        EXPECT_EQ(board_.configure(fourcc_nv12, 1280, 720), "");
        board_.drm_.flips_complete = false;
    }
    ~Clones() override { board_.drm_.flips_complete = true; } // the end waits for them
    void flip(std::size_t display) {
        board_.drm_.advance(second / 60);
        board_.drm_.complete_flip(display);
        ASSERT_TRUE(board_.output_->dispatch());
        listen();
    }
    void listen() {
        while (auto event = board_.output_->next_event()) {
            if (const auto* shown = std::get_if<FrameShown>(&*event)) told_.shown.push_back(shown->id);
            if (const auto* released = std::get_if<FrameReleased>(&*event)) ++told_.released[released->id];
            if (const auto* gone = std::get_if<FrameDiscarded>(&*event)) told_.discarded.insert(gone->id);
        }
    }
    [[nodiscard]] std::uint32_t on(std::size_t plane) const { return board_.drm_.shown(plane).framebuffer; }

    Board board_;
    Told told_;
};

TEST_F(Clones, EachHasItsShareOfThePlanes) {
    board_.present();
    flip(0);
    EXPECT_EQ(board_.stack(5), (std::vector<std::size_t>{first_plane, other_plane}));
    EXPECT_EQ(board_.drm_.value(FakeDrm::of(FakeDrm::connector, 1), "CRTC_ID"), FakeDrm::of(FakeDrm::crtc, 1));
    const OutputDescription told = board_.output_->description();
    EXPECT_EQ(told.connector, "HDMI-A-1");
    EXPECT_EQ(told.clones,
              std::vector<std::string>{"HDMI-A-2 1920x1080@60.00, plane 43 (overlay), 1280x720 scaled to 1920x1080"});
}

TEST_F(Clones, SlotIsLetGoWhenBothHaveLetGo) {
    board_.present();
    flip(0);
    flip(1);
    board_.present();
    flip(0);
    EXPECT_EQ(told_.shown, (std::vector<FrameId>{1, 2}));
    EXPECT_TRUE(told_.released.empty()); // the other display still shows the first frame
    EXPECT_EQ(board_.pool_->free_count(), 6U);
    flip(1);
    EXPECT_EQ(told_.released, (std::map<FrameId, unsigned>{{1, 1}}));
    EXPECT_EQ(board_.pool_->free_count(), 7U);

    board_.present(); // and the other way round
    flip(1);
    EXPECT_EQ(told_.released.count(2), 0U);
    flip(0);
    EXPECT_EQ(told_.released.count(2), 1U);
}

TEST_F(Clones, SlowerDisplayTakesTheNewest) {
    std::set<std::uint32_t> others;
    for (int i = 0; i < 60; ++i) {
        board_.present();
        flip(0);
        if (i % 2 == 1) flip(1);
        others.insert(on(other_plane));
        ASSERT_LE(8 - board_.pool_->free_count(), board_.output_->slots_held());
    }
    EXPECT_EQ(told_.shown.size(), 60U);
    EXPECT_EQ(told_.shown.back(), 60U);
    for (const auto& [id, times] : told_.released) EXPECT_EQ(times, 1U) << id;
    EXPECT_GE(told_.released.size(), 56U);
    EXPECT_GT(others.size(), 2U); // it moves
    board_.drm_.flips_complete = true;
    board_.output_->stop();
    listen();
    EXPECT_EQ(told_.released.size(), 60U);
    EXPECT_TRUE(told_.discarded.empty());
    EXPECT_EQ(board_.pool_->free_count(), 8U);
    EXPECT_EQ(board_.pool_->statistics().early_reuse, 0U);
}

TEST_F(Clones, DisplayOfAnotherPhaseMissesNothing) {
    // Each frame comes while the other display's flip of the frame before is in flight.
    std::uint32_t before = 0;
    unsigned changes = 0;
    for (int i = 0; i < 30; ++i) {
        board_.present();
        if (i > 0) flip(1);
        changes += on(other_plane) != before ? 1U : 0U;
        before = on(other_plane);
        flip(0);
    }
    EXPECT_EQ(changes, 30U);
    EXPECT_EQ(told_.shown.size(), 30U);
}

TEST_F(Clones, OtherDisplayIsUnpluggedAndComesBack) {
    board_.drm_.flips_complete = true;
    for (int round = 0; round < 10; ++round) {
        board_.show();
        board_.drm_.connect(false, 1);
        board_.drm_.connect(false, 1); // each output hears of it
        board_.drm_.advance(second);
        ASSERT_TRUE(board_.output_->dispatch());
        for (int i = 0; i < 5; ++i) board_.show();
        EXPECT_EQ(board_.pool_->free_count(), 7U);
        board_.drm_.connect(true, 1);
        board_.drm_.connect(true, 1);
        board_.drm_.advance(second);
        ASSERT_TRUE(board_.output_->dispatch());
        for (int i = 0; i < 3; ++i) board_.show();
        EXPECT_NE(on(first_plane), 0U);
        EXPECT_NE(on(other_plane), 0U);
    }
    board_.output_.reset();
    EXPECT_EQ(board_.pool_->free_count(), 8U);
    EXPECT_EQ(board_.drm_.framebuffers(), 0U);
}

TEST_F(Clones, FirstDisplayIsUnpluggedAndTheOtherGoesOn) {
    board_.drm_.flips_complete = true;
    board_.show();
    board_.drm_.connect(false, 0);
    board_.drm_.connect(false, 0);
    board_.drm_.advance(second);
    ASSERT_TRUE(board_.output_->dispatch());
    std::set<std::uint32_t> others;
    for (int i = 0; i < 5; ++i) {
        board_.present();
        flip(1);
        others.insert(on(other_plane));
    }
    EXPECT_EQ(told_.discarded, (std::set<FrameId>{2, 3, 4, 5, 6}));
    EXPECT_GE(others.size(), 4U);
}

TEST(ClonesOfOtherModes, EachKeepsItsOwn) {
    FakeBoard table = two_displays();
    table.other_modes = {fake_mode(40000, 800, 1056, 600, 628, DRM_MODE_TYPE_PREFERRED)};
    KmsOptions options = both();
    options.mode = "1920x1080@50";
    Board board(table, options);
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    board.show();
    board.show();
    EXPECT_EQ(board.output_->description().mode, "1920x1080@50.00");
    EXPECT_EQ(board.drm_.shown(first_plane).destination, (Rect{0, 0, 1920, 1080}));
    EXPECT_EQ(board.drm_.shown(other_plane).destination, (Rect{0, 75, 800, 450}));
}

TEST(ClonesLentBySeat, BothStandAsideAndComeBack) {
    Board board(two_displays(), both(), true);
    board.slots_ = 8;
    ASSERT_EQ(board.configure(fourcc_nv12, 1280, 720), "");
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 3; ++i) board.show();
        board.seat_->take_away();
        ASSERT_TRUE(board.output_->dispatch());
        for (int i = 0; i < 10; ++i) {
            EXPECT_EQ(board.discarded(), "another session has the display");
            board.drm_.advance(second / 5);
            ASSERT_TRUE(board.output_->dispatch());
        }
        board.seat_->lend();
        ASSERT_TRUE(board.output_->dispatch());
        board.drm_.advance(second); // who is not told looks now and then
        std::set<std::uint32_t> others;
        for (int i = 0; i < 4; ++i) {
            board.show();
            others.insert(board.drm_.shown(other_plane).framebuffer);
        }
        EXPECT_NE(board.drm_.shown(first_plane).framebuffer, 0U);
        EXPECT_GE(others.size(), 3U);
    }
    EXPECT_EQ(board.drm_.refused, 0U);
    board.output_.reset();
    EXPECT_EQ(board.lent_, 0);
    EXPECT_EQ(board.pool_->free_count(), 8U);
}

TEST(ClonesThatCannotBe, SayWhy) {
    const auto why = [](const FakeBoard& table, const char* clone) {
        FakeDrm drm(table);
        KmsOptions options = both();
        options.clones = {clone};
        const auto output = create_kms_output(options, drm);
        return output ? "" : output.error().what;
    };
    EXPECT_EQ(why(two_displays(), "HDMI-A-1"), "connector HDMI-A-1 is named twice");
    EXPECT_NE(why(two_displays(), "DP-1").find("no connector \"DP-1\""), std::string::npos);
    FakeBoard table = two_displays();
    table.planes.pop_back();
    EXPECT_NE(why(table, "HDMI-A-2").find("has no primary plane for HDMI-A-2"), std::string::npos);
}

} // namespace
} // namespace v4l2play
