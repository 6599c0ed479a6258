#include "app/scheduler.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

struct Case {
    const char* name;
    Rational rate;
    Rational refresh;
    Rational tick;
    std::vector<int> pattern; // one period of the ideal word (any rotation of it is ideal)
};

/// Plays `frames` frames through the scheduler on a display whose vblanks are exact; answers how long each was held.
std::vector<int> holds_of(const Case& c, int frames, Nanoseconds wake_jitter = 0) {
    Scheduler scheduler;
    scheduler.set_rate(c.rate, c.tick);
    VblankTiming timing;
    timing.refresh = c.refresh;
    timing.period = second * c.refresh.den / c.refresh.num;
    timing.last_time = 1000 * second;
    timing.last_sequence = 12345;
    const auto stamp = [&](int k) {
        const double exact = static_cast<double>(k) * static_cast<double>(c.rate.den) / static_cast<double>(c.rate.num);
        const double ticks = std::round(exact * static_cast<double>(c.tick.den) / static_cast<double>(c.tick.num));
        return static_cast<Nanoseconds>(ticks * 1e9 * static_cast<double>(c.tick.num) /
                                        static_cast<double>(c.tick.den));
    };
    std::vector<std::uint64_t> shown;
    Nanoseconds now = timing.last_time + 100;
    for (int k = 0; k < frames; ++k) {
        Plan plan = scheduler.plan(stamp(k), no_time, timing, now);
        while (plan.action == Plan::Action::Wait) {
            now = plan.when + wake_jitter;
            plan = scheduler.plan(stamp(k), no_time, timing, now);
        }
        const auto passed = static_cast<std::uint64_t>((now - timing.last_time) / timing.period);
        timing.last_sequence += passed + 1;
        timing.last_time += static_cast<Nanoseconds>(passed + 1) * timing.period;
        now = timing.last_time + 50'000;
        shown.push_back(timing.last_sequence);
        EXPECT_EQ(scheduler.shown(stamp(k), timing.last_sequence, timing.last_time, timing), 0)
            << c.name << " frame " << k;
    }
    std::vector<int> holds;
    for (std::size_t i = 1; i < shown.size(); ++i) holds.push_back(static_cast<int>(shown[i] - shown[i - 1]));
    return holds;
}

bool is_rotation(const std::vector<int>& holds, const std::vector<int>& pattern) {
    for (std::size_t phase = 0; phase < pattern.size(); ++phase) {
        bool equal = true;
        for (std::size_t i = 0; i < holds.size() && equal; ++i)
            equal = holds[i] == pattern[(i + phase) % pattern.size()];
        if (equal) return true;
    }
    return false;
}

class Cadence : public testing::TestWithParam<Case> {};

TEST_P(Cadence, IsIdealFromTheFirstFrameToTheLast) {
    EXPECT_TRUE(is_rotation(holds_of(GetParam(), 3000), GetParam().pattern));
}
TEST_P(Cadence, DoesNotDependOnLateWakeUps) {
    EXPECT_TRUE(is_rotation(holds_of(GetParam(), 500, 6 * millisecond), GetParam().pattern));
}

constexpr Rational millisecond_tick{1, 1000};
INSTANTIATE_TEST_SUITE_P(Rates, Cadence,
                         testing::Values(Case{"24@60", {24, 1}, {60, 1}, millisecond_tick, {2, 3}},
                                         Case{"23.976@59.94", {24000, 1001}, {60000, 1001}, millisecond_tick, {2, 3}},
                                         Case{"25@60", {25, 1}, {60, 1}, millisecond_tick, {2, 2, 3, 2, 3}},
                                         Case{"30@60", {30, 1}, {60, 1}, millisecond_tick, {2}},
                                         Case{"50@60", {50, 1}, {60, 1}, millisecond_tick, {1, 1, 1, 1, 2}},
                                         Case{"60@60", {60, 1}, {60, 1}, millisecond_tick, {1}},
                                         // What a 65 MHz pixel clock really makes of "60 Hz".
                                         Case{"24@60.004", {24, 1}, {65000000, 1083264}, millisecond_tick, {2, 3}},
                                         Case{"24@24", {24, 1}, {24, 1}, millisecond_tick, {1}},
                                         Case{"25@50", {25, 1}, {50, 1}, {1, 90000}, {2}},
                                         Case{"24@120", {24, 1}, {120, 1}, {1, 90000}, {5}}));

