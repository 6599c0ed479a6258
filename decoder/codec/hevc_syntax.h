// H.265 syntax structures, named as in ITU-T H.265 (08/2021), clause 7.3. Values are in range once a parser has
// returned them; derived variables carry the names of clause 7.4 in snake_case.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/color.h"
#include "decoder/format.h"
#include "decoder/nanoseconds.h"

namespace v4l2play::hevc {

constexpr unsigned maximum_sps = 16;
constexpr unsigned maximum_pps = 64;
constexpr unsigned maximum_dpb_pictures = 16;    ///< A.4.2: MaxDpbSize
constexpr unsigned maximum_list_entries = 15;    ///< 7.4.7.1: num_ref_idx_l0_active_minus1 is 14 at most
constexpr unsigned maximum_set_pictures = 15;    ///< in a reference picture set: the DPB without the current picture
constexpr unsigned maximum_short_term_sets = 64; ///< of an SPS
constexpr unsigned maximum_long_term_sps = 32;   ///< candidates in an SPS
constexpr unsigned maximum_tile_columns = 20;    ///< Table A.8
constexpr unsigned maximum_tile_rows = 22;
constexpr unsigned maximum_sub_layers = 7;

/// 7.3.4. Lists in the up-right diagonal order of the syntax. Of 32x32 only matrixId 0 and 3 exist (the second is at
/// index 1 here).
struct ScalingLists {
    std::array<std::array<std::uint8_t, 16>, 6> list_4x4{};
    std::array<std::array<std::uint8_t, 64>, 6> list_8x8{};
    std::array<std::array<std::uint8_t, 64>, 6> list_16x16{};
    std::array<std::array<std::uint8_t, 64>, 2> list_32x32{};
    std::array<std::uint8_t, 6> dc_16x16{};
    std::array<std::uint8_t, 2> dc_32x32{};

    bool operator==(const ScalingLists&) const = default;
};

/// 7.3.7, both as it was sent and what it means: some devices want the one, some the other.
struct ShortTermRefPicSet {
    // As sent
    bool inter_ref_pic_set_prediction_flag = false;
    std::uint8_t delta_idx_minus1 = 0;
    bool delta_rps_sign = false;
    std::uint16_t abs_delta_rps_minus1 = 0;
    std::uint16_t used_by_curr_pic_flag = 0; ///< bit j; of predicted sets only
    std::uint16_t use_delta_flag = 0;        ///< bit j; of predicted sets only
    // Derived: (7-61) to (7-70)
    std::uint8_t num_negative_pics = 0;
    std::uint8_t num_positive_pics = 0;
    std::array<std::int16_t, maximum_set_pictures> delta_poc{}; ///< negative ones first, each part nearest first
    std::uint16_t used = 0;                                     ///< bit i: delta_poc[i] is used by the current picture

