#include "app/ledger.h"

#include <cstdlib>
#include <fstream>
#include <new>

#include <gtest/gtest.h>

#include "decoder/log.h"
#include "tests/unit/plain_frame.h"

namespace {
std::size_t allocations = 0;
}
// The ledger runs for every frame, and must not allocate for any.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace v4l2play {
namespace {

constexpr Nanoseconds period = 10 * millisecond;

/// A display of 100 Hz whose vblank n is at n periods; 50 fps, so that frame k belongs to vblank 100 + 2k.
class LedgerTest : public testing::Test {
  protected:
    LedgerTest() {
        set_log_level(LogLevel::Error);
        ledger_.begin(pacing_);
    }

    static LedgerEntry entry(FrameId id, std::uint32_t slot, Nanoseconds acquired) {
        LedgerEntry made;
        made.id = id;
        made.pts = static_cast<Nanoseconds>(id) * 2 * period;
        made.slot = {1, slot};
        made.acquired = acquired;
        made.presented = static_cast<Nanoseconds>(99 + 2 * id) * period;
        made.due_vblank = 100 + 2 * id;
        made.due = static_cast<Nanoseconds>(made.due_vblank) * period;
        return made;
    }
    void present(FrameId id, std::uint32_t slot, Cause cause = Cause::None) {
        LedgerEntry made = entry(id, slot, static_cast<Nanoseconds>(90 + 2 * id) * period);
        made.cause = cause;
        ledger_.add(made);
    }
    const LedgerEntry* show(FrameId id, std::int64_t late = 0) {
        const auto vblank = static_cast<std::uint64_t>(static_cast<std::int64_t>(100 + 2 * id) + late);
        return ledger_.shown({id, 0, static_cast<Nanoseconds>(vblank) * period, vblank, OutputPath::Plane, vblank + 7},
                             late, {2.0 * static_cast<double>(id), 0, period});
    }
    void release(FrameId id, std::uint64_t vblank) {
        ledger_.released({id, 0, static_cast<Nanoseconds>(vblank) * period},
                         static_cast<Nanoseconds>(vblank) * period + 1, period);
    }
    /// As a display does it: each frame is let go when the next is shown.
    void play(FrameId from, FrameId to) {
        for (FrameId id = from; id < to; ++id) {
            present(id, static_cast<std::uint32_t>(id % 8));
            show(id);
            if (id > 0) release(id - 1, 100 + 2 * id);
        }
    }

