"""The V4L2 controls of an AV1 frame, from its headers' elements, as control-parity prints them (Linux: stateless codec interface)."""

import expected_controls
from av1_frame import INTRA_ONLY, KEY
from av1_motion import AFFINE, IDENTITY, ROTZOOM, TRANSLATION, is_valid
from expected_controls import flags_of


def padded(values, count, fill=0):
    return [*values, *[fill] * (count - len(values))]


def upper(header, *elements):
    return {name.upper(): getattr(header, name) for name in elements}


def sequence_control(s):
    tools = ("still_picture use_128x128_superblock enable_filter_intra enable_intra_edge_filter enable_interintra_compound "
             "enable_masked_compound enable_warped_motion enable_dual_filter enable_order_hint enable_jnt_comp enable_ref_frame_mvs "
             "enable_superres enable_cdef enable_restoration mono_chrome color_range film_grain_params_present separate_uv_delta_q")
    return {"flags": flags_of(SUBSAMPLING_X=True, SUBSAMPLING_Y=True, **upper(s, *tools.split())), "seq_profile": s.seq_profile,
            "order_hint_bits": s.order_hint_bits, "bit_depth": s.bit_depth, "reserved": 0,
            "max_frame_width_minus_1": s.max_frame_width_minus_1, "max_frame_height_minus_1": s.max_frame_height_minus_1}


def tile_info(t):
    return {"flags": flags_of(UNIFORM_TILE_SPACING=t.uniform), "context_update_tile_id": t.context_update_tile_id, "tile_cols": len(t.widths),
            "tile_rows": len(t.heights), "mi_col_starts": padded(t.col_starts, 65), "mi_row_starts": padded(t.row_starts, 65),
            "width_in_sbs_minus_1": padded([size - 1 for size in t.widths], 64),
            "height_in_sbs_minus_1": padded([size - 1 for size in t.heights], 64), "tile_size_bytes": t.size_bytes, "reserved": [0] * 3}


def quantization(h):
    return {"flags": flags_of(**upper(h, "diff_uv_delta", "using_qmatrix", "delta_q_present")), "base_q_idx": h.base_q_idx,
            **{f"delta_q_{name}": value for name, value in h.delta_q.items()}, "qm_y": h.qm[0], "qm_u": h.qm[1], "qm_v": h.qm[2],
            "delta_q_res": h.delta_q_res}


def segmentation(h):
    used = [number for number, features in enumerate(h.segments) if features]
    return {"flags": flags_of(ENABLED=h.segmentation_enabled, SEG_ID_PRE_SKIP=any(max(h.segments[number]) >= 5 for number in used),
                           **upper(h, "update_map", "temporal_update", "update_data")),
            "last_active_seg_id": max(used, default=0),
            "feature_enabled": [sum(1 << feature for feature in features) for features in h.segments],
            "feature_data": [[features.get(feature, 0) for feature in range(8)] for features in h.segments]}


def loop_filter(h):
    return {"flags": flags_of(**upper(h, "delta_enabled", "delta_update", "delta_lf_present", "delta_lf_multi")), "level": h.levels,
            "sharpness": h.sharpness, "ref_deltas": h.ref_deltas, "mode_deltas": h.mode_deltas, "delta_lf_res": h.delta_lf_res}


def restoration(h):
    return {"flags": flags_of(USES_LR=any(h.lr_types), USES_CHROMA_LR=any(h.lr_types[1:])), "lr_unit_shift": h.lr_unit_shift,
            "lr_uv_shift": h.lr_uv_shift, "reserved": 0, "frame_restoration_type": h.lr_types, "loop_restoration_size": h.lr_sizes}


def global_motion(h):
    flags = {IDENTITY: [], TRANSLATION: ["IS_GLOBAL", "IS_TRANSLATION"], ROTZOOM: ["IS_GLOBAL", "IS_ROT_ZOOM"], AFFINE: ["IS_GLOBAL"]}
    return {"flags": [flags[kind] for kind in h.gm_type], "type": h.gm_type, "params": h.gm_params,
            "invalid": sum(1 << ref for ref, params in enumerate(h.gm_params) if not is_valid(params)), "reserved": [0] * 3}


