// The parts of the Wayland output that talk to nobody.

#include <gtest/gtest.h>

#include "render/wayland/better_format.h"
#include "render/wayland/dmabuf_formats.h"
#include "render/wayland/geometry.h"
#include "render/wayland/presentation_clock.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds period = 16'000'000;

TEST(PresentationClockTest, CompositorThatShowsAtTheNextVblankHasNoLead) {
    PresentationClock clock;
    for (int i = 1; i <= 20; ++i) clock.presented(i * period + 2'000'000, (i + 1) * period, period);
    EXPECT_EQ(clock.lead(), 0U);
    EXPECT_EQ(clock.timing().last_time, 21 * period);
}

TEST(PresentationClockTest, CompositorThatIsAPeriodLateIsAskedAPeriodEarlier) {
    PresentationClock clock;
    for (int i = 1; i <= 20; ++i) clock.presented(i * period + 2'000'000, (i + 2) * period, period);
    EXPECT_EQ(clock.lead(), 1U);
    EXPECT_EQ(clock.timing().last_time, 21 * period) << "the vblank was at 22";
    EXPECT_EQ(clock.timing().last_sequence, 20U);
}

TEST(PresentationClockTest, LeadIsKnownFromTheFirstCommitThatTells) {
    PresentationClock clock;
    EXPECT_EQ(clock.most_lead(), 3U);
    clock.presented(2 * period + 2'000'000, 4 * period, period, true);
    EXPECT_EQ(clock.most_lead(), 3U) << "it was idle before";
    clock.presented(5 * period - 2'000'000, 6 * period, period);
    EXPECT_EQ(clock.most_lead(), 3U) << "late in its period: it may have missed a deadline";
    clock.presented(6 * period + 2'000'000, 9 * period, period);
    EXPECT_EQ(clock.timing().lead, 2U);
    EXPECT_EQ(clock.most_lead(), 2U);
    const std::uint64_t sequence = clock.timing().last_sequence;
    clock.forget_lead();
    EXPECT_EQ(clock.lead(), 0U);
    EXPECT_EQ(clock.presented(20 * period, 21 * period, period), sequence + 12) << "of another compositor";
}

TEST(PresentationClockTest, EightCommitsOfOneMindChangeTheLead) {
    PresentationClock clock;
    int vblank = 0;
    const auto commit = [&](int periods, int count) {
        for (int i = 0; i < count; ++i, ++vblank)
            clock.presented(vblank * period + 2'000'000, (vblank + 1 + periods) * period, period);
        return clock.lead();
    };
    EXPECT_EQ(commit(1, 20), 1U);
    EXPECT_EQ(commit(2, 7), 1U);
    EXPECT_EQ(commit(2, 1), 2U);
    EXPECT_EQ(commit(0, 7), 2U);
    EXPECT_EQ(commit(0, 1), 0U);
}

TEST(PresentationClockTest, RefreshThatTremblesChangesNothing) {
    PresentationClock clock;
    const auto commit = [&](int vblank, Nanoseconds refresh) {
        clock.presented(vblank * period + 2'000'000, (vblank + 2) * period, refresh);
        return clock.lead();
    };
    for (int vblank = 0; vblank < 20; ++vblank) EXPECT_EQ(commit(vblank, period + vblank % 3), 1U);
    clock.presented(20 * period + 2'000'000, 21 * period, period + 1); // one that was shown sooner
    EXPECT_EQ(clock.lead(), 1U) << "one commit changes it only where nothing was known";
    clock.presented(21 * period + 2'000'000, 22 * period, period * 2);
    EXPECT_EQ(clock.lead(), 0U) << "another mode";
}

TEST(PresentationClockTest, SingleStallsAreNoLead) {
    PresentationClock clock;
    for (int i = 1; i <= 40; ++i) clock.presented(i * period + 2'000'000, (i + (i % 4 == 0 ? 1 : 3)) * period, period);
    EXPECT_EQ(clock.lead(), 0U);
}

TEST(PresentationClockTest, NextPeriodBeginsAfterTheVblank) {
    PresentationClock clock;
    EXPECT_EQ(clock.next_period(5), no_time);
    clock.presented(0, 100 * period, period);
    EXPECT_EQ(clock.next_period(100 * period + 1), 101 * period + period / 16);
    EXPECT_EQ(clock.next_period(103 * period + period / 2), 104 * period + period / 16);
    EXPECT_EQ(clock.next_period(100 * period - 1), 100 * period + period / 16) << "the time told was yet to come";
}

