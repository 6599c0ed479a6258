// A stream maker and the H.264 codec that it feeds, for tests of the codec.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "decoder/codec/h264.h"
#include "decoder/codec/h264_picture.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/h264_stream.h"

namespace v4l2play::test {

using namespace h264;

/// Baseline, 32x32, pic_order_cnt_type 2, MaxFrameNum 16, two references.
inline Sps simple_sps() {
    Sps sps;
    sps.profile_idc = 66;
    sps.constraint_set_flags = 3;
    sps.level_idc = 30;
    sps.pic_order_cnt_type = 2;
    sps.max_num_ref_frames = 2;
    sps.pic_width_in_mbs_minus1 = 1;
    sps.pic_height_in_map_units_minus1 = 1;
    sps.sample_aspect = {1, 1};
    return sps;
}

/// Main, with picture order counts and one frame of reordering.
inline Sps reordering_sps() {
    Sps sps = simple_sps();
    sps.profile_idc = 77;
    sps.pic_order_cnt_type = 0;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 4;
    sps.bitstream_restriction_flag = true;
    sps.max_num_reorder_frames = 1;
    sps.max_dec_frame_buffering = 2;
    return sps;
}

/// Makes access units, runs the codec over them and writes its steps down: S sequence, D decode (with references; D' a
/// second field), O output, F forget, - skipped.
class H264CodecTest : public ::testing::Test {
  public:
    void use(const Sps& sps, const Pps& pps = {}) {
        sps_ = sps;
        pps_ = pps;
    }
    H264CodecTest& parameter_sets() {
        append_nal(stream_, write_sps(sps_));
        append_nal(stream_, write_pps(pps_));
        return *this;
    }
    H264CodecTest& recovery_point(unsigned recovery_frame_cnt = 0) {
        append_nal(stream_, write_recovery_point(recovery_frame_cnt));
        return *this;
    }
    H264CodecTest& slice(const SliceHeader& header) {
        append_nal(stream_, write_slice(sps_, pps_, header));
        return *this;
    }

    static SliceHeader idr(unsigned idr_pic_id = 0) {
        SliceHeader header;
        header.nal_ref_idc = 1;
        header.idr_pic_flag = true;
        header.idr_pic_id = static_cast<std::uint16_t>(idr_pic_id);
        return header;
    }
    /// A P picture with one reference; `lsb` for streams that have it.
    static SliceHeader p(unsigned frame_num, unsigned lsb = 0) {
        SliceHeader header;
        header.nal_ref_idc = 1;
        header.slice_type = SliceType::P;
        header.frame_num = static_cast<std::uint16_t>(frame_num);
        header.pic_order_cnt_lsb = static_cast<std::uint16_t>(lsb);
        return header;
    }
    static SliceHeader i(unsigned frame_num, unsigned lsb = 0) {
        SliceHeader header = p(frame_num, lsb);
        header.slice_type = SliceType::I;
        return header;
    }
    static SliceHeader b(unsigned frame_num, unsigned lsb) {
        SliceHeader header = p(frame_num, lsb);
        header.nal_ref_idc = 0;
        header.slice_type = SliceType::B;
        return header;
    }
    static SliceHeader not_reference(SliceHeader header) {
        header.nal_ref_idc = 0;
        return header;
    }
    static SliceHeader with_mmco(SliceHeader header, std::initializer_list<Mmco> operations) {
        header.dec_ref_pic_marking.adaptive_ref_pic_marking_mode_flag = true;
        for (const Mmco& mmco : operations)
            header.dec_ref_pic_marking.operations[header.dec_ref_pic_marking.count++] = mmco;
        return header;
    }

    Result<> try_parse(bool key = false) {
        unit_.payload = Payload(stream_, nullptr, nullptr);
        unit_.key = key;
        steps_.clear();
        auto result = codec_->parse(unit_, steps_);
        contract_.follow(steps_);
        EXPECT_EQ(contract_.fault(), "");
        stream_.clear();
        return result;
    }
    /// The steps of the access unit that has been put together.
    std::string parse(bool key = false) {
        EXPECT_TRUE(try_parse(key));
        return describe();
    }
    std::string drain() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        EXPECT_EQ(contract_.fault(), "");
        return describe();
    }
    std::string flush() {
        steps_.clear();
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        EXPECT_EQ(contract_.fault(), "");
        return describe();
    }
    std::string describe() const {
        std::string text;
        for (const Step& step : steps_) text += (text.empty() ? "" : " ") + describe(step);
        return text;
    }
    static std::string describe(const Step& step) {
        std::string text;
        switch (step.kind) {
        case Step::Kind::Sequence:
            return fmt::format("S{}x{}", step.sequence->coded_width, step.sequence->coded_height);
        case Step::Kind::Decode:
            for (const FrameId id : step.picture->references) text += fmt::format("{}{}", text.empty() ? "" : ",", id);
            return fmt::format("D{}{}({})", step.picture->id, step.picture->second_field ? "'" : "", text);
        case Step::Kind::Output:
            return fmt::format("O{}", step.id);
        case Step::Kind::Forget:
            return fmt::format("F{}", step.id);
        case Step::Kind::Skip:
            return fmt::format("-{}", to_string(step.reason));
        }
        return text;
    }
    const H264Picture& picture(unsigned number = 0) const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode && number-- == 0) return static_cast<const H264Picture&>(*step.picture);
        throw std::logic_error("no such picture");
    }
    const SequenceInfo& sequence() const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Sequence) return *step.sequence;
        throw std::logic_error("no sequence");
    }

    Sps sps_ = simple_sps();
    Pps pps_;
    std::unique_ptr<Codec> codec_ = create_h264_codec();
    CodecContract contract_;
    Bytes stream_;
    AccessUnit unit_;
    Steps steps_;
};

} // namespace v4l2play::test
