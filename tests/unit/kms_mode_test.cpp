#include "render/kms/mode.h"

#include <cmath>

#include <gtest/gtest.h>

#include "render/kms/vblank.h"

namespace v4l2play {
namespace {

drmModeModeInfo make_mode(std::uint32_t clock, std::uint16_t width, std::uint16_t htotal, std::uint16_t height,
                          std::uint16_t vtotal, std::uint32_t flags = 0, std::uint32_t type = 0) {
    drmModeModeInfo mode{};
    mode.clock = clock;
    mode.hdisplay = width;
    mode.htotal = htotal;
    mode.vdisplay = height;
    mode.vtotal = vtotal;
    mode.flags = flags;
    mode.type = type;
    return mode;
}

const drmModeModeInfo p60 = make_mode(148500, 1920, 2200, 1080, 1125);
const drmModeModeInfo p5994 = make_mode(148352, 1920, 2200, 1080, 1125);
const drmModeModeInfo p50 = make_mode(148500, 1920, 2640, 1080, 1125, 0, DRM_MODE_TYPE_PREFERRED);
const drmModeModeInfo i50 = make_mode(74250, 1920, 2640, 1080, 1125, DRM_MODE_FLAG_INTERLACE);
const drmModeModeInfo p720 = make_mode(74250, 1280, 1650, 720, 750);

TEST(RefreshRate, IsExact) {
    EXPECT_EQ(refresh_rate(p60), (Rational{60, 1}));
    EXPECT_EQ(refresh_rate(p50), (Rational{50, 1}));
    // 148.352 MHz, which is 60/1.001 Hz but for the rounding of the clock to kHz.
    EXPECT_EQ(refresh_rate(p5994), (Rational{148352, 2475}));
    EXPECT_EQ(refresh_rate(make_mode(25175, 640, 800, 480, 525)), (Rational{5035, 84}));
}

TEST(RefreshRate, CountsFieldsAndRepeatedLines) {
    EXPECT_EQ(refresh_rate(i50), (Rational{50, 1}));
    EXPECT_EQ(refresh_rate(make_mode(25200, 320, 800, 240, 262, DRM_MODE_FLAG_DBLSCAN)), (Rational{7875, 131}));
    drmModeModeInfo scan = p60;
    scan.vscan = 2;
    EXPECT_EQ(refresh_rate(scan), (Rational{30, 1}));
}

TEST(RefreshRate, UnknownWithoutTimings) {
    EXPECT_EQ(refresh_rate(make_mode(0, 1920, 2200, 1080, 1125)), (Rational{0, 1}));
    EXPECT_EQ(refresh_rate(make_mode(148500, 1920, 0, 1080, 1125)), (Rational{0, 1}));
    EXPECT_EQ(refresh_period({0, 1}), 0);
    EXPECT_EQ(refresh_period({60, 1}), 16'666'667);
}

TEST(ChooseMode, KeepsWhatIsShown) {
    const drmModeModeInfo modes[] = {p50, p60};
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, ""), p720));
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, "preferred"), p50));
    EXPECT_TRUE(same_mode(*choose_mode(modes, std::nullopt, ""), p50));
}

TEST(ChooseMode, BySizeAndRate) {
    const drmModeModeInfo modes[] = {p60, p5994, p50, i50, p720};
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, "1920x1080"), p50)); // the preferred one
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, "1920x1080i"), i50));
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, "1920x1080i@50"), i50));
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, "1920x1080@60"), p60));
    EXPECT_TRUE(same_mode(*choose_mode(modes, p720, "1920x1080@59.94"), p5994));
    EXPECT_TRUE(same_mode(*choose_mode(modes, std::nullopt, "1280x720"), p720));
    const drmModeModeInfo without_60[] = {p50, p5994};
    EXPECT_TRUE(same_mode(*choose_mode(without_60, p720, "1920x1080@60"), p5994));
}

const drmModeModeInfo p24 = make_mode(74250, 1920, 2750, 1080, 1125);
const drmModeModeInfo p23976 = make_mode(74176, 1920, 2750, 1080, 1125);

