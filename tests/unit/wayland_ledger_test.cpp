// What a compositor may do with buffers, by its own script, and what the ledger makes of it.

#include <deque>
#include <random>

#include "app/ledger.h"
#include "decoder/log.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

constexpr unsigned slot_count = 12;

class WaylandLedgerTest : public WaylandTest {
  protected:
    WaylandLedgerTest() {
        set_log_level(LogLevel::Error);
        ledger_.begin(pacing_);
    }

    /// Decodes and presents the next frame, when there is a slot for it; the compositor has it then.
    bool present_next() {
        if (pool_->free_count() == 0) return false;
        Frame frame = make_frame(pool_, ++id_);
        frame.pts = static_cast<Nanoseconds>(id_) * period;
        const LedgerEntry entry = Ledger::entry_of(frame, system_kernel().now());
        const auto presented = output_->present(frame, 0);
        EXPECT_TRUE(presented) << (presented ? "" : presented.error().what);
        ledger_.add(entry);
        held_.push_back({last_frame(), refreshes_});
        return true;
    }

    void take_events() {
        dispatch();
        while (auto event = output_->next_event()) {
            if (const auto* shown = std::get_if<FrameShown>(&*event)) ledger_.shown(*shown, 0, {});
            if (const auto* discarded = std::get_if<FrameDiscarded>(&*event)) ledger_.discarded(*discarded);
            if (const auto* released = std::get_if<FrameReleased>(&*event))
                ledger_.released(*released, system_kernel().now(), period);
        }
    }

    struct Held {
        std::size_t commit = 0;
        unsigned since = 0; ///< refresh at which it was shown
    };
    /// The compositor lets go of `held`, the newest excepted: that one is on the screen.
    void release(std::size_t which) {
        mock_->release(held_[which].commit);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void expect_clean(std::uint64_t shown) {
        EXPECT_EQ(pacing_.content_violations, 0U) << pacing_.first_violation;
        EXPECT_EQ(pacing_.order_violations, 0U) << pacing_.first_violation;
        EXPECT_EQ(pool_->statistics().early_reuse, 0U);
        EXPECT_EQ(pool_->statistics().illegal, 0U);
        EXPECT_GE(pacing_.exported.count(), shown - slot_count);
        EXPECT_EQ(ledger_.held(), held_.size());
    }

    std::shared_ptr<SlotPool> pool_ = make_pool(slot_count);
    Ledger ledger_;
    Pacing pacing_;
    FrameId id_ = 0;
    unsigned refreshes_ = 0;
    std::deque<Held> held_; ///< what the compositor has
};

class ReleasedAfter : public WaylandLedgerTest, public testing::WithParamInterface<unsigned> {};

TEST_P(ReleasedAfter, SoManyRefreshes) {
    start();
    for (; refreshes_ < 120; ++refreshes_) {
        ASSERT_TRUE(present_next()) << "a slow compositor, and a pool that is large enough for it";
        mock_->present(last_frame(), next_refresh(), period);
        while (held_.size() > 1 && held_.front().since + 1 + GetParam() <= refreshes_) release(0);
        take_events();
    }
    expect_clean(120);
    EXPECT_EQ(pacing_.held_at_once, GetParam() + 2);
}
INSTANTIATE_TEST_SUITE_P(Refreshes, ReleasedAfter, testing::Range(0U, 6U));

TEST_F(WaylandLedgerTest, ReleasesInRandomOrderAfterRandomTimes) {
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937 random(seed);
        start();
        held_.clear();
        for (unsigned i = 0; i < 150; ++i, ++refreshes_) {
            if (present_next()) mock_->present(last_frame(), next_refresh(), period);
            while (held_.size() > 1 && random() % 3 != 0) release(random() % (held_.size() - 1));
            take_events();
        }
        EXPECT_EQ(pacing_.content_violations + pacing_.order_violations, 0U) << seed << " " << pacing_.first_violation;
        EXPECT_EQ(pool_->statistics().early_reuse, 0U) << seed;
        output_->stop();
        take_events();
        output_.reset();
        mock_.reset(); // before the next takes its name
    }
    EXPECT_GT(id_, 300U);
}

TEST_F(WaylandLedgerTest, ACompositorThatReleasesNothingIsBackPressure) {
    start();
    unsigned presented = 0;
    for (unsigned i = 0; i < 40; ++i, ++refreshes_) {
        if (present_next()) {
            ++presented;
            mock_->present(last_frame(), next_refresh(), period);
        }
        take_events();
    }
    EXPECT_EQ(presented, slot_count);
    EXPECT_EQ(pacing_.held_at_once, slot_count);
    expect_clean(presented);
}

TEST_F(WaylandLedgerTest, WhatAnUnsafeReleaseBreaksIsFound) {
    start();
    pool_->set_unsafe_release(3);
    for (unsigned i = 0; i < 2 * slot_count; ++i, ++refreshes_) {
        Frame frame = make_frame(pool_, ++id_); // by force: nothing is FREE after the first round
        const LedgerEntry entry = Ledger::entry_of(frame, system_kernel().now());
        ASSERT_TRUE(output_->present(frame, 0));
        ledger_.add(entry);
        mock_->present(last_frame(), next_refresh(), period);
        take_events();
    }
    EXPECT_EQ(pacing_.content_violations, slot_count);
    EXPECT_EQ(pool_->statistics().early_reuse, slot_count);
    EXPECT_NE(pacing_.first_violation.find("frame 1 "), std::string::npos) << pacing_.first_violation;
}

TEST_F(WaylandLedgerTest, AHiddenWindowDropsWithAReasonAndComesBack) {
    start();
    const auto show_one = [&] {
        ASSERT_TRUE(present_next());
        mock_->present(last_frame(), next_refresh(), period);
        while (held_.size() > 1) release(0);
        take_events();
    };
    for (int i = 0; i < 10; ++i) show_one();
    ASSERT_TRUE(present_next()); // this one is not answered
    live_for(300);
    take_events();
    for (int i = 0; i < 5; ++i) { // hidden: none is answered, and each gives back the one before it
        live_for(20);
        ASSERT_TRUE(present_next());
        while (held_.size() > 1) release(0);
        take_events();
    }
    live_for(300);
    take_events();
    EXPECT_GE(pacing_.dropped[static_cast<std::size_t>(Cause::Output)], 5U);
    mock_->present(last_frame(), next_refresh(), period); // seen again
    take_events();
    for (int i = 0; i < 10; ++i) show_one();
    EXPECT_EQ(pacing_.content_violations + pacing_.order_violations, 0U) << pacing_.first_violation;
    EXPECT_EQ(ledger_.on_the_way(), 0U);
    EXPECT_EQ(pool_->statistics().early_reuse, 0U);
}

} // namespace
} // namespace v4l2play