    Ledger ledger_;
    Pacing pacing_;
};

TEST_F(LedgerTest, FirstFrameOfATimelineBeginsACadenceThoughOthersAreOnTheirWay) {
    present(0, 0);
    present(1, 1);
    LedgerEntry first = entry(2, 2, 94 * period);
    first.first = true;
    ledger_.add(first);
    show(0);
    show(1);
    show(2, 7);
    EXPECT_EQ(pacing_.cadence_errors, 0U);
    present(3, 3);
    show(3);
    EXPECT_EQ(pacing_.cadence_errors, 1U);
}

TEST_F(LedgerTest, WhatIsOnItsWayMovesWithTheDisplay) {
    present(0, 0);
    show(0);
    present(1, 1);
    ledger_.move(2, period);
    EXPECT_EQ(ledger_.recent(0).due_vblank, 104U);
    EXPECT_EQ(ledger_.recent(0).due, 104 * period);
    EXPECT_EQ(ledger_.recent(1).due_vblank, 100U) << "it has been seen";
    ledger_.shown({1, 0, 104 * period, 104, OutputPath::Plane}, 0, {2, 0, period});
    EXPECT_EQ(pacing_.cadence_errors, 0U) << "a new cadence";
}

TEST_F(LedgerTest, PlaybackAsItShouldBeIsAllZero) {
    play(0, 2000);
    EXPECT_EQ(complaints(pacing_), "");
    EXPECT_EQ(pacing_.first_violation, "");
    EXPECT_EQ(pacing_.missed.count(), 2000U);
    EXPECT_EQ(pacing_.missed.maximum(), 0);
    EXPECT_EQ(pacing_.deviation.maximum(), 0);
    EXPECT_EQ(pacing_.exported.percentile(0.5), 3); // from one vblank before its own to that of the next
    EXPECT_EQ(pacing_.held_at_once, 2U);
    EXPECT_EQ(ledger_.held(), 1U);
    EXPECT_EQ(ledger_.on_the_way(), 0U);
}

TEST_F(LedgerTest, FollowsOneFrameFromPresentToReuse) {
    play(0, 9);
    const LedgerEntry& first = ledger_.recent(8);
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(first.id, 0U);
    EXPECT_EQ(first.shown, 100 * period);
    EXPECT_EQ(first.vblank, 100U);
    EXPECT_EQ(first.released, 102 * period);
    EXPECT_EQ(first.reused, 106 * period); // frame 8 has the same slot
    EXPECT_EQ(first.path, OutputPath::Plane);
    EXPECT_EQ(ledger_.recent(0).id, 8U);
    EXPECT_EQ(ledger_.recent(0).released, 0);
}

TEST_F(LedgerTest, ASlotUsedAgainForAPictureThatIsNeverPresentedIsOneToo) {
    present(0, 5);
    show(0);
    present(1, 6);
    show(1);
    present(2, 7);
    ledger_.blame({1, 6}, 300 * period, pacing_);
    EXPECT_EQ(pacing_.content_violations, 1U);
    EXPECT_NE(pacing_.first_violation.find("frame 2 (id 0.1"), std::string::npos) << pacing_.first_violation;
    EXPECT_EQ(ledger_.recent(1).reused, 300 * period);
    ledger_.blame({1, 5}, 300 * period, pacing_);
    EXPECT_EQ(pacing_.content_violations, 1U) << "one is named";
    Pacing other;
    release(1, 102);
    ledger_.blame({1, 6}, 300 * period, other);
    EXPECT_EQ(other.content_violations, 0U) << "it was no longer the display's";
    other = {};
    ledger_.blame({2, 5}, 300 * period, other);
    EXPECT_EQ(other.first_violation, "slot 2.5 was used again, at 3000000000, while it was held");
}

TEST_F(LedgerTest, ASlotUsedAgainBeforeItsReleaseIsAContentViolation) {
    present(0, 5);
    show(0);
    present(1, 6);
    show(1);
    release(0, 102);
    ledger_.add(entry(2, 5, 101 * period)); // decoded into while frame 0 was still on the screen
    EXPECT_EQ(pacing_.content_violations, 1U);
    EXPECT_NE(pacing_.first_violation.find("frame 1 (id 0.0"), std::string::npos) << pacing_.first_violation;
    EXPECT_NE(pacing_.first_violation.find("slot 1.5"), std::string::npos) << pacing_.first_violation;
    EXPECT_EQ(pacing_.order_violations, 0U);
}

TEST_F(LedgerTest, ASlotThatIsNeverReleasedMustNotComeBack) {
    present(0, 5);
    show(0);
    present(1, 5);
    EXPECT_EQ(pacing_.content_violations, 1U);
}

TEST_F(LedgerTest, AReleaseWithoutATimeCountsFromWhenItWasHeardOf) {
    present(0, 5);
    show(0);
    ledger_.released({0, 0, 0}, 200 * period, period);
    ledger_.add(entry(1, 5, 150 * period));
    EXPECT_EQ(pacing_.content_violations, 0U);
}

TEST_F(LedgerTest, TheSamePictureTwiceIsNoReuse) {
    ledger_.add(entry(0, 5, 90 * period));
    show(0);
    ledger_.add(entry(1, 5, 90 * period));
    EXPECT_EQ(pacing_.content_violations, 0U);
    show(1);
    release(0, 102);
    release(1, 104);
    ledger_.add(entry(2, 5, 103 * period)); // before the second of the two was released
    EXPECT_EQ(pacing_.content_violations, 1U);
}

TEST_F(LedgerTest, ANewPoolIsNoReuse) {
    present(0, 5);
    LedgerEntry other = entry(1, 5, 101 * period);
    other.slot.generation = 2;
    ledger_.add(other);
    EXPECT_EQ(pacing_.content_violations, 0U);
}

TEST_F(LedgerTest, AnOlderFrameAfterANewerOneIsAnOrderViolation) {
    present(0, 0);
    present(1, 1);
    present(2, 2);
    show(0);
    show(2);
    EXPECT_EQ(pacing_.order_violations, 0U);
    show(1, 4);
    EXPECT_EQ(pacing_.order_violations, 1U);
    EXPECT_NE(pacing_.first_violation.find("it was shown after frame 3"), std::string::npos) << pacing_.first_violation;
}

TEST_F(LedgerTest, StampsThatGoBackAreAnOrderViolation) {
    present(0, 0);
    show(0);
    LedgerEntry back = entry(1, 1, 91 * period);
    back.pts = -1;
    ledger_.add(back);
    show(1);
    EXPECT_EQ(pacing_.order_violations, 1U);
}

TEST_F(LedgerTest, ALateFrameHasACause) {
    play(0, 10);
    present(10, 2, Cause::Starvation);
    show(10, 3);
    present(11, 3, Cause::Starvation);
    show(11, 2); // not the less late for its predecessor: nothing more is repeated
    play(12, 20);
    EXPECT_EQ(pacing_.late, 2U);
    EXPECT_EQ(pacing_.repeated[static_cast<std::size_t>(Cause::Starvation)], 3U);
    EXPECT_EQ(pacing_.starvation, 3 * period);
    EXPECT_EQ(pacing_.missed.maximum(), 3);
    EXPECT_EQ(pacing_.deviation.maximum(), 30000);
    EXPECT_EQ(pacing_.late_in_a_row, 0U); // the decoder's fault
    EXPECT_GE(pacing_.cadence_errors, 2U);
}

TEST_F(LedgerTest, AFrameThatWasOnItsWayInTimeIsLateByTheOutput) {
    play(0, 5);
    present(5, 5);
    show(5, 1);
    present(6, 6);
    show(6, 1);
    present(7, 7);
    show(7);
    EXPECT_EQ(pacing_.repeated[static_cast<std::size_t>(Cause::Output)], 1U);
    EXPECT_EQ(pacing_.late_in_a_row, 2U);
}

TEST_F(LedgerTest, AnEarlyFrameIsNamedToo) {
    play(0, 5);
    present(5, 5);
    show(5, -1);
    EXPECT_EQ(pacing_.early, 1U);
    EXPECT_EQ(pacing_.late, 0U);
    EXPECT_EQ(pacing_.cadence_errors, 1U);
}

TEST_F(LedgerTest, DropsHaveACauseOrAreIdeal) {
    ledger_.dropped(Cause::Decoder, false);
    ledger_.dropped(Cause::None, true);
    present(0, 0);
    EXPECT_NE(ledger_.discarded({0, 0, "hidden"}), nullptr);
    EXPECT_EQ(pacing_.dropped[static_cast<std::size_t>(Cause::Decoder)], 1U);
    EXPECT_EQ(pacing_.dropped[static_cast<std::size_t>(Cause::Output)], 1U);
    EXPECT_EQ(pacing_.ideal_drops, 1U);
    EXPECT_EQ(ledger_.on_the_way(), 0U);
    EXPECT_EQ(ledger_.held(), 1U);
}

TEST_F(LedgerTest, AFrameOfTheItemBeforeIsRecordedButNotCounted) {
    play(0, 3);
    present(3, 3);
    Pacing next;
    ledger_.begin(next);
    EXPECT_EQ(ledger_.on_the_way(), 0U);
    EXPECT_EQ(ledger_.find(FrameShown{3, 0, 0, 0, OutputPath::None}), nullptr);
    EXPECT_EQ(show(3), nullptr);
    EXPECT_EQ(ledger_.recent(0).vblank, 106U);
    EXPECT_EQ(next.missed.count(), 0U);
}

TEST_F(LedgerTest, IdentitiesThatReturnMeanTheOlderFrameFirst) {
    play(0, 2);
    Pacing next;
    ledger_.begin(next);
    present(1, 7); // frame 1 of the next item, while frame 1 of this one is still on the screen
    ASSERT_NE(show(1), nullptr);
    release(1, 104);
    EXPECT_EQ(ledger_.recent(1).released, 104 * period);
    EXPECT_EQ(ledger_.recent(0).released, 0);
}

TEST_F(LedgerTest, WhatNobodyPresentedIsIgnored) {
    EXPECT_EQ(show(77), nullptr);
    EXPECT_EQ(ledger_.discarded({77, 0, ""}), nullptr);
    release(77, 3);
    EXPECT_EQ(ledger_.held(), 0U);
    EXPECT_EQ(pacing_.missed.count(), 0U);
}

TEST_F(LedgerTest, ADisplayThatNeverAnswersCostsNoMemory) {
    for (FrameId id = 0; id < 5000; ++id) present(id, static_cast<std::uint32_t>(id));
    EXPECT_EQ(ledger_.size(), 256U);
    EXPECT_EQ(ledger_.held(), 256U);
    EXPECT_EQ(ledger_.on_the_way(), 256U);
}

TEST_F(LedgerTest, AllocatesNothingForAFrame) {
    play(0, 10);
    const std::size_t before = allocations;
    play(10, 1000);
    EXPECT_EQ(allocations, before);
}

TEST_F(LedgerTest, KnowsASlotByItsPoolsWord) {
    const auto pool = plain_pool(plain_format(fourcc_nv12, 16, 16), 2);
    const Frame frame = plain_frame(pool, 4);
    const LedgerEntry made = Ledger::entry_of(frame, 123);
    EXPECT_EQ(made.slot, frame.slot.key());
    EXPECT_GT(made.acquired, 0);
    EXPECT_EQ(made.presented, 123);
    EXPECT_EQ(made.pts, 160 * millisecond);
}

TEST_F(LedgerTest, SaysThatItsFileIsNotComplete) {
    FrameId first = 0;
    for (const FrameId last : {10, 600}) { // lost at the end, and before
        auto file = LedgerFile::create("/dev/full");
        ASSERT_TRUE(file);
        ledger_.set_file(std::move(*file));
        play(std::exchange(first, last), last);
        const auto written = ledger_.finish();
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().code, ENOSPC);
    }
}

TEST_F(LedgerTest, WritesEveryEntryOnceAndInOrder) {
    const std::string path = testing::TempDir() + "ledger_test.csv";
    auto file = LedgerFile::create(path);
    ASSERT_TRUE(file);
    ledger_.set_file(std::move(*file));
    play(0, 600);
    EXPECT_TRUE(ledger_.finish());
    std::ifstream text(path);
    std::string line;
    std::getline(text, line);
    EXPECT_EQ(line.substr(0, 12), "number,item,");
    EXPECT_EQ(line.substr(line.rfind(',')), ",msc");
    for (int number = 1; number <= 600; ++number) {
        ASSERT_TRUE(std::getline(text, line));
        EXPECT_EQ(line.substr(0, line.find(',')), std::to_string(number));
        EXPECT_EQ(line.substr(line.rfind(',') + 1), std::to_string(100 + 2 * (number - 1) + 7));
    }
    EXPECT_FALSE(std::getline(text, line));
}

TEST(LedgerFileTest, SaysWhyItCannotBeWritten) {
    const auto file = LedgerFile::create("/nonexistent/ledger.csv");
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().what.find("/nonexistent/ledger.csv"), std::string::npos);
}

} // namespace
} // namespace v4l2play
