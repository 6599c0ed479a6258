// H.264 syntax structures, named as in ITU-T H.264 (08/2021), clause 7.3. Values are in range once a parser has
// returned them; derived variables carry the names of clause 7.4 in snake_case.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/color.h"
#include "decoder/format.h"
#include "decoder/nanoseconds.h"

namespace v4l2play::h264 {

constexpr unsigned maximum_sps = 32;
constexpr unsigned maximum_pps = 256;
constexpr unsigned maximum_dpb_frames = 16;
constexpr unsigned maximum_list_entries = 32;

/// Lists in the zig-zag order of the syntax; `present` bits tell which came with the structure, fall-back rules A and B
/// (tables 7-2) are resolved by `resolve_scaling_lists`.
struct ScalingLists {
    std::array<std::array<std::uint8_t, 16>, 6> list_4x4{};
    std::array<std::array<std::uint8_t, 64>, 6> list_8x8{};
    std::uint16_t present = 0;     ///< bit i: scaling_list_present_flag[i]
    std::uint16_t use_default = 0; ///< bit i: UseDefaultScalingMatrixFlag

    bool operator==(const ScalingLists&) const = default;
};

/// 7.3.2.1.1
struct Sps {
    std::uint8_t profile_idc = 0;
    std::uint8_t constraint_set_flags = 0; ///< bit 0 = constraint_set0_flag
    std::uint8_t level_idc = 0;
    std::uint8_t seq_parameter_set_id = 0;
    std::uint8_t chroma_format_idc = 1;
    bool separate_colour_plane_flag = false;
    std::uint8_t bit_depth_luma_minus8 = 0;
    std::uint8_t bit_depth_chroma_minus8 = 0;
    bool qpprime_y_zero_transform_bypass_flag = false;
    bool seq_scaling_matrix_present_flag = false;
    ScalingLists scaling;
    std::uint8_t log2_max_frame_num_minus4 = 0;
    std::uint8_t pic_order_cnt_type = 0;
    std::uint8_t log2_max_pic_order_cnt_lsb_minus4 = 0;
    bool delta_pic_order_always_zero_flag = false;
    std::int32_t offset_for_non_ref_pic = 0;
    std::int32_t offset_for_top_to_bottom_field = 0;
    std::uint8_t num_ref_frames_in_pic_order_cnt_cycle = 0;
    std::array<std::int32_t, 255> offset_for_ref_frame{};
    std::uint8_t max_num_ref_frames = 0;
    bool gaps_in_frame_num_value_allowed_flag = false;
    std::uint16_t pic_width_in_mbs_minus1 = 0;
    std::uint16_t pic_height_in_map_units_minus1 = 0;
    bool frame_mbs_only_flag = true;
    bool mb_adaptive_frame_field_flag = false;
    bool direct_8x8_inference_flag = false;
    std::uint32_t frame_crop_left_offset = 0; ///< in crop units
    std::uint32_t frame_crop_right_offset = 0;
    std::uint32_t frame_crop_top_offset = 0;
    std::uint32_t frame_crop_bottom_offset = 0;
    // Annex E, as far as it is used
    Rational sample_aspect{0, 1};
    ColorDescription color;
    bool timing_info_present_flag = false;
    std::uint32_t num_units_in_tick = 0;
    std::uint32_t time_scale = 0;
    bool bitstream_restriction_flag = false;
    std::uint8_t max_num_reorder_frames = 0;
    std::uint8_t max_dec_frame_buffering = 0;

    bool operator==(const Sps&) const; ///< field by field, for redundant and changed parameter sets
};

/// 7.3.2.2
struct Pps {
    std::uint8_t pic_parameter_set_id = 0;
    std::uint8_t seq_parameter_set_id = 0;
    bool entropy_coding_mode_flag = false;
    bool bottom_field_pic_order_in_frame_present_flag = false;
    std::uint8_t num_slice_groups_minus1 = 0;
    std::uint8_t slice_group_map_type = 0;            ///< with the next, needed to read slice headers
    std::uint32_t slice_group_change_rate_minus1 = 0; ///< map types 3 to 5
    std::uint8_t num_ref_idx_l0_default_active_minus1 = 0;
    std::uint8_t num_ref_idx_l1_default_active_minus1 = 0;
    bool weighted_pred_flag = false;
    std::uint8_t weighted_bipred_idc = 0;
    std::int8_t pic_init_qp_minus26 = 0;
    std::int8_t pic_init_qs_minus26 = 0;
    std::int8_t chroma_qp_index_offset = 0;
    std::int8_t second_chroma_qp_index_offset = 0;
    bool deblocking_filter_control_present_flag = false;
    bool constrained_intra_pred_flag = false;
    bool redundant_pic_cnt_present_flag = false;
    bool transform_8x8_mode_flag = false;
    bool pic_scaling_matrix_present_flag = false;
    ScalingLists scaling;

