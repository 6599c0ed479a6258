#include "app/pacing.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

TEST(HistogramTest, CountsSmallNumbersExactly) {
    Histogram histogram;
    for (int i = 1; i <= 50; ++i) histogram.add(i);
    EXPECT_EQ(histogram.percentile(0.5), 25);
    EXPECT_EQ(histogram.percentile(0.99), 50);
    EXPECT_EQ(histogram.percentile(0), 1);
    EXPECT_EQ(histogram.maximum(), 50);
    EXPECT_EQ(histogram.count(), 50U);
}

TEST(HistogramTest, CountsLargeNumbersToAQuarterOfAnOctave) {
    for (const std::int64_t value : {64LL, 100LL, 1000LL, 16667LL, 123456789LL, 1LL << 37}) {
        Histogram histogram;
        for (int i = 0; i < 9; ++i) histogram.add(value);
        histogram.add(value * 2);
        EXPECT_GE(histogram.percentile(0.5), value);
        EXPECT_LE(histogram.percentile(0.5), value + value / 4);
    }
}

TEST(HistogramTest, TakesWhateverComes) {
    Histogram histogram;
    EXPECT_EQ(histogram.percentile(0.5), 0);
    histogram.add(-5);
    EXPECT_EQ(histogram.maximum(), 0);
    histogram.add(INT64_MAX);
    EXPECT_EQ(histogram.maximum(), INT64_MAX);
    EXPECT_EQ(histogram.percentile(0.5), 0);
}

/// Breaks that a meter finds in `vblanks`, the frames being due every `ratio` vblanks.
int breaks(const std::vector<std::uint64_t>& vblanks, double ratio, double tolerance = 0) {
    CadenceMeter meter;
    int found = 0;
    for (std::size_t k = 0; k < vblanks.size(); ++k)
        found += meter.take(static_cast<double>(k) * ratio, vblanks[k], tolerance) ? 0 : 1;
    return found;
}

std::vector<std::uint64_t> ideal(double ratio, double phase, int frames) {
    std::vector<std::uint64_t> vblanks;
    for (int k = 0; k < frames; ++k)
        vblanks.push_back(1000 + static_cast<std::uint64_t>(std::floor(ratio * k + phase)));
    return vblanks;
}

TEST(CadenceMeterTest, AnyPhaseOfTheIdealIsIdeal) {
    for (const double ratio : {2.5, 2.4, 2.0, 1.2, 1.0, 5.0, 1001.0 / 400, 1001.0 / 1000, 60.0038 / 23.976})
        for (const double phase : {0.0004, 0.1037, 0.2603, 0.5006, 0.7701, 0.9904}) // none that rounding could move
            EXPECT_EQ(breaks(ideal(ratio, phase, 20000), ratio), 0) << ratio << " " << phase;
}

TEST(CadenceMeterTest, OneLateFrameLeavesAndComesBack) {
    for (const double ratio : {2.5, 2.0, 1.2}) {
        auto vblanks = ideal(ratio, 0.05, 300);
        vblanks[100] += 1;
        const int found = breaks(vblanks, ratio);
        EXPECT_GE(found, 1) << ratio;
        EXPECT_LE(found, 2) << ratio;
    }
}

TEST(CadenceMeterTest, ASlipIsOneBreak) {
    auto vblanks = ideal(2, 0, 300);
    for (std::size_t k = 150; k < vblanks.size(); ++k) vblanks[k] += 1;
    EXPECT_EQ(breaks(vblanks, 2), 1);
}

TEST(CadenceMeterTest, HoldsThatAreRightInNumberOnlyAreWrong) {
    std::vector<std::uint64_t> vblanks{1000};
    for (const int hold : {2, 2, 3, 3, 2, 2, 3, 3, 2, 2, 3, 3})
        vblanks.push_back(vblanks.back() + static_cast<std::uint64_t>(hold));
    EXPECT_GT(breaks(vblanks, 2.5), 2); // 24 fps at 60 Hz: 2, 3, 2, 3
}

TEST(CadenceMeterTest, RoundedTimesAreForgivenAndNoMore) {
    // Stamps in whole milliseconds, of 23.976 fps, on a vblank every 16.667 ms.
    const auto count = [](double tolerance) {
        CadenceMeter meter;
        int found = 0;
        for (int k = 0; k < 5000; ++k) {
            const double stamp = std::round(k * 1001.0 / 24) / (1000.0 / 60);
            found +=
                meter.take(stamp, static_cast<std::uint64_t>(std::floor(k * 1001.0 / 400 + 0.2512)), tolerance) ? 0 : 1;
        }
        return found;
    };
    EXPECT_EQ(count(0.06), 0);
    EXPECT_GT(count(0), 0);
}

TEST(CadenceMeterTest, ARestartForgets) {
    CadenceMeter meter;
    EXPECT_TRUE(meter.take(0, 10));
    EXPECT_TRUE(meter.take(2, 12));
    meter.restart();
    EXPECT_TRUE(meter.take(4, 100));
    EXPECT_FALSE(meter.take(6, 103));
}

TEST(PacingTest, ComplainsOfWhatIsNotZero) {
    Pacing pacing;
    EXPECT_EQ(complaints(pacing), "");
    pacing.content_violations = 3;
    pacing.repeated[static_cast<std::size_t>(Cause::Decoder)] = 2;
    EXPECT_EQ(complaints(pacing), "3 overwritten while shown, 2 vblanks repeated (decoder: 2)");
}

} // namespace
} // namespace v4l2play
