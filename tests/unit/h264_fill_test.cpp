// One H.264 control structure after the other, field by field.
#include "decoder/request/h264_fill.h"

#include <array>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/h264_test_picture.h"

namespace v4l2play::h264 {
namespace {

v4l2_ctrl_h264_slice_params slice_params(const TestPicture& picture) {
    v4l2_ctrl_h264_decode_params params;
    fill(params, picture);
    v4l2_ctrl_h264_slice_params out;
    fill(out, picture.slices.front(), *picture.pps, params);
    return out;
}

v4l2_ctrl_h264_decode_params decode_params(const TestPicture& picture) {
    v4l2_ctrl_h264_decode_params params;
    fill(params, picture);
    return params;
}

TEST(H264Fill, Sps) {
    Sps sps;
    sps.profile_idc = 100;
    sps.constraint_set_flags = 0x15;
    sps.level_idc = 42;
    sps.seq_parameter_set_id = 3;
    sps.chroma_format_idc = 2;
    sps.bit_depth_luma_minus8 = 1;
    sps.bit_depth_chroma_minus8 = 4;
    sps.log2_max_frame_num_minus4 = 5;
    sps.pic_order_cnt_type = 1;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 6;
    sps.max_num_ref_frames = 7;
    sps.num_ref_frames_in_pic_order_cnt_cycle = 2;
    sps.offset_for_ref_frame[0] = -8;
    sps.offset_for_ref_frame[1] = 9;
    sps.offset_for_ref_frame[2] = 10;
    sps.offset_for_non_ref_pic = -11;
    sps.offset_for_top_to_bottom_field = 12;
    sps.pic_width_in_mbs_minus1 = 13;
    sps.pic_height_in_map_units_minus1 = 14;
    v4l2_ctrl_h264_sps out;
    fill(out, sps);
    EXPECT_EQ(100, out.profile_idc);
    EXPECT_EQ(V4L2_H264_SPS_CONSTRAINT_SET0_FLAG | V4L2_H264_SPS_CONSTRAINT_SET2_FLAG |
                  V4L2_H264_SPS_CONSTRAINT_SET4_FLAG,
              out.constraint_set_flags);
    EXPECT_EQ(42, out.level_idc);
    EXPECT_EQ(3, out.seq_parameter_set_id);
    EXPECT_EQ(2, out.chroma_format_idc);
    EXPECT_EQ(1, out.bit_depth_luma_minus8);
    EXPECT_EQ(4, out.bit_depth_chroma_minus8);
    EXPECT_EQ(5, out.log2_max_frame_num_minus4);
    EXPECT_EQ(1, out.pic_order_cnt_type);
    EXPECT_EQ(6, out.log2_max_pic_order_cnt_lsb_minus4);
    EXPECT_EQ(7, out.max_num_ref_frames);
    EXPECT_EQ(2, out.num_ref_frames_in_pic_order_cnt_cycle);
    EXPECT_EQ(-8, out.offset_for_ref_frame[0]);
    EXPECT_EQ(9, out.offset_for_ref_frame[1]);
    EXPECT_EQ(0, out.offset_for_ref_frame[2]) << "beyond the cycle";
    EXPECT_EQ(-11, out.offset_for_non_ref_pic);
    EXPECT_EQ(12, out.offset_for_top_to_bottom_field);
    EXPECT_EQ(13, out.pic_width_in_mbs_minus1);
    EXPECT_EQ(14, out.pic_height_in_map_units_minus1);
}

/// Each flag of the syntax structure sets one bit, and no other.
template <class Syntax, class Fill>
void expect_flag(bool Syntax::*member, unsigned flag, Fill filled_flags) {
    Syntax syntax;
    syntax.*member = false;
    const unsigned without = filled_flags(syntax);
    syntax.*member = true;
    EXPECT_EQ(without | flag, filled_flags(syntax));
    EXPECT_EQ(0u, without & flag);
}

TEST(H264Fill, SpsFlags) {
    const auto flags = [](const Sps& sps) {
        v4l2_ctrl_h264_sps out;
        fill(out, sps);
        return out.flags;
    };
    expect_flag(&Sps::separate_colour_plane_flag, V4L2_H264_SPS_FLAG_SEPARATE_COLOUR_PLANE, flags);
    expect_flag(&Sps::qpprime_y_zero_transform_bypass_flag, V4L2_H264_SPS_FLAG_QPPRIME_Y_ZERO_TRANSFORM_BYPASS, flags);
    expect_flag(&Sps::delta_pic_order_always_zero_flag, V4L2_H264_SPS_FLAG_DELTA_PIC_ORDER_ALWAYS_ZERO, flags);
    expect_flag(&Sps::gaps_in_frame_num_value_allowed_flag, V4L2_H264_SPS_FLAG_GAPS_IN_FRAME_NUM_VALUE_ALLOWED, flags);
    expect_flag(&Sps::frame_mbs_only_flag, V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY, flags);
    expect_flag(&Sps::mb_adaptive_frame_field_flag, V4L2_H264_SPS_FLAG_MB_ADAPTIVE_FRAME_FIELD, flags);
    expect_flag(&Sps::direct_8x8_inference_flag, V4L2_H264_SPS_FLAG_DIRECT_8X8_INFERENCE, flags);
}

TEST(H264Fill, Pps) {
    Pps pps;
    pps.pic_parameter_set_id = 1;
    pps.seq_parameter_set_id = 2;
    pps.num_slice_groups_minus1 = 3;
    pps.num_ref_idx_l0_default_active_minus1 = 4;
    pps.num_ref_idx_l1_default_active_minus1 = 5;
    pps.weighted_bipred_idc = 2;
    pps.pic_init_qp_minus26 = -6;
    pps.pic_init_qs_minus26 = 7;
    pps.chroma_qp_index_offset = -8;
    pps.second_chroma_qp_index_offset = 9;
    v4l2_ctrl_h264_pps out;
    fill(out, pps, true);
    EXPECT_EQ(1, out.pic_parameter_set_id);
    EXPECT_EQ(2, out.seq_parameter_set_id);
    EXPECT_EQ(3, out.num_slice_groups_minus1);
    EXPECT_EQ(4, out.num_ref_idx_l0_default_active_minus1);
    EXPECT_EQ(5, out.num_ref_idx_l1_default_active_minus1);
    EXPECT_EQ(2, out.weighted_bipred_idc);
    EXPECT_EQ(-6, out.pic_init_qp_minus26);
    EXPECT_EQ(7, out.pic_init_qs_minus26);
    EXPECT_EQ(-8, out.chroma_qp_index_offset);
    EXPECT_EQ(9, out.second_chroma_qp_index_offset);
    EXPECT_EQ(V4L2_H264_PPS_FLAG_SCALING_MATRIX_PRESENT, out.flags);
    const auto flags = [](const Pps& from) {
        v4l2_ctrl_h264_pps filled;
        fill(filled, from, false);
        return unsigned{filled.flags};
    };
    expect_flag(&Pps::entropy_coding_mode_flag, V4L2_H264_PPS_FLAG_ENTROPY_CODING_MODE, flags);
    expect_flag(&Pps::bottom_field_pic_order_in_frame_present_flag,
                V4L2_H264_PPS_FLAG_BOTTOM_FIELD_PIC_ORDER_IN_FRAME_PRESENT, flags);
    expect_flag(&Pps::weighted_pred_flag, V4L2_H264_PPS_FLAG_WEIGHTED_PRED, flags);
    expect_flag(&Pps::deblocking_filter_control_present_flag, V4L2_H264_PPS_FLAG_DEBLOCKING_FILTER_CONTROL_PRESENT,
                flags);
    expect_flag(&Pps::constrained_intra_pred_flag, V4L2_H264_PPS_FLAG_CONSTRAINED_INTRA_PRED, flags);
    expect_flag(&Pps::redundant_pic_cnt_present_flag, V4L2_H264_PPS_FLAG_REDUNDANT_PIC_CNT_PRESENT, flags);
    expect_flag(&Pps::transform_8x8_mode_flag, V4L2_H264_PPS_FLAG_TRANSFORM_8X8_MODE, flags);
    expect_flag(&Pps::pic_scaling_matrix_present_flag, 0, flags);
}

/// Raster positions in the order of the zig-zag scan of figure 8-8, walked rather than written down.
std::vector<std::size_t> zigzag(int size) {
    std::vector<std::size_t> order;
    for (int diagonal = 0; diagonal < 2 * size - 1; ++diagonal)
        for (int i = 0; i <= diagonal; ++i) {
            const int x = diagonal % 2 == 0 ? i : diagonal - i;
            const int y = diagonal - x;
            if (x < size && y < size) order.push_back(static_cast<std::size_t>(y * size + x));
        }
    return order;
}

TEST(H264Fill, ScalingListsBecomeRaster) {
    ScalingLists lists;
    for (std::size_t list = 0; list < 6; ++list) {
        std::iota(lists.list_4x4[list].begin(), lists.list_4x4[list].end(), static_cast<std::uint8_t>(20 * list));
        std::iota(lists.list_8x8[list].begin(), lists.list_8x8[list].end(), static_cast<std::uint8_t>(30 * list));
    }
    v4l2_ctrl_h264_scaling_matrix out{};
    fill(out, lists);
    const auto order_4x4 = zigzag(4);
    const auto order_8x8 = zigzag(8);
    for (std::size_t list = 0; list < 6; ++list) {
        for (std::size_t i = 0; i < 16; ++i) ASSERT_EQ(20 * list + i, out.scaling_list_4x4[list][order_4x4[i]]);
        for (std::size_t i = 0; i < 64; ++i) ASSERT_EQ(30 * list + i, out.scaling_list_8x8[list][order_8x8[i]]);
    }
    // As a recording of a peer has the first row of the default intra lists (tables 7-3, 7-4).
    EXPECT_EQ(1, out.scaling_list_4x4[0][1]);
    EXPECT_EQ(2, out.scaling_list_4x4[0][4]);
}

TEST(H264Fill, DecodeParams) {
    TestPicture picture;
    SliceHeader& header = picture.header();
    header.nal_ref_idc = 2;
    header.frame_num = 3;
    header.idr_pic_flag = true;
    header.idr_pic_id = 4;
    header.pic_order_cnt_lsb = 5;
    header.delta_pic_order_cnt_bottom = -6;
    header.delta_pic_order_cnt = {7, -8};
    header.dec_ref_pic_marking_bit_size = 9;
    header.pic_order_cnt_bit_size = 10;
    header.slice_group_change_cycle = 11;
    picture.top_field_order_cnt = -12;
    picture.bottom_field_order_cnt = 13;
    const auto out = decode_params(picture);
    EXPECT_EQ(2, out.nal_ref_idc);
    EXPECT_EQ(3, out.frame_num);
    EXPECT_EQ(4, out.idr_pic_id);
    EXPECT_EQ(5, out.pic_order_cnt_lsb);
    EXPECT_EQ(-6, out.delta_pic_order_cnt_bottom);
    EXPECT_EQ(7, out.delta_pic_order_cnt0);
    EXPECT_EQ(-8, out.delta_pic_order_cnt1);
    EXPECT_EQ(9u, out.dec_ref_pic_marking_bit_size);
    EXPECT_EQ(10u, out.pic_order_cnt_bit_size);
    EXPECT_EQ(11u, out.slice_group_change_cycle);
    EXPECT_EQ(-12, out.top_field_order_cnt);
    EXPECT_EQ(13, out.bottom_field_order_cnt);
    EXPECT_EQ(V4L2_H264_DECODE_PARAM_FLAG_IDR_PIC | V4L2_H264_DECODE_PARAM_FLAG_PFRAME, out.flags);
    header.idr_pic_flag = false;
    EXPECT_EQ(0, decode_params(picture).idr_pic_id) << "only IDR pictures have one";
}

TEST(H264Fill, DecodeParamsLookAtAllSlices) {
    TestPicture picture(3);
    picture.header(0).slice_type = SliceType::I;
    picture.header(1).slice_type = SliceType::B;
    picture.header(2).slice_type = SliceType::P;
    EXPECT_EQ(V4L2_H264_DECODE_PARAM_FLAG_PFRAME | V4L2_H264_DECODE_PARAM_FLAG_BFRAME, decode_params(picture).flags);
    for (std::size_t i = 0; i < 3; ++i) picture.header(i).slice_type = SliceType::I;
    EXPECT_EQ(0u, decode_params(picture).flags);
    picture.header().field_pic_flag = picture.header().bottom_field_flag = true;
    EXPECT_EQ(V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC | V4L2_H264_DECODE_PARAM_FLAG_BOTTOM_FIELD,
              decode_params(picture).flags);
}

TEST(H264Fill, DpbEntries) {
    constexpr auto used = V4L2_H264_DPB_ENTRY_FLAG_VALID | V4L2_H264_DPB_ENTRY_FLAG_ACTIVE;
    TestPicture picture;
    picture.dpb_count = 5;
    picture.dpb[0].id = 3'000'000'007;
    picture.dpb[0].frame_num = 11;
    picture.dpb[0].pic_num = -12;
    picture.dpb[0].top_field_order_cnt = -14;
    picture.dpb[0].bottom_field_order_cnt = 15;
    picture.dpb[1].id = 21;
    picture.dpb[1].frame_num = 22;
    picture.dpb[1].pic_num = 23;
    picture.dpb[1].long_term_frame_idx = 24;
    picture.dpb[1].short_term = Fields::None;
    picture.dpb[1].long_term = Fields::Top;
    picture.dpb[1].field_pair = true;
    picture.dpb[2].substitute = 21;
    picture.dpb[2].frame_num = 31;
    picture.dpb[3].frame_num = 41;
    picture.dpb[4].id = 51;
    picture.dpb[4].short_term = picture.dpb[4].decoded = Fields::Bottom;
    const auto out = decode_params(picture);
    EXPECT_EQ(3'000'000'007'000u, out.dpb[0].reference_ts) << "microseconds of a timestamp as nanoseconds";
    EXPECT_EQ(11, out.dpb[0].frame_num);
    EXPECT_EQ(static_cast<std::uint32_t>(-12), out.dpb[0].pic_num);
    EXPECT_EQ(V4L2_H264_FRAME_REF, out.dpb[0].fields);
    EXPECT_EQ(used, out.dpb[0].flags);
    EXPECT_EQ(-14, out.dpb[0].top_field_order_cnt);
    EXPECT_EQ(15, out.dpb[0].bottom_field_order_cnt);
    EXPECT_EQ(24, out.dpb[1].frame_num) << "LongTermFrameIdx";
    EXPECT_EQ(23u, out.dpb[1].pic_num);
    EXPECT_EQ(V4L2_H264_TOP_FIELD_REF, out.dpb[1].fields);
    EXPECT_EQ(used | V4L2_H264_DPB_ENTRY_FLAG_LONG_TERM | V4L2_H264_DPB_ENTRY_FLAG_FIELD, out.dpb[1].flags);
    EXPECT_EQ(21'000u, out.dpb[2].reference_ts) << "a frame that does not exist is concealed by another";
    EXPECT_EQ(31, out.dpb[2].frame_num);
    EXPECT_EQ(used, out.dpb[2].flags);
    EXPECT_EQ(0u, out.dpb[3].flags) << "nothing to conceal it by";
    EXPECT_EQ(0u, out.dpb[3].reference_ts);
    EXPECT_EQ(used | V4L2_H264_DPB_ENTRY_FLAG_FIELD, out.dpb[4].flags) << "places stay as they are";
    EXPECT_EQ(0u, out.dpb[5].flags);
}

TEST(H264Fill, SliceParams) {
    TestPicture picture;
    picture.pps_storage.deblocking_filter_control_present_flag = true;
    picture.pps_storage.entropy_coding_mode_flag = true;
    SliceHeader& header = picture.header();
    header.header_bit_size = 1;
    header.first_mb_in_slice = 2;
    header.colour_plane_id = 1;
    header.redundant_pic_cnt = 3;
    header.cabac_init_idc = 2;
    header.slice_qp_delta = -4;
    header.slice_qs_delta = -5;
    header.disable_deblocking_filter_idc = 1;
    header.slice_alpha_c0_offset_div2 = -6;
    header.slice_beta_offset_div2 = 6;
    header.direct_spatial_mv_pred_flag = true;
    const auto out = slice_params(picture);
    EXPECT_EQ(1u, out.header_bit_size);
    EXPECT_EQ(2u, out.first_mb_in_slice);
    EXPECT_EQ(V4L2_H264_SLICE_TYPE_P, out.slice_type);
    EXPECT_EQ(1, out.colour_plane_id);
    EXPECT_EQ(3, out.redundant_pic_cnt);
    EXPECT_EQ(2, out.cabac_init_idc);
    EXPECT_EQ(-4, out.slice_qp_delta);
    EXPECT_EQ(0, out.slice_qs_delta) << "P slices have none";
    EXPECT_EQ(1, out.disable_deblocking_filter_idc);
    EXPECT_EQ(-6, out.slice_alpha_c0_offset_div2);
    EXPECT_EQ(6, out.slice_beta_offset_div2);
    EXPECT_EQ(0u, out.flags) << "P slices have no direct prediction";
    EXPECT_EQ(0, out.reserved);
    picture.header().slice_type = SliceType::B;
    EXPECT_EQ(V4L2_H264_SLICE_FLAG_DIRECT_SPATIAL_MV_PRED, slice_params(picture).flags);
}

TEST(H264Fill, ReferenceListsNameDpbEntries) {
    TestPicture picture;
    picture.dpb_count = 3;
    for (std::size_t i = 0; i < 3; ++i) picture.dpb[i].id = i + 1;
    picture.header().slice_type = SliceType::B;
    picture.header().num_ref_idx_l0_active_minus1 = 1;
    picture.storage[0].list_size = {2, 1};
    picture.storage[0].list[0] = {{{2, Fields::Frame}, {0, Fields::Top}}};
    picture.storage[0].list[1] = {{{1, Fields::Bottom}}};
    const auto out = slice_params(picture);
    EXPECT_EQ(1, out.num_ref_idx_l0_active_minus1);
    EXPECT_EQ(0, out.num_ref_idx_l1_active_minus1);
    EXPECT_EQ(2, out.ref_pic_list0[0].index);
    EXPECT_EQ(V4L2_H264_FRAME_REF, out.ref_pic_list0[0].fields);
    EXPECT_EQ(0, out.ref_pic_list0[1].index);
    EXPECT_EQ(V4L2_H264_TOP_FIELD_REF, out.ref_pic_list0[1].fields);
    EXPECT_EQ(1, out.ref_pic_list1[0].index);
    EXPECT_EQ(V4L2_H264_BOTTOM_FIELD_REF, out.ref_pic_list1[0].fields);
}

TEST(H264Fill, MissingReferencesStayInTheDpb) {
    TestPicture picture;
    picture.dpb_count = 3;
    picture.dpb[1].id = 5;
    picture.dpb[0].id = picture.dpb[2].id = 0; // "non-existing", nothing to conceal them by
    picture.header().num_ref_idx_l0_active_minus1 = 31;
    picture.storage[0].list_size = {31, 0};
    picture.storage[0].list[0][0] = {0xff, Fields::Frame};
    picture.storage[0].list[0][1] = {2, Fields::Frame};
    picture.storage[0].list[0][2] = {16, Fields::Frame};
    const auto out = slice_params(picture);
    for (std::size_t i = 0; i < 32; ++i) {
        EXPECT_EQ(1, out.ref_pic_list0[i].index) << i;
        EXPECT_EQ(V4L2_H264_FRAME_REF, out.ref_pic_list0[i].fields) << i;
        EXPECT_EQ(0, out.ref_pic_list1[i].index) << "not used in P slices";
    }
    picture.dpb_count = 0;
    for (const auto& reference : slice_params(picture).ref_pic_list0) EXPECT_EQ(0, reference.index);
}

TEST(H264Fill, IntraSlicesHaveNoLists) {
    TestPicture picture;
    picture.header().slice_type = SliceType::I;
    picture.header().num_ref_idx_l0_active_minus1 = 5;
    picture.header().num_ref_idx_l1_active_minus1 = 5;
    const auto out = slice_params(picture);
    EXPECT_EQ(0, out.num_ref_idx_l0_active_minus1);
    EXPECT_EQ(0, out.num_ref_idx_l1_active_minus1);
    EXPECT_EQ(0, out.ref_pic_list0[0].fields);
}

TEST(H264Fill, PredWeights) {
    SliceHeader header;
    header.slice_type = SliceType::B;
    header.num_ref_idx_l0_active_minus1 = 1;
    header.pred_weight_table.luma_log2_weight_denom = 6;
    header.pred_weight_table.chroma_log2_weight_denom = 5;
    header.pred_weight_table.weights[0][1] = {-1, 2, {-3, 4}, {-5, 6}};
    header.pred_weight_table.weights[0][2] = {9, 9, {9, 9}, {9, 9}};
    header.pred_weight_table.weights[1][0] = {7, 8, {9, 10}, {11, 12}};
    v4l2_ctrl_h264_pred_weights out;
    fill(out, header);
    EXPECT_EQ(6, out.luma_log2_weight_denom);
    EXPECT_EQ(5, out.chroma_log2_weight_denom);
    EXPECT_EQ(-1, out.weight_factors[0].luma_weight[1]);
    EXPECT_EQ(2, out.weight_factors[0].luma_offset[1]);
    EXPECT_EQ(-3, out.weight_factors[0].chroma_weight[1][0]);
    EXPECT_EQ(4, out.weight_factors[0].chroma_weight[1][1]);
    EXPECT_EQ(-5, out.weight_factors[0].chroma_offset[1][0]);
    EXPECT_EQ(6, out.weight_factors[0].chroma_offset[1][1]);
    EXPECT_EQ(0, out.weight_factors[0].luma_weight[2]) << "not active";
    EXPECT_EQ(7, out.weight_factors[1].luma_weight[0]);
    EXPECT_EQ(12, out.weight_factors[1].chroma_offset[0][1]);
}

} // namespace
} // namespace v4l2play::h264