TEST(Scheduler, RepeatsOnceInAThousandFor2997At60) {
    const auto holds = holds_of({"29.97@60", {30000, 1001}, {60, 1}, millisecond_tick, {}}, 3003);
    int repeats = 0;
    for (const int hold : holds) {
        EXPECT_GE(hold, 2);
        EXPECT_LE(hold, 3);
        repeats += hold - 2;
    }
    // One vblank more in 500 frames (1001/500).
    EXPECT_NEAR(repeats, 6, 1);
}

VblankTiming sixty_hertz() {
    VblankTiming timing;
    timing.refresh = {60, 1};
    timing.period = second / 60;
    timing.last_time = second;
    timing.last_sequence = 100;
    return timing;
}

TEST(Scheduler, DropsAFrameOnlyWhenItsSuccessorIsDueToo) {
    Scheduler scheduler;
    scheduler.set_rate({60, 1}, {1, 1000});
    VblankTiming timing = sixty_hertz();
    scheduler.shown(0, 100, second, timing);
    const Nanoseconds late = second + 5 * timing.period; // frame 2 was due at vblank 102, 106 is the next
    EXPECT_EQ(scheduler.plan(33 * millisecond, 50 * millisecond, timing, late).action, Plan::Action::Drop);
    EXPECT_EQ(scheduler.plan(33 * millisecond, no_time, timing, late).action, Plan::Action::Show);
    EXPECT_EQ(scheduler.plan(33 * millisecond, 200 * millisecond, timing, late).action, Plan::Action::Show);
    EXPECT_EQ(scheduler.shown(33 * millisecond, 106, timing.last_time + 6 * timing.period, timing), 4);
}

TEST(Scheduler, StartsAnewAfterAStallInsteadOfDroppingAll) {
    Scheduler scheduler;
    scheduler.set_rate({60, 1}, {1, 1000});
    const VblankTiming timing = sixty_hertz();
    scheduler.shown(0, 100, second, timing);
    EXPECT_EQ(scheduler.plan(17 * millisecond, 33 * millisecond, timing, 3 * second).action, Plan::Action::Show);
    EXPECT_EQ(scheduler.stalls(), 1U);
    scheduler.shown(17 * millisecond, 221, 3 * second, timing);
    EXPECT_EQ(scheduler.due_vblank(33 * millisecond, timing), 1);
}

TEST(Scheduler, PatientOneDropsNothing) {
    Scheduler scheduler;
    scheduler.set_rate({60, 1}, {1, 1000});
    scheduler.set_patient(true);
    const VblankTiming timing = sixty_hertz();
    scheduler.shown(0, 100, second, timing);
    const Nanoseconds late = second + 5 * timing.period; // frame 2 was due at vblank 102, 106 is the next
    const Plan plan = scheduler.plan(33 * millisecond, 50 * millisecond, timing, late);
    EXPECT_EQ(plan.action, Plan::Action::Show);
    EXPECT_TRUE(plan.late);
    EXPECT_EQ(plan.due_vblank, 102U);
    scheduler.presented(33 * millisecond, timing, late);
    scheduler.shown(33 * millisecond, 106, timing.last_time + 6 * timing.period, timing);
    EXPECT_EQ(scheduler.due_vblank(50 * millisecond, timing), 1) << "counted from there";
    EXPECT_EQ(scheduler.stalls(), 0U);
}

TEST(Scheduler, AnotherModeKeepsTheFramesWhereTheyAreInTime) {
    for (const std::int64_t rate : {24, 30, 50, 120}) {
        Scheduler scheduler;
        scheduler.set_rate({30, 1}, {1, 1000});
        VblankTiming timing = sixty_hertz();
        scheduler.plan(0, no_time, timing, second);
        scheduler.shown(0, 100, second, timing);
        scheduler.shown(10 * second, 700, 11 * second, timing); // the last one before the display went
        timing.refresh = {rate, 1};
        timing.period = second / rate;
        timing.last_time = 13 * second;
        timing.last_sequence = 820;
        const Plan plan = scheduler.plan(13 * second, no_time, timing, 13 * second);
        EXPECT_EQ(plan.action, Plan::Action::Wait) << rate;
        EXPECT_NEAR(static_cast<double>(plan.when), 14e9, 1e9 / static_cast<double>(rate)) << rate;
        EXPECT_EQ(scheduler.stalls(), 0U);
    }
}

