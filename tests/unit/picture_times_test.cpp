// Times of pictures where the container tells only when they are decoded.
#include "app/picture_times.h"

#include <vector>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

AccessUnit unit_at(Nanoseconds dts, bool discard = false) {
    AccessUnit unit;
    unit.dts = dts;
    unit.discard = discard;
    return unit;
}

class PictureTimesTest : public testing::Test {
  protected:
    bool send(AccessUnit unit) { return times_.sent(unit); }
    /// Times of the next pictures that are to be shown; `came` is what the decoder says.
    std::vector<Nanoseconds> show(int count, Nanoseconds came = no_time) {
        std::vector<Nanoseconds> shown;
        for (Nanoseconds pts = came; count-- > 0; pts = came)
            if (times_.stamp(pts)) shown.push_back(pts);
        return shown;
    }

    PictureTimes times_;
};

TEST_F(PictureTimesTest, AreThoseOfDecodingInTheOrderOfDisplay) {
    for (const Nanoseconds dts : {0, 40, 80, 120}) EXPECT_TRUE(send(unit_at(dts)));
    EXPECT_EQ((std::vector<Nanoseconds>{0, 40, 80, 120}), show(4, 999)) << "what a decoder guesses does not count";
    EXPECT_EQ((std::vector<Nanoseconds>{160, 200}), show(2)) << "more pictures than units: at the same pace";
}

TEST_F(PictureTimesTest, AreLeftAloneWhereTheContainerTells) {
    AccessUnit told = unit_at(0);
    told.pts = 80;
    told.discard = true;
    EXPECT_TRUE(times_.sent(told));
    EXPECT_TRUE(told.discard) << "the decoder sees to it";
    EXPECT_TRUE(send(unit_at(40)));
    EXPECT_EQ((std::vector<Nanoseconds>{80}), show(1, 80));
    EXPECT_EQ((std::vector<Nanoseconds>{120}), show(1, 120));
    EXPECT_EQ((std::vector<Nanoseconds>{160}), show(1)) << "the last of some program streams has none";
}

TEST_F(PictureTimesTest, ThoseThatAreLeftOutFollowThePictureBefore) {
    const auto told = [](Nanoseconds pts) {
        AccessUnit unit;
        unit.pts = pts;
        unit.duration = 40;
        unit.shown_from = 200;
        unit.discard = pts != no_time && pts < 200;
        return unit;
    };
    for (const Nanoseconds pts : {Nanoseconds{80}, no_time, no_time, no_time, Nanoseconds{240}, no_time}) {
        AccessUnit unit = told(pts);
        EXPECT_TRUE(times_.sent(unit));
        EXPECT_FALSE(unit.discard) << "it tells the time of those behind it";
    }
    EXPECT_TRUE(show(1, 80).empty());
    EXPECT_EQ((std::vector<Nanoseconds>{200}), show(3)) << "120, 160, 200";
    EXPECT_EQ((std::vector<Nanoseconds>{240}), show(1, 240));
    EXPECT_EQ((std::vector<Nanoseconds>{280}), show(1));
    times_.restart();
    AccessUnit unit = told(0);
    unit.shown_from = no_time;
    EXPECT_TRUE(times_.sent(unit));
    EXPECT_EQ((std::vector<Nanoseconds>{0}), show(1, 0));
}

TEST_F(PictureTimesTest, AreLeftAloneWhereNothingTells) {
    EXPECT_TRUE(send(unit_at(no_time))) << "a picture all the same";
    EXPECT_EQ((std::vector<Nanoseconds>{no_time}), show(1));
}

TEST_F(PictureTimesTest, TwoFieldsAreOnePicture) {
    EXPECT_TRUE(send(unit_at(0)));
    EXPECT_FALSE(send(unit_at(no_time)));
    EXPECT_TRUE(send(unit_at(40)));
    EXPECT_EQ((std::vector<Nanoseconds>{0, 40}), show(2));
}

TEST_F(PictureTimesTest, WhatLiesBeforeThePlaceSoughtIsNotShown) {
    for (const Nanoseconds dts : {0, 40, 80}) {
        AccessUnit unit = unit_at(dts, true);
        times_.sent(unit);
        EXPECT_FALSE(unit.discard) << "which picture that makes is not known yet";
    }
    send(unit_at(120));
    EXPECT_EQ((std::vector<Nanoseconds>{120}), show(4));
    times_.restart();
    send(unit_at(0));
    EXPECT_EQ((std::vector<Nanoseconds>{0}), show(1));
}

TEST_F(PictureTimesTest, LostPicturesLeaveAGap) {
    for (const Nanoseconds dts : {0, 40, 80, 120}) send(unit_at(dts));
    EXPECT_EQ((std::vector<Nanoseconds>{0}), show(1));
    times_.lost(2);
    EXPECT_EQ((std::vector<Nanoseconds>{120}), show(1));
    times_.lost(5);
}

TEST_F(PictureTimesTest, PicturesThatNeverComeTakeNoMemory) {
    for (Nanoseconds dts = 0; dts < 1000; ++dts) send(unit_at(dts));
    EXPECT_LT(900, show(1).front());
}

} // namespace
} // namespace v4l2play