    [[nodiscard]] unsigned num_delta_pocs() const { return unsigned{num_negative_pics} + num_positive_pics; }
    [[nodiscard]] bool is_used(unsigned i) const { return (used >> i & 1) != 0; }
    bool operator==(const ShortTermRefPicSet&) const = default;
};

/// An entry of lt_ref_pic_poc_lsb_sps
struct LongTermRefPic {
    std::uint16_t lt_ref_pic_poc_lsb_sps = 0;
    bool used_by_curr_pic_lt_sps_flag = false;
    bool operator==(const LongTermRefPic&) const = default;
};

/// 7.3.2.2
struct Sps {
    std::uint8_t sps_video_parameter_set_id = 0;
    std::uint8_t sps_seq_parameter_set_id = 0;
    std::uint8_t sps_max_sub_layers_minus1 = 0;
    std::uint8_t general_profile_idc = 0;
    std::uint8_t general_level_idc = 0;
    bool general_progressive_source_flag = false;
    bool general_interlaced_source_flag = false;
    std::uint8_t chroma_format_idc = 1;
    bool separate_colour_plane_flag = false;
    std::uint16_t pic_width_in_luma_samples = 0;
    std::uint16_t pic_height_in_luma_samples = 0;
    std::uint16_t conf_win_left_offset = 0; ///< in chroma units
    std::uint16_t conf_win_right_offset = 0;
    std::uint16_t conf_win_top_offset = 0;
    std::uint16_t conf_win_bottom_offset = 0;
    std::uint8_t bit_depth_luma_minus8 = 0;
    std::uint8_t bit_depth_chroma_minus8 = 0;
    std::uint8_t log2_max_pic_order_cnt_lsb_minus4 = 0;
    // Of the highest sub-layer: all are decoded
    std::uint8_t sps_max_dec_pic_buffering_minus1 = 0;
    std::uint8_t sps_max_num_reorder_pics = 0;
    std::uint32_t sps_max_latency_increase_plus1 = 0;
    std::uint8_t log2_min_luma_coding_block_size_minus3 = 0;
    std::uint8_t log2_diff_max_min_luma_coding_block_size = 0;
    std::uint8_t log2_min_luma_transform_block_size_minus2 = 0;
    std::uint8_t log2_diff_max_min_luma_transform_block_size = 0;
    std::uint8_t max_transform_hierarchy_depth_inter = 0;
    std::uint8_t max_transform_hierarchy_depth_intra = 0;
    bool scaling_list_enabled_flag = false;
    ScalingLists scaling; ///< in force for PPSs without lists; the default ones when none were sent
    bool amp_enabled_flag = false;
    bool sample_adaptive_offset_enabled_flag = false;
    bool pcm_enabled_flag = false;
    std::uint8_t pcm_sample_bit_depth_luma_minus1 = 0;
    std::uint8_t pcm_sample_bit_depth_chroma_minus1 = 0;
    std::uint8_t log2_min_pcm_luma_coding_block_size_minus3 = 0;
    std::uint8_t log2_diff_max_min_pcm_luma_coding_block_size = 0;
    bool pcm_loop_filter_disabled_flag = false;
    std::uint8_t num_short_term_ref_pic_sets = 0;
    std::array<ShortTermRefPicSet, maximum_short_term_sets> short_term_ref_pic_sets{};
    bool long_term_ref_pics_present_flag = false;
    std::uint8_t num_long_term_ref_pics_sps = 0;
    std::array<LongTermRefPic, maximum_long_term_sps> long_term_ref_pics{};
    bool sps_temporal_mvp_enabled_flag = false;
    bool strong_intra_smoothing_enabled_flag = false;
    // Annex E, as far as it is used
    Rational sample_aspect{0, 1};
    ColorDescription color;
    bool field_seq_flag = false;
    bool frame_field_info_present_flag = false;
    // Extensions: whether any of their tools is in use
    bool range_extension_tools = false;
    bool screen_content_tools = false;

    [[nodiscard]] unsigned min_cb_log2_size() const { return log2_min_luma_coding_block_size_minus3 + 3U; }
    [[nodiscard]] unsigned ctb_log2_size() const {
        return min_cb_log2_size() + log2_diff_max_min_luma_coding_block_size;
    }
    [[nodiscard]] unsigned pic_width_in_ctbs() const { return in_ctbs(pic_width_in_luma_samples); }
    [[nodiscard]] unsigned pic_height_in_ctbs() const { return in_ctbs(pic_height_in_luma_samples); }
    [[nodiscard]] unsigned chroma_array_type() const { return separate_colour_plane_flag ? 0 : chroma_format_idc; }
    [[nodiscard]] std::int32_t max_pic_order_cnt_lsb() const { return 16 << log2_max_pic_order_cnt_lsb_minus4; }

    bool operator==(const Sps&) const = default;