TEST(Scheduler, RateThatTremblesIsTheSame) {
    Scheduler scheduler;
    scheduler.set_rate({24, 1}, {1, 1000});
    VblankTiming timing = sixty_hertz();
    scheduler.plan(0, no_time, timing, second);
    scheduler.shown(0, 100, second, timing);
    for (int number = 1; number < 48; ++number) {
        timing.period = second / 60 + number % 3;
        timing.refresh = {second, timing.period};
        const Nanoseconds pts = number * second / 24;
        scheduler.plan(pts, no_time, timing, second);
        ASSERT_EQ(scheduler.due_vblank(pts, timing), (2 * 5 * number + 1) / 4) << number; // 2, 3, 2, 3
        scheduler.shown(pts, 100 + static_cast<std::uint64_t>((2 * 5 * number + 1) / 4), second + pts, timing);
    }
}

TEST(Scheduler, VariableRateGoesToTheNearestVblank) {
    Scheduler scheduler;
    scheduler.set_rate({0, 1}, {1, 1000});
    const VblankTiming timing = sixty_hertz();
    scheduler.shown(0, 100, second, timing);
    EXPECT_EQ(scheduler.due_vblank(40 * millisecond, timing), 2);
    EXPECT_EQ(scheduler.due_vblank(45 * millisecond, timing), 3);
    EXPECT_EQ(scheduler.due_vblank(1000 * millisecond, timing), 60);
}

TEST(Scheduler, WithoutVblanksFramesAreShownAtTheirTime) {
    Scheduler scheduler;
    scheduler.set_rate({25, 1}, {1, 1000});
    const VblankTiming timing;
    EXPECT_EQ(scheduler.plan(0, no_time, timing, second).action, Plan::Action::Show);
    scheduler.shown(0, 0, second, timing);
    const Plan plan = scheduler.plan(40 * millisecond, no_time, timing, second);
    EXPECT_EQ(plan.action, Plan::Action::Wait);
    EXPECT_EQ(plan.when, second + 40 * millisecond);
}

TEST(Scheduler, FreeRunningNeverWaits) {
    Scheduler scheduler;
    scheduler.set_free_running(true);
    const VblankTiming timing = sixty_hertz();
    scheduler.shown(0, 100, second, timing);
    EXPECT_EQ(scheduler.plan(1000 * second, no_time, timing, second).action, Plan::Action::Show);
}

TEST(Scheduler, WhatIsPresentedBeforeTheFirstFrameAppearsHasItsVblankToo) {
    Scheduler scheduler;
    scheduler.set_rate({25, 1}, {1, 1000});
    const VblankTiming timing = sixty_hertz();
    const Nanoseconds now = timing.last_time + millisecond;
    const auto vblank = static_cast<Nanoseconds>(timing.last_sequence);
    const auto waits_for = [&](Nanoseconds pts) {
        const Plan plan = scheduler.plan(pts, no_time, timing, now);
        EXPECT_EQ(plan.action, Plan::Action::Wait);
        return (plan.when - timing.last_time) / timing.period + vblank + 1;
    };
    EXPECT_EQ(scheduler.plan(0, no_time, timing, now).action, Plan::Action::Show);
    scheduler.presented(0, timing, now);
    EXPECT_EQ(waits_for(40 * millisecond), vblank + 1 + 2) << "as if it appeared at the next vblank";
    EXPECT_EQ(scheduler.shown(-40 * millisecond, timing.last_sequence, now, timing), 0) << "of before";
    EXPECT_EQ(waits_for(40 * millisecond), vblank + 1 + 2);
    EXPECT_EQ(scheduler.shown(0, timing.last_sequence + 2, now + 2 * timing.period, timing), 0);
    EXPECT_EQ(waits_for(40 * millisecond), vblank + 2 + 2) << "it was a vblank later";
    scheduler.presented(80 * millisecond, timing, now);
    EXPECT_EQ(waits_for(40 * millisecond), vblank + 2 + 2) << "that is known now";
}