def film_grain(g):
    applied = g["apply_grain"]
    control = {"flags": flags_of(APPLY_GRAIN=applied, UPDATE_GRAIN=applied), "film_grain_params_ref_idx": 0, "reserved": [0] * 4}
    if applied:
        control["flags"] = flags_of(APPLY_GRAIN=True, UPDATE_GRAIN=True, CHROMA_SCALING_FROM_LUMA=g["chroma_scaling_from_luma"],
                                 OVERLAP=g["overlap_flag"], CLIP_TO_RESTRICTED_RANGE=g["clip_to_restricted_range"])
    for plane in ("y", "cb", "cr"):
        points = g.get(f"point_{plane}", []) if applied else []
        control[f"num_{plane}_points"] = len(points)
        control[f"point_{plane}_value"] = padded([value for value, _ in points], 16)
        control[f"point_{plane}_scaling"] = padded([scaling for _, scaling in points], 16)
        control[f"ar_coeffs_{plane}_plus_128"] = padded(g.get(f"ar_coeffs_{plane}", []) if applied else [], 25)
    for name in ("grain_seed", "grain_scaling_minus_8", "ar_coeff_lag", "ar_coeff_shift_minus_6", "grain_scale_shift", "cb_mult",
                 "cb_luma_mult", "cb_offset", "cr_mult", "cr_luma_mult", "cr_offset"):
        control[name] = g.get(name, 0) if applied else 0
    return control


FRAME_FLAGS = ("show_frame showable_frame error_resilient_mode disable_cdf_update allow_screen_content_tools force_integer_mv allow_intrabc "
               "allow_high_precision_mv is_motion_mode_switchable use_ref_frame_mvs disable_frame_end_update_cdf allow_warped_motion "
               "reference_select reduced_tx_set skip_mode_allowed skip_mode_present buffer_removal_time_present_flag "
               "frame_refs_short_signaling").split()


def frame_control(h, slots):
    intra = h.frame_type in (KEY, INTRA_ONLY)
    flags = upper(h, *FRAME_FLAGS)
    flags["BUFFER_REMOVAL_TIME_PRESENT"] = flags.pop("BUFFER_REMOVAL_TIME_PRESENT_FLAG")
    primary, secondary, uv_primary, uv_secondary = h.cdef
    return {"tile_info": tile_info(h.tiles), "quantization": quantization(h), "superres_denom": h.size.superres_denom,
            "segmentation": segmentation(h), "loop_filter": loop_filter(h),
            "cdef": {"damping_minus_3": h.cdef_damping_minus_3, "bits": h.cdef_bits, "y_pri_strength": primary, "y_sec_strength": secondary,
                     "uv_pri_strength": uv_primary, "uv_sec_strength": uv_secondary},
            "skip_mode_frame": h.skip_mode_frame, "primary_ref_frame": h.primary_ref_frame, "loop_restoration": restoration(h),
            "global_motion": global_motion(h),
            "flags": flags_of(USE_SUPERRES=h.size.use_superres, FRAME_SIZE_OVERRIDE=h.frame_size_override_flag, **flags),
            "frame_type": h.frame_type, "order_hint": h.order_hint, "upscaled_width": h.size.upscaled_width,
            "interpolation_filter": h.interpolation_filter, "tx_mode": h.tx_mode, "frame_width_minus_1": h.size.frame_width - 1,
            "frame_height_minus_1": h.size.frame_height - 1, "render_width_minus_1": h.size.render_width - 1,
            "render_height_minus_1": h.size.render_height - 1, "current_frame_id": h.current_frame_id,
            "buffer_removal_time": h.buffer_removal_time, "reserved": [0] * 4, "order_hints": [0] * 8 if intra else h.order_hints,
            "reference_frame_ts": slots, "ref_frame_idx": [-1] * 7 if intra else h.ref_frame_idx,
            "refresh_frame_flags": h.refresh_frame_flags}


def request(number, sequence, header, slots, tiles, size):
    """`slots`: the number of the frame in each, or None."""
    controls = {"av1_film_grain": film_grain(header.grain), "av1_frame": frame_control(header, slots),
                "av1_sequence": sequence_control(sequence), "av1_tile_group_entry": tiles}
    return expected_controls.request("av1", number, controls, "whole", size)