TEST(PresentationClockTest, VariableRefreshHasNoPeriod) {
    PresentationClock clock;
    clock.presented(0, 5 * period, 0);
    EXPECT_EQ(clock.presented(5 * period, 7 * period, 0), 2U);
    EXPECT_EQ(clock.timing().period, 0);
}

TEST(WaylandGeometryTest, NaturalSizeHasSquarePixels) {
    EXPECT_EQ(natural_size({0, 0, 720, 576}, {16, 11}), (LogicalSize{1047, 576}));
    EXPECT_EQ(natural_size({4, 8, 1280, 720}, {1, 1}), (LogicalSize{1280, 720}));
    for (const Rational nonsense : {Rational{0, 1}, Rational{1, 0}, Rational{-4, 3}, Rational{1000, 1}})
        EXPECT_EQ(natural_size({0, 0, 720, 576}, nonsense), (LogicalSize{720, 576}));
}

TEST(WaylandGeometryTest, PicturesFillOneDirectionAndAreCentred) {
    EXPECT_EQ(fit_inside({1280, 720}, {1024, 768}), (Placement{0, 96, {1024, 576}}));
    EXPECT_EQ(fit_inside({640, 480}, {1920, 1080}), (Placement{240, 0, {1440, 1080}}));
    EXPECT_EQ(fit_inside({640, 480}, {640, 480}), (Placement{0, 0, {640, 480}}));
    EXPECT_EQ(fit_inside({30000, 1}, {10, 10}).size, (LogicalSize{10, 1}));
}

TEST(WaylandGeometryTest, WindowsAreNotMadeLargerThanTheirBounds) {
    EXPECT_EQ(shrink_to({1920, 1080}, {0, 0}), (LogicalSize{1920, 1080}));
    EXPECT_EQ(shrink_to({1920, 1080}, {960, 1000}), (LogicalSize{960, 540}));
    EXPECT_EQ(shrink_to({320, 240}, {960, 1000}), (LogicalSize{320, 240}));
}

TEST(BetterFormatTest, WindowThatGoesToAndFroChangesNothingTooOften) {
    const FormatModifier used{fourcc_nv12, modifier_linear};
    DmabufFormats formats;
    formats.add(used, false);
    formats.add({fourcc_p010, modifier_linear}, true);
    BetterFormat better;
    EXPECT_FALSE(better.take(second, formats, &used)) << "nothing has changed";
    better.note_change(10 * second);
    EXPECT_TRUE(better.take(10 * second, formats, &used));
    EXPECT_FALSE(better.take(11 * second, formats, &used)) << "once a change";
    better.note_change(11 * second);
    EXPECT_EQ(better.due(), 12 * second);
    EXPECT_FALSE(better.take(11 * second, formats, &used));
    better.note_change(11 * second + millisecond);
    EXPECT_TRUE(better.take(12 * second, formats, &used));
    EXPECT_EQ(better.due(), no_time);
    better.note_change(20 * second);
    formats.add(used, true);
    EXPECT_FALSE(better.take(20 * second, formats, &used)) << "it is gone again";
}

TEST(DmabufFormatsTest, ModifierIsSentAsItWasAnnounced) {
    DmabufFormats formats;
    formats.add({fourcc_nv12, modifier_invalid}, false);
    EXPECT_EQ(formats.modifier_for({fourcc_nv12, modifier_linear}), modifier_invalid);
    EXPECT_EQ(formats.modifier_for({fourcc_nv12, 0x0800000000000001ULL}), std::nullopt) << "tiles are not implied";
    EXPECT_EQ(formats.modifier_for({fourcc_p010, modifier_linear}), std::nullopt);
    formats.add({fourcc_nv12, modifier_linear}, false);
    EXPECT_EQ(formats.modifier_for({fourcc_nv12, modifier_linear}), modifier_linear);
}

TEST(DmabufFormatsTest, ColumnHeightOfSandIsTheBuffers) {
    constexpr std::uint64_t sand = 0x0700000000000004ULL;
    DmabufFormats formats;
    formats.add({fourcc_nv12, sand}, true);
    EXPECT_EQ(formats.modifier_for({fourcc_nv12, sand | 1088 << 8}), sand | 1088 << 8);
}

TEST(DmabufFormatsTest, FormatsThatTheCpuCannotReadAreVideoToo) {
    constexpr FormatModifier columns{fourcc_p030, 0x0700000000000004ULL};
    constexpr FormatModifier packed{fourcc_yuv420_10bit, 0x0800000000000061ULL};
    DmabufFormats formats;
    formats.add(columns, false);
    formats.add(packed, true);
    EXPECT_TRUE(formats.has_video());
    EXPECT_EQ(formats.for_decoders(), (std::vector{packed, columns}));
}

} // namespace
} // namespace v4l2play
