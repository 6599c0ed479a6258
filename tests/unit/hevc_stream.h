// Writes H.265 syntax structures (7.3) from what the parser makes of them, for tests that need streams of their own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "decoder/codec/hevc_parser.h"
#include "tests/unit/bit_writer.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

inline void write_nal_header(BitWriter& w, hevc::NalType type, unsigned layer = 0, unsigned temporal_id_plus1 = 1) {
    w.u(1, 0).u(6, static_cast<unsigned>(type)).u(6, layer).u(3, temporal_id_plus1);
}

/// A set of the given differences, nearest first on both sides; `used` bits as in ShortTermRefPicSet.
inline hevc::ShortTermRefPicSet reference_set(std::vector<int> negative, std::vector<int> positive = {},
                                              unsigned used = 0xffff) {
    hevc::ShortTermRefPicSet set;
    unsigned at = 0;
    for (const std::vector<int>* part : {&negative, &positive})
        for (const int delta : *part) set.delta_poc[at++] = static_cast<std::int16_t>(delta);
    set.num_negative_pics = static_cast<std::uint8_t>(negative.size());
    set.num_positive_pics = static_cast<std::uint8_t>(positive.size());
    set.used = static_cast<std::uint16_t>(used & ((1U << at) - 1));
    return set;
}

/// Headers may claim more of something than there can be.
template <class Entries>
typename Entries::value_type entry_of(const Entries& entries, unsigned i) {
    return i < entries.size() ? entries[i] : typename Entries::value_type{};
}

/// 7.3.7; of predicted sets the elements as they were sent. `flags`: NumDeltaPocs[RefRpsIdx] + 1.
inline void write_reference_set(BitWriter& w, const hevc::ShortTermRefPicSet& set, unsigned index, bool in_slice,
                                unsigned flags = 0) {
    if (index != 0) w.u(1, set.inter_ref_pic_set_prediction_flag ? 1 : 0);
    if (set.inter_ref_pic_set_prediction_flag) {
        if (in_slice) w.ue(set.delta_idx_minus1);
        w.u(1, set.delta_rps_sign ? 1 : 0).ue(set.abs_delta_rps_minus1);
        for (unsigned j = 0; j < flags; ++j) {
            const bool used = (set.used_by_curr_pic_flag >> j & 1) != 0;
            w.u(1, used ? 1 : 0);
            if (!used) w.u(1, set.use_delta_flag >> j & 1U);
        }
        return;
    }
    w.ue(set.num_negative_pics).ue(set.num_positive_pics);
    const auto delta_of = [&](unsigned i) { return int{entry_of(set.delta_poc, i)}; };
    for (unsigned i = 0; i < set.num_delta_pocs(); ++i) {
        const int previous = i == 0 || i == set.num_negative_pics ? 0 : delta_of(i - 1);
        const int distance = delta_of(i) - previous;
        w.ue(static_cast<unsigned>((i < set.num_negative_pics ? -distance : distance) - 1))
            .u(1, set.is_used(i) ? 1 : 0);
    }
}

inline void write_profile_tier_level(BitWriter& w, const hevc::Sps& sps) {
    w.u(2, 0).u(1, 0).u(5, sps.general_profile_idc).u(32, 0x60000000).u(1, sps.general_progressive_source_flag ? 1 : 0);
    w.u(1, sps.general_interlaced_source_flag ? 1 : 0).u(46, 0).u(8, sps.general_level_idc);
    const unsigned sub_layers = sps.sps_max_sub_layers_minus1;
    for (unsigned i = 0; i < sub_layers; ++i) w.u(1, 1).u(1, 1);
    if (sub_layers > 0) w.u(2 * (8 - sub_layers), 0);
    for (unsigned i = 0; i < sub_layers; ++i) w.u(64, 0x0123456789abcdef).u(24, 0xffffff).u(8, 30);
}