TEST(IsMultiple, TellsRatesFromThoseOf1001) {
    EXPECT_TRUE(is_multiple({60, 1}, {30, 1}));
    EXPECT_TRUE(is_multiple({60, 1}, {60, 1}));
    EXPECT_TRUE(is_multiple({148352, 2475}, {30000, 1001})); // of a clock rounded to kHz
    EXPECT_FALSE(is_multiple({60, 1}, {30000, 1001}));
    EXPECT_FALSE(is_multiple({148352, 2475}, {30, 1}));
    EXPECT_FALSE(is_multiple({60, 1}, {24, 1}));
    EXPECT_FALSE(is_multiple({60, 1}, {120, 1}));
    EXPECT_FALSE(is_multiple({60, 1}, {0, 1}));
    EXPECT_FALSE(is_multiple({0, 1}, {24, 1}));
}

TEST(ChooseMode, OfTheContent) {
    const drmModeModeInfo modes[] = {p60, p5994, p50, i50, p24, p23976, p720};
    const auto chosen = [&](const drmModeModeInfo& current, Rational content) {
        return *choose_mode(modes, current, "content", content);
    };
    EXPECT_TRUE(same_mode(chosen(p60, {24, 1}), p24));
    EXPECT_TRUE(same_mode(chosen(p60, {24000, 1001}), p23976));
    EXPECT_TRUE(same_mode(chosen(p60, {25, 1}), p50));
    EXPECT_TRUE(same_mode(chosen(p60, {30000, 1001}), p5994));
    EXPECT_TRUE(same_mode(chosen(p5994, {30, 1}), p60));
    EXPECT_TRUE(same_mode(chosen(p60, {20, 1}), p60));   // needs no change
    EXPECT_TRUE(same_mode(chosen(p60, {17, 1}), p60));   // nothing fits
    EXPECT_TRUE(same_mode(chosen(p720, {25, 1}), p720)); // another size is no help
    EXPECT_TRUE(same_mode(chosen(p60, {0, 1}), p60));
    EXPECT_TRUE(same_mode(*choose_mode(modes, std::nullopt, "content", {24, 1}), p24));
}

TEST(FittingMode, ShowsAllOfThePictureWithLittleBlack) {
    const drmModeModeInfo modes[] = {p60, p5994, p50, i50, p24, p720};
    const auto fitting = [&](const drmModeModeInfo& current, Size picture, Rational content = {0, 1}) {
        return mode_name(fitting_mode(modes, current, picture, content));
    };
    EXPECT_EQ(fitting(p60, {1280, 720}), "1280x720@60.00");
    EXPECT_EQ(fitting(p60, {1920, 1080}), "1920x1080@60.00"); // no better one
    EXPECT_EQ(fitting(p50, {1920, 1080}), "1920x1080@50.00");
    EXPECT_EQ(fitting(p720, {1920, 1080}), "1920x1080@60.00"); // the fastest
    EXPECT_EQ(fitting(p720, {3840, 2160}), "1920x1080@60.00"); // shows most of it
    EXPECT_EQ(fitting(p720, {720, 1080}), "1920x1080@60.00");
    EXPECT_EQ(fitting(p60, {1280, 720}, {25, 1}), "1920x1080@50.00"); // a cadence is worth more than less black
    EXPECT_EQ(fitting(p720, {1920, 1080}, {24, 1}), "1920x1080@24.00");
    EXPECT_EQ(fitting(p60, {1280, 720}, {30, 1}), "1280x720@60.00");
}

TEST(ChooseMode, RefusalsSayWhatThereIs) {
    const drmModeModeInfo modes[] = {p60, p720};
    for (const char* asked : {"1920x1080@50", "1024x768", "1920x1080i", "large", "1920", "1920x1080@", "1920x1080@0",
                              "1920x1080@60x", "1920x1080@-60", "x", "-1x-1"}) {
        const auto mode = choose_mode(modes, p60, asked);
        ASSERT_FALSE(mode) << asked;
        EXPECT_EQ(mode.error().code, EINVAL) << asked;
    }
    EXPECT_NE(choose_mode(modes, p60, "1024x768").error().what.find("1920x1080@60.00, 1280x720@60.00"),
              std::string::npos);
    EXPECT_EQ(choose_mode({}, std::nullopt, "").error().code, ENODEV);
}

