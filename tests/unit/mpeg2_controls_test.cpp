// What drivers are told of an MPEG-2 picture, field by field.
#include "decoder/request/mpeg2_controls.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "decoder/request/mpeg2_fill.h"

namespace v4l2play {
namespace {

using namespace mpeg2;

class Probe final : public ControlProbe {
  public:
    ControlFacts query(std::uint32_t id) override {
        ControlFacts facts;
        facts.exists = id != missing;
        facts.element_size = id == V4L2_CID_STATELESS_MPEG2_SEQUENCE  ? 12
                             : id == V4L2_CID_STATELESS_MPEG2_PICTURE ? 32
                                                                      : 256;
        return facts;
    }
    std::uint32_t missing = 0;
};

TEST(Mpeg2Controls, NeedsAllThree) {
    Mpeg2Controls controls;
    Probe probe;
    EXPECT_TRUE(controls.probe(probe));
    for (const std::uint32_t id :
         {V4L2_CID_STATELESS_MPEG2_SEQUENCE, V4L2_CID_STATELESS_MPEG2_PICTURE, V4L2_CID_STATELESS_MPEG2_QUANTISATION}) {
        probe.missing = id;
        const auto probed = controls.probe(probe);
        ASSERT_FALSE(probed);
        EXPECT_EQ(ENOTSUP, probed.error().code);
    }
}

TEST(Mpeg2Fill, Sequence) {
    mpeg2::Sequence sequence;
    sequence.horizontal_size = 720;
    sequence.vertical_size = 576;
    sequence.vbv_buffer_size = 112;
    sequence.profile_and_level_indication = 0x48;
    sequence.chroma_format = 2;
    v4l2_ctrl_mpeg2_sequence out;
    fill(out, sequence);
    EXPECT_EQ(720, out.horizontal_size);
    EXPECT_EQ(576, out.vertical_size);
    EXPECT_EQ(112U, out.vbv_buffer_size);
    EXPECT_EQ(0x48, out.profile_and_level_indication);
    EXPECT_EQ(2, out.chroma_format);
    EXPECT_EQ(0, out.flags);
    sequence.progressive_sequence = true;
    fill(out, sequence);
    EXPECT_EQ(V4L2_MPEG2_SEQ_FLAG_PROGRESSIVE, out.flags);
    SequenceInfo info;
    info.info.visible = {0, 0, 100, 50};
    fill(out, info);
    EXPECT_EQ(100, out.horizontal_size);
    EXPECT_EQ(50, out.vertical_size);
    EXPECT_EQ(1, out.chroma_format);
}

TEST(Mpeg2Fill, Picture) {
    PictureHeader header;
    header.picture_coding_type = PictureType::B;
    header.picture_structure = Structure::BottomField;
    header.f_code = {{{1, 2}, {3, 4}}};
    header.intra_dc_precision = 3;
    Mpeg2Picture picture;
    picture.header = &header;
    picture.forward = 5'000'000'007;
    picture.backward = 8;
    v4l2_ctrl_mpeg2_picture out;
    fill(out, picture);
    EXPECT_EQ(5'000'000'007'000U, out.forward_ref_ts);
    EXPECT_EQ(8'000U, out.backward_ref_ts);
    EXPECT_EQ(V4L2_MPEG2_PIC_CODING_TYPE_B, out.picture_coding_type);
    EXPECT_EQ(V4L2_MPEG2_PIC_BOTTOM_FIELD, out.picture_structure);
    EXPECT_EQ(1, out.f_code[0][0]);
    EXPECT_EQ(2, out.f_code[0][1]);
    EXPECT_EQ(3, out.f_code[1][0]);
    EXPECT_EQ(4, out.f_code[1][1]);
    EXPECT_EQ(3, out.intra_dc_precision);
    EXPECT_EQ(0U, out.flags);
}

TEST(Mpeg2Fill, PictureFlags) {
    const std::vector<std::pair<bool PictureHeader::*, std::uint32_t>> flags{
        {&PictureHeader::top_field_first, V4L2_MPEG2_PIC_FLAG_TOP_FIELD_FIRST},
        {&PictureHeader::frame_pred_frame_dct, V4L2_MPEG2_PIC_FLAG_FRAME_PRED_DCT},
        {&PictureHeader::concealment_motion_vectors, V4L2_MPEG2_PIC_FLAG_CONCEALMENT_MV},
        {&PictureHeader::q_scale_type, V4L2_MPEG2_PIC_FLAG_Q_SCALE_TYPE},
        {&PictureHeader::intra_vlc_format, V4L2_MPEG2_PIC_FLAG_INTRA_VLC},
        {&PictureHeader::alternate_scan, V4L2_MPEG2_PIC_FLAG_ALT_SCAN},
        {&PictureHeader::repeat_first_field, V4L2_MPEG2_PIC_FLAG_REPEAT_FIRST},
        {&PictureHeader::progressive_frame, V4L2_MPEG2_PIC_FLAG_PROGRESSIVE},
    };
    for (const auto& [member, flag] : flags) {
        PictureHeader header;
        header.*member = true;
        Mpeg2Picture picture;
        picture.header = &header;
        v4l2_ctrl_mpeg2_picture out;
        fill(out, picture);
        EXPECT_EQ(flag, out.flags);
    }
}

TEST(Mpeg2Fill, MatricesStayAsTheyCame) {
    QuantMatrices matrices;
    for (std::size_t i = 0; i < 64; ++i) {
        matrices.intra[i] = static_cast<std::uint8_t>(i);
        matrices.non_intra[i] = static_cast<std::uint8_t>(64 + i);
        matrices.chroma_intra[i] = static_cast<std::uint8_t>(128 + i);
        matrices.chroma_non_intra[i] = static_cast<std::uint8_t>(192 + i);
    }
    v4l2_ctrl_mpeg2_quantisation out;
    fill(out, matrices);
    for (std::size_t i = 0; i < 64; ++i) {
        EXPECT_EQ(i, out.intra_quantiser_matrix[i]);
        EXPECT_EQ(64 + i, out.non_intra_quantiser_matrix[i]);
        EXPECT_EQ(128 + i, out.chroma_intra_quantiser_matrix[i]);
        EXPECT_EQ(192 + i, out.chroma_non_intra_quantiser_matrix[i]);
    }
}

TEST(Mpeg2Controls, ARequestHasTheWholePicture) {
    const std::vector<std::uint8_t> one{0, 0, 1, 1, 0x42};
    const std::vector<std::uint8_t> two{0, 0, 1, 2, 0x43, 0x44};
    const std::array<std::span<const std::uint8_t>, 2> slices{one, two};
    mpeg2::Sequence sequence;
    PictureHeader header;
    const QuantMatrices matrices = default_matrices();
    Mpeg2Picture picture;
    picture.sequence = &sequence;
    picture.header = &header;
    picture.matrices = &matrices;
    picture.slices = slices;
    Mpeg2Controls controls;
    EXPECT_EQ(1U, controls.requests(picture));
    ASSERT_EQ(11U, controls.bitstream_size(picture, 0));
    std::vector<std::uint8_t> buffer(11);
    EXPECT_EQ(11U, controls.write_bitstream(picture, 0, buffer));
    EXPECT_EQ((std::vector<std::uint8_t>{0, 0, 1, 1, 0x42, 0, 0, 1, 2, 0x43, 0x44}), buffer);
    const auto list = controls.picture_controls(picture, 0);
    ASSERT_EQ(3U, list.size());
    EXPECT_EQ(static_cast<std::uint32_t>(V4L2_CID_STATELESS_MPEG2_SEQUENCE), list[0].id);
    EXPECT_EQ(static_cast<std::uint32_t>(V4L2_CID_STATELESS_MPEG2_PICTURE), list[1].id);
    EXPECT_EQ(static_cast<std::uint32_t>(V4L2_CID_STATELESS_MPEG2_QUANTISATION), list[2].id);
    EXPECT_EQ(sizeof(v4l2_ctrl_mpeg2_quantisation), list[2].size);
    EXPECT_EQ(1U, controls.sequence_controls({}).size());
}

} // namespace
} // namespace v4l2play