  private:
    [[nodiscard]] unsigned in_ctbs(unsigned samples) const {
        return (samples + (1U << ctb_log2_size()) - 1) >> ctb_log2_size();
    }
};

/// 7.3.2.3
struct Pps {
    std::uint8_t pps_pic_parameter_set_id = 0;
    std::uint8_t pps_seq_parameter_set_id = 0;
    bool dependent_slice_segments_enabled_flag = false;
    bool output_flag_present_flag = false;
    std::uint8_t num_extra_slice_header_bits = 0;
    bool sign_data_hiding_enabled_flag = false;
    bool cabac_init_present_flag = false;
    std::uint8_t num_ref_idx_l0_default_active_minus1 = 0;
    std::uint8_t num_ref_idx_l1_default_active_minus1 = 0;
    std::int8_t init_qp_minus26 = 0;
    bool constrained_intra_pred_flag = false;
    bool transform_skip_enabled_flag = false;
    bool cu_qp_delta_enabled_flag = false;
    std::uint8_t diff_cu_qp_delta_depth = 0;
    std::int8_t pps_cb_qp_offset = 0;
    std::int8_t pps_cr_qp_offset = 0;
    bool pps_slice_chroma_qp_offsets_present_flag = false;
    bool weighted_pred_flag = false;
    bool weighted_bipred_flag = false;
    bool transquant_bypass_enabled_flag = false;
    bool tiles_enabled_flag = false;
    bool entropy_coding_sync_enabled_flag = false;
    std::uint8_t num_tile_columns_minus1 = 0;
    std::uint8_t num_tile_rows_minus1 = 0;
    bool uniform_spacing_flag = true;
    std::array<std::uint16_t, maximum_tile_columns> column_width_minus1{}; ///< as sent: not the last, none if uniform
    std::array<std::uint16_t, maximum_tile_rows> row_height_minus1{};
    bool loop_filter_across_tiles_enabled_flag = true;
    bool pps_loop_filter_across_slices_enabled_flag = false;
    bool deblocking_filter_control_present_flag = false;
    bool deblocking_filter_override_enabled_flag = false;
    bool pps_deblocking_filter_disabled_flag = false;
    std::int8_t pps_beta_offset_div2 = 0;
    std::int8_t pps_tc_offset_div2 = 0;
    bool pps_scaling_list_data_present_flag = false;
    ScalingLists scaling;
    bool lists_modification_present_flag = false;
    std::uint8_t log2_parallel_merge_level_minus2 = 0;
    bool slice_segment_header_extension_present_flag = false;
    // Extensions: whether any of their tools is in use
    bool range_extension_tools = false;
    bool screen_content_tools = false;

