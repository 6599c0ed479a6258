#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "decoder/codec/h264_parser.h"
#include "tests/unit/h264_structures.h"

namespace v4l2play::h264 {
namespace {

TEST(H264Slice, Idr) {
    const SliceHeader header = slice_of(Sets(), idr_slice());
    EXPECT_EQ(header.nal_ref_idc, 1);
    EXPECT_EQ(header.nal_unit_type, 5);
    EXPECT_TRUE(header.idr_pic_flag);
    EXPECT_EQ(header.first_mb_in_slice, 21U);
    EXPECT_EQ(header.slice_type, SliceType::I);
    EXPECT_EQ(header.pic_parameter_set_id, 7);
    EXPECT_EQ(header.frame_num, 0xa7);
    EXPECT_EQ(header.idr_pic_id, 65535);
    EXPECT_EQ(header.pic_order_cnt_lsb, 33);
    EXPECT_EQ(header.delta_pic_order_cnt_bottom, -9);
    EXPECT_EQ(header.redundant_pic_cnt, 3);
    EXPECT_TRUE(header.dec_ref_pic_marking.no_output_of_prior_pics_flag);
    EXPECT_TRUE(header.dec_ref_pic_marking.long_term_reference_flag);
    EXPECT_EQ(header.num_ref_idx_l0_active_minus1, 0) << "not inferred for I";
    EXPECT_EQ(header.slice_qp_delta, 7);
    EXPECT_EQ(header.disable_deblocking_filter_idc, 2);
    EXPECT_EQ(header.slice_alpha_c0_offset_div2, -6);
    EXPECT_EQ(header.slice_beta_offset_div2, 6);
    EXPECT_EQ(header.pic_order_cnt_bit_size, 6U + 9U);
    EXPECT_EQ(header.dec_ref_pic_marking_bit_size, 2U);
}

TEST(H264Slice, P) {
    const SliceHeader header = slice_of(Sets(), p_slice());
    EXPECT_EQ(header.slice_type, SliceType::P);
    EXPECT_EQ(header.num_ref_idx_l0_active_minus1, 1);
    EXPECT_EQ(header.num_ref_idx_l1_active_minus1, 0);
    ASSERT_EQ(header.modification_count[0], 2);
    EXPECT_EQ(header.modifications[0][0].modification_of_pic_nums_idc, 1);
    EXPECT_EQ(header.modifications[0][0].value, 255U);
    EXPECT_EQ(header.modifications[0][1].modification_of_pic_nums_idc, 2);
    EXPECT_EQ(header.modifications[0][1].value, 31U);
    EXPECT_EQ(header.modification_count[1], 0);
    EXPECT_EQ(header.cabac_init_idc, 2);
    // 1, then ue(1) ue(255), ue(2) ue(31), ue(3) ue(7) ue(15), ue(4) ue(16), ue(5), ue(6) ue(14), ue(0)
    EXPECT_EQ(header.dec_ref_pic_marking_bit_size, 1U + 3 + 17 + 3 + 11 + 5 + 7 + 9 + 5 + 9 + 5 + 5 + 7 + 1);
}

TEST(H264Slice, Marking) {
    const DecRefPicMarking marking = slice_of(Sets(), p_slice()).dec_ref_pic_marking;
    EXPECT_TRUE(marking.adaptive_ref_pic_marking_mode_flag);
    ASSERT_EQ(marking.count, 6);
    for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(marking.operations[i].operation, i + 1);
    EXPECT_EQ(marking.operations[0].difference_of_pic_nums_minus1, 255U);
    EXPECT_EQ(marking.operations[1].long_term_pic_num, 31U);
    EXPECT_EQ(marking.operations[2].difference_of_pic_nums_minus1, 7U);
    EXPECT_EQ(marking.operations[2].long_term_frame_idx, 15U);
    EXPECT_EQ(marking.operations[3].max_long_term_frame_idx_plus1, 16U);
    EXPECT_EQ(marking.operations[5].long_term_frame_idx, 14U);
}

TEST(H264Slice, PredictionWeights) {
    const PredWeightTable table = slice_of(Sets(), p_slice()).pred_weight_table;
    EXPECT_EQ(table.luma_log2_weight_denom, 5);
    EXPECT_EQ(table.chroma_log2_weight_denom, 6);
    const auto& weights = table.weights[0];
    EXPECT_EQ(weights[0].luma_weight, -128);
    EXPECT_EQ(weights[0].luma_offset, 127);
    EXPECT_EQ(weights[0].chroma_weight[0], 64) << "inferred";
    EXPECT_EQ(weights[0].chroma_offset[1], 0);
    EXPECT_EQ(weights[1].luma_weight, 32) << "inferred";
    EXPECT_EQ(weights[1].luma_offset, 0);
    EXPECT_EQ(weights[1].chroma_weight, (std::array<std::int16_t, 2>{1, 3}));
    EXPECT_EQ(weights[1].chroma_offset, (std::array<std::int16_t, 2>{-2, -4}));
    EXPECT_EQ(table.weights[1][0].luma_weight, 0) << "list 1 is not used";
}

TEST(H264Slice, B) {
    const SliceHeader header = slice_of(Sets(), b_slice());
    EXPECT_EQ(header.slice_type, SliceType::B);
    EXPECT_TRUE(header.direct_spatial_mv_pred_flag);
    EXPECT_EQ(header.num_ref_idx_l0_active_minus1, 2) << "the PPS's";
    EXPECT_EQ(header.num_ref_idx_l1_active_minus1, 1);
    EXPECT_EQ(header.modification_count[0], 0);
    EXPECT_EQ(header.modification_count[1], 1);
    EXPECT_EQ(header.pred_weight_table.weights[0][2].luma_weight, 1);
    EXPECT_EQ(header.pred_weight_table.weights[0][2].chroma_weight[1], 128);
    EXPECT_EQ(header.pred_weight_table.weights[1][0].luma_weight, -128);
    EXPECT_EQ(header.pred_weight_table.weights[1][1].chroma_weight[1], 3);
    EXPECT_EQ(header.dec_ref_pic_marking_bit_size, 0U);
    EXPECT_EQ(header.cabac_init_idc, 0);
}

TEST(H264Slice, TypesFiveToNineAreTheSame) {
    EXPECT_EQ(slice_of(Sets(), p_slice().with("slice_type", 5)).slice_type, SliceType::P);
    EXPECT_EQ(slice_of(Sets(), b_slice().with("slice_type", 1)).slice_type, SliceType::B);
    EXPECT_EQ(slice_of(Sets(), idr_slice().with("slice_type", 2)).slice_type, SliceType::I);
}

TEST(H264Slice, SwitchingSlices) {
    const Structure sp =
        p_slice()
            .with("slice_type", 3)
            .after("slice_qp_delta", Structure().flag("sp_for_switch_flag", true).se("slice_qs_delta", -32));
    const SliceHeader header = slice_of(Sets(), sp);
    EXPECT_EQ(header.slice_type, SliceType::Sp);
    EXPECT_TRUE(header.sp_for_switch_flag);
    EXPECT_EQ(header.slice_qs_delta, -32);
    EXPECT_EQ(header.pred_weight_table.luma_log2_weight_denom, 5);
    const Structure si =
        idr_slice().with("slice_type", 4).after("slice_qp_delta", Structure().se("slice_qs_delta", 19));
    EXPECT_EQ(slice_of(Sets(), si).slice_type, SliceType::Si);
    EXPECT_EQ(slice_of(Sets(), si).slice_qs_delta, 19);
    for (const int value : {-33, 20}) expect_slice_refused(Sets(), si.with("slice_qs_delta", value), "QSY");
}

TEST(H264Slice, Fields) {
    const Sets sets(interlaced_sps(), pps());
    const Structure frame = idr_slice().after("frame_num", Structure().flag("field_pic_flag", false));
    EXPECT_FALSE(slice_of(sets, frame).field_pic_flag);
    const Structure field = idr_slice()
                                .without("delta_pic_order_cnt_bottom")
                                .after("frame_num", Structure().flag("field_pic_flag", true).flag("bottom", true));
    const SliceHeader header = slice_of(sets, field);
    EXPECT_TRUE(header.field_pic_flag);
    EXPECT_TRUE(header.bottom_field_flag);
    EXPECT_EQ(header.pic_order_cnt_bit_size, 6U);
}

TEST(H264Slice, FirstMacroblockInsideThePicture) {
    const auto check = [](const Sets& sets, const Structure& slice, int count) {
        slice_of(sets, slice.with("first_mb_in_slice", count - 1));
        expect_slice_refused(sets, slice.with("first_mb_in_slice", count), "first_mb_in_slice");
    };
    check(Sets(), idr_slice(), 300);
    expect_slice_refused(Sets(), idr_slice().with("first_mb_in_slice", 0xffff'fffe), "first_mb_in_slice");
    const Structure frame = idr_slice().after("frame_num", Structure().flag("field_pic_flag", false));
    const Structure field = idr_slice()
                                .without("delta_pic_order_cnt_bottom")
                                .after("frame_num", Structure().flag("field_pic_flag", true).flag("bottom", false));
    check(Sets(interlaced_sps(), pps()), frame, 300); // pairs of macroblocks
    check(Sets(interlaced_sps(), pps()), field, 300);
    check(Sets(interlaced_sps().with("mb_adaptive_frame_field_flag", 0), pps()), frame, 600);
}

TEST(H264Slice, PicOrderCntType1And2) {
    const Structure slice = idr_slice()
                                .without("pic_order_cnt_lsb")
                                .without("delta_pic_order_cnt_bottom")
                                .after("idr_pic_id", Structure().se("delta[0]", 1000).se("delta[1]", -1));
    const SliceHeader header = slice_of(Sets(poc1_sps(), pps()), slice);
    EXPECT_EQ(header.delta_pic_order_cnt, (std::array<std::int32_t, 2>{1000, -1}));
    EXPECT_EQ(header.pic_order_cnt_bit_size, 21U + 3U);
    const Structure without = slice.without("delta[0]").without("delta[1]");
    EXPECT_EQ(
        slice_of(Sets(poc1_sps().with("delta_pic_order_always_zero_flag", 1), pps()), without).pic_order_cnt_bit_size,
        0U);
    const Structure poc2 = main_sps().with("pic_order_cnt_type", 2).without("log2_max_pic_order_cnt_lsb_minus4");
    EXPECT_EQ(slice_of(Sets(poc2, pps()), without).pic_order_cnt_bit_size, 0U);
}

TEST(H264Slice, SeparateColourPlanes) {
    const Sets sets(high_sps(3).with("separate_colour_plane_flag", 1), pps());
    const Structure plane = Structure().u("colour_plane_id", 2, 2);
    EXPECT_EQ(slice_of(sets, idr_slice().after("pic_parameter_set_id", plane)).colour_plane_id, 2);
    expect_slice_refused(sets, idr_slice().after("pic_parameter_set_id", plane).with("colour_plane_id", 3),
                         "colour_plane_id");
    // ChromaArrayType 0: no chroma weights
    const Structure p = p_slice()
                            .after("pic_parameter_set_id", plane)
                            .without("chroma_log2_weight_denom")
                            .without("chroma_weight_flag")
                            .without("l0 chroma_weight_flag")
                            .without("l0 chroma_weight[0]")
                            .without("l0 chroma_weight[1]")
                            .without("l0 chroma_offset[0]")
                            .without("l0 chroma_offset[1]");
    const PredWeight weight = slice_of(sets, p).pred_weight_table.weights[0][1];
    EXPECT_EQ(weight.luma_weight, 32);
    EXPECT_EQ(weight.chroma_weight, (std::array<std::int16_t, 2>{0, 0})) << "nothing that could be inferred";
}

TEST(H264Slice, ReferenceCounts) {
    const Sets sets;
    EXPECT_EQ(slice_of(sets, p_slice().with("num_ref_idx_l0_active_minus1", 1)).num_ref_idx_l0_active_minus1, 1);
    expect_slice_refused(sets, p_slice().with("num_ref_idx_l0_active_minus1", 16), "num_ref_idx_l0_active_minus1");
    expect_slice_refused(sets, p_slice().with("num_ref_idx_l0_active_minus1", 32), "num_ref_idx_l0_active_minus1");
    const Structure override = b_slice()
                                   .with("num_ref_idx_active_override_flag", 1)
                                   .after("num_ref_idx_active_override_flag", Structure().ue("l0", 2).ue("l1", 1));
    slice_of(sets, override);
    expect_slice_refused(sets, override.with("l1", 16), "num_ref_idx_l1_active_minus1");
    expect_slice_refused(sets, override.with("l1", 32), "num_ref_idx_l1_active_minus1");
    // A default that is for fields only must be overridden for frames.
    expect_slice_refused(Sets(main_sps(), pps().with("num_ref_idx_l0_default_active_minus1", 16)), b_slice(),
                         "num_ref_idx_l0_active_minus1");
    expect_slice_refused(Sets(main_sps(), pps().with("num_ref_idx_l1_default_active_minus1", 16)), b_slice(),
                         "num_ref_idx_l1_active_minus1");
}

/// A P slice of a field with 32 references, no weights: the longest lists that there are.
TEST(H264Slice, AFieldMayHave32References) {
    const Sets sets(interlaced_sps(), pps().with("weighted_pred_flag", 0));
    Structure slice = slice_beginning(0, 1, 0)
                          .flag("field_pic_flag", true)
                          .flag("bottom_field_flag", false)
                          .u("pic_order_cnt_lsb", 6, 1)
                          .ue("redundant_pic_cnt", 0)
                          .flag("num_ref_idx_active_override_flag", true)
                          .ue("num_ref_idx_l0_active_minus1", 31)
                          .flag("ref_pic_list_modification_flag_l0", true);
    for (int i = 0; i < 32; ++i) slice.ue("", i % 2).ue("abs_diff_pic_num_minus1", 511); // MaxPicNum of fields
    const Structure rest = Structure().ue("cabac_init_idc", 0).append(quantiser_and_deblocking());
    const SliceHeader header = slice_of(sets, Structure(slice).ue("", 3).append(rest));
    EXPECT_EQ(header.modification_count[0], 32);
    expect_slice_refused(sets, slice.with("abs_diff_pic_num_minus1", 512), "abs_diff_pic_num_minus1");
    expect_slice_refused(sets, Structure(slice).ue("", 0).ue("", 0).ue("", 3).append(rest), "more modifications");
}

TEST(H264Slice, RangeOfEachElement) {
    const Sets sets;
    expect_slice_refused(sets, idr_slice().with("forbidden_zero_bit", 1), "forbidden_zero_bit");
    expect_slice_refused(sets, idr_slice().with("nal_ref_idc", 0), "nal_ref_idc");
    expect_slice_refused(sets, idr_slice().with("slice_type", 10), "slice_type");
    expect_slice_refused(sets, idr_slice().with("slice_type", 5), "slice_type is not I");
    expect_slice_refused(sets, idr_slice().with("pic_parameter_set_id", 256), "pic_parameter_set_id");
    expect_slice_refused(sets, idr_slice().with("idr_pic_id", 65536), "idr_pic_id");
    expect_slice_refused(sets, idr_slice().with("redundant_pic_cnt", 128), "redundant_pic_cnt");
    expect_slice_refused(sets, p_slice().with("modification_of_pic_nums_idc[0]", 4), "modification_of_pic_nums_idc");
    expect_slice_refused(sets, p_slice().with("abs_diff_pic_num_minus1", 256), "abs_diff_pic_num_minus1");
    expect_slice_refused(sets, p_slice().with("modified long_term_pic_num", 32),
                         "long_term_pic_num above 31 (7.4.3.1)");
    expect_slice_refused(sets, p_slice().with("luma_log2_weight_denom", 8), "luma_log2_weight_denom");
    expect_slice_refused(sets, p_slice().with("chroma_log2_weight_denom", 8), "chroma_log2_weight_denom");
    for (const char* element : {"l0 luma_weight", "l0 luma_offset", "l0 chroma_weight[0]", "l0 chroma_offset[0]",
                                "l0 chroma_weight[1]", "l0 chroma_offset[1]"}) {
        expect_slice_refused(sets, p_slice().with(element, 128), "prediction weight");
        expect_slice_refused(sets, p_slice().with(element, -129), "prediction weight");
    }
    expect_slice_refused(sets, p_slice().with("mmco1", 7), "memory_management_control_operation");
    expect_slice_refused(sets, p_slice().with("difference_of_pic_nums_minus1", 256), "difference_of_pic_nums_minus1");
    expect_slice_refused(sets, p_slice().with("long_term_pic_num", 32), "long_term_pic_num above 31 (7.4.3.3)");
    expect_slice_refused(sets, p_slice().with("mmco3 long_term_frame_idx", 16), "long_term_frame_idx");
    expect_slice_refused(sets, p_slice().with("max_long_term_frame_idx_plus1", 17), "max_long_term_frame_idx_plus1");
    expect_slice_refused(sets, p_slice().with("long_term_frame_idx", 16), "long_term_frame_idx");
    expect_slice_refused(sets, p_slice().with("cabac_init_idc", 3), "cabac_init_idc");
    for (const int value : {-22, 31}) // SliceQPY = 26 - 5 + slice_qp_delta
        expect_slice_refused(sets, idr_slice().with("slice_qp_delta", value), "SliceQPY");
    expect_slice_refused(sets, idr_slice().with("disable_deblocking_filter_idc", 3), "disable_deblocking_filter_idc");
    for (const int value : {-7, 7}) {
        expect_slice_refused(sets, idr_slice().with("slice_alpha_c0_offset_div2", value), "slice_alpha_c0_offset_div2");
        expect_slice_refused(sets, idr_slice().with("slice_beta_offset_div2", value), "slice_beta_offset_div2");
    }
}

TEST(H264Slice, QuantiserOfHigherBitDepths) {
    const Sets sets(high_sps(), pps()); // 10 bits: SliceQPY from -12
    EXPECT_EQ(slice_of(sets, idr_slice().with("slice_qp_delta", -33)).slice_qp_delta, -33);
    EXPECT_EQ(slice_of(sets, idr_slice().with("slice_qp_delta", 30)).slice_qp_delta, 30);
    expect_slice_refused(sets, idr_slice().with("slice_qp_delta", -34), "SliceQPY");
}

TEST(H264Slice, NoDeblockingNoOffsets) {
    const Structure slice = idr_slice()
                                .with("disable_deblocking_filter_idc", 1)
                                .without("slice_alpha_c0_offset_div2")
                                .without("slice_beta_offset_div2");
    EXPECT_EQ(slice_of(Sets(), slice).disable_deblocking_filter_idc, 1);
}

TEST(H264Slice, EndlessMarkingIsCutOff) {
    Structure endless = p_slice();
    for (unsigned i = 0; i < maximum_mmco; ++i) endless = endless.after("mmco6", Structure().ue("", 1).ue("mmco6", 6));
    expect_slice_refused(Sets(), endless, "more memory management control operations");
}

TEST(H264Slice, SliceGroupChangeCycle) {
    const auto with_cycle = [](int rate_minus1, unsigned bits, unsigned value) {
        const Structure groups = pps_with_groups(3, Structure().flag("direction", true).ue("rate", rate_minus1));
        SliceHeader header;
        const Sets sets(main_sps(), groups);
        const auto parsed = sets.slice(idr_slice().u("slice_group_change_cycle", bits, value).nal(), header);
        EXPECT_EQ(header.header_bit_size, idr_slice().bits().size() + bits);
        return parsed ? static_cast<int>(header.slice_group_change_cycle) : -1;
    };
    // 300 map units: Ceil(Log2(300 / rate + 1)) bits, at most Ceil(300 / rate)
    EXPECT_EQ(with_cycle(0, 9, 300), 300);
    EXPECT_EQ(with_cycle(0, 9, 301), -1);
    EXPECT_EQ(with_cycle(99, 2, 3), 3);
    EXPECT_EQ(with_cycle(98, 3, 4), 4); // 3.03
    EXPECT_EQ(with_cycle(98, 3, 5), -1);
    EXPECT_EQ(with_cycle(299, 1, 1), 1);
}

TEST(H264Slice, MissingParameterSets) {
    const Sets sets;
    SliceHeader header;
    expect_refused(parse_slice_header(idr_slice().nal(), sets.sps_table(), PpsTable{}, header), "missing", ENOENT);
    expect_refused(parse_slice_header(idr_slice().nal(), SpsTable{}, sets.pps_table(), header), "missing", ENOENT);
}

TEST(H264Slice, OtherUnits) {
    const Sets sets;
    SliceHeader header;
    for (const unsigned type : {0U, 3U, 4U, 6U, 7U, 14U, 19U, 20U, 31U})
        expect_refused(sets.slice(p_slice().with("nal_unit_type", type).nal(), header), "no slice header", ENOTSUP);
    EXPECT_TRUE(sets.slice(p_slice().with("nal_unit_type", 2).nal(), header)) << "data partition A";
}

TEST(H264Slice, EmulationPreventionIsNotCounted) {
    const Structure slice = idr_slice().with("first_mb_in_slice", 0).with("frame_num", 0).with("idr_pic_id", 0x7fff);
    ASSERT_GT(slice.nal().size(), slice.bits().trailing().bytes().size()) << "the test needs such a byte";
    EXPECT_EQ(slice_of(Sets(), slice).pic_order_cnt_lsb, 33);
}

} // namespace
} // namespace v4l2play::h264
