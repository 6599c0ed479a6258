#include "decoder/codec/hevc_parser.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>

#include <gtest/gtest.h>

#include "decoder/codec/hevc_ref_pic_sets.h"
#include "decoder/codec/hevc_scaling_lists.h"
#include "tests/unit/hevc_stream.h"

namespace v4l2play::test {
namespace {

using namespace hevc;

/// Everything that is not the default, and all of it in range.
Sps rich_sps() {
    Sps sps;
    sps.sps_video_parameter_set_id = 3;
    sps.sps_seq_parameter_set_id = 5;
    sps.sps_max_sub_layers_minus1 = 2;
    sps.general_profile_idc = 2;
    sps.general_level_idc = 93;
    sps.general_progressive_source_flag = sps.general_interlaced_source_flag = true;
    sps.pic_width_in_luma_samples = 1928;
    sps.pic_height_in_luma_samples = 1080;
    sps.conf_win_left_offset = 1;
    sps.conf_win_right_offset = 2;
    sps.conf_win_top_offset = 3;
    sps.conf_win_bottom_offset = 4;
    sps.bit_depth_luma_minus8 = sps.bit_depth_chroma_minus8 = 2;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 12;
    sps.sps_max_dec_pic_buffering_minus1 = 6;
    sps.sps_max_num_reorder_pics = 3;
    sps.sps_max_latency_increase_plus1 = 4;
    sps.log2_diff_max_min_luma_coding_block_size = 3;
    sps.log2_diff_max_min_luma_transform_block_size = 3;
    sps.max_transform_hierarchy_depth_inter = 4;
    sps.max_transform_hierarchy_depth_intra = 3;
    sps.scaling_list_enabled_flag = true;
    sps.scaling = default_scaling_lists();
    sps.amp_enabled_flag = sps.sample_adaptive_offset_enabled_flag = true;
    sps.pcm_enabled_flag = sps.pcm_loop_filter_disabled_flag = true;
    sps.pcm_sample_bit_depth_luma_minus1 = 9;
    sps.pcm_sample_bit_depth_chroma_minus1 = 7;
    sps.log2_diff_max_min_pcm_luma_coding_block_size = 2;
    sps.num_short_term_ref_pic_sets = 2;
    sps.short_term_ref_pic_sets[0] = reference_set({-1, -3}, {2, 7}, 0b1011);
    sps.short_term_ref_pic_sets[1] = reference_set({-4}, {}, 0);
    sps.long_term_ref_pics_present_flag = true;
    sps.num_long_term_ref_pics_sps = 2;
    sps.long_term_ref_pics[0] = {65535, true};
    sps.long_term_ref_pics[1] = {1, false};
    sps.sps_temporal_mvp_enabled_flag = sps.strong_intra_smoothing_enabled_flag = true;
    sps.sample_aspect = {4, 3};
    sps.color = {9, 16, 9, true};
    sps.field_seq_flag = sps.frame_field_info_present_flag = true;
    return sps;
}

Pps rich_pps() {
    Pps pps;
    pps.pps_pic_parameter_set_id = 63;
    pps.pps_seq_parameter_set_id = 5;
    pps.dependent_slice_segments_enabled_flag = pps.output_flag_present_flag = true;
    pps.num_extra_slice_header_bits = 2;
    pps.sign_data_hiding_enabled_flag = pps.cabac_init_present_flag = true;
    pps.num_ref_idx_l0_default_active_minus1 = 14;
    pps.num_ref_idx_l1_default_active_minus1 = 1;
    pps.init_qp_minus26 = -20;
    pps.constrained_intra_pred_flag = pps.transform_skip_enabled_flag = pps.cu_qp_delta_enabled_flag = true;
    pps.diff_cu_qp_delta_depth = 3;
    pps.pps_cb_qp_offset = -12;
    pps.pps_cr_qp_offset = 12;
    pps.pps_slice_chroma_qp_offsets_present_flag = pps.weighted_pred_flag = pps.weighted_bipred_flag = true;
    pps.transquant_bypass_enabled_flag = pps.tiles_enabled_flag = pps.entropy_coding_sync_enabled_flag = true;
    pps.num_tile_columns_minus1 = 2;
    pps.num_tile_rows_minus1 = 1;
    pps.uniform_spacing_flag = pps.loop_filter_across_tiles_enabled_flag = false;
    pps.column_width_minus1 = {3, 4};
    pps.row_height_minus1 = {5};
    pps.pps_loop_filter_across_slices_enabled_flag = pps.deblocking_filter_control_present_flag = true;
    pps.deblocking_filter_override_enabled_flag = true;
    pps.pps_beta_offset_div2 = -6;
    pps.pps_tc_offset_div2 = 6;
    pps.lists_modification_present_flag = pps.slice_segment_header_extension_present_flag = true;
    pps.log2_parallel_merge_level_minus2 = 4;
    return pps;
}

TEST(HevcParser, NalHeader) {
    const auto header = parse_nal_header(Bytes{0x43, 0x0b});
    ASSERT_TRUE(header);
    EXPECT_EQ(static_cast<unsigned>(header->type), 33U);
    EXPECT_EQ(header->nuh_layer_id, 33U);
    EXPECT_EQ(header->nuh_temporal_id_plus1, 3U);
    EXPECT_FALSE(parse_nal_header(Bytes{0x42}));
    EXPECT_FALSE(parse_nal_header(Bytes{0xc2, 1})); // forbidden_zero_bit
    EXPECT_FALSE(parse_nal_header(Bytes{0x42, 0})); // nuh_temporal_id_plus1
}

TEST(HevcParser, SpsComesBackAsItWasWritten) {
    Sps parsed;
    const auto result = parse_sps(write_sps(rich_sps()), parsed);
    ASSERT_TRUE(result) << result.error().why;
    EXPECT_EQ(parsed, rich_sps());
    EXPECT_EQ(parsed.pic_width_in_ctbs(), 31U);
    EXPECT_EQ(parsed.max_pic_order_cnt_lsb(), 65536);
}

TEST(HevcParser, PpsComesBackAsItWasWritten) {
    Pps parsed;
    const auto result = parse_pps(write_pps(rich_pps()), parsed);
    ASSERT_TRUE(result) << result.error().why;
    EXPECT_EQ(parsed, rich_pps());
}

struct Wrong {
    std::string_view element;
    std::function<void(Sps&)> spoil;
};

TEST(HevcParser, SpsElementsAreChecked) {
    const std::vector<Wrong> wrong{
        {"sps_seq_parameter_set_id", [](Sps& s) { s.sps_seq_parameter_set_id = 16; }},
        {"chroma_format_idc", [](Sps& s) { s.chroma_format_idc = 4; }},
        {"pic_width_in_luma_samples", [](Sps& s) { s.pic_width_in_luma_samples = 16896; }},
        {"without samples", [](Sps& s) { s.pic_height_in_luma_samples = 0; }},
        {"more samples", [](Sps& s) { s.pic_width_in_luma_samples = s.pic_height_in_luma_samples = 16000; }},
        {"conf_win_right_offset", [](Sps& s) { s.conf_win_right_offset = 963; }},
        {"conf_win_top_offset", [](Sps& s) { s.conf_win_top_offset = 540; }},
        {"bit_depth_luma", [](Sps& s) { s.bit_depth_luma_minus8 = 9; }},
        {"log2_max_pic_order_cnt_lsb", [](Sps& s) { s.log2_max_pic_order_cnt_lsb_minus4 = 13; }},
        {"sps_max_dec_pic_buffering", [](Sps& s) { s.sps_max_dec_pic_buffering_minus1 = 16; }},
        {"sps_max_num_reorder_pics", [](Sps& s) { s.sps_max_num_reorder_pics = 7; }},
        {"CtbLog2SizeY above", [](Sps& s) { s.log2_diff_max_min_luma_coding_block_size = 4; }},
        {"CtbLog2SizeY below", [](Sps& s) { s.log2_diff_max_min_luma_coding_block_size = 0; }},
        {"MaxTbLog2SizeY", [](Sps& s) { s.log2_diff_max_min_luma_transform_block_size = 4; }},
        {"MinTbLog2SizeY",
         [](Sps& s) {
             s.log2_min_luma_transform_block_size_minus2 = 1;
             s.log2_diff_max_min_luma_transform_block_size = 2;
         }},
        {"max_transform_hierarchy_depth_inter", [](Sps& s) { s.max_transform_hierarchy_depth_inter = 5; }},
        {"MinCbSizeY", [](Sps& s) { s.pic_width_in_luma_samples = 1930; }},
        {"PcmBitDepthY", [](Sps& s) { s.pcm_sample_bit_depth_luma_minus1 = 10; }},
        {"Log2MaxIpcmCbSizeY", [](Sps& s) { s.log2_diff_max_min_pcm_luma_coding_block_size = 3; }},
        {"num_short_term_ref_pic_sets", [](Sps& s) { s.num_short_term_ref_pic_sets = 65; }},
        {"num_long_term_ref_pics_sps", [](Sps& s) { s.num_long_term_ref_pics_sps = 33; }},
        {"reference picture set", [](Sps& s) { s.short_term_ref_pic_sets[1].num_negative_pics = 16; }},
    };
    for (const Wrong& one : wrong) {
        Sps sps = rich_sps();
        one.spoil(sps);
        Sps parsed;
        const auto result = parse_sps(write_sps(sps), parsed);
        ASSERT_FALSE(result) << one.element;
        EXPECT_NE(std::string_view(result.error().why).find(one.element), std::string_view::npos)
            << one.element << ": " << result.error().why;
    }
}

TEST(HevcParser, PpsElementsAreChecked) {
    const std::vector<std::pair<std::string_view, std::function<void(Pps&)>>> wrong{
        {"pps_pic_parameter_set_id", [](Pps& p) { p.pps_pic_parameter_set_id = 64; }},
        {"pps_seq_parameter_set_id", [](Pps& p) { p.pps_seq_parameter_set_id = 16; }},
        {"num_ref_idx_l0", [](Pps& p) { p.num_ref_idx_l0_default_active_minus1 = 15; }},
        {"init_qp_minus26", [](Pps& p) { p.init_qp_minus26 = 26; }},
        {"diff_cu_qp_delta_depth", [](Pps& p) { p.diff_cu_qp_delta_depth = 4; }},
        {"pps_cb_qp_offset", [](Pps& p) { p.pps_cb_qp_offset = 13; }},
        {"num_tile_columns",
         [](Pps& p) {
             p.num_tile_columns_minus1 = 20;
             p.uniform_spacing_flag = true;
         }},
        {"num_tile_rows",
         [](Pps& p) {
             p.num_tile_rows_minus1 = 22;
             p.uniform_spacing_flag = true;
         }},
        {"column_width", [](Pps& p) { p.column_width_minus1[1] = 0xffff; }},
        {"pps_tc_offset", [](Pps& p) { p.pps_tc_offset_div2 = 7; }},
        {"Log2ParMrgLevel", [](Pps& p) { p.log2_parallel_merge_level_minus2 = 5; }},
    };
    for (const auto& [element, spoil] : wrong) {
        Pps pps = rich_pps();
        spoil(pps);
        Pps parsed;
        const auto result = parse_pps(write_pps(pps), parsed);
        ASSERT_FALSE(result) << element;
        EXPECT_NE(std::string_view(result.error().why).find(element), std::string_view::npos) << result.error().why;
    }
}

TEST(HevcParser, CutParameterSetsAreRefusedButForTheVui) {
    const Bytes sps = write_sps(rich_sps());
    const Bytes pps = write_pps(rich_pps());
    Sps with_vui;
    Sps parsed;
    Pps parsed_pps;
    ASSERT_TRUE(parse_sps(sps, with_vui));
    bool taken = false;
    for (std::size_t size = 0; size < sps.size(); ++size) {
        const bool whole = parse_sps(std::span(sps).first(size), parsed).has_value();
        // Once all but the VUI is there, it is good; but for a cut extension, which could say anything.
        EXPECT_FALSE(taken && !whole && size + 4 < sps.size()) << size;
        taken |= whole;
        if (whole) {
            EXPECT_EQ(parsed.pic_width_in_luma_samples, with_vui.pic_width_in_luma_samples);
        }
    }
    EXPECT_TRUE(taken);
    for (std::size_t size = 0; size + 1 < pps.size(); ++size)
        EXPECT_FALSE(parse_pps(std::span(pps).first(size), parsed_pps)) << size;
}

TEST(HevcParser, ExtensionsAreSeenBehindTheVui) {
    Sps sps = rich_sps();
    sps.range_extension_tools = true;
    Sps parsed;
    ASSERT_TRUE(parse_sps(write_sps(sps), parsed));
    EXPECT_TRUE(parsed.range_extension_tools);
}

/// Parses `bits` as the set after those of `earlier`.
Parsed<ShortTermRefPicSet> set_from(const BitWriter& bits, std::span<const ShortTermRefPicSet> earlier,
                                    bool in_slice = false) {
    BitWriter copy = bits;
    const Bytes bytes = copy.trailing().bytes();
    SyntaxReader r(bytes);
    ShortTermRefPicSet set;
    parse_short_term_ref_pic_set(r, earlier, in_slice, set);
    const auto result = r.result("cut");
    if (!result) return tl::unexpected(result.error());
    return set;
}

std::vector<int> deltas(const ShortTermRefPicSet& set) {
    return {set.delta_poc.begin(), set.delta_poc.begin() + set.num_delta_pocs()};
}

TEST(HevcReferenceSets, PredictionMovesASetAndAddsItsOwner) {
    // -2 -5 | 1 4, seen from a picture 3 later, where the owner is at -3; the owner's flag is the last.
    const std::array earlier{reference_set({-2, -5}, {1, 4})};
    BitWriter bits;
    bits.u(1, 1).u(1, 1).ue(2);      // inter_ref_pic_set_prediction_flag, delta_rps_sign, abs_delta_rps_minus1
    bits.u(1, 1).u(2, 0b00).u(1, 1); // -2 used; -5 left out; 1 used
    bits.u(2, 0b01).u(1, 1);         // 4 kept, not used; the owner used
    const auto set = set_from(bits, earlier);
    ASSERT_TRUE(set) << set.error().why;
    EXPECT_EQ(deltas(*set), (std::vector{-2, -3, -5, 1})); // 1 - 3, the owner, -2 - 3; 4 - 3
    EXPECT_EQ(set->num_negative_pics, 3);
    EXPECT_EQ(set->used, 0b0111);
    EXPECT_EQ(set->used_by_curr_pic_flag, 0b10101);
    EXPECT_EQ(set->use_delta_flag, 0b11101);
}

TEST(HevcReferenceSets, PredictionForwards) {
    const std::array earlier{reference_set({-1}), reference_set({-2, -5}, {1, 4})};
    BitWriter bits;
    bits.u(1, 1).ue(0).u(1, 0).ue(2).u(5, 0b11111); // delta_idx_minus1 0: the last; 3 earlier; all used
    const auto set = set_from(bits, earlier, true);
    ASSERT_TRUE(set) << set.error().why;
    EXPECT_EQ(deltas(*set), (std::vector{-2, 1, 3, 4, 7})); // -5 + 3; -2 + 3, the owner, 1 + 3, 4 + 3
    EXPECT_EQ(set->num_negative_pics, 1);
}

TEST(HevcReferenceSets, WhatDoesNotFitIsRefused) {
    const std::array earlier{reference_set({-1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15})};
    BitWriter sixteen;
    sixteen.u(1, 1).u(1, 1).ue(0).u(16, 0xffff);
    EXPECT_FALSE(set_from(sixteen, earlier));
    EXPECT_FALSE(set_from(BitWriter().ue(8).ue(8), {}));
    EXPECT_FALSE(set_from(BitWriter().ue(1).ue(0).ue(32768).u(1, 1), {}));
    EXPECT_FALSE(set_from(BitWriter().ue(2).ue(0).ue(32767).u(1, 1).ue(0).u(1, 1), {})); // -32769
    EXPECT_FALSE(set_from(BitWriter().u(1, 1).ue(1).u(1, 0).ue(0), earlier, true));      // delta_idx_minus1
}

TEST(HevcScalingLists, AreSentOrPredicted) {
    BitWriter bits;
    for (unsigned size_id = 0; size_id < 4; ++size_id)
        for (unsigned index = 0; index < (size_id == 3 ? 2U : 6U); ++index) {
            if (size_id == 2 && index == 1) { // sent: DC 20, then 21, 22, ...
                bits.u(1, 1).se(12);
                for (unsigned i = 0; i < 64; ++i) bits.se(1);
            } else if (size_id == 2 && index == 3) {
                bits.u(1, 0).ue(2); // as 1
            } else {
                bits.u(1, 0).ue(0); // default
            }
        }
    const Bytes bytes = bits.trailing().bytes();
    SyntaxReader r(bytes);
    ScalingLists lists;
    parse_scaling_list_data(r, lists);
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(lists.dc_16x16[1], 20);
    EXPECT_EQ(lists.list_16x16[1][63], 84);
    EXPECT_EQ(lists.list_16x16[3], lists.list_16x16[1]);
    EXPECT_EQ(lists.dc_16x16[3], 20);
    EXPECT_EQ(lists.list_16x16[2], default_scaling_lists().list_16x16[2]);
    EXPECT_EQ(lists.list_8x8[5][63], 91);
    EXPECT_EQ(lists.list_32x32[0][63], 115);
    EXPECT_EQ(lists.list_4x4[0][7], 16);
}

/// A slice of `rich_pps` and `rich_sps` with all that there is.
SliceHeader rich_slice() {
    SliceHeader header;
    header.nal_unit_type = NalType::TrailR;
    header.nuh_temporal_id_plus1 = 2;
    header.slice_segment_address = 100;
    header.slice_type = SliceType::B;
    header.pic_output_flag = false;
    header.slice_pic_order_cnt_lsb = 300;
    header.short_term_ref_pic_set = reference_set({-2, -5}, {4}, 0b101);
    header.num_long_term = 2;
    header.long_term[0] = {17, true, true, 3};
    header.long_term[1] = {18, false, true, 5};
    header.slice_temporal_mvp_enabled_flag = header.slice_sao_luma_flag = header.slice_sao_chroma_flag = true;
    header.num_ref_idx_l0_active_minus1 = 2;
    header.num_ref_idx_l1_active_minus1 = 1;
    header.ref_pic_list_modification_flag = {true, false};
    header.list_entry[0] = {2, 0, 1};
    header.mvd_l1_zero_flag = header.cabac_init_flag = true;
    header.collocated_from_l0_flag = false;
    header.collocated_ref_idx = 1;
    header.pred_weight_table.luma_log2_weight_denom = 7;
    header.five_minus_max_num_merge_cand = 4;
    header.slice_qp_delta = -3;
    header.slice_cb_qp_offset = 5;
    header.slice_cr_qp_offset = -5;
    header.slice_beta_offset_div2 = 1;
    header.slice_tc_offset_div2 = -1;
    header.slice_loop_filter_across_slices_enabled_flag = true;
    return header;
}

class HevcSliceHeader : public ::testing::Test {
  public:
    Parsed<> parse(const SliceHeader& written, std::span<const std::uint32_t> points = {}) {
        nal_ = write_slice(sps_, pps_, written, points);
        return parse_slice_header(nal_, spss_, ppss_, nullptr, header_, entry_points_);
    }
    Sps sps_ = rich_sps();
    Pps pps_ = rich_pps();
    SpsTable spss_{nullptr, nullptr, nullptr, nullptr, nullptr, &sps_};
    PpsTable ppss_ = [this] {
        PpsTable table{};
        table[63] = &pps_;
        return table;
    }();
    Bytes nal_;
    SliceHeader header_;
    std::vector<std::uint32_t> entry_points_;
};

TEST_F(HevcSliceHeader, ComesBackAsItWasWritten) {
    const std::array<std::uint32_t, 3> points{1, 300, 77};
    const auto result = parse(rich_slice(), points);
    ASSERT_TRUE(result) << result.error().why;
    const SliceHeader rich = rich_slice();
    EXPECT_EQ(header_.slice_segment_address, 100U);
    EXPECT_FALSE(header_.pic_output_flag);
    EXPECT_EQ(header_.short_term_ref_pic_set, rich.short_term_ref_pic_set);
    EXPECT_EQ(header_.long_term[1].delta_poc_msb_cycle_lt, 5);
    EXPECT_EQ(header_.num_pic_total_curr(), 3U);
    EXPECT_EQ(header_.list_entry[0], rich.list_entry[0]);
    EXPECT_TRUE(header_.mvd_l1_zero_flag && header_.cabac_init_flag && header_.slice_sao_chroma_flag);
    EXPECT_EQ(header_.collocated_ref_idx, 1);
    EXPECT_EQ(header_.five_minus_max_num_merge_cand, 4);
    EXPECT_EQ(header_.slice_qp_delta, -3);
    EXPECT_EQ(header_.slice_cr_qp_offset, -5);
    EXPECT_EQ(header_.slice_tc_offset_div2, -1);
    EXPECT_TRUE(header_.slice_loop_filter_across_slices_enabled_flag);
    EXPECT_EQ(entry_points_, (std::vector<std::uint32_t>{1, 300, 77}));
    // What is left is the slice data that the writer puts behind the header.
    EXPECT_EQ(nal_.size() - header_.data_byte_offset, 1U + 300U + 77U + 1U);
}

TEST_F(HevcSliceHeader, EmulationPreventionCountsInOffsetsNotInSizes) {
    // Many zeros in the entry points: the NAL unit has bytes that the RBSP has not.
    const std::array<std::uint32_t, 2> points{1, 1};
    ASSERT_TRUE(parse(rich_slice(), points));
    EXPECT_EQ(nal_.size() - header_.data_byte_offset, 4U);
    EXPECT_EQ(nal_[header_.data_byte_offset], 0x5a);
    EXPECT_NE(std::search_n(nal_.begin(), nal_.end(), 2, 0), nal_.end());
}

TEST_F(HevcSliceHeader, EntryPointsStayInTheSliceSegment) {
    const auto whole = parse(rich_slice(), std::array<std::uint32_t, 2>{100, 200});
    ASSERT_TRUE(whole) << whole.error().why;
    nal_.pop_back(); // nothing left for the last part
    EXPECT_STREQ(parse_slice_header(nal_, spss_, ppss_, nullptr, header_, entry_points_).error().why,
                 "entry points outside of the slice segment (7.4.7.1)");
    EXPECT_FALSE(parse(rich_slice(), std::array<std::uint32_t, 2>{1, 0xffffffff}));
    EXPECT_FALSE(parse(rich_slice(), std::array<std::uint32_t, 1>{0})); // 2^32: one more than 32 bits hold
}

TEST_F(HevcSliceHeader, SetsOfTheSpsAreNamed) {
    // By hand: an I slice of a TRAIL picture that takes set 1 and a candidate.
    BitWriter w;
    write_nal_header(w, NalType::TrailR);
    w.u(1, 1).ue(63).u(2, 0).ue(2).u(1, 1); // first, PPS, extra bits, I, pic_output_flag
    w.u(16, 9).u(1, 1).u(1, 1);             // low bits, short_term_ref_pic_set_sps_flag, idx
    w.ue(1).ue(0).u(1, 0).u(1, 0);          // one long-term candidate: the first, no high bits
    w.u(1, 0).u(2, 0).se(0).se(0).se(0);    // mvp, SAO, QPs
    w.u(1, 0).u(1, 0).ue(0).ue(0);          // no override, across slices, entry points, extension
    nal_ = w.trailing().nal();
    const auto result = parse_slice_header(nal_, spss_, ppss_, nullptr, header_, entry_points_);
    ASSERT_TRUE(result) << result.error().why;
    EXPECT_EQ(header_.short_term_ref_pic_set, sps_.short_term_ref_pic_sets[1]);
    EXPECT_EQ(header_.short_term_ref_pic_set_size, 0);
    EXPECT_EQ(header_.long_term_ref_pic_set_size, 6); // 010, 1, 0, 0
    EXPECT_EQ(header_.long_term[0].poc_lsb_lt, 65535);
    EXPECT_EQ(header_.slice_beta_offset_div2, -6); // inferred
}

TEST_F(HevcSliceHeader, ElementsAreChecked) {
    const std::vector<std::pair<std::string_view, std::function<void(SliceHeader&)>>> wrong{
        {"slice_segment_address outside", [](SliceHeader& h) { h.slice_segment_address = 31 * 17; }},
        {"slice_segment_address is 0", [](SliceHeader& h) { h.slice_segment_address = 0; }},
        {"slice_type", [](SliceHeader& h) { h.slice_type = static_cast<SliceType>(3); }},
        {"IRAP", [](SliceHeader& h) { h.nal_unit_type = NalType::Cra, h.nuh_temporal_id_plus1 = 1; }},
        {"TemporalId", [](SliceHeader& h) { h.nal_unit_type = NalType::Cra; }},
        {"without pictures", [](SliceHeader& h) { h.short_term_ref_pic_set = {}, h.num_long_term = 0; }},
        {"num_ref_idx_l0", [](SliceHeader& h) { h.num_ref_idx_l0_active_minus1 = 15; }},
        {"collocated_ref_idx", [](SliceHeader& h) { h.collocated_ref_idx = 2; }},
        {"list_entry", [](SliceHeader& h) { h.list_entry[0][2] = 3; }},
        {"MaxNumMergeCand", [](SliceHeader& h) { h.five_minus_max_num_merge_cand = 5; }},
        {"SliceQpY", [](SliceHeader& h) { h.slice_qp_delta = -19; }},
        {"slice_cb_qp_offset", [](SliceHeader& h) { h.slice_cb_qp_offset = 13; }},
        {"sum of chroma", [](SliceHeader& h) { h.slice_cb_qp_offset = -1; }},
        {"slice_beta_offset", [](SliceHeader& h) { h.slice_beta_offset_div2 = 7; }},
        {"luma_log2_weight_denom", [](SliceHeader& h) { h.pred_weight_table.luma_log2_weight_denom = 8; }},
        {"ChromaLog2WeightDenom", [](SliceHeader& h) { h.pred_weight_table.delta_chroma_log2_weight_denom = 1; }},
        {"without the one before", [](SliceHeader& h) { h.dependent_slice_segment_flag = true; }},
    };
    for (const auto& [element, spoil] : wrong) {
        SliceHeader header = rich_slice();
        spoil(header);
        const auto result = parse(header);
        ASSERT_FALSE(result) << element;
        EXPECT_NE(std::string_view(result.error().why).find(element), std::string_view::npos)
            << element << ": " << result.error().why;
    }
}

TEST_F(HevcSliceHeader, TilesAndEntryPointsFitThePicture) {
    const std::vector<std::uint32_t> most(3 * 17 - 1, 1); // columns times rows of blocks
    EXPECT_TRUE(parse(rich_slice(), most));
    const std::vector<std::uint32_t> more(3 * 17, 1);
    EXPECT_FALSE(parse(rich_slice(), more));
    pps_.column_width_minus1 = {20, 8}; // 21 + 9 of 31: one is left
    EXPECT_TRUE(parse(rich_slice()));
    pps_.column_width_minus1 = {20, 9};
    EXPECT_FALSE(parse(rich_slice()));
}

TEST_F(HevcSliceHeader, MissingParameterSetsAreToldApart) {
    ppss_[63] = nullptr;
    EXPECT_EQ(parse(rich_slice()).error().code, ENOENT);
    ppss_[63] = &pps_;
    spss_[5] = nullptr;
    EXPECT_EQ(parse(rich_slice()).error().code, ENOENT);
}

TEST_F(HevcSliceHeader, CutHeadersAreRefused) {
    ASSERT_TRUE(parse(rich_slice()));
    const Bytes whole = nal_;
    const std::size_t header_size = header_.data_byte_offset;
    for (std::size_t size = 0; size < header_size; ++size)
        EXPECT_FALSE(parse_slice_header(std::span(whole).first(size), spss_, ppss_, nullptr, header_, entry_points_));
}

TEST(HevcSei, MessagesAreReadUpToTheFirstBrokenOne) {
    BitWriter w;
    write_nal_header(w, NalType::PrefixSei);
    w.u(8, 255).u(8, 1).u(8, 1).u(8, 0xff);     // type 256: unknown
    w.u(8, 144).u(8, 4).u(16, 1000).u(16, 400); // content light
    w.u(8, 1).u(8, 1).u(4, 3).u(4, 0);          // picture timing
    w.u(8, 137).u(8, 24).u(16, 1);              // cut mastering display
    Sei sei;
    parse_sei(w.trailing().nal(), sei);
    EXPECT_TRUE(sei.has_content_light);
    EXPECT_EQ(sei.hdr.max_pic_average_light_level, 400);
    EXPECT_EQ(sei.pic_struct, 3);
    EXPECT_FALSE(sei.has_mastering_display);
}

} // namespace
} // namespace v4l2play::test
