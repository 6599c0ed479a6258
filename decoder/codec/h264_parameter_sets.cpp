#include <bit>
#include <tuple>

#include "decoder/codec/h264_scaling_lists.h"
#include "decoder/codec/nal_vui.h"

namespace v4l2play::h264 {

namespace {

// Level 6.2 (Table A-1): no level allows more macroblocks in a frame, and A.3.1 no side beyond the root of eight times
// as many.
constexpr std::uint32_t maximum_frame_size = 139264;
constexpr std::uint32_t maximum_side = 1055;

/// Profiles with chroma_format_idc and so on in their SPS (7.3.2.1.1).
bool has_chroma_format(unsigned profile_idc) {
    constexpr std::array<std::uint8_t, 13> profiles{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
    for (const std::uint8_t profile : profiles)
        if (profile == profile_idc) return true;
    return false;
}

/// 7.3.2.1.1, from chroma_format_idc to the scaling lists
void parse_chroma_format(SyntaxReader& r, Sps& sps) {
    r.ue(sps.chroma_format_idc, 3, "chroma_format_idc above 3 (7.4.2.1.1)");
    if (sps.chroma_format_idc == 3) r.flag(sps.separate_colour_plane_flag);
    r.ue(sps.bit_depth_luma_minus8, 6, "bit_depth_luma_minus8 above 6 (7.4.2.1.1)");
    r.ue(sps.bit_depth_chroma_minus8, 6, "bit_depth_chroma_minus8 above 6 (7.4.2.1.1)");
    r.flag(sps.qpprime_y_zero_transform_bypass_flag);
    r.flag(sps.seq_scaling_matrix_present_flag);
    if (sps.seq_scaling_matrix_present_flag) parse_scaling_lists(r, sps.chroma_format_idc == 3 ? 12 : 8, sps.scaling);
}

/// 7.3.2.1.1, from pic_order_cnt_type to offset_for_ref_frame
void parse_pic_order_cnt(SyntaxReader& r, Sps& sps) {
    r.ue(sps.pic_order_cnt_type, 2, "pic_order_cnt_type above 2 (7.4.2.1.1)");
    if (sps.pic_order_cnt_type == 0)
        r.ue(sps.log2_max_pic_order_cnt_lsb_minus4, 12, "log2_max_pic_order_cnt_lsb_minus4 above 12 (7.4.2.1.1)");
    if (sps.pic_order_cnt_type != 1) return;
    r.flag(sps.delta_pic_order_always_zero_flag);
    r.se(sps.offset_for_non_ref_pic);
    r.se(sps.offset_for_top_to_bottom_field);
    r.ue(sps.num_ref_frames_in_pic_order_cnt_cycle, 255, "num_ref_frames_in_pic_order_cnt_cycle above 255 (7.4.2.1.1)");
    for (unsigned i = 0; i < sps.num_ref_frames_in_pic_order_cnt_cycle && r.ok(); ++i)
        r.se(sps.offset_for_ref_frame[i]);
}

/// 7.3.2.1.1, from pic_width_in_mbs_minus1 to frame_mbs_only_flag
void parse_frame_size(SyntaxReader& r, Sps& sps) {
    r.ue(sps.pic_width_in_mbs_minus1, maximum_side - 1, "pic_width_in_mbs_minus1 above every level (A.3.1)");
    r.ue(sps.pic_height_in_map_units_minus1, maximum_side - 1,
         "pic_height_in_map_units_minus1 above every level (A.3.1)");
    r.flag(sps.frame_mbs_only_flag);
    const std::uint32_t height = (sps.pic_height_in_map_units_minus1 + 1U) * (sps.frame_mbs_only_flag ? 1 : 2);
    r.require(height <= maximum_side, "FrameHeightInMbs above every level (A.3.1)");
    r.require((sps.pic_width_in_mbs_minus1 + 1U) * height <= maximum_frame_size,
              "more macroblocks than any level allows (A.3.1)");
}

/// 7.3.2.1.1, from frame_crop_left_offset to frame_crop_bottom_offset
void parse_frame_cropping(SyntaxReader& r, Sps& sps) {
    const bool chroma = sps.chroma_format_idc != 0 && !sps.separate_colour_plane_flag; // ChromaArrayType
    const unsigned unit_x = chroma && sps.chroma_format_idc != 3 ? 2 : 1;              // (7-19), (7-21)
    const unsigned unit_y = (chroma && sps.chroma_format_idc == 1 ? 2U : 1U) * (sps.frame_mbs_only_flag ? 1 : 2);
    const unsigned width = (sps.pic_width_in_mbs_minus1 + 1U) * 16 / unit_x;
    const unsigned height = (sps.pic_height_in_map_units_minus1 + 1U) * (sps.frame_mbs_only_flag ? 16 : 32) / unit_y;
    r.ue(sps.frame_crop_left_offset, width - 1, "frame_crop_left_offset leaves nothing (7.4.2.1.1)");
    r.ue(sps.frame_crop_right_offset, width - 1 - sps.frame_crop_left_offset,
         "frame_crop_right_offset leaves nothing (7.4.2.1.1)");
    r.ue(sps.frame_crop_top_offset, height - 1, "frame_crop_top_offset leaves nothing (7.4.2.1.1)");
    r.ue(sps.frame_crop_bottom_offset, height - 1 - sps.frame_crop_top_offset,
         "frame_crop_bottom_offset leaves nothing (7.4.2.1.1)");
}

/// E.1.2, none of which is used
void skip_hrd_parameters(SyntaxReader& r) {
    const unsigned count = r.ue(31, "cpb_cnt_minus1 above 31 (E.2.2)") + 1;
    r.bits().skip(4 + 4);
    for (unsigned i = 0; i < count && r.ok(); ++i) {
        r.bits().ue(); // bit_rate_value_minus1, cpb_size_value_minus1, cbr_flag
        r.bits().ue();
        r.flag();
    }
    r.bits().skip(5 + 5 + 5 + 5);
}

/// E.1.1, from num_units_in_tick to fixed_frame_rate_flag
void parse_timing_info(SyntaxReader& r, Sps& sps) {
    std::uint32_t tick = 0;
    std::uint32_t scale = 0;
    r.u(tick, 32);
    r.u(scale, 32);
    r.flag();                                       // fixed_frame_rate_flag
    if (!r.ok() || tick == 0 || scale == 0) return; // E.2.1: shall be greater than 0
    sps.timing_info_present_flag = true;
    sps.num_units_in_tick = tick;
    sps.time_scale = scale;
}

/// E.1.1, from motion_vectors_over_pic_boundaries_flag to max_dec_frame_buffering
void parse_bitstream_restriction(SyntaxReader& r, Sps& sps) {
    r.flag(); // motion_vectors_over_pic_boundaries_flag
    r.ue(16, "max_bytes_per_pic_denom above 16 (E.2.1)");
    r.ue(16, "max_bits_per_mb_denom above 16 (E.2.1)");
    r.ue(16, "log2_max_mv_length_horizontal above 16 (E.2.1)"); // 15 in newer editions
    r.ue(16, "log2_max_mv_length_vertical above 16 (E.2.1)");
    const std::uint32_t reorder = r.ue(maximum_dpb_frames, "max_num_reorder_frames above 16 (E.2.1)");
    const std::uint32_t buffering = r.ue(maximum_dpb_frames, "max_dec_frame_buffering above 16 (E.2.1)");
    r.require(reorder <= buffering, "max_num_reorder_frames above max_dec_frame_buffering (E.2.1)");
    if (!r.ok()) return;
    sps.bitstream_restriction_flag = true;
    sps.max_num_reorder_frames = static_cast<std::uint8_t>(reorder);
    sps.max_dec_frame_buffering = static_cast<std::uint8_t>(buffering);
}

/// E.1.1. Encoders get this wrong often, and no sample depends on it: an error ends it, and what was read till then
/// counts.
void parse_vui_parameters(SyntaxReader r, Sps& sps) {
    nal::parse_vui_of_pictures(r, sps.sample_aspect, sps.color);
    if (r.flag()) parse_timing_info(r, sps);
    const bool nal_hrd = r.flag();
    if (nal_hrd) skip_hrd_parameters(r);
    const bool vcl_hrd = r.flag();
    if (vcl_hrd) skip_hrd_parameters(r);
    if (nal_hrd || vcl_hrd) r.flag(); // low_delay_hrd_flag
    r.flag();                         // pic_struct_present_flag
    if (r.flag()) parse_bitstream_restriction(r, sps);
}

/// 7.3.2.2, slice_group_map_type 2
void parse_slice_group_rectangles(SyntaxReader& r, unsigned count, std::uint32_t map_units) {
    for (unsigned group = 0; group < count && r.ok(); ++group) {
        const std::uint32_t top_left = r.ue(map_units - 1, "top_left outside of the picture (7.4.2.2)");
        const std::uint32_t bottom_right = r.ue(map_units - 1, "bottom_right outside of the picture (7.4.2.2)");
        r.require(top_left <= bottom_right, "top_left above bottom_right (7.4.2.2)");
    }
}

/// 7.3.2.2, slice_group_map_type 6
void parse_slice_group_ids(SyntaxReader& r, const Pps& pps, std::uint32_t map_units) {
    const std::uint32_t last = r.ue(map_units - 1, "pic_size_in_map_units_minus1 above the picture's (7.4.2.2)");
    r.require(last == map_units - 1, "pic_size_in_map_units_minus1 is not the picture's (7.4.2.2)");
    const auto bits = static_cast<unsigned>(std::bit_width(unsigned{pps.num_slice_groups_minus1}));
    for (std::uint32_t i = 0; i < map_units && r.ok(); ++i) {
        unsigned slice_group_id = 0;
        r.u(slice_group_id, bits, pps.num_slice_groups_minus1,
            "slice_group_id above num_slice_groups_minus1 (7.4.2.2)");
    }
}

/// Flexible macroblock ordering (7.3.2.2). Read so that what follows can be; nothing decodes it.
void parse_slice_groups(SyntaxReader& r, const Sps& sps, Pps& pps) {
    const std::uint32_t map_units = (sps.pic_width_in_mbs_minus1 + 1U) * (sps.pic_height_in_map_units_minus1 + 1U);
    r.ue(pps.slice_group_map_type, 6, "slice_group_map_type above 6 (7.4.2.2)");
    if (pps.slice_group_map_type == 0) {
        for (unsigned group = 0; group <= pps.num_slice_groups_minus1; ++group)
            r.ue(map_units - 1, "run_length_minus1 outside of the picture (7.4.2.2)");
    } else if (pps.slice_group_map_type == 2) {
        parse_slice_group_rectangles(r, pps.num_slice_groups_minus1, map_units);
    } else if (pps.slice_group_map_type == 6) {
        parse_slice_group_ids(r, pps, map_units);
    } else if (pps.slice_group_map_type != 1) {
        r.flag(); // slice_group_change_direction_flag
        r.ue(pps.slice_group_change_rate_minus1, map_units - 1,
             "slice_group_change_rate_minus1 outside of the picture (7.4.2.2)");
    }
}

/// 7.3.2.2, from transform_8x8_mode_flag to second_chroma_qp_index_offset
void parse_pps_extension(SyntaxReader& r, const Sps& sps, Pps& pps) {
    r.flag(pps.transform_8x8_mode_flag);
    r.flag(pps.pic_scaling_matrix_present_flag);
    const unsigned lists_8x8 = !pps.transform_8x8_mode_flag ? 0 : sps.chroma_format_idc == 3 ? 6 : 2;
    if (pps.pic_scaling_matrix_present_flag) parse_scaling_lists(r, 6 + lists_8x8, pps.scaling);
    r.se(pps.second_chroma_qp_index_offset, -12, 12, "second_chroma_qp_index_offset outside of -12 to 12 (7.4.2.2)");
}

/// The NAL unit header (7.3.1).
void expect_type(SyntaxReader& r, NalType expected) {
    unsigned header = 0;
    r.u(header, 8);
    r.require((header & 0x80) == 0, "forbidden_zero_bit is set (7.4.1)");
    r.require((header & 31) == static_cast<unsigned>(expected), "NAL unit of another type (Table 7-1)", ENOTSUP);
}

auto fields(const Sps& s) {
    return std::tie(s.profile_idc, s.constraint_set_flags, s.level_idc, s.seq_parameter_set_id, s.chroma_format_idc,
                    s.separate_colour_plane_flag, s.bit_depth_luma_minus8, s.bit_depth_chroma_minus8,
                    s.qpprime_y_zero_transform_bypass_flag, s.seq_scaling_matrix_present_flag, s.scaling,
                    s.log2_max_frame_num_minus4, s.pic_order_cnt_type, s.log2_max_pic_order_cnt_lsb_minus4,
                    s.delta_pic_order_always_zero_flag, s.offset_for_non_ref_pic, s.offset_for_top_to_bottom_field,
                    s.num_ref_frames_in_pic_order_cnt_cycle, s.offset_for_ref_frame, s.max_num_ref_frames,
                    s.gaps_in_frame_num_value_allowed_flag, s.pic_width_in_mbs_minus1, s.pic_height_in_map_units_minus1,
                    s.frame_mbs_only_flag, s.mb_adaptive_frame_field_flag, s.direct_8x8_inference_flag,
                    s.frame_crop_left_offset, s.frame_crop_right_offset, s.frame_crop_top_offset,
                    s.frame_crop_bottom_offset, s.sample_aspect.num, s.sample_aspect.den, s.color,
                    s.timing_info_present_flag, s.num_units_in_tick, s.time_scale, s.bitstream_restriction_flag,
                    s.max_num_reorder_frames, s.max_dec_frame_buffering);
}

} // namespace

bool Sps::operator==(const Sps& other) const { return fields(*this) == fields(other); }

Parsed<> parse_sps(std::span<const std::uint8_t> nal, Sps& sps) {
    SyntaxReader r(nal);
    sps = {};
    expect_type(r, NalType::Sps);
    r.u(sps.profile_idc, 8);
    for (unsigned i = 0; i < 6; ++i) // sent first to last, kept with the first in bit 0
        sps.constraint_set_flags = static_cast<std::uint8_t>(sps.constraint_set_flags | (r.flag() ? 1U << i : 0U));
    unsigned reserved_zero_2bits = 0; // 7.4.2.1.1: to be ignored
    r.u(reserved_zero_2bits, 2);
    r.u(sps.level_idc, 8);
    r.ue(sps.seq_parameter_set_id, maximum_sps - 1, "seq_parameter_set_id above 31 (7.4.2.1.1)");
    if (has_chroma_format(sps.profile_idc)) parse_chroma_format(r, sps);
    r.ue(sps.log2_max_frame_num_minus4, 12, "log2_max_frame_num_minus4 above 12 (7.4.2.1.1)");
    parse_pic_order_cnt(r, sps);
    r.ue(sps.max_num_ref_frames, maximum_dpb_frames, "max_num_ref_frames above 16 (7.4.2.1.1, A.3.1)");
    r.flag(sps.gaps_in_frame_num_value_allowed_flag);
    parse_frame_size(r, sps);
    if (!sps.frame_mbs_only_flag) r.flag(sps.mb_adaptive_frame_field_flag);
    r.flag(sps.direct_8x8_inference_flag);
    r.require(sps.frame_mbs_only_flag || sps.direct_8x8_inference_flag,
              "direct_8x8_inference_flag is 0 with fields (7.4.2.1.1)");
    if (r.flag()) parse_frame_cropping(r, sps);
    const bool vui_parameters_present_flag = r.flag();
    if (r.ok() && vui_parameters_present_flag) parse_vui_parameters(r, sps);
    return r.result("sequence parameter set is cut short (7.3.2.1.1)");
}

Parsed<> parse_pps(std::span<const std::uint8_t> nal, const SpsTable& spss, Pps& pps) {
    SyntaxReader r(nal);
    pps = {};
    expect_type(r, NalType::Pps);
    r.ue(pps.pic_parameter_set_id, maximum_pps - 1, "pic_parameter_set_id above 255 (7.4.2.2)");
    r.ue(pps.seq_parameter_set_id, maximum_sps - 1, "seq_parameter_set_id above 31 (7.4.2.2)");
    const Sps* sps = spss[pps.seq_parameter_set_id];
    r.require(sps != nullptr, "the sequence parameter set that a picture parameter set names is missing", ENOENT);
    if (!r.ok()) return r.result("picture parameter set is cut short (7.3.2.2)");
    r.flag(pps.entropy_coding_mode_flag);
    r.flag(pps.bottom_field_pic_order_in_frame_present_flag);
    r.ue(pps.num_slice_groups_minus1, 7, "num_slice_groups_minus1 above 7 (A.2)");
    if (pps.num_slice_groups_minus1 > 0) parse_slice_groups(r, *sps, pps);
    r.ue(pps.num_ref_idx_l0_default_active_minus1, 31, "num_ref_idx_l0_default_active_minus1 above 31 (7.4.2.2)");
    r.ue(pps.num_ref_idx_l1_default_active_minus1, 31, "num_ref_idx_l1_default_active_minus1 above 31 (7.4.2.2)");
    r.flag(pps.weighted_pred_flag);
    r.u(pps.weighted_bipred_idc, 2, 2, "weighted_bipred_idc above 2 (7.4.2.2)");
    const int qp_bd_offset = 6 * sps->bit_depth_luma_minus8;
    r.se(pps.pic_init_qp_minus26, -26 - qp_bd_offset, 25, "pic_init_qp_minus26 out of range (7.4.2.2)");
    r.se(pps.pic_init_qs_minus26, -26, 25, "pic_init_qs_minus26 outside of -26 to 25 (7.4.2.2)");
    r.se(pps.chroma_qp_index_offset, -12, 12, "chroma_qp_index_offset outside of -12 to 12 (7.4.2.2)");
    r.flag(pps.deblocking_filter_control_present_flag);
    r.flag(pps.constrained_intra_pred_flag);
    r.flag(pps.redundant_pic_cnt_present_flag);
    pps.second_chroma_qp_index_offset = pps.chroma_qp_index_offset;
    if (r.ok() && r.bits().more_rbsp_data()) parse_pps_extension(r, *sps, pps);
    return r.result("picture parameter set is cut short (7.3.2.2)");
}

} // namespace v4l2play::h264
