// What the AV1 codec makes of temporal units.
#include <cerrno>

#include "tests/unit/av1_codec_fixture.h"

namespace v4l2play::test {
namespace {

using namespace av1;

TEST_F(Av1CodecTest, ShownFramesComeOutAtOnce) {
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1", parse(key_unit()));
    EXPECT_EQ("decode 2 from 1, output 2", parse(TemporalUnit().frame(av1_inter_frame(1, 1))));
    EXPECT_EQ("decode 3 from 2 1, output 3, forget 3",
              parse(TemporalUnit().frame(av1_inter_frame(2, 0, true, {0, 1, 2, 3, 0, 0, 0}))));
    EXPECT_EQ("decode 4 from, output 4, forget 1, forget 2", parse(key_unit())) << "the sequence is the same";
    EXPECT_EQ("forget 4", drain());
}

TEST_F(Av1CodecTest, PicturesHaveWhatADriverNeeds) {
    const TemporalUnit unit = key_unit(); // the picture's payloads lie in it
    parse(unit, 40);
    const Av1Picture& key = picture();
    EXPECT_EQ(40, key.pts);
    EXPECT_EQ(10, key.duration);
    EXPECT_EQ(FrameType::Key, key.header->frame_type);
    EXPECT_EQ(63, key.sequence->max_frame_width_minus_1);
    ASSERT_EQ(1U, key.tiles.size());
    ASSERT_EQ(1U, key.payloads.size());
    EXPECT_EQ((std::array<FrameId, 8>{}), key.slots);
    const std::size_t header_size = av1_key_frame().bits().bytes().size();
    EXPECT_EQ(header_size, key.tiles[0].offset);
    EXPECT_EQ(3U, key.tiles[0].size);
    EXPECT_EQ(1, key.payloads[0][header_size]);

    parse(TemporalUnit().frame(av1_inter_frame(1, 0x81)));
    parse(TemporalUnit().frame(av1_inter_frame(2, 0)));
    EXPECT_EQ((std::array<FrameId, 8>{2, 1, 1, 1, 1, 1, 1, 2}), picture().slots);
}

TEST_F(Av1CodecTest, HiddenFramesAreShownLater) {
    parse(key_unit());
    EXPECT_EQ("decode 2 from 1", parse(TemporalUnit().frame(av1_inter_frame(4, 2, false))));
    EXPECT_EQ("decode 3 from 1 2, output 3, forget 3",
              parse(TemporalUnit().frame(av1_inter_frame(2, 0, true, {0, 1, 0, 0, 0, 0, 0}))));
    EXPECT_EQ("output 2 at 70", parse(TemporalUnit().header(av1_show_existing(1)), 70));
    EXPECT_EQ("output 2 at 80", parse(TemporalUnit().header(av1_show_existing(1)), 80))
        << "as often as it is asked for";
    EXPECT_EQ("forget 1, forget 2", drain());
}

TEST_F(Av1CodecTest, HiddenFramesThatAreNeverShown) {
    parse(key_unit());
    parse(TemporalUnit().frame(av1_inter_frame(4, 2, false)));
    EXPECT_EQ("decode 3 from 1, output 3, hidden 2, forget 2", parse(TemporalUnit().frame(av1_inter_frame(3, 2))));
    parse(TemporalUnit().frame(av1_inter_frame(5, 4, false)));
    EXPECT_EQ("forget 1, forget 3, hidden 4, forget 4", drain());
}

TEST_F(Av1CodecTest, OneUnitMayHaveManyFrames) {
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1, decode 2 from 1, decode 3 from 1, output 3, forget 3",
              parse(key_unit().frame(av1_inter_frame(4, 2, false)).frame(av1_inter_frame(1, 0)), 30));
    EXPECT_EQ(30, picture(0).pts);
    EXPECT_EQ(no_time, picture(1).pts);
    EXPECT_EQ(no_time, picture(2).pts) << "the unit's time belongs to its first frame";
    EXPECT_EQ(4U, picture(1).header->order_hint);
    EXPECT_EQ(1U, picture(2).header->order_hint);
}

// 7.21: a key frame that is shown later starts anew, as one that is shown at once.
TEST_F(Av1CodecTest, ForwardKeyFrames) {
    parse(key_unit());
    EXPECT_EQ("decode 2 from", parse(TemporalUnit().frame(av1_hidden_intra(0, 8, 4))));
    EXPECT_EQ("decode 3 from 1, output 3", parse(TemporalUnit().frame(av1_inter_frame(4, 1))));
    EXPECT_EQ("output 2 at 50, forget 1, forget 3", parse(TemporalUnit().header(av1_show_existing(2)), 50));
    EXPECT_EQ("decode 4 from 2, output 4, forget 4",
              parse(TemporalUnit().frame(av1_inter_frame(9, 0, true, {0, 1, 2, 3, 4, 5, 6}))));
    EXPECT_EQ(8, picture().header->order_hints[1]);
    EXPECT_EQ("forget 2", drain());
}

TEST_F(Av1CodecTest, DecodingMayStartAtAHiddenKeyFrame) {
    EXPECT_EQ("skip before-random-access: waiting for a key frame",
              parse(TemporalUnit().sequence().frame(av1_hidden_intra(2, 0, 1))));
    EXPECT_EQ("sequence 64x64, decode 1 from", parse(TemporalUnit().frame(av1_hidden_intra(0, 8, 1))));
    EXPECT_EQ("skip before-random-access: refers to a frame that is not there",
              parse(TemporalUnit().frame(av1_inter_frame(4, 2, true, {0, 1, 0, 0, 0, 0, 0}))));
    EXPECT_EQ("output 1 at 9", parse(TemporalUnit().header(av1_show_existing(0)), 9));
    EXPECT_EQ("decode 2 from 1, output 2, forget 2",
              parse(TemporalUnit().frame(av1_inter_frame(9, 0, true, {0, 1, 0, 0, 0, 0, 0}))));
}

TEST_F(Av1CodecTest, NothingIsDoneBeforeTheSequenceHeader) {
    EXPECT_EQ("skip before-random-access: a frame comes before any sequence header",
              parse(TemporalUnit().frame(av1_key_frame())));
    EXPECT_EQ("", drain());
}

TEST_F(Av1CodecTest, SeekWaitsForAKeyFrame) {
    parse(key_unit().frame(av1_inter_frame(4, 2, false)));
    EXPECT_EQ("forget 1, forget 2", flush());
    EXPECT_EQ("skip before-random-access: waiting for a key frame",
              parse(TemporalUnit().frame(av1_hidden_intra(2, 4, 2))));
    EXPECT_EQ("decode 3 from, output 3", parse(key_unit()));
    EXPECT_EQ("forget 3", resynchronise());
    EXPECT_EQ("skip missing-reference: waiting for a key frame",
              parse(TemporalUnit().frame(av1_hidden_intra(2, 4, 2))));
    EXPECT_EQ("decode 4 from, output 4", parse(key_unit()));
}

TEST_F(Av1CodecTest, ALostFrameTakesThoseThatReferToItAlong) {
    parse(key_unit());
    const Bytes empty = av1_inter_frame(1, 1).bits().bytes();
    EXPECT_EQ("skip malformed: a tile without data (5.11.1)", parse(TemporalUnit().obu(ObuType::Frame, empty)));
    EXPECT_EQ("skip missing-reference: refers to a frame that was not decoded",
              parse(TemporalUnit().frame(av1_inter_frame(2, 2))));
    EXPECT_EQ("skip missing-reference: shows a frame that was not decoded",
              parse(TemporalUnit().header(av1_show_existing(1))));
    EXPECT_EQ("decode 2 from 1, output 2, forget 2",
              parse(TemporalUnit().frame(av1_inter_frame(3, 0, true, {2, 2, 3, 4, 5, 6, 7}))))
        << "the other slots are whole";
    EXPECT_EQ("forget 1", drain());
}

TEST_F(Av1CodecTest, AHeaderThatCannotBeReadEndsTheTrust) {
    parse(key_unit());
    EXPECT_EQ("skip malformed: the frame header is cut, forget 1", parse(TemporalUnit().obu(ObuType::Frame, {0x30})));
    EXPECT_EQ("skip missing-reference: waiting for a key frame",
              parse(TemporalUnit().frame(av1_hidden_intra(2, 4, 2))));
    EXPECT_EQ("skip malformed: an OBU is cut short", parse(TemporalUnit().obu(static_cast<ObuType>(16), {})))
        << "obu_forbidden_bit";
}

TEST_F(Av1CodecTest, TileGroupsOfTheirOwn) {
    // Two columns of 64 in a frame of 128.
    const Structure sequence = av1_sequence_header().with("max_frame_width_minus_1", 127);
    Structure tiles;
    tiles.flag("increment_tile_cols_log2", true).u("context_update_tile_id", 1, 0).u("tile_size_bytes_minus_1", 2, 0);
    const Structure header = av1_key_frame().after("uniform_tile_spacing_flag", tiles);
    const auto group = [](unsigned tile) { return Bytes{BitWriter().u(1, 1).u(1, tile).u(1, tile).bytes()[0], 7, 8}; };
    const auto unit = [&](bool both) {
        TemporalUnit made;
        made.sequence(sequence).header(header).obu(ObuType::TileGroup, group(0)).header(header);
        made.obu(ObuType::RedundantFrameHeader, with_trailing_bits(header));
        if (both) made.obu(ObuType::TileGroup, group(1), {false});
        return made;
    };
    EXPECT_EQ("sequence 128x64, decode 1 from, output 1", parse(unit(true)));
    const Av1Picture& coded = picture();
    ASSERT_EQ(2U, coded.tiles.size());
    EXPECT_EQ(2U, coded.payloads.size());
    EXPECT_EQ(1U, coded.tiles[0].offset);
    EXPECT_EQ(4U, coded.tiles[1].offset) << "behind the first group and the second one's header";
    EXPECT_EQ(1, coded.tiles[1].col);
    EXPECT_EQ("skip malformed: tiles are missing, forget 1", parse(unit(false)));
    EXPECT_EQ("skip malformed: tg_start is not the next tile (6.10.1)",
              parse(TemporalUnit().header(header).obu(ObuType::TileGroup, group(1))));
}

TEST_F(Av1CodecTest, LayersThatTheOperatingPointLacksAreDropped) {
    const Structure sequence = av1_sequence_header().with("operating_point_idc", 0x101);
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1",
              parse(TemporalUnit().sequence(sequence).frame(av1_key_frame(), {true, true, 0, 0})));
    EXPECT_EQ("", parse(TemporalUnit().frame(av1_inter_frame(1, 1), {true, true, 1, 0})));
    EXPECT_EQ("", parse(TemporalUnit().frame(av1_inter_frame(1, 1), {true, true, 0, 1})));
    EXPECT_EQ("decode 2 from 1, output 2", parse(TemporalUnit().frame(av1_inter_frame(2, 1), {true, true, 0, 0})));
    EXPECT_EQ("decode 3 from 2 1, output 3, forget 2",
              parse(TemporalUnit().frame(av1_inter_frame(3, 1, true, {0, 1, 1, 1, 1, 1, 1}))))
        << "no extension, no layer";
}

