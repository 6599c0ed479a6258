// What drivers are told of a VP8 frame, field by field.
#include "decoder/request/vp8_controls.h"

#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

#include "decoder/codec/vp8.h"
#include "tests/unit/vp8_stream.h"

namespace v4l2play::test {
namespace {

class SizeProbe final : public ControlProbe {
  public:
    explicit SizeProbe(std::uint32_t size)
        : size_(size) {}
    ControlFacts query(std::uint32_t id) override {
        ControlFacts facts;
        facts.exists = id == V4L2_CID_STATELESS_VP8_FRAME && size_ != 0;
        facts.element_size = size_;
        return facts;
    }

  private:
    std::uint32_t size_;
};

TEST(Vp8Controls, NeedsTheOneControl) {
    Vp8Controls controls;
    SizeProbe good(1232);
    EXPECT_TRUE(controls.probe(good));
    for (const std::uint32_t size : {0U, 1228U}) {
        SizeProbe bad(size);
        const auto probed = controls.probe(bad);
        ASSERT_FALSE(probed);
        EXPECT_EQ(ENOTSUP, probed.error().code);
        EXPECT_NE(std::string::npos, probed.error().what.find("VP8_FRAME"));
    }
}

/// The control of the last of some frames.
class Filled {
  public:
    void send(Vp8Frame frame) {
        bytes_ = frame.write();
        AccessUnit unit;
        unit.payload = Payload(bytes_, nullptr, nullptr);
        steps_.clear();
        ASSERT_TRUE(codec_->parse(unit, steps_));
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode) {
                picture_ = step.picture;
                const auto list = controls_.picture_controls(*step.picture, 0);
                ASSERT_EQ(1, list.size());
                EXPECT_EQ(static_cast<std::uint32_t>(V4L2_CID_STATELESS_VP8_FRAME), list[0].id);
                ASSERT_EQ(sizeof frame_, list[0].size);
                std::memcpy(&frame_, list[0].ptr, sizeof frame_);
            }
    }