inline void write_sps_vui(BitWriter& w, const hevc::Sps& sps) {
    w.u(1, 1).u(8, 255).u(16, static_cast<std::uint64_t>(sps.sample_aspect.num));
    w.u(16, static_cast<std::uint64_t>(sps.sample_aspect.den));
    w.u(1, 0);                                                    // overscan_info_present_flag
    w.u(1, 1).u(3, 5).u(1, sps.color.full_range ? 1 : 0).u(1, 1); // video_signal_type
    w.u(8, sps.color.primaries).u(8, sps.color.transfer).u(8, sps.color.matrix);
    w.u(1, 1).ue(0).ue(0); // chroma_loc_info
    w.u(1, 0).u(1, sps.field_seq_flag ? 1 : 0).u(1, sps.frame_field_info_present_flag ? 1 : 0);
    w.u(1, 1).ue(0).ue(1).ue(0).ue(1);                                 // default display window
    w.u(1, 1).u(32, 1).u(32, 50).u(1, 0);                              // timing
    w.u(1, 1).u(1, 1).u(1, 1).u(1, 1).u(8, 0).u(5, 3).u(1, 0).u(5, 3); // HRD of both kinds, with sub-pictures
    w.u(4, 0).u(4, 0).u(4, 0).u(5, 23).u(5, 23).u(5, 23);
    for (unsigned i = 0; i <= sps.sps_max_sub_layers_minus1; ++i) {
        w.u(1, 0).u(1, i % 2);
        if (i % 2 != 0) w.ue(7).ue(1); // elemental_duration_in_tc_minus1, two CPBs
        if (i % 2 == 0) w.u(1, 1);     // low_delay_hrd_flag, one CPB
        for (unsigned cpb = 0; cpb < 2 * (1 + i % 2); ++cpb) w.ue(1000).ue(2000).ue(10).ue(20).u(1, 0);
    }
    w.u(1, 1).u(3, 7).ue(0).ue(2).ue(1).ue(15).ue(15); // bitstream_restriction
}

/// With VUI; scaling lists only if they are the default ones.
inline Bytes write_sps(const hevc::Sps& sps) {
    const auto flag = [](bool value) { return value ? 1U : 0U; };
    BitWriter w;
    write_nal_header(w, hevc::NalType::Sps);
    w.u(4, sps.sps_video_parameter_set_id).u(3, sps.sps_max_sub_layers_minus1).u(1, 1);
    write_profile_tier_level(w, sps);
    w.ue(sps.sps_seq_parameter_set_id).ue(sps.chroma_format_idc);
    if (sps.chroma_format_idc == 3) w.u(1, flag(sps.separate_colour_plane_flag));
    w.ue(sps.pic_width_in_luma_samples).ue(sps.pic_height_in_luma_samples).u(1, 1);
    w.ue(sps.conf_win_left_offset).ue(sps.conf_win_right_offset);
    w.ue(sps.conf_win_top_offset).ue(sps.conf_win_bottom_offset);
    w.ue(sps.bit_depth_luma_minus8).ue(sps.bit_depth_chroma_minus8).ue(sps.log2_max_pic_order_cnt_lsb_minus4);
    w.u(1, 0).ue(sps.sps_max_dec_pic_buffering_minus1).ue(sps.sps_max_num_reorder_pics);
    w.ue(sps.sps_max_latency_increase_plus1);
    w.ue(sps.log2_min_luma_coding_block_size_minus3).ue(sps.log2_diff_max_min_luma_coding_block_size);
    w.ue(sps.log2_min_luma_transform_block_size_minus2).ue(sps.log2_diff_max_min_luma_transform_block_size);
    w.ue(sps.max_transform_hierarchy_depth_inter).ue(sps.max_transform_hierarchy_depth_intra);
    w.u(1, flag(sps.scaling_list_enabled_flag));
    if (sps.scaling_list_enabled_flag) w.u(1, 0);
    w.u(1, flag(sps.amp_enabled_flag)).u(1, flag(sps.sample_adaptive_offset_enabled_flag));
    w.u(1, flag(sps.pcm_enabled_flag));
    if (sps.pcm_enabled_flag) {
        w.u(4, sps.pcm_sample_bit_depth_luma_minus1).u(4, sps.pcm_sample_bit_depth_chroma_minus1);
        w.ue(sps.log2_min_pcm_luma_coding_block_size_minus3).ue(sps.log2_diff_max_min_pcm_luma_coding_block_size);
        w.u(1, flag(sps.pcm_loop_filter_disabled_flag));
    }
    w.ue(sps.num_short_term_ref_pic_sets);
    for (unsigned i = 0; i < sps.num_short_term_ref_pic_sets && i < hevc::maximum_short_term_sets; ++i)
        write_reference_set(w, sps.short_term_ref_pic_sets[i], i, false,
                            i > 0 ? sps.short_term_ref_pic_sets[i - 1].num_delta_pocs() + 1 : 0);
    w.u(1, flag(sps.long_term_ref_pics_present_flag));
    if (sps.long_term_ref_pics_present_flag) w.ue(sps.num_long_term_ref_pics_sps);
    for (unsigned i = 0; i < sps.num_long_term_ref_pics_sps && i < hevc::maximum_long_term_sps; ++i)
        w.u(sps.log2_max_pic_order_cnt_lsb_minus4 + 4U, sps.long_term_ref_pics[i].lt_ref_pic_poc_lsb_sps)
            .u(1, flag(sps.long_term_ref_pics[i].used_by_curr_pic_lt_sps_flag));
    w.u(1, flag(sps.sps_temporal_mvp_enabled_flag)).u(1, flag(sps.strong_intra_smoothing_enabled_flag));
    w.u(1, 1);
    write_sps_vui(w, sps);
    w.u(1, 1).u(1, 1).u(3, 0).u(4, 0).u(9, flag(sps.range_extension_tools)); // with a range extension
    return w.trailing().nal();
}