/// Two layers in space and two in time, with an operating point for each set of them.
class Av1OperatingPointTest : public Av1CodecTest {
  public:
    static constexpr std::array<unsigned, 4> points{0x303, 0x301, 0x103, 0x101};
    static Structure layered() {
        Structure others;
        for (std::size_t i = 1; i < points.size(); ++i)
            others.u("idc_" + std::to_string(i), 12, points[i]).u("level_" + std::to_string(i), 5, 0);
        return av1_sequence_header()
            .with("operating_points_cnt_minus_1", points.size() - 1)
            .with("operating_point_idc", points[0])
            .after("seq_level_idx", others);
    }
    static TemporalUnit first() {
        return TemporalUnit()
            .sequence(layered())
            .frame(av1_key_frame(), layer(0, 0))
            .frame(av1_inter_frame(0, 2), layer(0, 1));
    }
    static TemporalUnit second() {
        return TemporalUnit()
            .frame(av1_inter_frame(1, 1), layer(1, 0))
            .frame(av1_inter_frame(1, 2, true, {1, 1, 1, 1, 1, 1, 1}), layer(1, 1));
    }
    static ObuOptions layer(unsigned temporal_id, unsigned spatial_id) { return {true, true, temporal_id, spatial_id}; }
    void choose(unsigned operating_point) {
        codec_ = create_av1_codec();
        contract_ = {};
        StreamInfo stream;
        stream.operating_point = operating_point;
        ASSERT_TRUE(codec_->configure(stream));
    }
};

