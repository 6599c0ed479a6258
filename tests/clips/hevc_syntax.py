"""Writes the parameter sets and slice segment headers of H.265 from their elements, which have the specification's names; those that
are not given are 0."""

from bit_writer import Bits, escape, hevc_nal

TRAIL_N, TRAIL_R, BLA_N_LP, IDR_W_RADL, IDR_N_LP, CRA, VPS, SPS, PPS, AUD, EOS = 0, 1, 18, 19, 20, 21, 32, 33, 34, 35, 36  # Table 7-1
B_SLICE, P_SLICE, I_SLICE = 0, 1, 2  # Table 7-7
IDR, IRAP = (IDR_W_RADL, IDR_N_LP), range(16, 24)


class Elements(dict):
    __getattr__, __setattr__ = dict.__getitem__, dict.__setitem__

    def __missing__(self, name):
        return 0


def bits_for(count):
    """Ceil(Log2(count))"""
    return (count - 1).bit_length()


def profile_tier_level(b, s):
    """7.3.3"""
    b.u(0, 3)
    b.u(s.general_profile_idc, 5)
    b.u(1 << 31 - s.general_profile_idc | (1 << 29 if s.general_profile_idc == 1 else 0), 32)
    b.u(0b1001, 4)  # progressive, frames alone
    b.u(0, 44)
    b.u(s.general_level_idc, 8)


def ordering(b, s):
    b.flag(1)
    for name in ("sps_max_dec_pic_buffering_minus1", "sps_max_num_reorder_pics", "sps_max_latency_increase_plus1"):
        b.ue(s[name])


def vps(s):
    """7.3.2.1, with what the SPS says"""
    b = Bits()
    b.u(s.sps_video_parameter_set_id, 4)
    b.u(0b11, 2)
    b.u(0, 6 + 3)
    b.u(1, 1)
    b.u(0xFFFF, 16)
    profile_tier_level(b, s)
    ordering(b, s)
    b.u(0, 6)
    b.ue(0)
    b.u(0, 2)
    b.end()
    return hevc_nal(VPS, escape(b.bytes()))


def ref_pic_set(b, wanted, earlier, prediction, in_slice):
    """7.3.7: `wanted` as [(delta, used)]; `prediction`: None, or what predict_set() gives for it"""
    if earlier:
        b.flag(prediction is not None)
    if prediction:
        delta_idx, delta_rps, flags = prediction
        if in_slice:
            b.ue(delta_idx - 1)
        b.flag(delta_rps < 0)
        b.ue(abs(delta_rps) - 1)
        for used, use_delta in flags:
            b.flag(used)
            if not used:
                b.flag(use_delta)
        return
    sides = [(-delta, used) for delta, used in wanted if delta < 0], [each for each in wanted if each[0] > 0]
    for side in sides:
        b.ue(len(side))
    for side in sides:
        before = 0
        for delta, used in side:
            b.ue(delta - before - 1)
            b.flag(used)
            before = delta


def predictions(wanted, earlier, in_slice):
    """7.4.8: all ways to say `wanted` by one of `earlier`: delta_idx, deltaRps and the flags of each of its pictures"""
    found = []
    deltas = dict(wanted)
    for delta_idx in range(1, (len(earlier) if in_slice else min(len(earlier), 1)) + 1):
        source = [delta for delta, _ in earlier[-delta_idx]] + [0]
        for delta_rps in sorted({to - of for to in deltas for of in source} - {0}):
            moved = [delta + delta_rps for delta in source]
            if set(deltas) <= set(moved):
                found.append((delta_idx, delta_rps, [(deltas.get(delta, 0), delta in deltas) for delta in moved]))
    return found


def scaling_list_data(b, lists):
    """7.3.4: `lists[sizeId][i]` is a delta of matrixId, or ([scaling_list_delta_coef], scaling_list_dc_coef_minus8)"""
    for size_id, of_size in enumerate(lists):
        for one in of_size:
            b.flag(isinstance(one, tuple))
            if isinstance(one, int):
                b.ue(one)
                continue
            if size_id > 1:
                b.se(one[1])
            for delta in one[0]:
                b.se(delta)


