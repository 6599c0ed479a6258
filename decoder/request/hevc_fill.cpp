#include "decoder/request/hevc_fill.h"

#include <algorithm>
#include <cstdlib>

#include "decoder/codec/hevc_tiles.h"

namespace v4l2play::hevc {
namespace {

// The interface is fixed; another size means that the structures are not those that this file knows.
static_assert(sizeof(v4l2_ctrl_hevc_sps) == 40);
static_assert(sizeof(v4l2_ctrl_hevc_pps) == 64);
static_assert(sizeof(v4l2_ctrl_hevc_slice_params) == 280);
static_assert(sizeof(v4l2_ctrl_hevc_decode_params) == 328);
static_assert(sizeof(v4l2_ctrl_hevc_scaling_matrix) == 1000);

static_assert(maximum_dpb_pictures == V4L2_HEVC_DPB_ENTRIES_NUM_MAX);
static_assert(static_cast<int>(SliceType::B) == V4L2_HEVC_SLICE_TYPE_B);
static_assert(static_cast<int>(SliceType::P) == V4L2_HEVC_SLICE_TYPE_P);
static_assert(static_cast<int>(SliceType::I) == V4L2_HEVC_SLICE_TYPE_I);

/// The flag when `condition`, else nothing.
constexpr std::uint64_t flag_if(bool condition, std::uint64_t flag) { return condition ? flag : 0; }

/// 6.5.3: raster index of each position of the up-right diagonal scan.
template <std::size_t Side>
constexpr std::array<std::uint8_t, Side * Side> diagonal_scan() {
    std::array<std::uint8_t, Side * Side> raster{};
    std::size_t at = 0;
    for (std::size_t diagonal = 0; diagonal < 2 * Side - 1; ++diagonal)
        for (std::size_t x = 0; x <= diagonal; ++x)
            if (const std::size_t y = diagonal - x; x < Side && y < Side)
                raster[at++] = static_cast<std::uint8_t>(y * Side + x);
    return raster;
}
constexpr auto diagonal_4x4 = diagonal_scan<4>();
constexpr auto diagonal_8x8 = diagonal_scan<8>();
static_assert(diagonal_4x4[1] == 4 && diagonal_4x4[2] == 1);

template <std::size_t Count, std::size_t Size>
void fill_lists(std::uint8_t (&out)[Count][Size], const std::array<std::array<std::uint8_t, Size>, Count>& lists,
                const std::array<std::uint8_t, Size>& scan) {
    for (std::size_t list = 0; list < Count; ++list)
        for (std::size_t i = 0; i < Size; ++i) out[list][scan[i]] = lists[list][i];
}

/// Less 1, as the syntax has them
template <std::size_t Size>
void fill_tiles(std::uint8_t* out, const std::array<std::uint16_t, Size>& sizes, unsigned count_minus1) {
    for (unsigned i = 0; i <= count_minus1; ++i) out[i] = static_cast<std::uint8_t>(sizes[i] - 1);
}

/// What a device is told for an index. It takes it as it is: one outside the DPB reads memory of nobody, and can hang
/// the device. The codec skips pictures whose lists name missing pictures; a set may name one that no list does.
std::uint8_t usable(std::uint8_t index, const HevcPicture& picture) {
    return index < picture.dpb_count ? index : std::uint8_t{0};
}

/// Without any picture to stand in, a set is empty.
std::uint8_t fill_set(std::uint8_t (&out)[V4L2_HEVC_DPB_ENTRIES_NUM_MAX], const ReferenceSet& set,
                      const HevcPicture& picture) {
    if (picture.dpb_count == 0) return 0;
    for (std::size_t i = 0; i < set.count; ++i) out[i] = usable(set.index[i], picture);
    return set.count;
}

void fill_list(std::uint8_t (&out)[V4L2_HEVC_DPB_ENTRIES_NUM_MAX], const Slice& slice, unsigned list,
               const HevcPicture& picture) {
    const unsigned count = slice.header.active_references(list);
    for (unsigned i = 0; i < count; ++i) out[i] = usable(slice.list[list][i], picture);
}

void fill(v4l2_hevc_pred_weight_table& out, const SliceHeader& header) {
    const PredWeightTable& table = header.pred_weight_table;
    out.luma_log2_weight_denom = table.luma_log2_weight_denom;
    out.delta_chroma_log2_weight_denom = table.delta_chroma_log2_weight_denom;
    for (unsigned i = 0; i < header.active_references(0); ++i) {
        const PredWeight& weight = table.weights[0][i];
        out.delta_luma_weight_l0[i] = weight.delta_luma_weight;
        out.luma_offset_l0[i] = weight.luma_offset;
        std::copy_n(weight.delta_chroma_weight.begin(), 2, out.delta_chroma_weight_l0[i]);
        std::copy_n(weight.chroma_offset.begin(), 2, out.chroma_offset_l0[i]);
    }
    for (unsigned i = 0; i < header.active_references(1); ++i) {
        const PredWeight& weight = table.weights[1][i];
        out.delta_luma_weight_l1[i] = weight.delta_luma_weight;
        out.luma_offset_l1[i] = weight.luma_offset;
        std::copy_n(weight.delta_chroma_weight.begin(), 2, out.delta_chroma_weight_l1[i]);
        std::copy_n(weight.chroma_offset.begin(), 2, out.chroma_offset_l1[i]);
    }
}

std::uint64_t flags(const Sps& sps) {
    return flag_if(sps.separate_colour_plane_flag, V4L2_HEVC_SPS_FLAG_SEPARATE_COLOUR_PLANE) |
           flag_if(sps.scaling_list_enabled_flag, V4L2_HEVC_SPS_FLAG_SCALING_LIST_ENABLED) |
           flag_if(sps.amp_enabled_flag, V4L2_HEVC_SPS_FLAG_AMP_ENABLED) |
           flag_if(sps.sample_adaptive_offset_enabled_flag, V4L2_HEVC_SPS_FLAG_SAMPLE_ADAPTIVE_OFFSET) |
           flag_if(sps.pcm_enabled_flag, V4L2_HEVC_SPS_FLAG_PCM_ENABLED) |
           flag_if(sps.pcm_loop_filter_disabled_flag, V4L2_HEVC_SPS_FLAG_PCM_LOOP_FILTER_DISABLED) |
           flag_if(sps.long_term_ref_pics_present_flag, V4L2_HEVC_SPS_FLAG_LONG_TERM_REF_PICS_PRESENT) |
           flag_if(sps.sps_temporal_mvp_enabled_flag, V4L2_HEVC_SPS_FLAG_SPS_TEMPORAL_MVP_ENABLED) |
           flag_if(sps.strong_intra_smoothing_enabled_flag, V4L2_HEVC_SPS_FLAG_STRONG_INTRA_SMOOTHING_ENABLED);
}

std::uint64_t flags(const Pps& pps) {
    return flag_if(pps.dependent_slice_segments_enabled_flag, V4L2_HEVC_PPS_FLAG_DEPENDENT_SLICE_SEGMENT_ENABLED) |
           flag_if(pps.output_flag_present_flag, V4L2_HEVC_PPS_FLAG_OUTPUT_FLAG_PRESENT) |
           flag_if(pps.sign_data_hiding_enabled_flag, V4L2_HEVC_PPS_FLAG_SIGN_DATA_HIDING_ENABLED) |
           flag_if(pps.cabac_init_present_flag, V4L2_HEVC_PPS_FLAG_CABAC_INIT_PRESENT) |
           flag_if(pps.constrained_intra_pred_flag, V4L2_HEVC_PPS_FLAG_CONSTRAINED_INTRA_PRED) |
           flag_if(pps.transform_skip_enabled_flag, V4L2_HEVC_PPS_FLAG_TRANSFORM_SKIP_ENABLED) |
           flag_if(pps.cu_qp_delta_enabled_flag, V4L2_HEVC_PPS_FLAG_CU_QP_DELTA_ENABLED) |
           flag_if(pps.pps_slice_chroma_qp_offsets_present_flag,
                   V4L2_HEVC_PPS_FLAG_PPS_SLICE_CHROMA_QP_OFFSETS_PRESENT) |
           flag_if(pps.weighted_pred_flag, V4L2_HEVC_PPS_FLAG_WEIGHTED_PRED) |
           flag_if(pps.weighted_bipred_flag, V4L2_HEVC_PPS_FLAG_WEIGHTED_BIPRED) |
           flag_if(pps.transquant_bypass_enabled_flag, V4L2_HEVC_PPS_FLAG_TRANSQUANT_BYPASS_ENABLED) |
           flag_if(pps.tiles_enabled_flag, V4L2_HEVC_PPS_FLAG_TILES_ENABLED) |
           flag_if(pps.entropy_coding_sync_enabled_flag, V4L2_HEVC_PPS_FLAG_ENTROPY_CODING_SYNC_ENABLED) |
           flag_if(pps.tiles_enabled_flag && pps.loop_filter_across_tiles_enabled_flag,
                   V4L2_HEVC_PPS_FLAG_LOOP_FILTER_ACROSS_TILES_ENABLED) |
           flag_if(pps.pps_loop_filter_across_slices_enabled_flag,
                   V4L2_HEVC_PPS_FLAG_PPS_LOOP_FILTER_ACROSS_SLICES_ENABLED) |
           flag_if(pps.deblocking_filter_override_enabled_flag, V4L2_HEVC_PPS_FLAG_DEBLOCKING_FILTER_OVERRIDE_ENABLED) |
           flag_if(pps.pps_deblocking_filter_disabled_flag, V4L2_HEVC_PPS_FLAG_PPS_DISABLE_DEBLOCKING_FILTER) |
           flag_if(pps.lists_modification_present_flag, V4L2_HEVC_PPS_FLAG_LISTS_MODIFICATION_PRESENT) |
           flag_if(pps.slice_segment_header_extension_present_flag,
                   V4L2_HEVC_PPS_FLAG_SLICE_SEGMENT_HEADER_EXTENSION_PRESENT) |
           flag_if(pps.deblocking_filter_control_present_flag, V4L2_HEVC_PPS_FLAG_DEBLOCKING_FILTER_CONTROL_PRESENT) |
           flag_if(pps.uniform_spacing_flag, V4L2_HEVC_PPS_FLAG_UNIFORM_SPACING);
}

std::uint64_t flags(const SliceHeader& header) {
    return flag_if(header.slice_sao_luma_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_SLICE_SAO_LUMA) |
           flag_if(header.slice_sao_chroma_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_SLICE_SAO_CHROMA) |
           flag_if(header.slice_temporal_mvp_enabled_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_SLICE_TEMPORAL_MVP_ENABLED) |
           flag_if(header.mvd_l1_zero_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_MVD_L1_ZERO) |
           flag_if(header.cabac_init_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_CABAC_INIT) |
           flag_if(header.collocated_from_l0_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_COLLOCATED_FROM_L0) |
           flag_if(header.slice_deblocking_filter_disabled_flag,
                   V4L2_HEVC_SLICE_PARAMS_FLAG_SLICE_DEBLOCKING_FILTER_DISABLED) |
           flag_if(header.slice_loop_filter_across_slices_enabled_flag,
                   V4L2_HEVC_SLICE_PARAMS_FLAG_SLICE_LOOP_FILTER_ACROSS_SLICES_ENABLED) |
           flag_if(header.dependent_slice_segment_flag, V4L2_HEVC_SLICE_PARAMS_FLAG_DEPENDENT_SLICE_SEGMENT);
}

} // namespace

void fill(v4l2_ctrl_hevc_sps& out, const Sps& sps) {
    out = {};
    out.video_parameter_set_id = sps.sps_video_parameter_set_id;
    out.seq_parameter_set_id = sps.sps_seq_parameter_set_id;
    out.pic_width_in_luma_samples = sps.pic_width_in_luma_samples;
    out.pic_height_in_luma_samples = sps.pic_height_in_luma_samples;
    out.bit_depth_luma_minus8 = sps.bit_depth_luma_minus8;
    out.bit_depth_chroma_minus8 = sps.bit_depth_chroma_minus8;
    out.log2_max_pic_order_cnt_lsb_minus4 = sps.log2_max_pic_order_cnt_lsb_minus4;
    out.sps_max_dec_pic_buffering_minus1 = sps.sps_max_dec_pic_buffering_minus1;
    out.sps_max_num_reorder_pics = sps.sps_max_num_reorder_pics;
    // 32 bits in the syntax; no driver looks at it.
    out.sps_max_latency_increase_plus1 =
        static_cast<std::uint8_t>(std::min(sps.sps_max_latency_increase_plus1, std::uint32_t{255}));
    out.log2_min_luma_coding_block_size_minus3 = sps.log2_min_luma_coding_block_size_minus3;
    out.log2_diff_max_min_luma_coding_block_size = sps.log2_diff_max_min_luma_coding_block_size;
    out.log2_min_luma_transform_block_size_minus2 = sps.log2_min_luma_transform_block_size_minus2;
    out.log2_diff_max_min_luma_transform_block_size = sps.log2_diff_max_min_luma_transform_block_size;
    out.max_transform_hierarchy_depth_inter = sps.max_transform_hierarchy_depth_inter;
    out.max_transform_hierarchy_depth_intra = sps.max_transform_hierarchy_depth_intra;
    out.pcm_sample_bit_depth_luma_minus1 = sps.pcm_sample_bit_depth_luma_minus1;
    out.pcm_sample_bit_depth_chroma_minus1 = sps.pcm_sample_bit_depth_chroma_minus1;
    out.log2_min_pcm_luma_coding_block_size_minus3 = sps.log2_min_pcm_luma_coding_block_size_minus3;
    out.log2_diff_max_min_pcm_luma_coding_block_size = sps.log2_diff_max_min_pcm_luma_coding_block_size;
    out.num_short_term_ref_pic_sets = sps.num_short_term_ref_pic_sets;
    out.num_long_term_ref_pics_sps = sps.num_long_term_ref_pics_sps;
    out.chroma_format_idc = sps.chroma_format_idc;
    out.sps_max_sub_layers_minus1 = sps.sps_max_sub_layers_minus1;
    out.flags = flags(sps);
}

void fill(v4l2_ctrl_hevc_sps& out, const SequenceInfo& sequence) {
    out = {};
    out.pic_width_in_luma_samples = static_cast<std::uint16_t>(sequence.coded_width);
    out.pic_height_in_luma_samples = static_cast<std::uint16_t>(sequence.coded_height);
    out.bit_depth_luma_minus8 = static_cast<std::uint8_t>(sequence.bit_depth_luma - 8);
    out.bit_depth_chroma_minus8 = static_cast<std::uint8_t>(sequence.bit_depth_chroma - 8);
    out.sps_max_dec_pic_buffering_minus1 =
        static_cast<std::uint8_t>(std::min(sequence.dpb_slots, maximum_dpb_pictures - 1));
    out.log2_diff_max_min_luma_coding_block_size = 3; // of 8, to 64
    out.log2_diff_max_min_luma_transform_block_size = 3;
    out.chroma_format_idc = sequence.chroma_format_idc;
}

void fill(v4l2_ctrl_hevc_pps& out, const Pps& pps, const Sps& sps) {
    out = {};
    out.pic_parameter_set_id = pps.pps_pic_parameter_set_id;
    out.num_extra_slice_header_bits = pps.num_extra_slice_header_bits;
    out.num_ref_idx_l0_default_active_minus1 = pps.num_ref_idx_l0_default_active_minus1;
    out.num_ref_idx_l1_default_active_minus1 = pps.num_ref_idx_l1_default_active_minus1;
    out.init_qp_minus26 = pps.init_qp_minus26;
    out.diff_cu_qp_delta_depth = pps.diff_cu_qp_delta_depth;
    out.pps_cb_qp_offset = pps.pps_cb_qp_offset;
    out.pps_cr_qp_offset = pps.pps_cr_qp_offset;
    if (pps.tiles_enabled_flag) {
        out.num_tile_columns_minus1 = pps.num_tile_columns_minus1;
        out.num_tile_rows_minus1 = pps.num_tile_rows_minus1;
        fill_tiles(out.column_width_minus1, column_widths(pps, sps), pps.num_tile_columns_minus1);
        fill_tiles(out.row_height_minus1, row_heights(pps, sps), pps.num_tile_rows_minus1);
    }
    out.pps_beta_offset_div2 = pps.pps_beta_offset_div2;
    out.pps_tc_offset_div2 = pps.pps_tc_offset_div2;
    out.log2_parallel_merge_level_minus2 = pps.log2_parallel_merge_level_minus2;
    out.flags = flags(pps);
}

void fill(v4l2_ctrl_hevc_scaling_matrix& out, const ScalingLists& lists) {
    fill_lists(out.scaling_list_4x4, lists.list_4x4, diagonal_4x4);
    fill_lists(out.scaling_list_8x8, lists.list_8x8, diagonal_8x8);
    fill_lists(out.scaling_list_16x16, lists.list_16x16, diagonal_8x8);
    fill_lists(out.scaling_list_32x32, lists.list_32x32, diagonal_8x8);
    std::copy(lists.dc_16x16.begin(), lists.dc_16x16.end(), out.scaling_list_dc_coef_16x16);
    std::copy(lists.dc_32x32.begin(), lists.dc_32x32.end(), out.scaling_list_dc_coef_32x32);
}

void fill(v4l2_ctrl_hevc_decode_params& out, const HevcPicture& picture) {
    // Everything here is the same in all slices of a picture (7.4.7.1).
    const SliceHeader& header = picture.slices.front().header;
    out = {};
    out.pic_order_cnt_val = picture.pic_order_cnt;
    out.short_term_ref_pic_set_size = header.short_term_ref_pic_set_size;
    out.long_term_ref_pic_set_size = header.long_term_ref_pic_set_size;
    out.num_active_dpb_entries = picture.dpb_count;
    out.num_poc_st_curr_before = fill_set(out.poc_st_curr_before, picture.st_curr_before, picture);
    out.num_poc_st_curr_after = fill_set(out.poc_st_curr_after, picture.st_curr_after, picture);
    out.num_poc_lt_curr = fill_set(out.poc_lt_curr, picture.lt_curr, picture);
    out.num_delta_pocs_of_ref_rps_idx = header.num_delta_pocs_of_ref_rps_idx;
    for (std::size_t i = 0; i < picture.dpb_count; ++i) {
        const DpbEntry& entry = picture.dpb[i];
        out.dpb[i].timestamp = entry.id * 1000;
        out.dpb[i].flags = entry.long_term ? V4L2_HEVC_DPB_ENTRY_LONG_TERM_REFERENCE : 0;
        out.dpb[i].field_pic = entry.pic_struct; // V4L2_HEVC_SEI_PIC_STRUCT_*: the values of Table D.2
        out.dpb[i].pic_order_cnt_val = entry.pic_order_cnt;
    }
    out.flags = flag_if(is_irap(header.nal_unit_type), V4L2_HEVC_DECODE_PARAM_FLAG_IRAP_PIC) |
                flag_if(is_idr(header.nal_unit_type), V4L2_HEVC_DECODE_PARAM_FLAG_IDR_PIC) |
                flag_if(header.no_output_of_prior_pics_flag, V4L2_HEVC_DECODE_PARAM_FLAG_NO_OUTPUT_OF_PRIOR);
}

void fill(v4l2_ctrl_hevc_slice_params& out, const Slice& slice, const HevcPicture& picture,
          std::uint32_t start_code_size) {
    const SliceHeader& header = slice.header;
    out = {};
    out.bit_size = static_cast<std::uint32_t>(slice.nal.size() + start_code_size) * 8;
    out.data_byte_offset = header.data_byte_offset + start_code_size;
    out.num_entry_point_offsets = header.num_entry_point_offsets;
    out.nal_unit_type = static_cast<std::uint8_t>(header.nal_unit_type);
    out.nuh_temporal_id_plus1 = header.nuh_temporal_id_plus1;
    out.slice_type = static_cast<std::uint8_t>(header.slice_type);
    out.colour_plane_id = header.colour_plane_id;
    out.slice_pic_order_cnt = picture.pic_order_cnt;
    if (header.active_references(0) != 0) out.num_ref_idx_l0_active_minus1 = header.num_ref_idx_l0_active_minus1;
    if (header.active_references(1) != 0) out.num_ref_idx_l1_active_minus1 = header.num_ref_idx_l1_active_minus1;
    out.collocated_ref_idx = header.collocated_ref_idx;
    out.five_minus_max_num_merge_cand = header.five_minus_max_num_merge_cand;
    out.slice_qp_delta = header.slice_qp_delta;
    out.slice_cb_qp_offset = header.slice_cb_qp_offset;
    out.slice_cr_qp_offset = header.slice_cr_qp_offset;
    out.slice_beta_offset_div2 = header.slice_beta_offset_div2;
    out.slice_tc_offset_div2 = header.slice_tc_offset_div2;
    out.pic_struct = picture.pic_struct;
    out.slice_segment_addr = header.slice_segment_address;
    fill_list(out.ref_idx_l0, slice, 0, picture);
    fill_list(out.ref_idx_l1, slice, 1, picture);
    out.short_term_ref_pic_set_size = header.short_term_ref_pic_set_size;
    out.long_term_ref_pic_set_size = header.long_term_ref_pic_set_size;
    fill(out.pred_weight_table, header);
    out.flags = flags(header);
}

void fill(v4l2_ctrl_hevc_ext_sps_st_rps& out, const ShortTermRefPicSet& set) {
    out = {};
    if (set.inter_ref_pic_set_prediction_flag) {
        out.flags = V4L2_HEVC_EXT_SPS_ST_RPS_FLAG_INTER_REF_PIC_SET_PRED;
        out.delta_idx_minus1 = set.delta_idx_minus1;
        out.delta_rps_sign = set.delta_rps_sign ? 1 : 0;
        out.abs_delta_rps_minus1 = set.abs_delta_rps_minus1;
        out.used_by_curr_pic = set.used_by_curr_pic_flag;
        out.use_delta_flag = set.use_delta_flag;
        return;
    }
    out.num_negative_pics = set.num_negative_pics;
    out.num_positive_pics = set.num_positive_pics;
    out.used_by_curr_pic = set.used; // used_by_curr_pic_s0_flag[], and those of s1 behind them
    const auto difference = [&](unsigned i, unsigned first) {
        const int previous = i == first ? 0 : set.delta_poc[i - 1];
        return static_cast<std::uint16_t>(std::abs(set.delta_poc[i] - previous) - 1);
    };
    const unsigned negative = set.num_negative_pics;
    for (unsigned i = 0; i < negative; ++i) out.delta_poc_s0_minus1[i] = difference(i, 0);
    for (unsigned i = negative; i < set.num_delta_pocs(); ++i)
        out.delta_poc_s1_minus1[i - negative] = difference(i, negative);
}

void fill(v4l2_ctrl_hevc_ext_sps_lt_rps& out, const LongTermRefPic& candidate) {
    out = {};
    out.lt_ref_pic_poc_lsb_sps = candidate.lt_ref_pic_poc_lsb_sps;
    out.flags = candidate.used_by_curr_pic_lt_sps_flag ? V4L2_HEVC_EXT_SPS_LT_RPS_FLAG_USED_LT : 0;
}

} // namespace v4l2play::hevc