TEST_F(Av1OperatingPointTest, TheOneOfBestQualityUnlessAnotherIsWanted) {
    for (const unsigned point : {0U, 1U}) {
        choose(point);
        EXPECT_EQ("error: AV1 with spatial layers is not done by this decoder; operating point 2 has none, at a lower "
                  "quality",
                  parse(first()));
        EXPECT_EQ(ENOTSUP, error_) << "before the first picture: software does it";
    }
    choose(4);
    EXPECT_EQ("error: there is no operating point 4 in the stream, the last is 3", parse(first()));
}

TEST_F(Av1OperatingPointTest, OnlyItsLayersAreDecoded) {
    choose(2);
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1", parse(first())) << "without the upper layer in space";
    EXPECT_EQ("decode 2 from 1, output 2", parse(second()));
    choose(3);
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1", parse(first()));
    EXPECT_EQ("", parse(second())) << "without the upper layer in time either";
}

TEST_F(Av1CodecTest, AnUpperLayerMayStandAlone) {
    const Structure sequence = av1_sequence_header().with("operating_point_idc", 0x201);
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1", parse(TemporalUnit()
                                                                   .sequence(sequence)
                                                                   .frame(av1_key_frame(), {true, true, 0, 0})
                                                                   .frame(av1_key_frame(), {true, true, 0, 1})));
}

