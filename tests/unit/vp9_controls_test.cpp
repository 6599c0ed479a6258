// What drivers are told of a VP9 frame, field by field.
#include "decoder/request/vp9_controls.h"

#include <cerrno>
#include <cstring>
#include <map>

#include <gtest/gtest.h>

#include "decoder/request/vp9_fill.h"

namespace v4l2play::vp9 {
namespace {

class FakeProbe final : public ControlProbe {
  public:
    FakeProbe() {
        add(V4L2_CID_STATELESS_VP9_FRAME, 168);
        add(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, 2040);
    }
    ControlFacts query(std::uint32_t id) override { return facts[id]; }
    void add(std::uint32_t id, std::uint32_t size) {
        facts[id].exists = true;
        facts[id].element_size = size;
    }
    std::map<std::uint32_t, ControlFacts> facts;
};

/// A picture with its headers.
struct TestPicture : Vp9Picture {
    TestPicture() {
        Vp9Picture::header = &frame;
        Vp9Picture::compressed = &deltas;
        frame.frame_width = frame.render_width = 64;
        frame.frame_height = frame.render_height = 48;
    }
    TestPicture(const TestPicture&) = delete;
    TestPicture& operator=(const TestPicture&) = delete;
    FrameHeader frame;
    CompressedHeader deltas;
};

v4l2_ctrl_vp9_frame filled(const TestPicture& picture) {
    v4l2_ctrl_vp9_frame out;
    std::memset(&out, 0xff, sizeof out);
    fill(out, picture);
    return out;
}

TEST(Vp9Controls, NeedsTheFrameControl) {
    FakeProbe probe;
    EXPECT_TRUE(Vp9Controls().probe(probe));
    probe.add(V4L2_CID_STATELESS_VP9_FRAME, 144);
    const auto other = Vp9Controls().probe(probe);
    ASSERT_FALSE(other);
    EXPECT_EQ("the driver's VP9_FRAME has 144 bytes, not 168", other.error().what);
    probe.facts.erase(V4L2_CID_STATELESS_VP9_FRAME);
    EXPECT_EQ(ENOTSUP, Vp9Controls().probe(probe).error().code);
    FakeProbe strange;
    strange.add(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, 2000);
    EXPECT_EQ(ENOTSUP, Vp9Controls().probe(strange).error().code);
}

TEST(Vp9Controls, CompressedHeaderWhereTheDriverHasIt) {
    FakeProbe probe;
    Vp9Controls controls;
    ASSERT_TRUE(controls.probe(probe));
    TestPicture picture;
    picture.deltas.tx_mode = 3;
    const auto both = controls.picture_controls(picture, 0);
    ASSERT_EQ(2, both.size());
    EXPECT_EQ(V4L2_CID_STATELESS_VP9_FRAME, both[0].id);
    EXPECT_EQ(168, both[0].size);
    EXPECT_EQ(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, both[1].id);
    EXPECT_EQ(2040, both[1].size);
    EXPECT_EQ(3, static_cast<const v4l2_ctrl_vp9_compressed_hdr*>(both[1].ptr)->tx_mode);
    probe.facts.erase(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR);
    ASSERT_TRUE(controls.probe(probe));
    EXPECT_EQ(1, controls.picture_controls(picture, 0).size());
    EXPECT_STREQ("frame-based", controls.mode());
}

TEST(Vp9Controls, AcceptsWhatTheProfilesAllow) {
    FakeProbe probe;
    Vp9Controls controls;
    SequenceInfo deep;
    deep.bit_depth_luma = deep.bit_depth_chroma = 10;
    ASSERT_TRUE(controls.probe(probe));
    EXPECT_TRUE(controls.accepts(deep)) << "a driver without a profile menu decides by the frame";
    probe.facts[V4L2_CID_MPEG_VIDEO_VP9_PROFILE].menu = 1U << V4L2_MPEG_VIDEO_VP9_PROFILE_0;
    ASSERT_TRUE(controls.probe(probe));
    EXPECT_TRUE(controls.accepts({}));
    EXPECT_EQ(ENOTSUP, controls.accepts(deep).error().code);
    probe.facts[V4L2_CID_MPEG_VIDEO_VP9_PROFILE].menu |= 1U << V4L2_MPEG_VIDEO_VP9_PROFILE_2;
    ASSERT_TRUE(controls.probe(probe));
    EXPECT_TRUE(controls.accepts(deep));
}

TEST(Vp9Controls, SequenceSaysWhatBuffersDependOn) {
    SequenceInfo sequence;
    sequence.bit_depth_luma = sequence.bit_depth_chroma = 10;
    sequence.coded_width = 168;
    sequence.coded_height = 128;
    sequence.info.visible = {0, 0, 161, 121};
    Vp9Controls controls;
    const auto list = controls.sequence_controls(sequence);
    ASSERT_EQ(1, list.size());
    const auto& frame = *static_cast<const v4l2_ctrl_vp9_frame*>(list[0].ptr);
    EXPECT_EQ(160, frame.frame_width_minus_1);
    EXPECT_EQ(120, frame.frame_height_minus_1);
    EXPECT_EQ(2, frame.profile);
    EXPECT_EQ(10, frame.bit_depth);
    EXPECT_EQ(V4L2_VP9_FRAME_FLAG_KEY_FRAME | V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING | V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING,
              frame.flags);
}

TEST(Vp9Controls, BitstreamIsTheFrame) {
    const std::array<std::uint8_t, 5> bytes{1, 2, 3, 4, 5};
    TestPicture picture;
    picture.data = bytes;
    Vp9Controls controls;
    EXPECT_EQ(1, controls.requests(picture));
    ASSERT_EQ(5, controls.bitstream_size(picture, 0));
    std::array<std::uint8_t, 8> buffer{};
    EXPECT_EQ(5, controls.write_bitstream(picture, 0, buffer));
    EXPECT_EQ((std::array<std::uint8_t, 8>{1, 2, 3, 4, 5, 0, 0, 0}), buffer);
    EXPECT_EQ(V4L2_PIX_FMT_VP9_FRAME, controls.coded_fourcc());
    EXPECT_FALSE(controls.needs_hold());
}

TEST(Vp9Fill, Frame) {
    TestPicture picture;
    FrameHeader& header = picture.frame;
    header.profile = 2;
    header.color.bit_depth = 10;
    header.frame_width = 65536;
    header.frame_height = 2;
    header.render_width = 3;
    header.render_height = 4;
    header.header_size_in_bytes = 55;
    header.uncompressed_size = 18;
    header.frame_context_idx = 3;
    header.tile_cols_log2 = 6;
    header.tile_rows_log2 = 2;
    header.quantization = {200, -1, -2, -3};
    header.ref_frame_sign_bias = {true, false, true};
    header.interpolation_filter = InterpolationFilter::Switchable;
    picture.deltas.reference_mode = ReferenceMode::Select;
    picture.reference_frames = {11, 12, 13};
    const v4l2_ctrl_vp9_frame out = filled(picture);
    EXPECT_EQ(2, out.profile);
    EXPECT_EQ(10, out.bit_depth);
    EXPECT_EQ(65535, out.frame_width_minus_1);
    EXPECT_EQ(1, out.frame_height_minus_1);
    EXPECT_EQ(2, out.render_width_minus_1);
    EXPECT_EQ(3, out.render_height_minus_1);
    EXPECT_EQ(55, out.compressed_header_size);
    EXPECT_EQ(18, out.uncompressed_header_size);
    EXPECT_EQ(3, out.frame_context_idx);
    EXPECT_EQ(6, out.tile_cols_log2);
    EXPECT_EQ(2, out.tile_rows_log2);
    EXPECT_EQ(200, out.quant.base_q_idx);
    EXPECT_EQ(-1, out.quant.delta_q_y_dc);
    EXPECT_EQ(-2, out.quant.delta_q_uv_dc);
    EXPECT_EQ(-3, out.quant.delta_q_uv_ac);
    EXPECT_EQ(V4L2_VP9_SIGN_BIAS_LAST | V4L2_VP9_SIGN_BIAS_ALT, out.ref_frame_sign_bias);
    EXPECT_EQ(V4L2_VP9_INTERP_FILTER_SWITCHABLE, out.interpolation_filter);
    EXPECT_EQ(V4L2_VP9_REFERENCE_MODE_SELECT, out.reference_mode);
    EXPECT_EQ(11000, out.last_frame_ts);
    EXPECT_EQ(12000, out.golden_frame_ts);
    EXPECT_EQ(13000, out.alt_frame_ts);
    for (const std::uint8_t reserved : out.reserved) EXPECT_EQ(0, reserved);
}

TEST(Vp9Fill, FlagsOneByOne) {
    struct Case {
        bool FrameHeader::*field;
        unsigned flag;
    };
    for (const Case& c : {Case{&FrameHeader::key_frame, V4L2_VP9_FRAME_FLAG_KEY_FRAME},
                          Case{&FrameHeader::show_frame, V4L2_VP9_FRAME_FLAG_SHOW_FRAME},
                          Case{&FrameHeader::error_resilient_mode, V4L2_VP9_FRAME_FLAG_ERROR_RESILIENT},
                          Case{&FrameHeader::intra_only, V4L2_VP9_FRAME_FLAG_INTRA_ONLY},
                          Case{&FrameHeader::allow_high_precision_mv, V4L2_VP9_FRAME_FLAG_ALLOW_HIGH_PREC_MV},
                          Case{&FrameHeader::refresh_frame_context, V4L2_VP9_FRAME_FLAG_REFRESH_FRAME_CTX},
                          Case{&FrameHeader::frame_parallel_decoding_mode, V4L2_VP9_FRAME_FLAG_PARALLEL_DEC_MODE}}) {
        TestPicture picture;
        picture.frame.*c.field = true;
        EXPECT_EQ(c.flag | V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING | V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING,
                  filled(picture).flags);
    }
    TestPicture picture;
    picture.frame.color = {8, ColorSpace::Unknown, true, false, false};
    EXPECT_EQ(V4L2_VP9_FRAME_FLAG_COLOR_RANGE_FULL_SWING, filled(picture).flags);
}

TEST(Vp9Fill, IntraFramesHaveNoReferences) {
    TestPicture picture;
    picture.frame.intra_only = true;
    picture.frame.ref_frame_sign_bias = {true, true, true};
    picture.frame.interpolation_filter = InterpolationFilter::Bilinear;
    picture.reference_frames = {1, 2, 3};
    const v4l2_ctrl_vp9_frame out = filled(picture);
    EXPECT_EQ(0, out.last_frame_ts + out.golden_frame_ts + out.alt_frame_ts);
    EXPECT_EQ(0, out.ref_frame_sign_bias);
    EXPECT_EQ(0, out.interpolation_filter);
}

TEST(Vp9Fill, InterpolationFilterAndResetAreNumberedAnew) {
    const std::array<std::pair<InterpolationFilter, unsigned>, 5> filters{{
        {InterpolationFilter::EightTapSmooth, V4L2_VP9_INTERP_FILTER_EIGHTTAP_SMOOTH},
        {InterpolationFilter::EightTap, V4L2_VP9_INTERP_FILTER_EIGHTTAP},
        {InterpolationFilter::EightTapSharp, V4L2_VP9_INTERP_FILTER_EIGHTTAP_SHARP},
        {InterpolationFilter::Bilinear, V4L2_VP9_INTERP_FILTER_BILINEAR},
        {InterpolationFilter::Switchable, V4L2_VP9_INTERP_FILTER_SWITCHABLE},
    }};
    TestPicture picture;
    for (const auto& [filter, expected] : filters) {
        picture.frame.interpolation_filter = filter;
        EXPECT_EQ(expected, filled(picture).interpolation_filter);
    }
    const std::array<unsigned, 4> resets{V4L2_VP9_RESET_FRAME_CTX_NONE, V4L2_VP9_RESET_FRAME_CTX_NONE,
                                         V4L2_VP9_RESET_FRAME_CTX_SPEC, V4L2_VP9_RESET_FRAME_CTX_ALL};
    for (std::uint8_t coded = 0; coded < 4; ++coded) {
        picture.frame.reset_frame_context = coded;
        EXPECT_EQ(resets[coded], filled(picture).reset_frame_context);
    }
}

TEST(Vp9Fill, LoopFilter) {
    TestPicture picture;
    picture.frame.loop_filter = {63, 7, true, true, {-63, 1, 2, 63}, {-5, 5}};
    const v4l2_vp9_loop_filter out = filled(picture).lf;
    EXPECT_EQ(63, out.level);
    EXPECT_EQ(7, out.sharpness);
    EXPECT_EQ(-63, out.ref_deltas[0]);
    EXPECT_EQ(63, out.ref_deltas[3]);
    EXPECT_EQ(-5, out.mode_deltas[0]);
    EXPECT_EQ(5, out.mode_deltas[1]);
    EXPECT_EQ(V4L2_VP9_LOOP_FILTER_FLAG_DELTA_ENABLED | V4L2_VP9_LOOP_FILTER_FLAG_DELTA_UPDATE, out.flags);
    picture.frame.loop_filter.delta_update = false;
    EXPECT_EQ(V4L2_VP9_LOOP_FILTER_FLAG_DELTA_ENABLED, filled(picture).lf.flags);
}

TEST(Vp9Fill, Segmentation) {
    TestPicture picture;
    Segmentation& segmentation = picture.frame.segmentation;
    segmentation.enabled = true;
    segmentation.tree_probs = {1, 2, 3, 4, 5, 6, 7};
    segmentation.pred_probs = {8, 9, 10};
    segmentation.feature_enabled[7] = {true, false, true, true};
    segmentation.feature_data[7] = {-255, 0, 3, 0};
    v4l2_vp9_segmentation out = filled(picture).seg;
    EXPECT_EQ(V4L2_VP9_SEGMENTATION_FLAG_ENABLED, out.flags);
    EXPECT_EQ(0b1101, out.feature_enabled[7]);
    EXPECT_EQ(0, out.feature_enabled[0]);
    EXPECT_EQ(-255, out.feature_data[7][V4L2_VP9_SEG_LVL_ALT_Q]);
    EXPECT_EQ(3, out.feature_data[7][V4L2_VP9_SEG_LVL_REF_FRAME]);
    EXPECT_EQ(7, out.tree_probs[6]);
    EXPECT_EQ(10, out.pred_probs[2]);
    segmentation.update_map = segmentation.temporal_update = true;
    EXPECT_EQ(7, filled(picture).seg.flags);
    segmentation.update_data = true;
    EXPECT_EQ(15, filled(picture).seg.flags);
    segmentation.abs_or_delta_update = true;
    EXPECT_EQ(31, filled(picture).seg.flags);
    segmentation.enabled = false;
    out = filled(picture).seg;
    EXPECT_EQ(0, out.flags);
    EXPECT_EQ(0, out.feature_enabled[7]) << "features that stay do not count while segmentation is off";
}

/// Every array, by its first and last element.
TEST(Vp9Fill, CompressedHeader) {
    CompressedHeader header;
    header.tx_mode = 4;
    header.tx8[1][0] = 1;
    header.tx16[1][1] = 2;
    header.tx32[1][2] = 3;
    header.coef[3][1][0][5][4][2] = 4;
    header.skip[2] = 5;
    header.inter_mode[6][2] = 6;
    header.interp_filter[3][1] = 7;
    header.is_inter[3] = 8;
    header.comp_mode[4] = 9;
    header.single_ref[4][1] = 10;
    header.comp_ref[4] = 11;
    header.y_mode[3][8] = 12;
    header.partition[15][2] = 13;
    header.mv.joint[2] = 14;
    header.mv.sign[1] = 15;
    header.mv.classes[1][9] = 16;
    header.mv.class0_bit[1] = 17;
    header.mv.bits[1][9] = 18;
    header.mv.class0_fr[1][0][2] = 19;
    header.mv.fr[1][2] = 20;
    header.mv.class0_hp[1] = 21;
    header.mv.hp[1] = 22;
    v4l2_ctrl_vp9_compressed_hdr out;
    std::memset(&out, 0xff, sizeof out);
    fill(out, header);
    EXPECT_EQ(4, out.tx_mode);
    EXPECT_EQ(1, out.tx8[1][0]);
    EXPECT_EQ(2, out.tx16[1][1]);
    EXPECT_EQ(3, out.tx32[1][2]);
    EXPECT_EQ(4, out.coef[3][1][0][5][4][2]);
    EXPECT_EQ(5, out.skip[2]);
    EXPECT_EQ(6, out.inter_mode[6][2]);
    EXPECT_EQ(7, out.interp_filter[3][1]);
    EXPECT_EQ(8, out.is_inter[3]);
    EXPECT_EQ(9, out.comp_mode[4]);
    EXPECT_EQ(10, out.single_ref[4][1]);
    EXPECT_EQ(11, out.comp_ref[4]);
    EXPECT_EQ(12, out.y_mode[3][8]);
    EXPECT_EQ(0, out.uv_mode[9][8]) << "no header updates it";
    EXPECT_EQ(13, out.partition[15][2]);
    EXPECT_EQ(14, out.mv.joint[2]);
    EXPECT_EQ(15, out.mv.sign[1]);
    EXPECT_EQ(16, out.mv.classes[1][9]);
    EXPECT_EQ(17, out.mv.class0_bit[1]);
    EXPECT_EQ(18, out.mv.bits[1][9]);
    EXPECT_EQ(19, out.mv.class0_fr[1][0][2]);
    EXPECT_EQ(20, out.mv.fr[1][2]);
    EXPECT_EQ(21, out.mv.class0_hp[1]);
    EXPECT_EQ(22, out.mv.hp[1]);
    unsigned sum = 0;
    for (const std::uint8_t byte : std::span(reinterpret_cast<const std::uint8_t*>(&out), sizeof out)) sum += byte;
    EXPECT_EQ(4 + 22 * 23 / 2, sum) << "the rest is 0";
}

} // namespace
} // namespace v4l2play::vp9