    bool operator==(const Pps&) const = default;
};

enum class SliceType : std::uint8_t { P = 0, B = 1, I = 2, Sp = 3, Si = 4 };

/// 7.3.3.1: one modification_of_pic_nums_idc with its operand
struct RefPicListModification {
    std::uint8_t modification_of_pic_nums_idc = 3;
    std::uint32_t value = 0; ///< abs_diff_pic_num_minus1 or long_term_pic_num
};

/// 7.3.3.2, per list
struct PredWeight {
    std::int16_t luma_weight = 0;
    std::int16_t luma_offset = 0;
    std::array<std::int16_t, 2> chroma_weight{};
    std::array<std::int16_t, 2> chroma_offset{};
};
struct PredWeightTable {
    std::uint8_t luma_log2_weight_denom = 0;
    std::uint8_t chroma_log2_weight_denom = 0;
    std::array<std::array<PredWeight, maximum_list_entries>, 2> weights{};
};

/// 7.3.3.3: one memory management control operation
struct Mmco {
    std::uint8_t operation = 0;
    std::uint32_t difference_of_pic_nums_minus1 = 0;
    std::uint32_t long_term_pic_num = 0;
    std::uint32_t long_term_frame_idx = 0;
    std::uint32_t max_long_term_frame_idx_plus1 = 0;
};
constexpr unsigned maximum_mmco = 66;

struct DecRefPicMarking {
    bool no_output_of_prior_pics_flag = false;
    bool long_term_reference_flag = false;
    bool adaptive_ref_pic_marking_mode_flag = false;
    std::uint8_t count = 0;
    std::array<Mmco, maximum_mmco> operations{};
};

/// 7.3.3
struct SliceHeader {
    std::uint8_t nal_ref_idc = 0;
    std::uint8_t nal_unit_type = 0;
    bool idr_pic_flag = false;
    std::uint32_t first_mb_in_slice = 0;
    SliceType slice_type = SliceType::I;
    std::uint8_t pic_parameter_set_id = 0;
    std::uint8_t colour_plane_id = 0;
    std::uint16_t frame_num = 0;
    bool field_pic_flag = false;
    bool bottom_field_flag = false;
    std::uint16_t idr_pic_id = 0;
    std::uint16_t pic_order_cnt_lsb = 0;
    std::int32_t delta_pic_order_cnt_bottom = 0;
    std::array<std::int32_t, 2> delta_pic_order_cnt{};
    std::uint8_t redundant_pic_cnt = 0;
    bool direct_spatial_mv_pred_flag = false;
    std::uint8_t num_ref_idx_l0_active_minus1 = 0; ///< after override
    std::uint8_t num_ref_idx_l1_active_minus1 = 0;
    std::array<std::uint8_t, 2> modification_count{}; ///< entries before the terminating 3
    std::array<std::array<RefPicListModification, 66>, 2> modifications{};
    PredWeightTable pred_weight_table;
    DecRefPicMarking dec_ref_pic_marking;
    std::uint8_t cabac_init_idc = 0;
    std::int8_t slice_qp_delta = 0;
    bool sp_for_switch_flag = false;
    std::int8_t slice_qs_delta = 0;
    std::uint8_t disable_deblocking_filter_idc = 0;
    std::int8_t slice_alpha_c0_offset_div2 = 0;
    std::int8_t slice_beta_offset_div2 = 0;
    std::uint32_t slice_group_change_cycle = 0;
    // Sizes that devices skip by, in RBSP bits (emulation prevention bytes not counted)
    std::uint32_t pic_order_cnt_bit_size = 0; ///< pic_order_cnt_lsb to delta_pic_order_cnt[1]
    std::uint32_t dec_ref_pic_marking_bit_size = 0;
    std::uint32_t header_bit_size = 0; ///< from the first bit of the NAL unit header to slice_data()
};

/// 7.4.2.1.1.1, 7.4.2.2: the lists in force for pictures of `pps`, fall-back rules applied, zig-zag order.
ScalingLists resolve_scaling_lists(const Sps& sps, const Pps& pps);

} // namespace v4l2play::h264