inline Bytes write_pps(const hevc::Pps& pps) {
    const auto flag = [](bool value) { return value ? 1U : 0U; };
    BitWriter w;
    write_nal_header(w, hevc::NalType::Pps);
    w.ue(pps.pps_pic_parameter_set_id).ue(pps.pps_seq_parameter_set_id);
    w.u(1, flag(pps.dependent_slice_segments_enabled_flag)).u(1, flag(pps.output_flag_present_flag));
    w.u(3, pps.num_extra_slice_header_bits).u(1, flag(pps.sign_data_hiding_enabled_flag));
    w.u(1, flag(pps.cabac_init_present_flag)).ue(pps.num_ref_idx_l0_default_active_minus1);
    w.ue(pps.num_ref_idx_l1_default_active_minus1).se(pps.init_qp_minus26);
    w.u(1, flag(pps.constrained_intra_pred_flag)).u(1, flag(pps.transform_skip_enabled_flag));
    w.u(1, flag(pps.cu_qp_delta_enabled_flag));
    if (pps.cu_qp_delta_enabled_flag) w.ue(pps.diff_cu_qp_delta_depth);
    w.se(pps.pps_cb_qp_offset).se(pps.pps_cr_qp_offset).u(1, flag(pps.pps_slice_chroma_qp_offsets_present_flag));
    w.u(1, flag(pps.weighted_pred_flag)).u(1, flag(pps.weighted_bipred_flag));
    w.u(1, flag(pps.transquant_bypass_enabled_flag)).u(1, flag(pps.tiles_enabled_flag));
    w.u(1, flag(pps.entropy_coding_sync_enabled_flag));
    if (pps.tiles_enabled_flag) {
        w.ue(pps.num_tile_columns_minus1).ue(pps.num_tile_rows_minus1).u(1, flag(pps.uniform_spacing_flag));
        for (unsigned i = 0; !pps.uniform_spacing_flag && i < pps.num_tile_columns_minus1; ++i)
            w.ue(entry_of(pps.column_width_minus1, i));
        for (unsigned i = 0; !pps.uniform_spacing_flag && i < pps.num_tile_rows_minus1; ++i)
            w.ue(entry_of(pps.row_height_minus1, i));
        w.u(1, flag(pps.loop_filter_across_tiles_enabled_flag));
    }
    w.u(1, flag(pps.pps_loop_filter_across_slices_enabled_flag));
    w.u(1, flag(pps.deblocking_filter_control_present_flag));
    if (pps.deblocking_filter_control_present_flag) {
        w.u(1, flag(pps.deblocking_filter_override_enabled_flag)).u(1, flag(pps.pps_deblocking_filter_disabled_flag));
        if (!pps.pps_deblocking_filter_disabled_flag) w.se(pps.pps_beta_offset_div2).se(pps.pps_tc_offset_div2);
    }
    w.u(1, 0).u(1, flag(pps.lists_modification_present_flag)).ue(pps.log2_parallel_merge_level_minus2);
    w.u(1, flag(pps.slice_segment_header_extension_present_flag));
    w.u(1, flag(pps.range_extension_tools));
    if (pps.range_extension_tools) {
        w.u(1, 1).u(7, 0);
        if (pps.transform_skip_enabled_flag) w.ue(0);
        w.u(1, 1).u(1, 0).ue(0).ue(0); // cross_component_prediction_enabled_flag
    }
    return w.trailing().nal();
}

