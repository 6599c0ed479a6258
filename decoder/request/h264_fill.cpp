#include "decoder/request/h264_fill.h"

#include <algorithm>

namespace v4l2play::h264 {
namespace {

// The interface is fixed; another size means that the structures are not those that this file knows.
static_assert(sizeof(v4l2_ctrl_h264_sps) == 1048);
static_assert(sizeof(v4l2_ctrl_h264_pps) == 12);
static_assert(sizeof(v4l2_ctrl_h264_scaling_matrix) == 480);
static_assert(sizeof(v4l2_ctrl_h264_pred_weights) == 772);
static_assert(sizeof(v4l2_ctrl_h264_slice_params) == 152);
static_assert(sizeof(v4l2_ctrl_h264_decode_params) == 560);

static_assert(maximum_dpb_frames == V4L2_H264_NUM_DPB_ENTRIES);
static_assert(maximum_list_entries == V4L2_H264_REF_LIST_LEN);
static_assert(static_cast<int>(Fields::Top) == V4L2_H264_TOP_FIELD_REF);
static_assert(static_cast<int>(Fields::Bottom) == V4L2_H264_BOTTOM_FIELD_REF);

/// The flag when `condition`, else nothing.
constexpr unsigned flag_if(bool condition, unsigned flag) { return condition ? flag : 0; }

// Figure 8-8: raster index of each position of the frame zig-zag scan.
constexpr std::array<std::uint8_t, 16> zigzag_4x4{0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
constexpr std::array<std::uint8_t, 64> zigzag_8x8{0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                                  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                                  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                                  58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

void fill(v4l2_h264_dpb_entry& out, const DpbEntry& entry) {
    // A "non-existing" frame has no memory: the reference that conceals it stands in, or the entry stays unused.
    const FrameId id = entry.id != 0 ? entry.id : entry.substitute;
    if (id == 0 || !any(entry.reference())) return;
    out.reference_ts = id * 1000;
    // The interface puts LongTermPicNum and LongTermFrameIdx where the short-term numbers are.
    out.pic_num = static_cast<std::uint32_t>(entry.pic_num);
    out.frame_num = entry.is_long_term() ? entry.long_term_frame_idx : entry.frame_num;
    out.fields = static_cast<std::uint8_t>(entry.reference());
    out.top_field_order_cnt = entry.top_field_order_cnt;
    out.bottom_field_order_cnt = entry.bottom_field_order_cnt;
    out.flags = V4L2_H264_DPB_ENTRY_FLAG_VALID | V4L2_H264_DPB_ENTRY_FLAG_ACTIVE |
                flag_if(entry.is_long_term(), V4L2_H264_DPB_ENTRY_FLAG_LONG_TERM) |
                flag_if(entry.field_pair || entry.decoded != Fields::Frame, V4L2_H264_DPB_ENTRY_FLAG_FIELD);
}

bool any_slice(const H264Picture& picture, SliceType type, SliceType switching) {
    return std::any_of(picture.slices.begin(), picture.slices.end(), [&](const Slice& slice) {
        return slice.header.slice_type == type || slice.header.slice_type == switching;
    });
}

/// Position of an entry in use, for references that are missing; 0 when there is none.
std::uint8_t any_entry(const v4l2_ctrl_h264_decode_params& decode_params) {
    for (std::uint8_t i = 0; i < V4L2_H264_NUM_DPB_ENTRIES; ++i)
        if (decode_params.dpb[i].flags != 0) return i;
    return 0;
}

/// What is referred to in an entry of which `fields` are references: the frame, or the field of the picture's own
/// parity if that is among them.
std::uint8_t fitting_fields(const SliceHeader& header, std::uint8_t fields) {
    const auto own = static_cast<std::uint8_t>(coded_fields(header));
    return (fields & own) != 0 ? static_cast<std::uint8_t>(fields & own) : fields;
}

/// Devices take the index as it is: one outside the DPB, or of an unused entry, reads memory of nobody (and can hang
/// the device). The codec skips pictures whose references are missing; should one come through, it refers to a picture
/// that exists.
void fill_list(v4l2_h264_reference (&out)[V4L2_H264_REF_LIST_LEN], const Slice& slice, std::size_t list, unsigned count,
               const v4l2_ctrl_h264_decode_params& decode_params) {
    for (std::size_t i = 0; i < std::min<std::size_t>(count, maximum_list_entries); ++i) {
        const ListEntry& entry = slice.list[list][i];
        const bool usable = i < slice.list_size[list] && entry.dpb_index < V4L2_H264_NUM_DPB_ENTRIES &&
                            decode_params.dpb[entry.dpb_index].flags != 0;
        out[i].index = usable ? entry.dpb_index : any_entry(decode_params);
        out[i].fields = usable ? static_cast<std::uint8_t>(entry.fields)
                               : fitting_fields(slice.header, decode_params.dpb[out[i].index].fields);
    }
}

void fill(v4l2_h264_weight_factors& out, const std::array<PredWeight, maximum_list_entries>& weights, unsigned count) {
    for (std::size_t i = 0; i < std::min<std::size_t>(count, maximum_list_entries); ++i) {
        out.luma_weight[i] = weights[i].luma_weight;
        out.luma_offset[i] = weights[i].luma_offset;
        std::copy_n(weights[i].chroma_weight.begin(), 2, out.chroma_weight[i]);
        std::copy_n(weights[i].chroma_offset.begin(), 2, out.chroma_offset[i]);
    }
}

/// Active entries of RefPicList0 and RefPicList1 in a slice of this type (7.4.3).
unsigned active_references(const SliceHeader& header, int list) {
    const bool intra = header.slice_type == SliceType::I || header.slice_type == SliceType::Si;
    if (list == 0) return intra ? 0 : header.num_ref_idx_l0_active_minus1 + 1U;
    return header.slice_type == SliceType::B ? header.num_ref_idx_l1_active_minus1 + 1U : 0;
}

/// Lowest profile_idc that allows the samples (Annex A.2): High, High 10, High 4:2:2, High 4:4:4 Predictive.
std::uint8_t profile_for(const SequenceInfo& sequence) {
    const unsigned depth = std::max(sequence.bit_depth_luma, sequence.bit_depth_chroma);
    if (sequence.chroma_format_idc == 3 || depth > 10) return 244;
    if (sequence.chroma_format_idc == 2) return 122;
    return depth > 8 ? 110 : 100;
}

} // namespace

void fill(v4l2_ctrl_h264_sps& out, const Sps& sps) {
    out = {};
    out.profile_idc = sps.profile_idc;
    out.constraint_set_flags = sps.constraint_set_flags;
    out.level_idc = sps.level_idc;
    out.seq_parameter_set_id = sps.seq_parameter_set_id;
    out.chroma_format_idc = sps.chroma_format_idc;
    out.bit_depth_luma_minus8 = sps.bit_depth_luma_minus8;
    out.bit_depth_chroma_minus8 = sps.bit_depth_chroma_minus8;
    out.log2_max_frame_num_minus4 = sps.log2_max_frame_num_minus4;
    out.pic_order_cnt_type = sps.pic_order_cnt_type;
    out.log2_max_pic_order_cnt_lsb_minus4 = sps.log2_max_pic_order_cnt_lsb_minus4;
    out.max_num_ref_frames = sps.max_num_ref_frames;
    out.num_ref_frames_in_pic_order_cnt_cycle = sps.num_ref_frames_in_pic_order_cnt_cycle;
    std::copy_n(sps.offset_for_ref_frame.begin(), sps.num_ref_frames_in_pic_order_cnt_cycle, out.offset_for_ref_frame);
    out.offset_for_non_ref_pic = sps.offset_for_non_ref_pic;
    out.offset_for_top_to_bottom_field = sps.offset_for_top_to_bottom_field;
    out.pic_width_in_mbs_minus1 = sps.pic_width_in_mbs_minus1;
    out.pic_height_in_map_units_minus1 = sps.pic_height_in_map_units_minus1;
    out.flags = flag_if(sps.separate_colour_plane_flag, V4L2_H264_SPS_FLAG_SEPARATE_COLOUR_PLANE) |
                flag_if(sps.qpprime_y_zero_transform_bypass_flag, V4L2_H264_SPS_FLAG_QPPRIME_Y_ZERO_TRANSFORM_BYPASS) |
                flag_if(sps.delta_pic_order_always_zero_flag, V4L2_H264_SPS_FLAG_DELTA_PIC_ORDER_ALWAYS_ZERO) |
                flag_if(sps.gaps_in_frame_num_value_allowed_flag, V4L2_H264_SPS_FLAG_GAPS_IN_FRAME_NUM_VALUE_ALLOWED) |
                flag_if(sps.frame_mbs_only_flag, V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY) |
                flag_if(sps.mb_adaptive_frame_field_flag, V4L2_H264_SPS_FLAG_MB_ADAPTIVE_FRAME_FIELD) |
                flag_if(sps.direct_8x8_inference_flag, V4L2_H264_SPS_FLAG_DIRECT_8X8_INFERENCE);
}

void fill(v4l2_ctrl_h264_sps& out, const SequenceInfo& sequence) {
    out = {};
    out.profile_idc = profile_for(sequence);
    out.level_idc = 51;
    out.chroma_format_idc = sequence.chroma_format_idc;
    out.bit_depth_luma_minus8 = static_cast<std::uint8_t>(sequence.bit_depth_luma - 8);
    out.bit_depth_chroma_minus8 = static_cast<std::uint8_t>(sequence.bit_depth_chroma - 8);
    out.max_num_ref_frames = static_cast<std::uint8_t>(std::min(sequence.dpb_slots, maximum_dpb_frames));
    out.pic_width_in_mbs_minus1 = static_cast<std::uint16_t>(sequence.coded_width / 16 - 1);
    const unsigned map_unit_height = sequence.interlaced ? 32 : 16;
    out.pic_height_in_map_units_minus1 = static_cast<std::uint16_t>(sequence.coded_height / map_unit_height - 1);
    out.flags =
        V4L2_H264_SPS_FLAG_DIRECT_8X8_INFERENCE | flag_if(!sequence.interlaced, V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY);
}

void fill(v4l2_ctrl_h264_pps& out, const Pps& pps, bool scaling_matrix_present) {
    out = {};
    out.pic_parameter_set_id = pps.pic_parameter_set_id;
    out.seq_parameter_set_id = pps.seq_parameter_set_id;
    out.num_slice_groups_minus1 = pps.num_slice_groups_minus1;
    out.num_ref_idx_l0_default_active_minus1 = pps.num_ref_idx_l0_default_active_minus1;
    out.num_ref_idx_l1_default_active_minus1 = pps.num_ref_idx_l1_default_active_minus1;
    out.weighted_bipred_idc = pps.weighted_bipred_idc;
    out.pic_init_qp_minus26 = pps.pic_init_qp_minus26;
    out.pic_init_qs_minus26 = pps.pic_init_qs_minus26;
    out.chroma_qp_index_offset = pps.chroma_qp_index_offset;
    out.second_chroma_qp_index_offset = pps.second_chroma_qp_index_offset;
    out.flags = static_cast<std::uint16_t>(
        flag_if(pps.entropy_coding_mode_flag, V4L2_H264_PPS_FLAG_ENTROPY_CODING_MODE) |
        flag_if(pps.bottom_field_pic_order_in_frame_present_flag,
                V4L2_H264_PPS_FLAG_BOTTOM_FIELD_PIC_ORDER_IN_FRAME_PRESENT) |
        flag_if(pps.weighted_pred_flag, V4L2_H264_PPS_FLAG_WEIGHTED_PRED) |
        flag_if(pps.deblocking_filter_control_present_flag, V4L2_H264_PPS_FLAG_DEBLOCKING_FILTER_CONTROL_PRESENT) |
        flag_if(pps.constrained_intra_pred_flag, V4L2_H264_PPS_FLAG_CONSTRAINED_INTRA_PRED) |
        flag_if(pps.redundant_pic_cnt_present_flag, V4L2_H264_PPS_FLAG_REDUNDANT_PIC_CNT_PRESENT) |
        flag_if(pps.transform_8x8_mode_flag, V4L2_H264_PPS_FLAG_TRANSFORM_8X8_MODE) |
        flag_if(scaling_matrix_present, V4L2_H264_PPS_FLAG_SCALING_MATRIX_PRESENT));
}

void fill(v4l2_ctrl_h264_scaling_matrix& out, const ScalingLists& lists) {
    // The lists come in the order of table 7-2, which is the interface's: only the scan differs.
    for (std::size_t list = 0; list < 6; ++list) {
        for (std::size_t i = 0; i < 16; ++i) out.scaling_list_4x4[list][zigzag_4x4[i]] = lists.list_4x4[list][i];
        for (std::size_t i = 0; i < 64; ++i) out.scaling_list_8x8[list][zigzag_8x8[i]] = lists.list_8x8[list][i];
    }
}

void fill(v4l2_ctrl_h264_decode_params& out, const H264Picture& picture) {
    // Everything here is the same in all slices of a picture (7.4.3), but for the kinds of slices.
    const SliceHeader& header = picture.slices.front().header;
    out = {};
    for (std::size_t i = 0; i < std::min<std::size_t>(picture.dpb_count, maximum_dpb_frames); ++i)
        fill(out.dpb[i], picture.dpb[i]);
    out.nal_ref_idc = header.nal_ref_idc;
    out.frame_num = header.frame_num;
    out.top_field_order_cnt = picture.top_field_order_cnt;
    out.bottom_field_order_cnt = picture.bottom_field_order_cnt;
    out.idr_pic_id = header.idr_pic_flag ? header.idr_pic_id : std::uint16_t{0};
    out.pic_order_cnt_lsb = header.pic_order_cnt_lsb;
    out.delta_pic_order_cnt_bottom = header.delta_pic_order_cnt_bottom;
    out.delta_pic_order_cnt0 = header.delta_pic_order_cnt[0];
    out.delta_pic_order_cnt1 = header.delta_pic_order_cnt[1];
    out.dec_ref_pic_marking_bit_size = header.dec_ref_pic_marking_bit_size;
    out.pic_order_cnt_bit_size = header.pic_order_cnt_bit_size;
    out.slice_group_change_cycle = header.slice_group_change_cycle;
    out.flags = flag_if(header.idr_pic_flag, V4L2_H264_DECODE_PARAM_FLAG_IDR_PIC) |
                flag_if(header.field_pic_flag, V4L2_H264_DECODE_PARAM_FLAG_FIELD_PIC) |
                flag_if(header.field_pic_flag && header.bottom_field_flag, V4L2_H264_DECODE_PARAM_FLAG_BOTTOM_FIELD) |
                flag_if(any_slice(picture, SliceType::P, SliceType::Sp), V4L2_H264_DECODE_PARAM_FLAG_PFRAME) |
                flag_if(any_slice(picture, SliceType::B, SliceType::B), V4L2_H264_DECODE_PARAM_FLAG_BFRAME);
}

void fill(v4l2_ctrl_h264_slice_params& out, const Slice& slice, const Pps& pps,
          const v4l2_ctrl_h264_decode_params& decode_params) {
    const SliceHeader& header = slice.header;
    const unsigned l0 = active_references(header, 0);
    const unsigned l1 = active_references(header, 1);
    const bool switching = header.slice_type == SliceType::Sp || header.slice_type == SliceType::Si;
    out = {};
    out.header_bit_size = header.header_bit_size;
    out.first_mb_in_slice = header.first_mb_in_slice;
    out.slice_type = static_cast<std::uint8_t>(header.slice_type);
    out.colour_plane_id = header.colour_plane_id;
    out.redundant_pic_cnt = header.redundant_pic_cnt;
    if (pps.entropy_coding_mode_flag && l0 != 0) out.cabac_init_idc = header.cabac_init_idc;
    out.slice_qp_delta = header.slice_qp_delta;
    if (switching) out.slice_qs_delta = header.slice_qs_delta;
    if (pps.deblocking_filter_control_present_flag) {
        out.disable_deblocking_filter_idc = header.disable_deblocking_filter_idc;
        out.slice_alpha_c0_offset_div2 = header.slice_alpha_c0_offset_div2;
        out.slice_beta_offset_div2 = header.slice_beta_offset_div2;
    }
    if (l0 != 0) out.num_ref_idx_l0_active_minus1 = header.num_ref_idx_l0_active_minus1;
    if (l1 != 0) out.num_ref_idx_l1_active_minus1 = header.num_ref_idx_l1_active_minus1;
    fill_list(out.ref_pic_list0, slice, 0, l0, decode_params);
    fill_list(out.ref_pic_list1, slice, 1, l1, decode_params);
    out.flags =
        flag_if(l1 != 0 && header.direct_spatial_mv_pred_flag, V4L2_H264_SLICE_FLAG_DIRECT_SPATIAL_MV_PRED) |
        flag_if(header.slice_type == SliceType::Sp && header.sp_for_switch_flag, V4L2_H264_SLICE_FLAG_SP_FOR_SWITCH);
}

void fill(v4l2_ctrl_h264_pred_weights& out, const SliceHeader& header) {
    const PredWeightTable& table = header.pred_weight_table;
    out = {};
    out.luma_log2_weight_denom = table.luma_log2_weight_denom;
    out.chroma_log2_weight_denom = table.chroma_log2_weight_denom;
    fill(out.weight_factors[0], table.weights[0], active_references(header, 0));
    fill(out.weight_factors[1], table.weights[1], active_references(header, 1));
}

} // namespace v4l2play::h264
