// Several devices of one driver.
#include "decoder/v4l2/media_device.h"

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

DecoderDevice core_at(const char* driver, const char* path, std::uint32_t width = 4096) {
    DecoderDevice device;
    device.driver = driver;
    device.video_path = path;
    device.stateless = true;
    device.coded_formats = {{V4l2Fourcc{1}, {width, width}}};
    return device;
}

std::string paths(std::vector<DecoderDevice> devices, unsigned turn) {
    take_turns(devices, turn);
    std::string text;
    for (const DecoderDevice& device : devices) text += device.video_path;
    return text;
}

TEST(MediaDevice, CoresOfOneKindTakeTurns) {
    const std::vector<DecoderDevice> devices{core_at("rkvdec", "a"), core_at("hantro", "B"), core_at("rkvdec", "c"),
                                             core_at("rkvdec", "d")};
    EXPECT_EQ("aBcd", paths(devices, 0));
    EXPECT_EQ("cBda", paths(devices, 1));
    EXPECT_EQ("dBac", paths(devices, 2));
    EXPECT_EQ("aBcd", paths(devices, 3));
    EXPECT_EQ("", paths({}, 1));
}

TEST(MediaDevice, OneDriverMayHaveDevicesOfSeveralKinds) {
    std::vector<DecoderDevice> devices{core_at("hantro", "a"), core_at("hantro", "B", 1920), core_at("hantro", "c")};
    EXPECT_EQ("cBa", paths(devices, 1));
    devices[2].coded_formats.push_back({V4l2Fourcc{2}, {}});
    EXPECT_EQ("aBc", paths(devices, 1));
    devices[1] = core_at("hantro", "B");
    devices[1].stateless = false;
    EXPECT_EQ("aBc", paths(devices, 1));
}

} // namespace
} // namespace v4l2play