inline unsigned bits_for(unsigned count) {
    unsigned bits = 0;
    while (1U << bits < count) ++bits;
    return bits;
}

inline void write_references(BitWriter& w, const hevc::Sps& sps, const hevc::SliceHeader& header) {
    w.u(sps.log2_max_pic_order_cnt_lsb_minus4 + 4U, header.slice_pic_order_cnt_lsb);
    w.u(1, 0); // short_term_ref_pic_set_sps_flag
    const hevc::ShortTermRefPicSet& set = header.short_term_ref_pic_set;
    write_reference_set(w, set, sps.num_short_term_ref_pic_sets, true, header.num_delta_pocs_of_ref_rps_idx + 1U);
    if (sps.long_term_ref_pics_present_flag) {
        if (sps.num_long_term_ref_pics_sps > 0) w.ue(0);
        w.ue(header.num_long_term);
        for (unsigned i = 0; i < header.num_long_term; ++i) {
            const hevc::LongTermEntry entry = entry_of(header.long_term, i);
            w.u(sps.log2_max_pic_order_cnt_lsb_minus4 + 4U, entry.poc_lsb_lt).u(1, entry.used_by_curr_pic_lt ? 1 : 0);
            w.u(1, entry.delta_poc_msb_present_flag ? 1 : 0);
            const int before = i > 0 ? header.long_term[i - 1].delta_poc_msb_cycle_lt : 0;
            if (entry.delta_poc_msb_present_flag) w.ue(static_cast<unsigned>(entry.delta_poc_msb_cycle_lt - before));
        }
    }
    if (sps.sps_temporal_mvp_enabled_flag) w.u(1, header.slice_temporal_mvp_enabled_flag ? 1 : 0);
}

/// Weights of luma alone for the first reference, none for the others.
inline void write_weights(BitWriter& w, const hevc::SliceHeader& header) {
    const hevc::PredWeightTable& table = header.pred_weight_table;
    w.ue(table.luma_log2_weight_denom).se(table.delta_chroma_log2_weight_denom);
    for (unsigned list = 0; list < (header.slice_type == hevc::SliceType::B ? 2U : 1U); ++list) {
        const unsigned count = header.active_references(list);
        for (unsigned i = 0; i < count; ++i) w.u(1, i == 0 ? 1 : 0);
        for (unsigned i = 0; i < count; ++i) w.u(1, i == 0 ? 1 : 0);
        w.se(table.weights[list][0].delta_luma_weight).se(table.weights[list][0].luma_offset);
        for (unsigned c = 0; c < 2; ++c) w.se(table.weights[list][0].delta_chroma_weight[c]).se(100);
    }
}

inline void write_inter(BitWriter& w, const hevc::Pps& pps, const hevc::SliceHeader& header) {
    using hevc::SliceType;
    const bool is_b = header.slice_type == SliceType::B;
    w.u(1, 1).ue(header.num_ref_idx_l0_active_minus1);
    if (is_b) w.ue(header.num_ref_idx_l1_active_minus1);
    const unsigned total = header.num_pic_total_curr();
    for (unsigned list = 0; pps.lists_modification_present_flag && total > 1 && list < (is_b ? 2U : 1U); ++list) {
        w.u(1, header.ref_pic_list_modification_flag[list] ? 1 : 0);
        for (unsigned i = 0; header.ref_pic_list_modification_flag[list] && i < header.active_references(list); ++i)
            w.u(bits_for(total), entry_of(header.list_entry[list], i));
    }
    if (is_b) w.u(1, header.mvd_l1_zero_flag ? 1 : 0);
    if (pps.cabac_init_present_flag) w.u(1, header.cabac_init_flag ? 1 : 0);
    if (header.slice_temporal_mvp_enabled_flag) {
        if (is_b) w.u(1, header.collocated_from_l0_flag ? 1 : 0);
        if (header.active_references(header.collocated_from_l0_flag ? 0 : 1) > 1) w.ue(header.collocated_ref_idx);
    }
    if ((pps.weighted_pred_flag && !is_b) || (pps.weighted_bipred_flag && is_b)) write_weights(w, header);
    w.ue(header.five_minus_max_num_merge_cand);
}