constexpr VblankTiming timing{.period = 16'000'000, .last_time = 1'000'000'000, .last_sequence = 100, .refresh = {}};

TEST(CommitTime, AtOnceForTheNextVblank) {
    constexpr Nanoseconds now = 1'005'000'000;
    for (const Nanoseconds target :
         {Nanoseconds{0}, now, timing.last_time + timing.period, timing.last_time + timing.period * 3 / 2 - 1})
        EXPECT_EQ(commit_time(timing, target, now), now) << target;
}

TEST(CommitTime, InThePeriodBeforeALaterVblank) {
    constexpr Nanoseconds now = 1'005'000'000;
    for (std::int64_t n = 2; n < 100; ++n) {
        const Nanoseconds at = commit_time(timing, timing.last_time + n * timing.period, now);
        EXPECT_GT(at, timing.last_time + (n - 1) * timing.period);
        EXPECT_LT(at, timing.last_time + n * timing.period - timing.period / 2);
        EXPECT_EQ(commit_time(timing, timing.last_time + n * timing.period, at), at);
    }
}

TEST(CommitTime, AtOnceWhenTheClockIsNotKnown) {
    EXPECT_EQ(commit_time({}, 5'000'000'000, 7), 7);
    EXPECT_EQ(commit_time({.period = 16, .last_time = 0, .last_sequence = 0, .refresh = {}}, 5'000'000'000, 7), 7);
}

TEST(ExtendSequence, GoesOnOver32Bits) {
    VblankTiming before = timing;
    before.last_sequence = 0x1fffffffeULL;
    EXPECT_EQ(extend_sequence(before, 0xffffffffU, 0), 0x1ffffffffULL);
    EXPECT_EQ(extend_sequence(before, 3, 0), 0x200000003ULL);
}

TEST(ExtendSequence, CountsByTimeWhenTheCounterStartsAnew) {
    EXPECT_EQ(extend_sequence(timing, 3, timing.last_time + 5 * timing.period + 1000), 105U);
    EXPECT_EQ(extend_sequence(timing, 3, timing.last_time), 101U);
}

TEST(VblankClock, GoesOnOverInterruptionsWithoutDrifting) {
    constexpr Nanoseconds start = 1'000'000'000;
    VblankClock clock;
    clock.set_refresh({60, 1});
    const Nanoseconds period = clock.timing().period;
    clock.see(7, start);
    EXPECT_EQ(clock.timing().last_sequence, 7U);
    Nanoseconds time = start;
    std::uint32_t sequence = 7;
    for (int round = 0; round < 1000; ++round) {
        for (int i = 0; i < 10; ++i) clock.see(++sequence, time += period);
        clock.interrupt();
        if (round % 3 == 0) sequence = 0; // numbered anew
        time += 31 * period + period * 2 / 5;
        clock.see(sequence, time);
        const double off = static_cast<double>(time - start) / static_cast<double>(period) -
                           static_cast<double>(clock.timing().last_sequence - 7);
        ASSERT_LE(std::abs(off), 0.51) << round;
    }
}

/// Of a card that went; the one that came back numbers its vblanks from the beginning.
TEST(VblankClock, GoesOnFromAnother) {
    for (const Nanoseconds told : {second / 50, Nanoseconds{0}}) { // 0: with a variable rate
        VblankTiming before;
        before.refresh = {50, 1};
        before.period = told;
        before.last_sequence = 15'000;
        before.last_time = 300 * second;
        VblankClock clock(before);
        clock.set_refresh({50, 1});
        clock.see(2, 302 * second);
        EXPECT_EQ(15'100u, clock.timing().last_sequence);
        clock.see(3, 302 * second + second / 50);
        EXPECT_EQ(15'101u, clock.timing().last_sequence);
        EXPECT_EQ(second / 50, clock.timing().period);
    }
}

TEST(VblankClock, FirstModeInterruptsNothing) {
    VblankClock clock;
    clock.set_refresh({60, 1});
    clock.interrupt();
    clock.see(5000, 1'000'000'000);
    EXPECT_EQ(clock.timing().last_sequence, 5000U);
    clock.see(5001, 1'016'666'667);
    EXPECT_EQ(clock.timing().last_sequence, 5001U);
    clock.interrupt();
    clock.see(5001, 1'016'666'667); // what the kernel remembers from before
    clock.see(3, 1'050'000'000);
    EXPECT_EQ(clock.timing().last_sequence, 5003U);
}

TEST(ExtendSequence, FirstOneIsTaken) { EXPECT_EQ(extend_sequence({}, 0xfffffff0U, 1), 0xfffffff0U); }

} // namespace
} // namespace v4l2play