TEST(Scheduler, FirstFrameAfterASeekHasAVblankOfItsOwn) {
    Scheduler scheduler;
    scheduler.set_rate({60, 1}, {1, 1000});
    VblankTiming timing = sixty_hertz();
    const Nanoseconds now = timing.last_time + 5 * millisecond;
    scheduler.presented(0, timing, now);
    scheduler.reset();
    scheduler.presented(10 * second, timing, now + millisecond); // in the same refresh period
    const Plan plan = scheduler.plan(10 * second + 17 * millisecond, no_time, timing, now + 2 * millisecond);
    EXPECT_EQ(plan.action, Plan::Action::Wait);
    EXPECT_EQ((plan.when - timing.last_time) / timing.period, 2) << "vblanks 1 and 2 are taken";
    timing.last_sequence = 5; // numbered anew
    EXPECT_EQ(scheduler.shown(10 * second, 6, now + timing.period, timing), 0);
    EXPECT_EQ(scheduler.plan(10 * second + 17 * millisecond, no_time, timing, now + timing.period).due_vblank, 7U);
}

TEST(Scheduler, WhatAppearsBeforeAnythingNewWasPresentedSaysNothing) {
    Scheduler scheduler;
    scheduler.set_rate({60, 1}, {1, 1000});
    const VblankTiming timing = sixty_hertz();
    scheduler.presented(0, timing, timing.last_time);
    scheduler.reset(); // a pause, and on at once
    EXPECT_EQ(scheduler.shown(0, 105, timing.last_time + 5 * timing.period, timing), 0);
    EXPECT_EQ(scheduler.plan(second, no_time, timing, timing.last_time).action, Plan::Action::Show);
}

TEST(Scheduler, DisplayThatIsBehindIsGivenTheFirstFrameEarlyInARefreshPeriod) {
    Scheduler scheduler;
    scheduler.set_rate({60, 1}, {1, 1000});
    VblankTiming timing = sixty_hertz();
    const auto plan_at = [&](Nanoseconds phase) {
        return scheduler.plan(0, no_time, timing, timing.last_time + 10 * timing.period + phase);
    };
    for (Nanoseconds phase = 0; phase < timing.period; phase += timing.period / 16)
        EXPECT_EQ(plan_at(phase).action, Plan::Action::Show) << "whatever is committed makes the next vblank";
    timing.lead = 1;
    EXPECT_EQ(plan_at(timing.period / 6).action, Plan::Action::Show);
    for (const Nanoseconds phase : {Nanoseconds{0}, timing.period / 2, timing.period - 1}) {
        const Plan plan = plan_at(phase);
        EXPECT_EQ(plan.action, Plan::Action::Wait) << phase;
        const Nanoseconds into = (plan.when - timing.last_time) % timing.period;
        EXPECT_TRUE(into >= timing.period / 8 && into <= timing.period / 4) << into;
        EXPECT_EQ(scheduler.plan(0, no_time, timing, plan.when).action, Plan::Action::Show);
    }
    timing.last_time = 0; // nothing is known yet
    EXPECT_EQ(scheduler.plan(0, no_time, timing, second).action, Plan::Action::Show);
}

TEST(Scheduler, TimelineMovesWithTheLeadAndCommitsDoNot) {
    Scheduler scheduler;
    scheduler.set_rate({30, 1}, {1, 1000});
    VblankTiming timing = sixty_hertz();
    EXPECT_EQ(scheduler.follow(timing), 0);
    scheduler.shown(0, 100, timing.last_time, timing);
    const Plan before = scheduler.plan(100 * millisecond, no_time, timing, timing.last_time);
    timing.lead = 2;
    timing.last_time -= 2 * timing.period;
    EXPECT_EQ(scheduler.follow(timing), 2);
    EXPECT_EQ(scheduler.follow(timing), 0);
    EXPECT_EQ(scheduler.plan(100 * millisecond, no_time, timing, second).when, before.when);
    EXPECT_EQ(scheduler.shown(33 * millisecond, 104, second, timing), 0) << "it was due at 102";
}

TEST(Scheduler, PlaybackThatNobodySeesGoesByTheClock) {
    Scheduler scheduler;
    scheduler.set_rate({25, 1}, {1, 1000});
    const Nanoseconds now = 100 * second;
    EXPECT_EQ(scheduler.plan(0, no_time, {}, now).action, Plan::Action::Show);
    EXPECT_EQ(scheduler.plan(40 * millisecond, no_time, {}, now).action, Plan::Action::Show) << "nothing is known yet";
    scheduler.unseen(0, {}, now);
    const Plan plan = scheduler.plan(40 * millisecond, no_time, {}, now + 5 * millisecond);
    EXPECT_EQ(plan.action, Plan::Action::Wait);
    EXPECT_EQ(plan.when, now + 40 * millisecond);
}

} // namespace
} // namespace v4l2play