    std::unique_ptr<Codec> codec_ = create_vp8_codec();
    Vp8Controls controls_;
    Steps steps_;
    Bytes bytes_;
    const Picture* picture_ = nullptr;
    v4l2_ctrl_vp8_frame frame_{};
};

TEST(Vp8Controls, KeyFrame) {
    Filled filled;
    Vp8Frame frame(true);
    frame.header.tag.version = 2;
    frame.header.tag.width = 33;
    frame.header.tag.height = 7;
    frame.header.tag.horizontal_scale = 1;
    frame.header.tag.vertical_scale = 2;
    frame.header.partitions = 2;
    frame.partition_size = {5, 6};
    frame.header.mb_no_coeff_skip = true;
    frame.header.prob_skip_false = 9;
    filled.send(frame);
    const v4l2_ctrl_vp8_frame& control = filled.frame_;
    EXPECT_EQ(33, control.width);
    EXPECT_EQ(7, control.height);
    EXPECT_EQ(1, control.horizontal_scale);
    EXPECT_EQ(2, control.vertical_scale);
    EXPECT_EQ(2, control.version);
    EXPECT_EQ(9, control.prob_skip_false);
    EXPECT_EQ(2, control.num_dct_parts);
    EXPECT_EQ(5, control.dct_part_sizes[0]);
    EXPECT_EQ(6, control.dct_part_sizes[1]);
    EXPECT_EQ(filled.bytes_.size(), 10 + control.first_part_size + 3 + 11);
    EXPECT_EQ(static_cast<std::uint64_t>(V4L2_VP8_FRAME_FLAG_KEY_FRAME | V4L2_VP8_FRAME_FLAG_SHOW_FRAME |
                                         V4L2_VP8_FRAME_FLAG_MB_NO_SKIP_COEFF),
              control.flags);
    EXPECT_EQ(static_cast<std::uint32_t>(V4L2_VP8_SEGMENT_FLAG_DELTA_VALUE_MODE), control.segment.flags);
    EXPECT_EQ(253, control.entropy.coeff_probs[0][1][0][0]);
    EXPECT_EQ(162, control.entropy.mv_probs[0][0]);
    EXPECT_EQ(145, control.entropy.y_mode_probs[0]);
    EXPECT_EQ(142, control.entropy.uv_mode_probs[0]);
    EXPECT_EQ(0, control.last_frame_ts);
}

TEST(Vp8Controls, InterFrame) {
    Filled filled;
    filled.send(Vp8Frame(true));
    Vp8Frame golden(false);
    golden.header.refresh_golden = true;
    golden.header.refresh_last = false;
    filled.send(golden);
    Vp8Frame alternate(false);
    alternate.header.refresh_alternate = true;
    alternate.header.refresh_last = false;
    filled.send(alternate);
    Vp8Frame frame(false);
    frame.header.tag.show_frame = false;
    frame.header.sign_bias_golden = frame.header.sign_bias_alternate = true;
    frame.header.prob_intra = 11;
    frame.header.prob_last = 12;
    frame.header.prob_golden = 13;
    frame.header.quant = {100, -1, 2, -3, 4, -5};
    frame.header.segmentation = {true, true, true, true, {1, -2, 3, -4}, {-5, 6, -7, 8}, {40, 41, 42}};
    frame.header.loop_filter = {true, 50, 6, true, true, {1, 2, 3, 4}, {-1, -2, -3, -4}};
    filled.send(frame);
    const v4l2_ctrl_vp8_frame& control = filled.frame_;
    EXPECT_EQ(1000, control.last_frame_ts);
    EXPECT_EQ(2000, control.golden_frame_ts);
    EXPECT_EQ(3000, control.alt_frame_ts);
    EXPECT_EQ(64, control.width); // of the key frame
    EXPECT_EQ(static_cast<std::uint64_t>(V4L2_VP8_FRAME_FLAG_SIGN_BIAS_GOLDEN | V4L2_VP8_FRAME_FLAG_SIGN_BIAS_ALT),
              control.flags);
    EXPECT_EQ(11, control.prob_intra);
    EXPECT_EQ(12, control.prob_last);
    EXPECT_EQ(13, control.prob_gf);
    EXPECT_EQ(100, control.quant.y_ac_qi);
    EXPECT_EQ(-1, control.quant.y_dc_delta);
    EXPECT_EQ(2, control.quant.y2_dc_delta);
    EXPECT_EQ(-3, control.quant.y2_ac_delta);
    EXPECT_EQ(4, control.quant.uv_dc_delta);
    EXPECT_EQ(-5, control.quant.uv_ac_delta);
    EXPECT_EQ(7U, control.segment.flags); // enabled, map, data; absolute
    EXPECT_EQ(-4, control.segment.quant_update[3]);
    EXPECT_EQ(8, control.segment.lf_update[3]);
    EXPECT_EQ(42, control.segment.segment_probs[2]);
    EXPECT_EQ(7U, control.lf.flags);
    EXPECT_EQ(50, control.lf.level);
    EXPECT_EQ(6, control.lf.sharpness_level);
    EXPECT_EQ(4, control.lf.ref_frm_delta[3]);
    EXPECT_EQ(-4, control.lf.mb_mode_delta[3]);
    EXPECT_EQ(112, control.entropy.y_mode_probs[0]);
}

TEST(Vp8Controls, TheWholeFrameIsTheBitstream) {
    Filled filled;
    filled.send(Vp8Frame(true));
    ASSERT_NE(nullptr, filled.picture_);
    EXPECT_EQ(1, filled.controls_.requests(*filled.picture_));
    ASSERT_EQ(filled.bytes_.size(), filled.controls_.bitstream_size(*filled.picture_, 0));
    Bytes copy(filled.bytes_.size());
    EXPECT_EQ(copy.size(), filled.controls_.write_bitstream(*filled.picture_, 0, copy));
    EXPECT_EQ(filled.bytes_, copy);
}

TEST(Vp8Controls, SequenceIsAKeyFrame) {
    Vp8Controls controls;
    SequenceInfo sequence;
    sequence.info.visible = {0, 0, 175, 143};
    const auto list = controls.sequence_controls(sequence);
    ASSERT_EQ(1, list.size());
    const auto* frame = static_cast<const v4l2_ctrl_vp8_frame*>(list[0].ptr);
    EXPECT_EQ(175, frame->width);
    EXPECT_EQ(143, frame->height);
    EXPECT_NE(0, frame->flags & V4L2_VP8_FRAME_FLAG_KEY_FRAME);
    EXPECT_EQ(1, frame->num_dct_parts);
}

} // namespace
} // namespace v4l2play::test