def sps(s):
    """7.3.2.2.1. `ref_pic_sets`: [(set, prediction)]; `long_term`: [(lsb, used)]"""
    b = Bits()
    b.u(s.sps_video_parameter_set_id, 4)
    b.u(0b0001, 4)  # one sub-layer
    profile_tier_level(b, s)
    b.ue(s.sps_seq_parameter_set_id)
    b.ue(1)  # 4:2:0
    b.ue(s.pic_width_in_luma_samples)
    b.ue(s.pic_height_in_luma_samples)
    b.flag(any(s.conf_win_offset))
    if any(s.conf_win_offset):
        for offset in s.conf_win_offset:
            b.ue(offset)
    b.ue(s.bit_depth_minus8)
    b.ue(s.bit_depth_minus8)
    b.ue(s.log2_max_pic_order_cnt_lsb_minus4)
    ordering(b, s)
    for name in ("log2_min_luma_coding_block_size_minus3", "log2_diff_max_min_luma_coding_block_size",
                 "log2_min_luma_transform_block_size_minus2", "log2_diff_max_min_luma_transform_block_size",
                 "max_transform_hierarchy_depth_inter", "max_transform_hierarchy_depth_intra"):
        b.ue(s[name])
    b.flag(s.scaling_list_enabled_flag)
    if s.scaling_list_enabled_flag:
        b.flag(bool(s.scaling_lists))
        if s.scaling_lists:
            scaling_list_data(b, s.scaling_lists)
    b.flag(s.amp_enabled_flag)
    b.flag(s.sample_adaptive_offset_enabled_flag)
    b.flag(1)  # pcm_enabled_flag
    b.u(s.pcm_bit_depth[0] - 1, 4)
    b.u(s.pcm_bit_depth[1] - 1, 4)
    b.ue(s.log2_pcm_size[0] - 3)
    b.ue(s.log2_pcm_size[1] - s.log2_pcm_size[0])
    b.flag(s.pcm_loop_filter_disabled_flag)
    b.ue(len(s.ref_pic_sets))
    for number, (wanted, prediction) in enumerate(s.ref_pic_sets):
        ref_pic_set(b, wanted, s.ref_pic_sets[:number], prediction, False)
    b.flag(s.long_term_ref_pics_present_flag)
    if s.long_term_ref_pics_present_flag:
        b.ue(len(s.long_term))
        for lsb, used in s.long_term:
            b.u(lsb, s.log2_max_pic_order_cnt_lsb_minus4 + 4)
            b.flag(used)
    b.flag(s.sps_temporal_mvp_enabled_flag)
    b.flag(s.strong_intra_smoothing_enabled_flag)
    b.u(0, 2)  # neither VUI nor extension
    b.end()
    return hevc_nal(SPS, escape(b.bytes()))


