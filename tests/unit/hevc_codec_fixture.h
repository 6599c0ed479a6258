// A stream maker and the H.265 codec that it feeds, for tests of the codec.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "decoder/codec/hevc.h"
#include "decoder/codec/hevc_picture.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/hevc_stream.h"

namespace v4l2play::test {

using namespace hevc;

/// Main, 64x64 in blocks of 16, MaxPicOrderCntLsb 256, one picture of reordering, two beside the current one.
inline Sps simple_sps() {
    Sps sps;
    sps.general_profile_idc = 1;
    sps.general_level_idc = 60;
    sps.general_progressive_source_flag = true;
    sps.pic_width_in_luma_samples = sps.pic_height_in_luma_samples = 64;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 4;
    sps.sps_max_dec_pic_buffering_minus1 = 2;
    sps.sps_max_num_reorder_pics = 1;
    sps.log2_diff_max_min_luma_coding_block_size = 1;
    sps.log2_diff_max_min_luma_transform_block_size = 2;
    sps.long_term_ref_pics_present_flag = true;
    sps.sample_aspect = {1, 1};
    return sps;
}

/// Makes access units, runs the codec over them and writes its steps down: S sequence, D decode (with references), O
/// output (O~ of a picture that is not shown), F forget, - skipped.
class HevcCodecTest : public ::testing::Test {
  public:
    void use(const Sps& sps, const Pps& pps = {}) {
        sps_ = sps;
        pps_ = pps;
    }
    HevcCodecTest& parameter_sets() { return unit(write_sps(sps_)).unit(write_pps(pps_)); }
    HevcCodecTest& slice(const SliceHeader& header, unsigned layer = 0) {
        return unit(write_slice(sps_, pps_, header, {}, layer));
    }
    HevcCodecTest& unit(const Bytes& nal) {
        append_nal(stream_, nal);
        return *this;
    }
    HevcCodecTest& end_of_sequence() { return unit(write_empty(NalType::EndOfSequence)); }

    static SliceHeader picture_of(NalType type, int poc) {
        SliceHeader header;
        header.nal_unit_type = type;
        header.first_slice_segment_in_pic_flag = true;
        header.slice_pic_order_cnt_lsb = static_cast<std::uint16_t>(poc & 255);
        return header;
    }
    static SliceHeader idr() { return picture_of(NalType::IdrWRadl, 0); }
    static SliceHeader cra(int poc, ShortTermRefPicSet set = {}) {
        SliceHeader header = picture_of(NalType::Cra, poc);
        header.short_term_ref_pic_set = set;
        return header;
    }
    /// Refers to as many pictures as the set says are used.
    static SliceHeader p(int poc, ShortTermRefPicSet set, NalType type = NalType::TrailR) {
        SliceHeader header = picture_of(type, poc);
        header.slice_type = SliceType::P;
        header.short_term_ref_pic_set = set;
        header.num_ref_idx_l0_active_minus1 = static_cast<std::uint8_t>(std::max(header.num_pic_total_curr(), 1U) - 1);
        return header;
    }
    static SliceHeader b(int poc, ShortTermRefPicSet set, NalType type = NalType::TrailN) {
        SliceHeader header = p(poc, set, type);
        header.slice_type = SliceType::B;
        header.num_ref_idx_l1_active_minus1 = header.num_ref_idx_l0_active_minus1;
        return header;
    }
    static SliceHeader at(SliceHeader header, unsigned address, bool dependent = false) {
        header.first_slice_segment_in_pic_flag = false;
        header.slice_segment_address = address;
        header.dependent_slice_segment_flag = dependent;
        return header;
    }

    Result<> try_parse() {
        unit_.payload = Payload(stream_, nullptr, nullptr);
        steps_.clear();
        auto result = codec_->parse(unit_, steps_);
        contract_.follow(steps_);
        EXPECT_EQ(contract_.fault(), "");
        stream_.clear();
        return result;
    }
    /// The steps of the access unit that has been put together.
    std::string parse() {
        EXPECT_TRUE(try_parse());
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
            return fmt::format("D{}({})", step.picture->id, text);
        case Step::Kind::Output:
            return fmt::format("O{}{}", step.retimed && step.discard ? "~" : "", step.id);
        case Step::Kind::Forget:
            return fmt::format("F{}", step.id);
        case Step::Kind::Skip:
            return fmt::format("-{}", to_string(step.reason));
        }
        return text;
    }
    const HevcPicture& picture(unsigned number = 0) const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode && number-- == 0) return static_cast<const HevcPicture&>(*step.picture);
        throw std::logic_error("no such picture");
    }
    const SequenceInfo& sequence() const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Sequence) return *step.sequence;
        throw std::logic_error("no sequence");
    }
    const char* why() const {
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Skip) return step.why;
        return "";
    }

    Sps sps_ = simple_sps();
    Pps pps_;
    std::unique_ptr<Codec> codec_ = create_hevc_codec();
    CodecContract contract_;
    Bytes stream_;
    AccessUnit unit_;
    Steps steps_;
};

} // namespace v4l2play::test
