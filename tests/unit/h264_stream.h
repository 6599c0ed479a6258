// Writes H.264 syntax structures (7.3) from what the parser makes of them, for tests that need streams of their own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/h264_parser.h"
#include "tests/unit/bit_writer.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

inline void write_vui(BitWriter& w, const h264::Sps& sps) {
    w.u(1, 1).u(8, 255).u(16, static_cast<std::uint64_t>(sps.sample_aspect.num));
    w.u(16, static_cast<std::uint64_t>(sps.sample_aspect.den));
    w.u(1, 0);                                                    // overscan_info_present_flag
    w.u(1, 1).u(3, 5).u(1, sps.color.full_range ? 1 : 0).u(1, 1); // video_signal_type
    w.u(8, sps.color.primaries).u(8, sps.color.transfer).u(8, sps.color.matrix);
    w.u(1, 0).u(1, 0).u(1, 0).u(1, 0).u(1, 0); // chroma, timing, NAL and VCL HRD, pic_struct
    w.u(1, sps.bitstream_restriction_flag ? 1 : 0);
    if (!sps.bitstream_restriction_flag) return;
    w.u(1, 1).ue(0).ue(0).ue(0).ue(0).ue(sps.max_num_reorder_frames).ue(sps.max_dec_frame_buffering);
}

inline Bytes write_sps(const h264::Sps& sps) {
    BitWriter w;
    w.u(8, 0x67).u(8, sps.profile_idc);
    for (unsigned i = 0; i < 6; ++i) w.u(1, sps.constraint_set_flags >> i & 1U);
    w.u(2, 0).u(8, sps.level_idc).ue(sps.seq_parameter_set_id);
    if (sps.profile_idc >= 100) w.ue(sps.chroma_format_idc);
    if (sps.profile_idc >= 100 && sps.chroma_format_idc == 3) w.u(1, sps.separate_colour_plane_flag ? 1 : 0);
    if (sps.profile_idc >= 100)
        w.ue(sps.bit_depth_luma_minus8).ue(sps.bit_depth_chroma_minus8).u(1, 0).u(1, 0); // no scaling lists
    w.ue(sps.log2_max_frame_num_minus4).ue(sps.pic_order_cnt_type);
    if (sps.pic_order_cnt_type == 0) w.ue(sps.log2_max_pic_order_cnt_lsb_minus4);
    if (sps.pic_order_cnt_type == 1) {
        w.u(1, sps.delta_pic_order_always_zero_flag ? 1 : 0).se(sps.offset_for_non_ref_pic);
        w.se(sps.offset_for_top_to_bottom_field).ue(sps.num_ref_frames_in_pic_order_cnt_cycle);
        for (unsigned i = 0; i < sps.num_ref_frames_in_pic_order_cnt_cycle; ++i) w.se(sps.offset_for_ref_frame[i]);
    }
    w.ue(sps.max_num_ref_frames).u(1, sps.gaps_in_frame_num_value_allowed_flag ? 1 : 0);
    w.ue(sps.pic_width_in_mbs_minus1).ue(sps.pic_height_in_map_units_minus1).u(1, sps.frame_mbs_only_flag ? 1 : 0);
    if (!sps.frame_mbs_only_flag) w.u(1, sps.mb_adaptive_frame_field_flag ? 1 : 0);
    w.u(1, 1).u(1, 1); // direct_8x8_inference_flag, frame_cropping_flag
    w.ue(sps.frame_crop_left_offset).ue(sps.frame_crop_right_offset);
    w.ue(sps.frame_crop_top_offset).ue(sps.frame_crop_bottom_offset);
    w.u(1, 1);
    write_vui(w, sps);
    return w.trailing().nal();
}

inline Bytes write_pps(const h264::Pps& pps) {
    BitWriter w;
    w.u(8, 0x68).ue(pps.pic_parameter_set_id).ue(pps.seq_parameter_set_id);
    w.u(1, pps.entropy_coding_mode_flag ? 1 : 0).u(1, pps.bottom_field_pic_order_in_frame_present_flag ? 1 : 0);
    w.ue(pps.num_slice_groups_minus1);
    if (pps.num_slice_groups_minus1 > 0) w.ue(1); // slice_group_map_type: dispersed, no more elements
    w.ue(pps.num_ref_idx_l0_default_active_minus1).ue(pps.num_ref_idx_l1_default_active_minus1);
    w.u(1, pps.weighted_pred_flag ? 1 : 0).u(2, pps.weighted_bipred_idc).se(0).se(0).se(0);
    w.u(1, 0).u(1, 0).u(1, pps.redundant_pic_cnt_present_flag ? 1 : 0);
    return w.trailing().nal();
}