def pps(p):
    """7.3.2.3.1"""
    b = Bits()
    b.ue(p.pps_pic_parameter_set_id)
    b.ue(p.pps_seq_parameter_set_id)
    b.flag(p.dependent_slice_segments_enabled_flag)
    b.flag(p.output_flag_present_flag)
    b.u(p.num_extra_slice_header_bits, 3)
    b.flag(p.sign_data_hiding_enabled_flag)
    b.flag(p.cabac_init_present_flag)
    b.ue(p.num_ref_idx_default_active_minus1[0])
    b.ue(p.num_ref_idx_default_active_minus1[1])
    b.se(p.init_qp_minus26)
    b.flag(p.constrained_intra_pred_flag)
    b.flag(p.transform_skip_enabled_flag)
    b.flag(p.cu_qp_delta_enabled_flag)
    if p.cu_qp_delta_enabled_flag:
        b.ue(p.diff_cu_qp_delta_depth)
    b.se(p.pps_cb_qp_offset)
    b.se(p.pps_cr_qp_offset)
    for name in ("pps_slice_chroma_qp_offsets_present_flag", "weighted_pred_flag", "weighted_bipred_flag", "transquant_bypass_enabled_flag",
                 "tiles_enabled_flag", "entropy_coding_sync_enabled_flag"):
        b.flag(p[name])
    if p.tiles_enabled_flag:
        b.ue(len(p.column_widths) - 1)
        b.ue(len(p.row_heights) - 1)
        b.flag(p.uniform_spacing_flag)
        if not p.uniform_spacing_flag:
            for size in p.column_widths[:-1] + p.row_heights[:-1]:
                b.ue(size - 1)
        b.flag(p.loop_filter_across_tiles_enabled_flag)
    b.flag(p.pps_loop_filter_across_slices_enabled_flag)
    b.flag(p.deblocking_filter_control_present_flag)
    if p.deblocking_filter_control_present_flag:
        b.flag(p.deblocking_filter_override_enabled_flag)
        b.flag(p.pps_deblocking_filter_disabled_flag)
        if not p.pps_deblocking_filter_disabled_flag:
            b.se(p.pps_beta_offset_div2)
            b.se(p.pps_tc_offset_div2)
    b.flag(bool(p.scaling_lists))
    if p.scaling_lists:
        scaling_list_data(b, p.scaling_lists)
    b.flag(p.lists_modification_present_flag)
    b.ue(p.log2_parallel_merge_level_minus2)
    b.flag(p.slice_segment_header_extension_present_flag)
    b.flag(0)
    b.end()
    return hevc_nal(PPS, escape(b.bytes()))


def long_term_entries(b, h, s):
    """7.3.6.1, from num_long_term_sps to delta_poc_msb_cycle_lt. `long_term`: [(index in the SPS or None, lsb, used, cycle or None)],
    those of the SPS first"""
    of_sps = sum(index is not None for index, _, _, _ in h.long_term)
    if s.long_term:
        b.ue(of_sps)
    b.ue(len(h.long_term) - of_sps)
    sent = 0
    for i, (index, lsb, used, cycle) in enumerate(h.long_term):
        if index is None:
            b.u(lsb, s.log2_max_pic_order_cnt_lsb_minus4 + 4)
            b.flag(used)
        else:
            b.u(index, bits_for(len(s.long_term)))
        b.flag(cycle is not None)
        sent = 0 if i in (0, of_sps) else sent  # (7-52)
        if cycle is not None:
            b.ue(cycle - sent)
            sent = cycle


def pred_weight_table(b, h):
    """7.3.6.3. `weights[list][i]`: (luma, chroma), each None or the elements"""
    b.ue(h.luma_log2_weight_denom)
    b.se(h.delta_chroma_log2_weight_denom)
    for entries in h.weights:
        for component in (0, 1):
            for entry in entries:
                b.flag(entry[component])
        for luma, chroma in entries:
            for value in (luma or ()) + (chroma or ()):
                b.se(value)


def inter_part(b, h, p):
    """7.3.6.1, from num_ref_idx_active_override_flag to five_minus_max_num_merge_cand"""
    lists = range(2 if h.slice_type == B_SLICE else 1)
    b.flag(h.num_ref_idx_active_override_flag)
    if h.num_ref_idx_active_override_flag:
        for x in lists:
            b.ue(h.num_ref_idx_active[x] - 1)
    if p.lists_modification_present_flag and h.num_pic_total_curr > 1:
        for x in lists:
            b.flag(h.list_entry[x] is not None)
            for entry in h.list_entry[x] or ():
                b.u(entry, bits_for(h.num_pic_total_curr))
    if h.slice_type == B_SLICE:
        b.flag(h.mvd_l1_zero_flag)
    if p.cabac_init_present_flag:
        b.flag(h.cabac_init_flag)
    if h.slice_temporal_mvp_enabled_flag:
        if h.slice_type == B_SLICE:
            b.flag(h.collocated_from_l0_flag)
        if h.num_ref_idx_active[0 if h.collocated_from_l0_flag else 1] > 1:
            b.ue(h.collocated_ref_idx)
    if p.weighted_pred_flag if h.slice_type == P_SLICE else p.weighted_bipred_flag:
        pred_weight_table(b, h)
    b.ue(4)  # MaxNumMergeCand is 1