TEST_F(Av1CodecTest, WhatIsNotDoneIsRefusedPolitely) {
    StreamInfo stream;
    stream.extradata = {0x81, 0x20, 0, 0};
    EXPECT_EQ(ENOTSUP, codec_->configure(stream).error().code) << "High profile, by the record alone";
    stream.extradata = {0x81, 0, 0};
    EXPECT_EQ(EBADMSG, codec_->configure(stream).error().code);
    stream.extradata.clear();
    append_obu(stream.extradata, ObuType::SequenceHeader,
               with_trailing_bits(av1_sequence_header().with("operating_point_idc", 0x303)));
    EXPECT_EQ(ENOTSUP, codec_->configure(stream).error().code) << "spatial layers";

    codec_ = create_av1_codec();
    parse(TemporalUnit().sequence().frame(av1_key_frame(), {true, true, 0, 1}));
    EXPECT_EQ(ENOTSUP, error_) << "a spatial layer without an operating point";
    codec_ = create_av1_codec();
    parse(TemporalUnit().obu(ObuType::TileList, {0, 0, 0, 0}));
    EXPECT_EQ(ENOTSUP, error_);
}

TEST_F(Av1CodecTest, ExtradataTellsTheSequence) {
    StreamInfo stream;
    ASSERT_TRUE(codec_->configure(stream));
    EXPECT_EQ(nullptr, codec_->sequence());
    stream.extradata = {0x81, 0, 0x0c, 0};
    append_obu(stream.extradata, ObuType::SequenceHeader, with_trailing_bits(av1_sequence_header()));
    ASSERT_TRUE(codec_->configure(stream));
    ASSERT_NE(nullptr, codec_->sequence());
    EXPECT_EQ(64U, codec_->sequence()->coded_width);
    EXPECT_EQ("sequence 64x64, decode 1 from, output 1", parse(TemporalUnit().frame(av1_key_frame())))
        << "the units need not repeat it";
}

TEST_F(Av1CodecTest, HdrMetadataOfTheContainerServesWhereTheStreamHasNone) {
    StreamInfo container;
    container.hdr.has_mastering_display = true;
    container.hdr.max_luminance = 40'000'000;
    ASSERT_TRUE(codec_->configure(container));
    const Bytes light = BitWriter().u(8, 1).u(16, 1200).u(16, 300).bytes();
    parse(TemporalUnit().sequence().obu(ObuType::Metadata, light).frame(av1_key_frame()));
    ASSERT_EQ(Step::Kind::Sequence, steps_.front().kind);
    const HdrMetadata& hdr = steps_.front().sequence->info.hdr;
    EXPECT_TRUE(hdr.has_mastering_display && hdr.has_content_light);
    EXPECT_EQ(40'000'000U, hdr.max_luminance);
    EXPECT_EQ(1200, hdr.max_content_light_level);
}

