#include "decoder/software/hdr_side_data.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include <gtest/gtest.h>

#include "app/demuxer.h"
#include "tests/unit/container_file.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

namespace v4l2play {
namespace {

AVMasteringDisplayMetadata display() {
    AVMasteringDisplayMetadata display{};
    const int points[3][2] = {{34000, 16000}, {13250, 34500}, {7500, 3000}};
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 2; ++j) display.display_primaries[i][j] = {points[i][j], 50000};
    display.white_point[0] = {3127, 10000};
    display.white_point[1] = {329, 1000};
    display.min_luminance = {5, 1000};
    display.max_luminance = {1000, 1};
    display.has_primaries = display.has_luminance = 1;
    return display;
}

AVContentLightMetadata light() { return {1200, 300}; }

HdrMetadata everything() {
    HdrMetadata hdr;
    hdr.has_mastering_display = hdr.has_content_light = true;
    hdr.primaries = {{{34000, 16000}, {13250, 34500}, {7500, 3000}}};
    hdr.white_point = {15635, 16450};
    hdr.max_luminance = 10'000'000;
    hdr.min_luminance = 50;
    hdr.max_content_light_level = 1200;
    hdr.max_pic_average_light_level = 300;
    return hdr;
}

template <class Structure>
std::span<const std::uint8_t> bytes_of(const Structure& structure) {
    return {reinterpret_cast<const std::uint8_t*>(&structure), sizeof structure};
}

HdrMetadata read(const AVMasteringDisplayMetadata& display) {
    HdrMetadata hdr;
    note_mastering_display(bytes_of(display), hdr);
    return hdr;
}

HdrMetadata read(const AVContentLightMetadata& light) {
    HdrMetadata hdr;
    note_content_light(bytes_of(light), hdr);
    return hdr;
}

TEST(HdrSideData, IsReadInOurUnits) {
    HdrMetadata hdr;
    note_mastering_display(bytes_of(display()), hdr);
    note_content_light(bytes_of(light()), hdr);
    EXPECT_EQ(hdr, everything());
}

TEST(HdrSideData, MayBeCutOrMissing) {
    HdrMetadata hdr;
    const AVMasteringDisplayMetadata whole = display();
    const AVContentLightMetadata levels = light();
    note_mastering_display({}, hdr);
    note_content_light({}, hdr);
    note_mastering_display(bytes_of(whole).first(sizeof whole - 1), hdr);
    note_content_light(bytes_of(levels).first(sizeof levels - 1), hdr);
    EXPECT_EQ(hdr, HdrMetadata{});
}

TEST(HdrSideData, PointsOutsideOfTheDiagramAreNoPoints) {
    for (const AVRational wrong :
         {AVRational{50001, 50000}, AVRational{-1, 50000}, AVRational{1, 0}, AVRational{1, -2}, AVRational{INT_MAX, 1},
          AVRational{INT_MIN, INT_MIN}, AVRational{0, 0}, AVRational{INT_MAX, 2}}) {
        AVMasteringDisplayMetadata with = display();
        with.display_primaries[2][1] = wrong;
        const HdrMetadata hdr = read(with);
        EXPECT_EQ(hdr.primaries, HdrMetadata{}.primaries) << wrong.num << '/' << wrong.den;
        EXPECT_EQ(hdr.max_luminance, 10'000'000U) << "the rest of it may be right";
        with.has_luminance = 0;
        EXPECT_EQ(read(with), HdrMetadata{});
    }
}

TEST(HdrSideData, LuminancesThatNoDisplayHasAreNone) {
    for (const AVRational wrong : {AVRational{10001, 1}, AVRational{-1, 1}, AVRational{1, 0}, AVRational{INT_MAX, 1},
                                   AVRational{5, 1000}, AVRational{0, 1}}) {
        AVMasteringDisplayMetadata with = display();
        with.max_luminance = wrong;
        const HdrMetadata hdr = read(with);
        EXPECT_EQ(hdr.max_luminance, 0U) << wrong.num << '/' << wrong.den;
        EXPECT_EQ(hdr.min_luminance, 0U);
        EXPECT_EQ(hdr.primaries, everything().primaries);
        with.has_primaries = 0;
        EXPECT_EQ(read(with), HdrMetadata{});
    }
}

TEST(HdrSideData, LightLevelsHave16Bits) {
    EXPECT_EQ(read(AVContentLightMetadata{65536, 1}), HdrMetadata{});
    EXPECT_EQ(read(AVContentLightMetadata{1, ~0U}), HdrMetadata{});
    EXPECT_EQ(read(AVContentLightMetadata{0, 0}), HdrMetadata{}) << "0 is unknown";
    EXPECT_EQ(read(AVContentLightMetadata{65535, 0}).max_content_light_level, 65535);
}

TEST(HdrMetadataTest, TheStreamWins) {
    HdrMetadata stream;
    stream.has_content_light = true;
    stream.max_content_light_level = 400;
    const HdrMetadata both = complete(stream, everything());
    EXPECT_EQ(both.primaries, everything().primaries);
    EXPECT_EQ(both.max_content_light_level, 400);
    EXPECT_EQ(both.max_pic_average_light_level, 0);
    EXPECT_EQ(complete({}, everything()), everything());
    EXPECT_EQ(complete(everything(), {}), everything());
    stream = everything();
    stream.max_luminance = 1;
    EXPECT_EQ(complete(stream, everything()), stream);
    EXPECT_EQ(complete(HdrMetadata{}, {}), HdrMetadata{});
}

void* add_side_data(AVStream& stream, AVPacketSideDataType type, std::size_t size) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    return av_packet_side_data_new(&stream.codecpar->coded_side_data, &stream.codecpar->nb_coded_side_data, type, size,
                                   0)
        ->data;
#else
    return av_stream_new_side_data(&stream, type, size);
#endif
}

/// A file of a few pictures in BT.2020 and PQ.
class Container {
  public:
    explicit Container(const char* extension)
        : file_(extension, test::make_clip({.frames = 3})) {
        AVCodecParameters& parameters = *file_.stream().codecpar;
        parameters.color_primaries = AVCOL_PRI_BT2020;
        parameters.color_trc = AVCOL_TRC_SMPTE2084;
        parameters.color_space = AVCOL_SPC_BT2020_NCL;
    }

    template <class Structure>
    void add(AVPacketSideDataType type, const Structure& structure) {
        std::memcpy(add_side_data(file_.stream(), type, sizeof structure), &structure, sizeof structure);
    }
    StreamInfo write_and_open() {
        auto demuxer = Demuxer::open(file_.write());
        EXPECT_TRUE(demuxer) << demuxer.error().what;
        return demuxer ? (*demuxer)->stream() : StreamInfo{};
    }

  private:
    test::ContainerFile file_;
};

class ContainerTest : public testing::TestWithParam<const char*> {};

TEST_P(ContainerTest, TellsItsHdrMetadata) {
    Container container(GetParam());
    container.add(AV_PKT_DATA_MASTERING_DISPLAY_METADATA, display());
    container.add(AV_PKT_DATA_CONTENT_LIGHT_LEVEL, light());
    EXPECT_EQ(container.write_and_open().hdr, everything());
}

TEST_P(ContainerTest, NeedNotHaveAny) {
    Container container(GetParam());
    const StreamInfo stream = container.write_and_open();
    EXPECT_EQ(stream.hdr, HdrMetadata{});
    EXPECT_EQ(stream.width, 176);
}

INSTANTIATE_TEST_SUITE_P(Containers, ContainerTest, testing::Values("mkv", "mp4"));

} // namespace
} // namespace v4l2play
