// The display is taken away and given back, as when the person turns to another virtual terminal.
#include <gtest/gtest.h>

#include "tests/fakes/fake_boards.h"
#include "tests/unit/kms_board.h"

namespace v4l2play {
namespace {

constexpr const char* unseen = "another session has the display";

class Lent : public Board {
  public:
    explicit Lent(const FakeBoard& table = raspberry_pi_4())
        : Board(table, {}, true) {
        EXPECT_EQ(configure(fourcc_nv12, 1280, 720), "");
        show();
    }
    void dispatch() { ASSERT_TRUE(output_->dispatch()); }
    void take_away() {
        seat_->take_away();
        dispatch();
    }
    void lend() {
        seat_->lend();
        dispatch();
    }
    /// What a compositor on another terminal may leave behind.
    void disturb() {
        drm_.set_value(FakeDrm::crtc, "ACTIVE", 0);
        drm_.set_value(FakeDrm::connector, "CRTC_ID", 0);
        drm_.set_value(drm_.plane_id(1), "FB_ID", 0);
        drm_.set_value(drm_.plane_id(1), "CRTC_ID", 0);
        drm_.set_value(drm_.plane_id(4), "FB_ID", drm_.shown(0).framebuffer);
        drm_.set_value(drm_.plane_id(4), "CRTC_ID", FakeDrm::crtc);
    }
    [[nodiscard]] bool told_of_loss() const {
        while (auto event = output_->next_event())
            if (std::holds_alternative<OutputLost>(*event)) return true;
        return false;
    }
};

/// A driver, or display, that cannot be told of light.
int refuse_hdr(const FakeDrm& drm) { return drm.value(FakeDrm::connector, "HDR_OUTPUT_METADATA") != 0 ? -EINVAL : 0; }

TEST(Session, TheSeatOpensTheCardAndGetsItBack) {
    Lent board;
    EXPECT_EQ(board.lent_, 1);
    board.output_.reset();
    EXPECT_EQ(board.lent_, 0);
}

TEST(Session, NothingIsCommittedWhileItIsAway) {
    Lent board;
    const unsigned commits = board.drm_.commits;
    board.take_away();
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(board.output_->ready());
        EXPECT_EQ(board.discarded(), unseen) << i;
        board.drm_.advance(second / 10);
        board.dispatch();
    }
    EXPECT_EQ(board.drm_.commits, commits);
    EXPECT_EQ(board.drm_.refused, 0U);
    EXPECT_EQ(board.pool_->free_count(), 3U); // of the frame on the screen nobody knows
    EXPECT_FALSE(board.told_of_loss());
}

TEST(Session, WhatWasShownIsShownAgainWithoutAnotherFrame) {
    Lent board;
    const FakeShown before = board.drm_.shown(1);
    board.take_away();
    board.disturb();
    board.lend();
    EXPECT_EQ(board.drm_.value(FakeDrm::crtc, "ACTIVE"), 1U);
    EXPECT_EQ(board.drm_.value(FakeDrm::connector, "CRTC_ID"), FakeDrm::crtc);
    EXPECT_EQ(board.stack(5), Planes{1}); // nothing of the other session's
    EXPECT_EQ(board.drm_.shown(1).framebuffer, before.framebuffer);
    EXPECT_EQ(board.drm_.shown(1).destination, before.destination);
    EXPECT_EQ(board.pool_->free_count(), 3U);
    board.show();
    EXPECT_NE(board.drm_.shown(1).framebuffer, before.framebuffer);
    EXPECT_EQ(board.pool_->free_count(), 3U);
}

TEST(Session, TheOverlayComesBackToo) {
    Lent board;
    board.overlay(100, 200, 300, 150);
    board.show();
    board.take_away();
    board.disturb();
    board.drm_.set_value(board.drm_.plane_id(2), "FB_ID", 0);
    board.drm_.set_value(board.drm_.plane_id(2), "CRTC_ID", 0);
    board.lend();
    EXPECT_EQ(board.stack(5), (Planes{1, 2}));
    EXPECT_EQ(board.drm_.shown(2).destination, (Rect{100, 200, 300, 150}));
}

TEST(Session, AFlipInFlightLandsAndIsHeld) {
    Lent board;
    board.drm_.flips_complete = false;
    board.present();
    EXPECT_EQ(board.pool_->free_count(), 2U);
    board.seat_->take_away();
    board.drm_.vblank();
    board.dispatch(); // both are told at once
    EXPECT_EQ(board.pool_->free_count(), 3U);
    EXPECT_EQ(board.discarded(), unseen);
    EXPECT_EQ(board.drm_.refused, 0U);
    board.drm_.flips_complete = true;
    board.lend();
    board.show();
    EXPECT_EQ(board.pool_->free_count(), 3U);
}

TEST(Session, AFlipThatNeverLandedEndsWithTheDisplayOff) {
    Lent board;
    board.drm_.flips_complete = false;
    board.present();
    board.take_away();
    EXPECT_EQ(board.discarded(), unseen);
    board.lend();
    EXPECT_EQ(board.pool_->free_count(), 4U); // the display was off: nothing is read
    board.drm_.flips_complete = true;
    board.show();
    EXPECT_EQ(board.pool_->free_count(), 3U);
}

TEST(Session, TakenBeforeItIsToldIsNoError) {
    Lent board;
    board.seat_->take_away();
    EXPECT_EQ(board.discarded(), "the display is gone");
    EXPECT_EQ(board.drm_.refused, 1U);
    board.dispatch();
    EXPECT_EQ(board.discarded(), unseen);
    EXPECT_EQ(board.drm_.refused, 1U);
    EXPECT_FALSE(board.told_of_loss());
    board.lend();
    board.show();
}

TEST(Session, AnotherModeIsFoundOnReturn) {
    Lent board;
    board.take_away();
    board.drm_.set_modes({fake_mode(594000, 3840, 4400, 2160, 2250, DRM_MODE_TYPE_PREFERRED)});
    board.drm_.connect(true);
    board.drm_.advance(5 * second);
    board.dispatch();
    EXPECT_EQ(board.drm_.refused, 0U);
    board.lend();
    board.drm_.advance(second / 10); // what was shown before is shown first
    board.dispatch();
    board.show();
    EXPECT_EQ(board.drm_.shown(1).destination, (Rect{0, 0, 3840, 2160}));
}

TEST(Session, ColoursThatWereRefusedDoNotKeepTheDisplayDark) {
    set_log_level(LogLevel::Error);
    Lent board;
    board.drm_.refuse = refuse_hdr;
    board.info_.color = {9, 16, 9, false};
    board.show();
    board.take_away();
    board.disturb();
    board.lend();
    EXPECT_EQ(board.drm_.value(FakeDrm::crtc, "ACTIVE"), 1U);
    EXPECT_EQ(board.stack(5), Planes{1});
    board.show();
}

TEST(Session, ColoursThatAreTakenAreToldAgain) {
    Lent board;
    board.info_.color = {9, 16, 9, false};
    board.show();
    ASSERT_NE(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
    board.take_away();
    board.drm_.set_value(FakeDrm::connector, "HDR_OUTPUT_METADATA", 0);
    board.lend();
    EXPECT_NE(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
    board.drm_.refuse = refuse_hdr; // another display in its place
    board.take_away();
    board.lend();
    EXPECT_EQ(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
    EXPECT_EQ(board.stack(5), Planes{1});
    board.show();
}

TEST(Session, AnotherDisplayIsToldWhatTheOneBeforeRefused) {
    set_log_level(LogLevel::Error);
    Lent board;
    board.drm_.refuse = refuse_hdr;
    board.info_.color = {9, 16, 9, false};
    board.show();
    EXPECT_EQ(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
    board.drm_.connect(false);
    board.drm_.advance(5 * second);
    board.dispatch();
    board.drm_.refuse = nullptr;
    board.drm_.connect(true);
    board.drm_.advance(5 * second);
    board.dispatch();
    board.show();
    EXPECT_NE(board.drm_.value(FakeDrm::connector, "HDR_OUTPUT_METADATA"), 0U);
}

TEST(Session, AHundredTimes) {
    Lent board;
    for (int round = 0; round < 100; ++round) {
        if (round % 2 == 0) board.present();
        board.take_away();
        EXPECT_EQ(board.discarded(), unseen) << round;
        if (round % 3 == 0) board.disturb();
        board.lend();
        board.show();
        EXPECT_EQ(board.pool_->free_count(), 3U) << round;
    }
    EXPECT_EQ(board.drm_.refused, 0U);
    EXPECT_EQ(board.pool_->statistics().early_reuse, 0U);
}

TEST(Session, TheEndComesWhileItIsAway) {
    Lent board;
    board.take_away();
    board.output_->stop();
    EXPECT_EQ(board.pool_->free_count(), 4U); // its framebuffers are gone, and with them whatever showed them
    board.output_.reset();
    EXPECT_EQ(board.drm_.refused, 0U);
    EXPECT_EQ(board.drm_.framebuffers(), 0U);
}

} // namespace
} // namespace v4l2play