    bool operator==(const Pps&) const = default;
};

/// Values of the interface and of Table 7-7
enum class SliceType : std::uint8_t { B = 0, P = 1, I = 2 };

/// Table 7-1
enum class NalType : std::uint8_t {
    TrailN = 0,
    TrailR = 1,
    RadlN = 6,
    RadlR = 7,
    RaslN = 8,
    RaslR = 9,
    ReservedVclR15 = 15,
    BlaWLp = 16,
    BlaWRadl = 17,
    BlaNLp = 18,
    IdrWRadl = 19,
    IdrNLp = 20,
    Cra = 21,
    ReservedIrap23 = 23,
    ReservedVcl31 = 31,
    Vps = 32,
    Sps = 33,
    Pps = 34,
    AccessUnitDelimiter = 35,
    EndOfSequence = 36,
    EndOfBitstream = 37,
    FillerData = 38,
    PrefixSei = 39,
    SuffixSei = 40,
};

constexpr bool is_idr(NalType type) { return type == NalType::IdrWRadl || type == NalType::IdrNLp; }
constexpr bool is_bla(NalType type) { return type >= NalType::BlaWLp && type <= NalType::BlaNLp; }
constexpr bool is_irap(NalType type) { return type >= NalType::BlaWLp && type <= NalType::ReservedIrap23; }
constexpr bool is_rasl(NalType type) { return type == NalType::RaslN || type == NalType::RaslR; }
constexpr bool is_radl(NalType type) { return type == NalType::RadlN || type == NalType::RadlR; }
/// A slice segment of a picture, of a type that is not reserved.
constexpr bool is_slice(NalType type) {
    return type <= NalType::RaslR || (type >= NalType::BlaWLp && type <= NalType::Cra);
}
/// Sub-layer non-reference pictures: SLNR of 8.3.1
constexpr bool is_sub_layer_non_reference(NalType type) {
    return type < NalType::BlaWLp && static_cast<unsigned>(type) % 2 == 0;
}

/// Long-term part of a slice's reference picture set
struct LongTermEntry {
    std::uint16_t poc_lsb_lt = 0; ///< PocLsbLt
    bool used_by_curr_pic_lt = false;
    bool delta_poc_msb_present_flag = false;
    std::int32_t delta_poc_msb_cycle_lt = 0; ///< DeltaPocMsbCycleLt (7-52)
};

/// 7.3.6.3, of one reference
struct PredWeight {
    std::int8_t delta_luma_weight = 0;
    std::int8_t luma_offset = 0;
    std::array<std::int8_t, 2> delta_chroma_weight{};
    std::array<std::int8_t, 2> chroma_offset{}; ///< ChromaOffsetL0 (7-56)
};
struct PredWeightTable {
    std::uint8_t luma_log2_weight_denom = 0;
    std::int8_t delta_chroma_log2_weight_denom = 0;
    std::array<std::array<PredWeight, maximum_list_entries>, 2> weights{};
};

/// 7.3.6.1. Of a dependent slice segment, with what it takes over from the slice segment before.
struct SliceHeader {
    NalType nal_unit_type = NalType::TrailN;
    std::uint8_t nuh_temporal_id_plus1 = 1;
    bool first_slice_segment_in_pic_flag = false;
    bool no_output_of_prior_pics_flag = false;
    std::uint8_t slice_pic_parameter_set_id = 0;
    bool dependent_slice_segment_flag = false;
    std::uint32_t slice_segment_address = 0;
    SliceType slice_type = SliceType::I;
    bool pic_output_flag = true;
    std::uint8_t colour_plane_id = 0;
    std::uint16_t slice_pic_order_cnt_lsb = 0;
    bool short_term_ref_pic_set_sps_flag = false;
    ShortTermRefPicSet short_term_ref_pic_set;      ///< the one in force, from wherever
    std::uint8_t num_delta_pocs_of_ref_rps_idx = 0; ///< NumDeltaPocs[RefRpsIdx] when it was sent and predicted
    std::uint8_t num_long_term = 0;
    std::array<LongTermEntry, maximum_set_pictures> long_term{};
    bool slice_temporal_mvp_enabled_flag = false;
    bool slice_sao_luma_flag = false;
    bool slice_sao_chroma_flag = false;
    std::uint8_t num_ref_idx_l0_active_minus1 = 0;
    std::uint8_t num_ref_idx_l1_active_minus1 = 0;
    std::array<bool, 2> ref_pic_list_modification_flag{};
    std::array<std::array<std::uint8_t, maximum_list_entries>, 2> list_entry{};
    bool mvd_l1_zero_flag = false;
    bool cabac_init_flag = false;
    bool collocated_from_l0_flag = true;
    std::uint8_t collocated_ref_idx = 0;
    PredWeightTable pred_weight_table;
    std::uint8_t five_minus_max_num_merge_cand = 0;
    std::int8_t slice_qp_delta = 0;
    std::int8_t slice_cb_qp_offset = 0;
    std::int8_t slice_cr_qp_offset = 0;
    bool slice_deblocking_filter_disabled_flag = false;
    std::int8_t slice_beta_offset_div2 = 0;
    std::int8_t slice_tc_offset_div2 = 0;
    bool slice_loop_filter_across_slices_enabled_flag = false;
    std::uint32_t num_entry_point_offsets = 0;
    // Sizes that devices skip by, in RBSP bits (emulation prevention bytes not counted)
    std::uint16_t short_term_ref_pic_set_size = 0; ///< st_ref_pic_set(), if it is here and not in the SPS
    std::uint16_t long_term_ref_pic_set_size = 0;  ///< all that depends on long_term_ref_pics_present_flag
    std::uint32_t data_byte_offset =
        0; ///< bytes of the NAL unit before slice_segment_data(), with emulation prevention

    /// NumPicTotalCurr (7-55)
    [[nodiscard]] unsigned num_pic_total_curr() const;
    /// Entries of RefPicList0 and 1 in a slice of this type
    [[nodiscard]] unsigned active_references(unsigned list) const;
};

} // namespace v4l2play::hevc
