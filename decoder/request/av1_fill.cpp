#include "decoder/request/av1_fill.h"

#include <algorithm>

namespace v4l2play::av1 {
namespace {

static_assert(num_ref_frames == V4L2_AV1_TOTAL_REFS_PER_FRAME);
static_assert(refs_per_frame == V4L2_AV1_REFS_PER_FRAME);
static_assert(max_operating_points == V4L2_AV1_MAX_OPERATING_POINTS);
static_assert(static_cast<int>(FrameType::Switch) == V4L2_AV1_SWITCH_FRAME);
static_assert(static_cast<int>(WarpModel::Affine) == V4L2_AV1_WARP_MODEL_AFFINE);
static_assert(static_cast<int>(RestorationType::Sgrproj) == V4L2_AV1_FRAME_RESTORE_SGRPROJ);
static_assert(static_cast<int>(TxMode::Select) == V4L2_AV1_TX_MODE_SELECT);

/// The flag when `condition`, else nothing.
constexpr std::uint32_t flag_if(bool condition, std::uint32_t flag) { return condition ? flag : 0; }

template <class To, std::size_t Count, class From>
void copy(To (&out)[Count], const From& from) {
    static_assert(std::tuple_size_v<From> <= Count);
    std::transform(from.begin(), from.end(), out, [](auto value) { return static_cast<To>(value); });
}

void fill(v4l2_av1_tile_info& out, const TileInfo& t) {
    out.flags = static_cast<__u8>(flag_if(t.uniform_tile_spacing_flag, V4L2_AV1_TILE_INFO_FLAG_UNIFORM_TILE_SPACING));
    out.context_update_tile_id = static_cast<__u8>(t.context_update_tile_id);
    out.tile_cols = t.tile_cols;
    out.tile_rows = t.tile_rows;
    copy(out.mi_col_starts, t.mi_col_starts);
    copy(out.mi_row_starts, t.mi_row_starts);
    copy(out.width_in_sbs_minus_1, t.width_in_sbs_minus_1);
    copy(out.height_in_sbs_minus_1, t.height_in_sbs_minus_1);
    out.tile_size_bytes = t.tile_size_bytes;
}

void fill(v4l2_av1_quantization& out, const Quantization& q) {
    out.flags = static_cast<__u8>(flag_if(q.diff_uv_delta, V4L2_AV1_QUANTIZATION_FLAG_DIFF_UV_DELTA) |
                                  flag_if(q.using_qmatrix, V4L2_AV1_QUANTIZATION_FLAG_USING_QMATRIX) |
                                  flag_if(q.delta_q_present, V4L2_AV1_QUANTIZATION_FLAG_DELTA_Q_PRESENT));
    out.base_q_idx = q.base_q_idx;
    out.delta_q_y_dc = q.delta_q_y_dc;
    out.delta_q_u_dc = q.delta_q_u_dc;
    out.delta_q_u_ac = q.delta_q_u_ac;
    out.delta_q_v_dc = q.delta_q_v_dc;
    out.delta_q_v_ac = q.delta_q_v_ac;
    out.qm_y = q.qm_y;
    out.qm_u = q.qm_u;
    out.qm_v = q.qm_v;
    out.delta_q_res = q.delta_q_res;
}

void fill(v4l2_av1_segmentation& out, const Segmentation& s) {
    out.flags = static_cast<__u8>(flag_if(s.enabled, V4L2_AV1_SEGMENTATION_FLAG_ENABLED) |
                                  flag_if(s.update_map, V4L2_AV1_SEGMENTATION_FLAG_UPDATE_MAP) |
                                  flag_if(s.temporal_update, V4L2_AV1_SEGMENTATION_FLAG_TEMPORAL_UPDATE) |
                                  flag_if(s.update_data, V4L2_AV1_SEGMENTATION_FLAG_UPDATE_DATA) |
                                  flag_if(s.seg_id_pre_skip, V4L2_AV1_SEGMENTATION_FLAG_SEG_ID_PRE_SKIP));
    out.last_active_seg_id = s.last_active_seg_id;
    copy(out.feature_enabled, s.params.feature_enabled);
    for (unsigned i = 0; i < max_segments; ++i) copy(out.feature_data[i], s.params.feature_data[i]);
}

void fill(v4l2_av1_loop_filter& out, const LoopFilter& lf) {
    out.flags = static_cast<__u8>(flag_if(lf.delta_enabled, V4L2_AV1_LOOP_FILTER_FLAG_DELTA_ENABLED) |
                                  flag_if(lf.delta_update, V4L2_AV1_LOOP_FILTER_FLAG_DELTA_UPDATE) |
                                  flag_if(lf.delta_lf_present, V4L2_AV1_LOOP_FILTER_FLAG_DELTA_LF_PRESENT) |
                                  flag_if(lf.delta_lf_multi, V4L2_AV1_LOOP_FILTER_FLAG_DELTA_LF_MULTI));
    copy(out.level, lf.level);
    out.sharpness = lf.sharpness;
    copy(out.ref_deltas, lf.deltas.ref);
    copy(out.mode_deltas, lf.deltas.mode);
    out.delta_lf_res = lf.delta_lf_res;
}

void fill(v4l2_av1_cdef& out, const Cdef& cdef) {
    out.damping_minus_3 = cdef.damping_minus_3;
    out.bits = cdef.bits;
    copy(out.y_pri_strength, cdef.y_pri_strength);
    copy(out.y_sec_strength, cdef.y_sec_strength);
    copy(out.uv_pri_strength, cdef.uv_pri_strength);
    copy(out.uv_sec_strength, cdef.uv_sec_strength);
}

void fill(v4l2_av1_loop_restoration& out, const LoopRestoration& lr) {
    out.flags = static_cast<__u8>(flag_if(lr.uses_lr, V4L2_AV1_LOOP_RESTORATION_FLAG_USES_LR) |
                                  flag_if(lr.uses_chroma_lr, V4L2_AV1_LOOP_RESTORATION_FLAG_USES_CHROMA_LR));
    out.lr_unit_shift = lr.lr_unit_shift;
    out.lr_uv_shift = lr.lr_uv_shift;
    copy(out.frame_restoration_type, lr.type);
    copy(out.loop_restoration_size, lr.size);
}

void fill(v4l2_av1_global_motion& out, const GlobalMotion& gm) {
    for (unsigned i = 0; i < total_refs_per_frame; ++i) {
        out.flags[i] = static_cast<__u8>(flag_if(gm.is_global[i], V4L2_AV1_GLOBAL_MOTION_FLAG_IS_GLOBAL) |
                                         flag_if(gm.is_rot_zoom[i], V4L2_AV1_GLOBAL_MOTION_FLAG_IS_ROT_ZOOM) |
                                         flag_if(gm.is_translation[i], V4L2_AV1_GLOBAL_MOTION_FLAG_IS_TRANSLATION));
        copy(out.params[i], gm.params[i]);
    }
    copy(out.type, gm.type);
    out.invalid = gm.invalid;
}

std::uint32_t frame_flags(const FrameHeader& h) {
    return flag_if(h.show_frame, V4L2_AV1_FRAME_FLAG_SHOW_FRAME) |
           flag_if(h.showable_frame, V4L2_AV1_FRAME_FLAG_SHOWABLE_FRAME) |
           flag_if(h.error_resilient_mode, V4L2_AV1_FRAME_FLAG_ERROR_RESILIENT_MODE) |
           flag_if(h.disable_cdf_update, V4L2_AV1_FRAME_FLAG_DISABLE_CDF_UPDATE) |
           flag_if(h.allow_screen_content_tools, V4L2_AV1_FRAME_FLAG_ALLOW_SCREEN_CONTENT_TOOLS) |
           flag_if(h.force_integer_mv, V4L2_AV1_FRAME_FLAG_FORCE_INTEGER_MV) |
           flag_if(h.allow_intrabc, V4L2_AV1_FRAME_FLAG_ALLOW_INTRABC) |
           flag_if(h.size.use_superres, V4L2_AV1_FRAME_FLAG_USE_SUPERRES) |
           flag_if(h.allow_high_precision_mv, V4L2_AV1_FRAME_FLAG_ALLOW_HIGH_PRECISION_MV) |
           flag_if(h.is_motion_mode_switchable, V4L2_AV1_FRAME_FLAG_IS_MOTION_MODE_SWITCHABLE) |
           flag_if(h.use_ref_frame_mvs, V4L2_AV1_FRAME_FLAG_USE_REF_FRAME_MVS) |
           flag_if(h.disable_frame_end_update_cdf, V4L2_AV1_FRAME_FLAG_DISABLE_FRAME_END_UPDATE_CDF) |
           flag_if(h.allow_warped_motion, V4L2_AV1_FRAME_FLAG_ALLOW_WARPED_MOTION) |
           flag_if(h.reference_select, V4L2_AV1_FRAME_FLAG_REFERENCE_SELECT) |
           flag_if(h.reduced_tx_set, V4L2_AV1_FRAME_FLAG_REDUCED_TX_SET) |
           flag_if(h.skip_mode_allowed, V4L2_AV1_FRAME_FLAG_SKIP_MODE_ALLOWED) |
           flag_if(h.skip_mode_present, V4L2_AV1_FRAME_FLAG_SKIP_MODE_PRESENT) |
           flag_if(h.frame_size_override_flag, V4L2_AV1_FRAME_FLAG_FRAME_SIZE_OVERRIDE) |
           flag_if(h.buffer_removal_time_present_flag, V4L2_AV1_FRAME_FLAG_BUFFER_REMOVAL_TIME_PRESENT) |
           flag_if(h.frame_refs_short_signaling, V4L2_AV1_FRAME_FLAG_FRAME_REFS_SHORT_SIGNALING);
}

void fill_size(v4l2_ctrl_av1_frame& out, const FrameSize& size) {
    out.superres_denom = size.superres_denom;
    out.upscaled_width = size.upscaled_width;
    out.frame_width_minus_1 = size.frame_width - 1;
    out.frame_height_minus_1 = size.frame_height - 1;
    out.render_width_minus_1 = static_cast<__u16>(size.render_width - 1);
    out.render_height_minus_1 = static_cast<__u16>(size.render_height - 1);
}

void fill_references(v4l2_ctrl_av1_frame& out, const Av1Picture& picture) {
    const FrameHeader& h = *picture.header;
    std::transform(picture.slots.begin(), picture.slots.end(), out.reference_frame_ts,
                   [](FrameId id) { return id * 1000; });
    if (h.is_intra()) {
        std::fill(std::begin(out.ref_frame_idx), std::end(out.ref_frame_idx), __s8{-1});
        return;
    }
    copy(out.ref_frame_idx, h.ref_frame_idx);
    copy(out.order_hints, h.order_hints);
}

template <std::size_t Count, std::size_t Maximum>
void fill_points(__u8 (&values)[Count], __u8 (&scalings)[Count], const std::array<ScalingPoint, Maximum>& points,
                 unsigned count) {
    static_assert(Maximum <= Count);
    for (unsigned i = 0; i < count; ++i) {
        values[i] = points[i].value;
        scalings[i] = points[i].scaling;
    }
}

} // namespace

void fill(v4l2_ctrl_av1_sequence& out, const SequenceHeader& s) {
    out = {};
    out.flags = flag_if(s.still_picture, V4L2_AV1_SEQUENCE_FLAG_STILL_PICTURE) |
                flag_if(s.use_128x128_superblock, V4L2_AV1_SEQUENCE_FLAG_USE_128X128_SUPERBLOCK) |
                flag_if(s.enable_filter_intra, V4L2_AV1_SEQUENCE_FLAG_ENABLE_FILTER_INTRA) |
                flag_if(s.enable_intra_edge_filter, V4L2_AV1_SEQUENCE_FLAG_ENABLE_INTRA_EDGE_FILTER) |
                flag_if(s.enable_interintra_compound, V4L2_AV1_SEQUENCE_FLAG_ENABLE_INTERINTRA_COMPOUND) |
                flag_if(s.enable_masked_compound, V4L2_AV1_SEQUENCE_FLAG_ENABLE_MASKED_COMPOUND) |
                flag_if(s.enable_warped_motion, V4L2_AV1_SEQUENCE_FLAG_ENABLE_WARPED_MOTION) |
                flag_if(s.enable_dual_filter, V4L2_AV1_SEQUENCE_FLAG_ENABLE_DUAL_FILTER) |
                flag_if(s.enable_order_hint, V4L2_AV1_SEQUENCE_FLAG_ENABLE_ORDER_HINT) |
                flag_if(s.enable_jnt_comp, V4L2_AV1_SEQUENCE_FLAG_ENABLE_JNT_COMP) |
                flag_if(s.enable_ref_frame_mvs, V4L2_AV1_SEQUENCE_FLAG_ENABLE_REF_FRAME_MVS) |
                flag_if(s.enable_superres, V4L2_AV1_SEQUENCE_FLAG_ENABLE_SUPERRES) |
                flag_if(s.enable_cdef, V4L2_AV1_SEQUENCE_FLAG_ENABLE_CDEF) |
                flag_if(s.enable_restoration, V4L2_AV1_SEQUENCE_FLAG_ENABLE_RESTORATION) |
                flag_if(s.color.mono_chrome, V4L2_AV1_SEQUENCE_FLAG_MONO_CHROME) |
                flag_if(s.color.color_range, V4L2_AV1_SEQUENCE_FLAG_COLOR_RANGE) |
                flag_if(s.color.subsampling_x, V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_X) |
                flag_if(s.color.subsampling_y, V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_Y) |
                flag_if(s.film_grain_params_present, V4L2_AV1_SEQUENCE_FLAG_FILM_GRAIN_PARAMS_PRESENT) |
                flag_if(s.color.separate_uv_delta_q, V4L2_AV1_SEQUENCE_FLAG_SEPARATE_UV_DELTA_Q);
    out.seq_profile = s.seq_profile;
    out.order_hint_bits = s.order_hint_bits;
    out.bit_depth = s.color.bit_depth;
    out.max_frame_width_minus_1 = s.max_frame_width_minus_1;
    out.max_frame_height_minus_1 = s.max_frame_height_minus_1;
}

void fill(v4l2_ctrl_av1_sequence& out, const SequenceInfo& sequence) {
    out = {};
    out.flags = V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_X | V4L2_AV1_SEQUENCE_FLAG_SUBSAMPLING_Y |
                flag_if(sequence.chroma_format_idc == 0, V4L2_AV1_SEQUENCE_FLAG_MONO_CHROME);
    out.bit_depth = sequence.bit_depth_luma;
    out.max_frame_width_minus_1 = static_cast<__u16>(sequence.info.visible.width - 1);
    out.max_frame_height_minus_1 = static_cast<__u16>(sequence.info.visible.height - 1);
}

void fill(v4l2_ctrl_av1_frame& out, const Av1Picture& picture) {
    const FrameHeader& h = *picture.header;
    out = {};
    fill(out.tile_info, h.tile_info);
    fill(out.quantization, h.quantization);
    fill(out.segmentation, h.segmentation);
    fill(out.loop_filter, h.loop_filter);
    fill(out.cdef, h.cdef);
    copy(out.skip_mode_frame, h.skip_mode_frame);
    out.primary_ref_frame = h.primary_ref_frame;
    fill(out.loop_restoration, h.loop_restoration);
    fill(out.global_motion, h.global_motion);
    out.flags = frame_flags(h);
    out.frame_type = static_cast<v4l2_av1_frame_type>(h.frame_type);
    out.order_hint = h.order_hint;
    fill_size(out, h.size);
    out.interpolation_filter = static_cast<v4l2_av1_interpolation_filter>(h.interpolation_filter);
    out.tx_mode = static_cast<v4l2_av1_tx_mode>(h.tx_mode);
    out.current_frame_id = h.current_frame_id;
    copy(out.buffer_removal_time, h.buffer_removal_time);
    fill_references(out, picture);
    out.refresh_frame_flags = h.refresh_frame_flags;
}

void fill(v4l2_ctrl_av1_film_grain& out, const FilmGrain& g) {
    out = {};
    if (!g.apply_grain) return;
    // load_grain_params() replaces every syntax element (6.8.20), so also update_grain and film_grain_params_ref_idx:
    // they are those of the frame that the parameters were coded in, 1 and 0.
    out.flags =
        static_cast<__u8>(V4L2_AV1_FILM_GRAIN_FLAG_APPLY_GRAIN | V4L2_AV1_FILM_GRAIN_FLAG_UPDATE_GRAIN |
                          flag_if(g.chroma_scaling_from_luma, V4L2_AV1_FILM_GRAIN_FLAG_CHROMA_SCALING_FROM_LUMA) |
                          flag_if(g.overlap_flag, V4L2_AV1_FILM_GRAIN_FLAG_OVERLAP) |
                          flag_if(g.clip_to_restricted_range, V4L2_AV1_FILM_GRAIN_FLAG_CLIP_TO_RESTRICTED_RANGE));
    out.grain_seed = g.grain_seed;
    out.num_y_points = g.num_y_points;
    out.num_cb_points = g.num_cb_points;
    out.num_cr_points = g.num_cr_points;
    fill_points(out.point_y_value, out.point_y_scaling, g.point_y, g.num_y_points);
    fill_points(out.point_cb_value, out.point_cb_scaling, g.point_cb, g.num_cb_points);
    fill_points(out.point_cr_value, out.point_cr_scaling, g.point_cr, g.num_cr_points);
    out.grain_scaling_minus_8 = g.grain_scaling_minus_8;
    out.ar_coeff_lag = g.ar_coeff_lag;
    copy(out.ar_coeffs_y_plus_128, g.ar_coeffs_y_plus_128);
    copy(out.ar_coeffs_cb_plus_128, g.ar_coeffs_cb_plus_128);
    copy(out.ar_coeffs_cr_plus_128, g.ar_coeffs_cr_plus_128);
    out.ar_coeff_shift_minus_6 = g.ar_coeff_shift_minus_6;
    out.grain_scale_shift = g.grain_scale_shift;
    out.cb_mult = g.cb_mult;
    out.cb_luma_mult = g.cb_luma_mult;
    out.cb_offset = g.cb_offset;
    out.cr_mult = g.cr_mult;
    out.cr_luma_mult = g.cr_luma_mult;
    out.cr_offset = g.cr_offset;
}

void fill(v4l2_ctrl_av1_tile_group_entry& out, const Tile& tile) {
    out.tile_offset = tile.offset;
    out.tile_size = tile.size;
    out.tile_row = tile.row;
    out.tile_col = tile.col;
}

} // namespace v4l2play::av1