inline void write_independent_part(BitWriter& w, const hevc::Sps& sps, const hevc::Pps& pps,
                                   const hevc::SliceHeader& header) {
    w.u(pps.num_extra_slice_header_bits, 0).ue(static_cast<unsigned>(header.slice_type));
    if (pps.output_flag_present_flag) w.u(1, header.pic_output_flag ? 1 : 0);
    if (!hevc::is_idr(header.nal_unit_type)) write_references(w, sps, header);
    if (sps.sample_adaptive_offset_enabled_flag)
        w.u(1, header.slice_sao_luma_flag ? 1 : 0).u(1, header.slice_sao_chroma_flag ? 1 : 0);
    if (header.slice_type != hevc::SliceType::I) write_inter(w, pps, header);
    w.se(header.slice_qp_delta);
    if (pps.pps_slice_chroma_qp_offsets_present_flag) w.se(header.slice_cb_qp_offset).se(header.slice_cr_qp_offset);
    if (pps.deblocking_filter_override_enabled_flag) {
        w.u(1, 1).u(1, header.slice_deblocking_filter_disabled_flag ? 1 : 0);
        if (!header.slice_deblocking_filter_disabled_flag)
            w.se(header.slice_beta_offset_div2).se(header.slice_tc_offset_div2);
    }
    if (pps.pps_loop_filter_across_slices_enabled_flag &&
        (header.slice_sao_luma_flag || header.slice_sao_chroma_flag || !header.slice_deblocking_filter_disabled_flag))
        w.u(1, header.slice_loop_filter_across_slices_enabled_flag ? 1 : 0);
}

/// Some bytes of slice data follow, more where the entry points say so (up to 4096). `layer`: nuh_layer_id.
inline Bytes write_slice(const hevc::Sps& sps, const hevc::Pps& pps, const hevc::SliceHeader& header,
                         std::span<const std::uint32_t> entry_points = {}, unsigned layer = 0) {
    BitWriter w;
    write_nal_header(w, header.nal_unit_type, layer, header.nuh_temporal_id_plus1);
    w.u(1, header.first_slice_segment_in_pic_flag ? 1 : 0);
    if (hevc::is_irap(header.nal_unit_type)) w.u(1, header.no_output_of_prior_pics_flag ? 1 : 0);
    w.ue(pps.pps_pic_parameter_set_id);
    if (!header.first_slice_segment_in_pic_flag) {
        if (pps.dependent_slice_segments_enabled_flag) w.u(1, header.dependent_slice_segment_flag ? 1 : 0);
        w.u(bits_for(sps.pic_width_in_ctbs() * sps.pic_height_in_ctbs()), header.slice_segment_address);
    }
    if (!header.dependent_slice_segment_flag) write_independent_part(w, sps, pps, header);
    if (pps.tiles_enabled_flag || pps.entropy_coding_sync_enabled_flag) {
        w.ue(entry_points.size());
        if (!entry_points.empty()) w.ue(31);
        for (const std::uint32_t offset : entry_points) w.u(32, offset - 1);
    }
    if (pps.slice_segment_header_extension_present_flag) w.ue(2).u(16, 0xffff);
    w.trailing(); // byte_alignment()
    const auto data = std::accumulate(entry_points.begin(), entry_points.end(), std::uint64_t{0});
    for (std::uint64_t i = 0; i < std::clamp<std::uint64_t>(data, 3, 4096); ++i) w.u(8, 0x5a);
    return w.trailing().nal();
}

/// One SEI message.
inline Bytes write_sei(unsigned type, const BitWriter& payload, hevc::NalType nal = hevc::NalType::PrefixSei) {
    BitWriter w;
    write_nal_header(w, nal);
    w.u(8, type).u(8, payload.bytes().size());
    for (const std::uint8_t byte : payload.bytes()) w.u(8, byte);
    return w.trailing().nal();
}

/// A unit that is nothing but its header.
inline Bytes write_empty(hevc::NalType type) {
    BitWriter w;
    write_nal_header(w, type);
    return w.nal();
}

/// Appends a NAL unit with its start code (Annex B).
inline void append_nal(Bytes& stream, std::span<const std::uint8_t> nal) {
    stream.insert(stream.end(), {0, 0, 0, 1});
    stream.insert(stream.end(), nal.begin(), nal.end());
}

} // namespace v4l2play::test