def independent_part(b, h, s, p):
    """7.3.6.1, what a dependent slice segment takes over"""
    b.u(h.slice_reserved_flags, p.num_extra_slice_header_bits)
    b.ue(h.slice_type)
    if p.output_flag_present_flag:
        b.flag(h.pic_output_flag)
    if h.nal_unit_type not in IDR:
        b.u(h.slice_pic_order_cnt_lsb, s.log2_max_pic_order_cnt_lsb_minus4 + 4)
        b.flag(h.short_term_ref_pic_set_idx is not None)
        if h.short_term_ref_pic_set_idx is None:
            ref_pic_set(b, h.ref_pic_set, s.ref_pic_sets, h.prediction, True)
        else:
            b.u(h.short_term_ref_pic_set_idx, bits_for(len(s.ref_pic_sets)))
        if s.long_term_ref_pics_present_flag:
            long_term_entries(b, h, s)
        if s.sps_temporal_mvp_enabled_flag:
            b.flag(h.slice_temporal_mvp_enabled_flag)
    if s.sample_adaptive_offset_enabled_flag:
        b.flag(h.slice_sao_luma_flag)
        b.flag(h.slice_sao_chroma_flag)
    if h.slice_type != I_SLICE:
        inter_part(b, h, p)
    b.se(h.slice_qp - 26 - p.init_qp_minus26)
    if p.pps_slice_chroma_qp_offsets_present_flag:
        b.se(h.slice_cb_qp_offset)
        b.se(h.slice_cr_qp_offset)
    if p.deblocking_filter_override_enabled_flag:
        b.flag(h.deblocking_filter_override_flag)
        if h.deblocking_filter_override_flag:
            b.flag(h.slice_deblocking_filter_disabled_flag)
            if not h.slice_deblocking_filter_disabled_flag:
                b.se(h.slice_beta_offset_div2)
                b.se(h.slice_tc_offset_div2)
    if p.pps_loop_filter_across_slices_enabled_flag and (
            h.slice_sao_luma_flag or h.slice_sao_chroma_flag or not h.slice_deblocking_filter_disabled_flag):
        b.flag(h.slice_loop_filter_across_slices_enabled_flag)


def slice_segment(h, s, p, address, dependent, substreams):
    """7.3.2.9: the header (7.3.6.1) for `substreams` of slice segment data"""
    b = Bits()
    b.flag(address == 0)
    if h.nal_unit_type in IRAP:
        b.flag(h.no_output_of_prior_pics_flag)
    b.ue(p.pps_pic_parameter_set_id)
    if address:
        if p.dependent_slice_segments_enabled_flag:
            b.flag(dependent)
        b.u(address, bits_for(s.size_in_ctbs))
    if not dependent:
        independent_part(b, h, s, p)
    escaped = [escape(part) for part in substreams]  # none ends with a zero: offsets count what keeps start codes away (7.4.7.1)
    if p.tiles_enabled_flag or p.entropy_coding_sync_enabled_flag:
        b.ue(len(escaped) - 1)
        if len(escaped) > 1:
            width = max(len(part) - 1 for part in escaped[:-1]).bit_length() + h.longer_offsets or 1
            b.ue(width - 1)
            for part in escaped[:-1]:
                b.u(len(part) - 1, width)
    if p.slice_segment_header_extension_present_flag:
        b.ue(len(h.extension))
        for byte in h.extension:
            b.u(byte, 8)
    b.end()
    return hevc_nal(h.nal_unit_type, escape(b.bytes()) + b"".join(escaped))