inline void write_marking(BitWriter& w, const h264::SliceHeader& header) {
    const h264::DecRefPicMarking& marking = header.dec_ref_pic_marking;
    if (header.idr_pic_flag) {
        w.u(1, marking.no_output_of_prior_pics_flag ? 1 : 0).u(1, marking.long_term_reference_flag ? 1 : 0);
        return;
    }
    w.u(1, marking.adaptive_ref_pic_marking_mode_flag ? 1 : 0);
    if (!marking.adaptive_ref_pic_marking_mode_flag) return;
    for (unsigned i = 0; i < marking.count; ++i) {
        const h264::Mmco& mmco = marking.operations[i];
        w.ue(mmco.operation);
        if (mmco.operation == 1 || mmco.operation == 3) w.ue(mmco.difference_of_pic_nums_minus1);
        if (mmco.operation == 2) w.ue(mmco.long_term_pic_num);
        if (mmco.operation == 3 || mmco.operation == 6) w.ue(mmco.long_term_frame_idx);
        if (mmco.operation == 4) w.ue(mmco.max_long_term_frame_idx_plus1);
    }
    w.ue(0);
}

inline void write_modifications(BitWriter& w, const h264::SliceHeader& header, unsigned list) {
    w.u(1, header.modification_count[list] > 0 ? 1 : 0);
    if (header.modification_count[list] == 0) return;
    for (unsigned i = 0; i < header.modification_count[list]; ++i)
        w.ue(header.modifications[list][i].modification_of_pic_nums_idc).ue(header.modifications[list][i].value);
    w.ue(3);
}

/// Without prediction weights: `pps` must not ask for any. Some bytes of slice data follow.
inline Bytes write_slice(const h264::Sps& sps, const h264::Pps& pps, const h264::SliceHeader& header) {
    using h264::SliceType;
    BitWriter w;
    w.u(1, 0).u(2, header.nal_ref_idc).u(5, header.idr_pic_flag ? 5 : 1);
    w.ue(header.first_mb_in_slice).ue(static_cast<unsigned>(header.slice_type)).ue(pps.pic_parameter_set_id);
    w.u(sps.log2_max_frame_num_minus4 + 4U, header.frame_num);
    if (!sps.frame_mbs_only_flag) w.u(1, header.field_pic_flag ? 1 : 0);
    if (header.field_pic_flag) w.u(1, header.bottom_field_flag ? 1 : 0);
    if (header.idr_pic_flag) w.ue(header.idr_pic_id);
    if (sps.pic_order_cnt_type == 0) {
        w.u(sps.log2_max_pic_order_cnt_lsb_minus4 + 4U, header.pic_order_cnt_lsb);
        if (pps.bottom_field_pic_order_in_frame_present_flag && !header.field_pic_flag)
            w.se(header.delta_pic_order_cnt_bottom);
    }
    if (sps.pic_order_cnt_type == 1 && !sps.delta_pic_order_always_zero_flag) w.se(header.delta_pic_order_cnt[0]);
    if (pps.redundant_pic_cnt_present_flag) w.ue(header.redundant_pic_cnt);
    const bool is_b = header.slice_type == SliceType::B;
    const bool inter = is_b || header.slice_type == SliceType::P || header.slice_type == SliceType::Sp;
    if (is_b) w.u(1, 1); // direct_spatial_mv_pred_flag
    if (inter) w.u(1, 1).ue(header.num_ref_idx_l0_active_minus1);
    if (is_b) w.ue(header.num_ref_idx_l1_active_minus1);
    if (inter) write_modifications(w, header, 0);
    if (is_b) write_modifications(w, header, 1);
    if (header.nal_ref_idc != 0) write_marking(w, header);
    if (pps.entropy_coding_mode_flag && inter) w.ue(header.cabac_init_idc);
    w.se(header.slice_qp_delta);
    if (header.slice_type == SliceType::Sp) w.u(1, 0);
    if (header.slice_type == SliceType::Sp || header.slice_type == SliceType::Si) w.se(0);
    w.u(24, 0x5a5a5a);
    return w.trailing().nal();
}

/// A recovery point SEI message (D.1.8)
inline Bytes write_recovery_point(unsigned recovery_frame_cnt) {
    BitWriter payload;
    payload.ue(recovery_frame_cnt).u(1, 1).u(1, 0).u(2, 0);
    if (payload.size() % 8 != 0) payload.trailing();
    BitWriter w;
    w.u(8, 6).u(8, 6).u(8, payload.bytes().size());
    for (const std::uint8_t byte : payload.bytes()) w.u(8, byte);
    return w.trailing().nal();
}

/// Appends a NAL unit with its start code (Annex B).
inline void append_nal(Bytes& stream, std::span<const std::uint8_t> nal) {
    stream.insert(stream.end(), {0, 0, 0, 1});
    stream.insert(stream.end(), nal.begin(), nal.end());
}

} // namespace v4l2play::test