TEST_F(Av1CodecTest, HdrMetadataGoesWithTheSequence) {
    BitWriter display;
    display.u(8, 2); // METADATA_TYPE_HDR_MDCV
    for (const unsigned point : {0x8000U, 0x4000U, 0x2000U, 0xb333U, 0x1000U, 0x0800U, 0x5014U, 0x5439U})
        display.u(16, point);
    display.u(32, 1000U << 8).u(32, 1U << 14);
    const Bytes light = BitWriter().u(8, 1).u(16, 1200).u(16, 300).bytes();
    const Bytes cut{2, 0, 0};
    parse(TemporalUnit()
              .sequence()
              .obu(ObuType::Metadata, display.bytes())
              .obu(ObuType::Metadata, light)
              .obu(ObuType::Metadata, cut)
              .frame(av1_key_frame()));
    ASSERT_EQ(Step::Kind::Sequence, steps_.front().kind);
    const HdrMetadata& hdr = steps_.front().sequence->info.hdr;
    EXPECT_TRUE(hdr.has_mastering_display && hdr.has_content_light);
    EXPECT_EQ(25000, hdr.primaries[0][0]);
    EXPECT_EQ(12500, hdr.primaries[0][1]);
    EXPECT_EQ(15640, hdr.white_point[0]);
    EXPECT_EQ(10'000'000U, hdr.max_luminance);
    EXPECT_EQ(10'000U, hdr.min_luminance);
    EXPECT_EQ(1200, hdr.max_content_light_level);
    EXPECT_EQ(300, hdr.max_pic_average_light_level);
    EXPECT_EQ("decode 2 from, output 2, forget 1", parse(key_unit())) << "it stays";
}

class Av1SizeTest : public Av1CodecTest {
  public:
    static Structure resized(Structure frame, const char* after, unsigned size_minus_1 = 31) {
        Structure size;
        size.u("frame_width_minus_1", 10, size_minus_1).u("frame_height_minus_1", 10, 31);
        return frame.with("frame_size_override_flag", 1).after(after, size);
    }
    static Structure none_found() {
        Structure found;
        for (unsigned i = 0; i < 7; ++i) found.flag("found_ref", false);
        return found;
    }
};

TEST_F(Av1SizeTest, AKeyFrameOfAnotherSizeNeedsOtherBuffers) {
    parse(key_unit());
    EXPECT_EQ("sequence 32x32, decode 2 from, output 2, forget 1",
              parse(TemporalUnit().frame(resized(av1_key_frame(), "order_hint"))));
    EXPECT_EQ("sequence 64x64, decode 3 from, output 3, forget 2", parse(key_unit()));
}

TEST_F(Av1SizeTest, ReferencesOfAnotherSize) {
    parse(key_unit());
    const Structure inter = resized(av1_inter_frame(1, 1), "ref_frame_idx_6").after("ref_frame_idx_6", none_found());
    EXPECT_EQ("sequence 32x32, decode 2 from 1, output 2", parse(TemporalUnit().frame(inter)));
}

TEST_F(Av1SizeTest, ReferencesMayBeTwiceAsLargeAndNoMore) {
    parse(key_unit());
    const Structure inter =
        resized(av1_inter_frame(1, 1), "ref_frame_idx_6", 30).after("ref_frame_idx_6", none_found());
    EXPECT_EQ("skip malformed: refers to a frame whose size is too far from its own (7.11.3.3), forget 1",
              parse(TemporalUnit().frame(inter)));
}

TEST_F(Av1SizeTest, WhatIsLeftOfTheOldSizeCanBeShownAndReferredTo) {
    parse(key_unit());
    parse(TemporalUnit().frame(av1_inter_frame(4, 2, false)));
    EXPECT_EQ("sequence 32x32, decode 3 from",
              parse(TemporalUnit().frame(resized(av1_hidden_intra(2, 5, 4), "refresh_frame_flags"))));
    EXPECT_EQ("output 2 at 6", parse(TemporalUnit().header(av1_show_existing(1)), 6));
    EXPECT_EQ("sequence 64x64, decode 4 from 1, output 4", parse(TemporalUnit().frame(av1_inter_frame(6, 1))));
}

TEST_F(Av1CodecTest, ANewSequenceHeaderForgetsTheOldSequence) {
    parse(key_unit());
    EXPECT_EQ(
        "forget 1, skip before-random-access: waiting for a key frame",
        parse(TemporalUnit().sequence(av1_sequence_header().with("enable_cdef", 1)).frame(av1_hidden_intra(2, 4, 2))));
    EXPECT_EQ("decode 2 from, output 2", parse(key_unit())) << "and back again, with the same buffers";
}

} // namespace
} // namespace v4l2play::test
