// What is tried when a decoder, or the output, gives up in the middle.
#include "app/fallback.h"

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

const std::string software;
const std::string device = "/dev/video0";
const std::string twin = "/dev/video1";
const FormatModifier linear_nv12{.fourcc = DrmFourcc{1}, .modifier = 0};
const FormatModifier tiled_nv12{.fourcc = DrmFourcc{1}, .modifier = 7};
const FormatModifier linear_yuv420{.fourcc = DrmFourcc{2}, .modifier = 0};

std::vector<FormatModifier> formats_left(const Fallback& fallback) {
    std::vector<FormatModifier> formats{linear_nv12, tiled_nv12, linear_yuv420};
    fallback.remove_refused(formats);
    return formats;
}

TEST(Fallback, ARefusedFormatGivesWayToTheNextThenToSoftware) {
    Fallback fallback(true);
    EXPECT_FALSE(fallback.again());
    EXPECT_EQ(3U, formats_left(fallback).size());
    ASSERT_TRUE(fallback.goes_on(Ended::Unsupported, device, false, linear_nv12));
    EXPECT_TRUE(fallback.again());
    EXPECT_FALSE(fallback.software_only()) << "the decoder may have another";
    ASSERT_EQ(2U, formats_left(fallback).size());
    EXPECT_EQ(tiled_nv12.modifier, formats_left(fallback)[0].modifier) << "another layout is another format";
    ASSERT_TRUE(fallback.goes_on(Ended::Unsupported, device, false, linear_yuv420));
    EXPECT_FALSE(fallback.software_only());
    ASSERT_TRUE(fallback.goes_on(Ended::Unsupported, device, false, linear_yuv420)) << "the decoder has nothing else";
    EXPECT_TRUE(fallback.software_only());
    ASSERT_TRUE(fallback.goes_on(Ended::Unsupported, software, false, tiled_nv12))
        << "software may have other formats, too";
    EXPECT_TRUE(fallback.software_only());
    EXPECT_TRUE(formats_left(fallback).empty());
    EXPECT_FALSE(fallback.goes_on(Ended::Unsupported, software, false, tiled_nv12)) << "it ends";
}

TEST(Fallback, ADecoderThatGivesUpGivesWayToSoftware) {
    for (const Ended ended : {Ended::Unsupported, Ended::DeviceFailed}) {
        Fallback fallback(true);
        ASSERT_TRUE(fallback.goes_on(ended, device, false, std::nullopt));
        EXPECT_TRUE(fallback.software_only());
        EXPECT_FALSE(fallback.goes_on(ended, software, false, std::nullopt)) << "nothing is left";
    }
}

TEST(Fallback, WithoutSoftwareOnlyFormatsAreLeft) {
    Fallback fallback(false);
    EXPECT_TRUE(fallback.goes_on(Ended::Unsupported, device, false, linear_nv12));
    EXPECT_FALSE(fallback.goes_on(Ended::Unsupported, device, false, linear_nv12));
    EXPECT_FALSE(fallback.goes_on(Ended::DeviceFailed, device, false, std::nullopt));
}

TEST(Fallback, AnotherDeviceIsTriedBeforeSoftware) {
    for (const bool may_use_software : {true, false}) {
        Fallback fallback(may_use_software);
        ASSERT_TRUE(fallback.goes_on(Ended::DeviceFailed, device, true, std::nullopt));
        EXPECT_TRUE(fallback.again());
        EXPECT_FALSE(fallback.software_only());
        EXPECT_EQ(std::vector{device}, fallback.tried().devices);
        ASSERT_TRUE(fallback.goes_on(Ended::Unsupported, twin, true, linear_nv12)) << "it may have another format";
        EXPECT_EQ(std::vector{device}, fallback.tried().devices);
        EXPECT_EQ(may_use_software, fallback.goes_on(Ended::DeviceFailed, twin, false, std::nullopt));
        EXPECT_EQ(may_use_software, fallback.software_only());
    }
}

TEST(Fallback, OtherEndsAreEnds) {
    for (const Ended ended :
         {Ended::Finished, Ended::Quit, Ended::Signalled, Ended::Failed, Ended::Broken, Ended::OutputLost}) {
        Fallback fallback(true);
        EXPECT_FALSE(fallback.goes_on(ended, device, false, std::nullopt));
        EXPECT_FALSE(fallback.software_only());
    }
}

} // namespace
} // namespace v4l2play
