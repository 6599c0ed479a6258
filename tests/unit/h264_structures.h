// H.264 syntax structures for the tests of what parses them: good ones, of which a test changes one element.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decoder/codec/h264_parser.h"
#include "tests/unit/bit_writer.h"

namespace v4l2play::h264 {

using test::Structure;
using Bytes = std::vector<std::uint8_t>;

inline Structure nal_header(unsigned nal_ref_idc, unsigned type) {
    return Structure().u("forbidden_zero_bit", 1, 0).u("nal_ref_idc", 2, nal_ref_idc).u("nal_unit_type", 5, type);
}

/// Up to where profiles differ.
inline Structure sps_beginning(unsigned profile_idc) {
    return nal_header(3, 7)
        .u("profile_idc", 8, profile_idc)
        .u("constraint_set_flags", 6, 0b110000)
        .u("reserved_zero_2bits", 2, 3)
        .u("level_idc", 8, 40)
        .ue("seq_parameter_set_id", 5);
}

/// From log2_max_frame_num_minus4 on: 320x240, POC type 0.
inline Structure sps_rest() {
    return Structure()
        .ue("log2_max_frame_num_minus4", 4)
        .ue("pic_order_cnt_type", 0)
        .ue("log2_max_pic_order_cnt_lsb_minus4", 2)
        .ue("max_num_ref_frames", 4)
        .flag("gaps_in_frame_num_value_allowed_flag", true)
        .ue("pic_width_in_mbs_minus1", 19)
        .ue("pic_height_in_map_units_minus1", 14)
        .flag("frame_mbs_only_flag", true)
        .flag("direct_8x8_inference_flag", true)
        .flag("frame_cropping_flag", false)
        .flag("vui_parameters_present_flag", false);
}

inline Structure main_sps() { return sps_beginning(77).append(sps_rest()); }

inline Structure chroma_format(unsigned chroma_format_idc) {
    Structure format;
    format.ue("chroma_format_idc", chroma_format_idc);
    if (chroma_format_idc == 3) format.flag("separate_colour_plane_flag", false);
    return format.ue("bit_depth_luma_minus8", 2)
        .ue("bit_depth_chroma_minus8", 1)
        .flag("qpprime_y_zero_transform_bypass_flag", true)
        .flag("seq_scaling_matrix_present_flag", false);
}
inline Structure high_sps(unsigned chroma_format_idc = 1) {
    return sps_beginning(100).append(chroma_format(chroma_format_idc)).append(sps_rest());
}

inline Structure cropping(int left, int right, int top, int bottom) {
    return Structure()
        .ue("frame_crop_left_offset", left)
        .ue("frame_crop_right_offset", right)
        .ue("frame_crop_top_offset", top)
        .ue("frame_crop_bottom_offset", bottom);
}

inline Structure interlaced_sps() {
    return main_sps()
        .with("frame_mbs_only_flag", 0)
        .after("frame_mbs_only_flag", Structure().flag("mb_adaptive_frame_field_flag", true));
}

inline Structure poc1_sps() {
    return main_sps()
        .with("pic_order_cnt_type", 1)
        .without("log2_max_pic_order_cnt_lsb_minus4")
        .after("pic_order_cnt_type", Structure()
                                         .flag("delta_pic_order_always_zero_flag", false)
                                         .se("offset_for_non_ref_pic", -0x7fff'ffff)
                                         .se("offset_for_top_to_bottom_field", 0x7fff'ffff)
                                         .ue("num_ref_frames_in_pic_order_cnt_cycle", 2)
                                         .se("offset_for_ref_frame[0]", -3)
                                         .se("offset_for_ref_frame[1]", 4));
}

inline Structure hrd() {
    Structure hrd;
    hrd.ue("cpb_cnt_minus1", 1).u("bit_rate_scale", 4, 1).u("cpb_size_scale", 4, 2);
    for (int i = 0; i < 2; ++i)
        hrd.ue("bit_rate_value_minus1", 123456).ue("cpb_size_value_minus1", 0xffff'fffe).flag("cbr_flag", true);
    return hrd.u("lengths", 20, 0xabcde);
}

inline Structure full_vui() {
    return Structure()
        .flag("aspect_ratio_info_present_flag", true)
        .u("aspect_ratio_idc", 8, 255)
        .u("sar_width", 16, 64)
        .u("sar_height", 16, 45)
        .flag("overscan_info_present_flag", true)
        .flag("overscan_appropriate_flag", true)
        .flag("video_signal_type_present_flag", true)
        .u("video_format", 3, 5)
        .flag("video_full_range_flag", true)
        .flag("colour_description_present_flag", true)
        .u("colour_primaries", 8, 9)
        .u("transfer_characteristics", 8, 16)
        .u("matrix_coefficients", 8, 10)
        .flag("chroma_loc_info_present_flag", true)
        .ue("chroma_sample_loc_type_top_field", 5)
        .ue("chroma_sample_loc_type_bottom_field", 1)
        .flag("timing_info_present_flag", true)
        .u("num_units_in_tick", 32, 1001)
        .u("time_scale", 32, 60000)
        .flag("fixed_frame_rate_flag", true)
        .flag("nal_hrd_parameters_present_flag", true)
        .append(hrd())
        .flag("vcl_hrd_parameters_present_flag", true)
        .append(hrd())
        .flag("low_delay_hrd_flag", false)
        .flag("pic_struct_present_flag", true)
        .flag("bitstream_restriction_flag", true)
        .flag("motion_vectors_over_pic_boundaries_flag", true)
        .ue("max_bytes_per_pic_denom", 0)
        .ue("max_bits_per_mb_denom", 1)
        .ue("log2_max_mv_length_horizontal", 15)
        .ue("log2_max_mv_length_vertical", 16)
        .ue("max_num_reorder_frames", 2)
        .ue("max_dec_frame_buffering", 4);
}
inline Structure vui_sps() {
    return main_sps().with("vui_parameters_present_flag", 1).after("vui_parameters_present_flag", full_vui());
}

inline Structure pps() {
    return nal_header(3, 8)
        .ue("pic_parameter_set_id", 7)
        .ue("seq_parameter_set_id", 5)
        .flag("entropy_coding_mode_flag", true)
        .flag("bottom_field_pic_order_in_frame_present_flag", true)
        .ue("num_slice_groups_minus1", 0)
        .ue("num_ref_idx_l0_default_active_minus1", 2)
        .ue("num_ref_idx_l1_default_active_minus1", 1)
        .flag("weighted_pred_flag", true)
        .u("weighted_bipred_idc", 2, 1)
        .se("pic_init_qp_minus26", -5)
        .se("pic_init_qs_minus26", 6)
        .se("chroma_qp_index_offset", -12)
        .flag("deblocking_filter_control_present_flag", true)
        .flag("constrained_intra_pred_flag", true)
        .flag("redundant_pic_cnt_present_flag", true);
}
inline Structure pps_extension() {
    return Structure()
        .flag("transform_8x8_mode_flag", true)
        .flag("pic_scaling_matrix_present_flag", false)
        .se("second_chroma_qp_index_offset", 12);
}
inline Structure pps_with_groups(unsigned map_type, const Structure& map) {
    return pps()
        .with("num_slice_groups_minus1", 2)
        .after("num_slice_groups_minus1", Structure().ue("slice_group_map_type", map_type).append(map));
}

inline Structure slice_beginning(unsigned nal_ref_idc, unsigned nal_unit_type, unsigned slice_type) {
    return nal_header(nal_ref_idc, nal_unit_type)
        .ue("first_mb_in_slice", 21)
        .ue("slice_type", slice_type)
        .ue("pic_parameter_set_id", 7)
        .u("frame_num", 8, 0xa7);
}
inline Structure poc_lsb() {
    return Structure().u("pic_order_cnt_lsb", 6, 33).se("delta_pic_order_cnt_bottom", -9).ue("redundant_pic_cnt", 3);
}
inline Structure quantiser_and_deblocking() {
    return Structure()
        .se("slice_qp_delta", 7)
        .ue("disable_deblocking_filter_idc", 2)
        .se("slice_alpha_c0_offset_div2", -6)
        .se("slice_beta_offset_div2", 6);
}

inline Structure idr_slice() {
    return slice_beginning(1, 5, 7)
        .ue("idr_pic_id", 65535)
        .append(poc_lsb())
        .flag("no_output_of_prior_pics_flag", true)
        .flag("long_term_reference_flag", true)
        .append(quantiser_and_deblocking());
}

/// One entry of luma, one of chroma, one of none.
inline Structure weights(const std::string& list) {
    return Structure()
        .flag(list + "luma_weight_flag", true)
        .se(list + "luma_weight", -128)
        .se(list + "luma_offset", 127)
        .flag("chroma_weight_flag", false)
        .flag("luma_weight_flag", false)
        .flag(list + "chroma_weight_flag", true)
        .se(list + "chroma_weight[0]", 1)
        .se(list + "chroma_offset[0]", -2)
        .se(list + "chroma_weight[1]", 3)
        .se(list + "chroma_offset[1]", -4);
}

/// P: two references, two modifications, weights, MMCOs 1 to 6.
inline Structure p_slice() {
    return slice_beginning(2, 1, 0)
        .append(poc_lsb())
        .flag("num_ref_idx_active_override_flag", true)
        .ue("num_ref_idx_l0_active_minus1", 1)
        .flag("ref_pic_list_modification_flag_l0", true)
        .ue("modification_of_pic_nums_idc[0]", 1)
        .ue("abs_diff_pic_num_minus1", 255)
        .ue("modification_of_pic_nums_idc[1]", 2)
        .ue("modified long_term_pic_num", 31)
        .ue("end of modifications", 3)
        .ue("luma_log2_weight_denom", 5)
        .ue("chroma_log2_weight_denom", 6)
        .append(weights("l0 "))
        .flag("adaptive_ref_pic_marking_mode_flag", true)
        .ue("mmco1", 1)
        .ue("difference_of_pic_nums_minus1", 255)
        .ue("mmco2", 2)
        .ue("long_term_pic_num", 31)
        .ue("mmco3", 3)
        .ue("mmco3 difference_of_pic_nums_minus1", 7)
        .ue("mmco3 long_term_frame_idx", 15)
        .ue("mmco4", 4)
        .ue("max_long_term_frame_idx_plus1", 16)
        .ue("mmco5", 5)
        .ue("mmco6", 6)
        .ue("long_term_frame_idx", 14)
        .ue("end of mmco", 0)
        .ue("cabac_init_idc", 2)
        .append(quantiser_and_deblocking());
}

/// B, not a reference: defaults of the PPS (three and two entries), modification of list 1 alone.
inline Structure b_slice() {
    Structure slice = slice_beginning(0, 1, 6)
                          .append(poc_lsb())
                          .flag("direct_spatial_mv_pred_flag", true)
                          .flag("num_ref_idx_active_override_flag", false)
                          .flag("ref_pic_list_modification_flag_l0", false)
                          .flag("ref_pic_list_modification_flag_l1", true)
                          .ue("modification_of_pic_nums_idc[0]", 0)
                          .ue("abs_diff_pic_num_minus1", 0)
                          .ue("end of modifications", 3)
                          .ue("luma_log2_weight_denom", 0)
                          .ue("chroma_log2_weight_denom", 7)
                          .append(weights("l0 "))
                          .flag("luma_weight_flag", false)
                          .flag("chroma_weight_flag", false)
                          .append(weights("l1 "));
    return slice.ue("cabac_init_idc", 0).append(quantiser_and_deblocking());
}

/// The parameter sets that a test has parsed.
struct Sets {
    Sps sps;
    Pps pps;

    [[nodiscard]] SpsTable sps_table() const {
        SpsTable table{};
        table[5] = &sps;
        return table;
    }
    [[nodiscard]] PpsTable pps_table() const {
        PpsTable table{};
        table[7] = &pps;
        return table;
    }
    explicit Sets(const Structure& sps_structure = main_sps(), const Structure& pps_structure = h264::pps()) {
        const auto parsed_sps = parse_sps(sps_structure.nal(), sps);
        EXPECT_TRUE(parsed_sps) << parsed_sps.error().why;
        const auto parsed_pps = parse_pps(pps_structure.nal(), sps_table(), pps);
        EXPECT_TRUE(parsed_pps) << parsed_pps.error().why;
    }
    [[nodiscard]] Parsed<> slice(const Bytes& nal, SliceHeader& header) const {
        return parse_slice_header(nal, sps_table(), pps_table(), header);
    }
};

inline Sps sps_of(const Structure& structure) {
    Sps sps;
    const auto parsed = parse_sps(structure.nal(), sps);
    EXPECT_TRUE(parsed) << parsed.error().why;
    return sps;
}

inline Pps pps_of(const Structure& structure, const Structure& sps = main_sps()) { return Sets(sps, structure).pps; }

inline SliceHeader slice_of(const Sets& sets, const Structure& structure) {
    SliceHeader header;
    const auto parsed = sets.slice(structure.nal(), header);
    EXPECT_TRUE(parsed) << parsed.error().why;
    EXPECT_EQ(header.header_bit_size, structure.bits().size());
    return header;
}

/// Refused, because of `element`.
inline void expect_refused(const Parsed<>& parsed, std::string_view element, int code = EBADMSG) {
    ASSERT_FALSE(parsed) << element;
    EXPECT_EQ(parsed.error().code, code) << element;
    EXPECT_NE(std::string_view(parsed.error().why).find(element), std::string_view::npos)
        << element << ": " << parsed.error().why;
}

inline void expect_sps_refused(const Structure& structure, std::string_view element) {
    Sps sps;
    expect_refused(parse_sps(structure.nal(), sps), element);
}
inline void expect_pps_refused(const Structure& structure, std::string_view element,
                               const Structure& sps = main_sps()) {
    const Sets sets(sps);
    Pps parsed;
    expect_refused(parse_pps(structure.nal(), sets.sps_table(), parsed), element);
}
inline void expect_slice_refused(const Sets& sets, const Structure& structure, std::string_view element) {
    SliceHeader header;
    expect_refused(sets.slice(structure.nal(), header), element);
}

/// `count` present flags; a list for each index in `lists`: `first`, then steps of 1.
inline Structure scaling_matrix(unsigned count, const std::vector<std::pair<unsigned, int>>& lists) {
    Structure matrix;
    for (unsigned i = 0; i < count; ++i) {
        const auto list = std::find_if(lists.begin(), lists.end(), [&](const auto& entry) { return entry.first == i; });
        matrix.flag("present", list != lists.end());
        if (list == lists.end()) continue;
        matrix.se("delta_scale", list->second - 8);
        for (unsigned j = 1; j < (i < 6 ? 16 : 64) && list->second != 0; ++j) matrix.se("", 1);
    }
    return matrix;
}
inline Structure scaled_sps(unsigned chroma_format_idc, const std::vector<std::pair<unsigned, int>>& lists) {
    return high_sps(chroma_format_idc)
        .with("seq_scaling_matrix_present_flag", 1)
        .after("seq_scaling_matrix_present_flag", scaling_matrix(chroma_format_idc == 3 ? 12 : 8, lists));
}

} // namespace v4l2play::h264
