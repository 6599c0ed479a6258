// Syntax structures of the AV1 specification (section 5), with its names for elements and variables.
#pragma once

#include <array>
#include <cstdint>

namespace v4l2play::av1 {

// Section 3
constexpr unsigned num_ref_frames = 8;       ///< NUM_REF_FRAMES: reference slots
constexpr unsigned refs_per_frame = 7;       ///< REFS_PER_FRAME
constexpr unsigned total_refs_per_frame = 8; ///< TOTAL_REFS_PER_FRAME: those and INTRA_FRAME, which comes first
constexpr unsigned last_frame = 1;           ///< LAST_FRAME; LAST2, LAST3, GOLDEN, BWDREF, ALTREF2 follow
constexpr unsigned golden_frame = 4;
constexpr unsigned bwdref_frame = 5;
constexpr unsigned altref2_frame = 6;
constexpr unsigned altref_frame = 7;
constexpr unsigned primary_ref_none = 7;
constexpr unsigned max_segments = 8;
constexpr unsigned seg_lvl_max = 8;
constexpr unsigned max_operating_points = 32;
constexpr unsigned max_tile_cols = 64;
constexpr unsigned max_tile_rows = 64;
constexpr unsigned cdef_max = 8;
constexpr unsigned superres_num = 8;
constexpr unsigned warpedmodel_prec_bits = 16;
constexpr std::uint8_t all_frames = 0xff; ///< refresh_frame_flags of all slots
constexpr std::uint8_t select_screen_content_tools = 2;
constexpr std::uint8_t select_integer_mv = 2;

enum class FrameType : std::uint8_t { Key = 0, Inter = 1, IntraOnly = 2, Switch = 3 };
enum class WarpModel : std::uint8_t { Identity = 0, Translation = 1, RotZoom = 2, Affine = 3 };
enum class RestorationType : std::uint8_t { None = 0, Wiener = 1, Sgrproj = 2, Switchable = 3 };
enum class TxMode : std::uint8_t { Only4x4 = 0, Largest = 1, Select = 2 };

/// 5.5.2
struct ColorConfig {
    std::uint8_t bit_depth = 8;
    bool mono_chrome = false;
    bool color_description_present = false;
    std::uint8_t color_primaries = 2;
    std::uint8_t transfer_characteristics = 2;
    std::uint8_t matrix_coefficients = 2;
    bool color_range = false;
    bool subsampling_x = true;
    bool subsampling_y = true;
    bool separate_uv_delta_q = false;

    [[nodiscard]] unsigned num_planes() const { return mono_chrome ? 1 : 3; }
    bool operator==(const ColorConfig&) const = default;
};

/// 5.5.1. What only a decoder model needs is read and left out.
struct SequenceHeader {
    std::uint8_t seq_profile = 0;
    bool still_picture = false;
    bool reduced_still_picture_header = false;
    bool equal_picture_interval = false;
    bool decoder_model_info_present_flag = false;
    std::uint8_t buffer_delay_length_minus_1 = 0;
    std::uint8_t buffer_removal_time_length_minus_1 = 0;
    std::uint8_t frame_presentation_time_length_minus_1 = 0;
    std::uint8_t operating_points_cnt_minus_1 = 0;
    std::array<std::uint16_t, max_operating_points> operating_point_idc{};
    std::array<bool, max_operating_points> decoder_model_present_for_this_op{};
    std::uint8_t frame_width_bits_minus_1 = 0;
    std::uint8_t frame_height_bits_minus_1 = 0;
    std::uint16_t max_frame_width_minus_1 = 0;
    std::uint16_t max_frame_height_minus_1 = 0;
    bool frame_id_numbers_present_flag = false;
    std::uint8_t delta_frame_id_length_minus_2 = 0;
    std::uint8_t additional_frame_id_length_minus_1 = 0;
    bool use_128x128_superblock = false;
    bool enable_filter_intra = false;
    bool enable_intra_edge_filter = false;
    bool enable_interintra_compound = false;
    bool enable_masked_compound = false;
    bool enable_warped_motion = false;
    bool enable_dual_filter = false;
    bool enable_order_hint = false;
    bool enable_jnt_comp = false;
    bool enable_ref_frame_mvs = false;
    std::uint8_t seq_force_screen_content_tools = select_screen_content_tools;
    std::uint8_t seq_force_integer_mv = select_integer_mv;
    std::uint8_t order_hint_bits = 0; ///< OrderHintBits
    bool enable_superres = false;
    bool enable_cdef = false;
    bool enable_restoration = false;
    ColorConfig color;
    bool film_grain_params_present = false;

    /// idLen
    [[nodiscard]] unsigned frame_id_bits() const {
        return additional_frame_id_length_minus_1 + delta_frame_id_length_minus_2 + 3U;
    }
    bool operator==(const SequenceHeader&) const = default;
};

/// 5.9.15
struct TileInfo {
    bool uniform_tile_spacing_flag = false;
    std::uint8_t tile_cols = 1; ///< TileCols
    std::uint8_t tile_rows = 1;
    std::uint8_t tile_cols_log2 = 0;
    std::uint8_t tile_rows_log2 = 0;
    std::array<std::uint32_t, max_tile_cols + 1> mi_col_starts{};
    std::array<std::uint32_t, max_tile_rows + 1> mi_row_starts{};
    std::array<std::uint32_t, max_tile_cols> width_in_sbs_minus_1{}; ///< also of uniform spacing
    std::array<std::uint32_t, max_tile_rows> height_in_sbs_minus_1{};
    std::uint16_t context_update_tile_id = 0;
    std::uint8_t tile_size_bytes = 0; ///< TileSizeBytes; 0 when there is one tile

    [[nodiscard]] unsigned count() const { return unsigned{tile_cols} * tile_rows; }
};

/// 5.9.12, 5.9.17
struct Quantization {
    std::uint8_t base_q_idx = 0;
    std::int8_t delta_q_y_dc = 0;
    std::int8_t delta_q_u_dc = 0;
    std::int8_t delta_q_u_ac = 0;
    std::int8_t delta_q_v_dc = 0;
    std::int8_t delta_q_v_ac = 0;
    bool diff_uv_delta = false;
    bool using_qmatrix = false;
    std::uint8_t qm_y = 0;
    std::uint8_t qm_u = 0;
    std::uint8_t qm_v = 0;
    bool delta_q_present = false;
    std::uint8_t delta_q_res = 0;
};

/// FeatureEnabled (bits) and FeatureData: what 7.20 saves of segmentation
struct SegmentationParams {
    std::array<std::uint8_t, max_segments> feature_enabled{};
    std::array<std::array<std::int16_t, seg_lvl_max>, max_segments> feature_data{};
};

/// 5.9.14
struct Segmentation {
    bool enabled = false;
    bool update_map = false;
    bool temporal_update = false;
    bool update_data = false;
    bool seg_id_pre_skip = false;        ///< SegIdPreSkip
    std::uint8_t last_active_seg_id = 0; ///< LastActiveSegId
    SegmentationParams params;
};

struct LoopFilterDeltas {
    std::array<std::int8_t, total_refs_per_frame> ref{1, 0, 0, 0, -1, 0, -1, -1};
    std::array<std::int8_t, 2> mode{};
};

/// 5.9.11, 5.9.18
struct LoopFilter {
    std::array<std::uint8_t, 4> level{};
    std::uint8_t sharpness = 0;
    bool delta_enabled = false;
    bool delta_update = false;
    LoopFilterDeltas deltas;
    bool delta_lf_present = false;
    std::uint8_t delta_lf_res = 0;
    bool delta_lf_multi = false;
};

/// 5.9.19
struct Cdef {
    std::uint8_t damping_minus_3 = 0;
    std::uint8_t bits = 0;
    std::array<std::uint8_t, cdef_max> y_pri_strength{};
    std::array<std::uint8_t, cdef_max> y_sec_strength{}; ///< 0, 1, 2, 4
    std::array<std::uint8_t, cdef_max> uv_pri_strength{};
    std::array<std::uint8_t, cdef_max> uv_sec_strength{};
};

/// 5.9.20
struct LoopRestoration {
    bool uses_lr = false;
    bool uses_chroma_lr = false;
    std::uint8_t lr_unit_shift = 0; ///< 0 to 2
    std::uint8_t lr_uv_shift = 0;
    std::array<RestorationType, 3> type{};
    std::array<std::uint16_t, 3> size{}; ///< LoopRestorationSize
};

/// gm_params, by reference frame
using GlobalMotionParams = std::array<std::array<std::int32_t, 6>, total_refs_per_frame>;

/// Setup_Past_Independence: no motion
constexpr GlobalMotionParams default_global_motion() {
    GlobalMotionParams params{};
    for (auto& reference : params) reference = {0, 0, 1 << warpedmodel_prec_bits, 0, 0, 1 << warpedmodel_prec_bits};
    return params;
}

/// 5.9.24
struct GlobalMotion {
    std::array<bool, total_refs_per_frame> is_global{};
    std::array<bool, total_refs_per_frame> is_rot_zoom{};
    std::array<bool, total_refs_per_frame> is_translation{};
    std::array<WarpModel, total_refs_per_frame> type{};
    GlobalMotionParams params = default_global_motion();
    std::uint8_t invalid = 0; ///< bit per reference frame: warpValid of 7.11.3.6 is 0
};

struct ScalingPoint {
    std::uint8_t value = 0;
    std::uint8_t scaling = 0;
};

/// 5.9.30
struct FilmGrain {
    bool apply_grain = false;
    bool update_grain = false;
    std::uint16_t grain_seed = 0;
    std::uint8_t film_grain_params_ref_idx = 0;
    std::uint8_t num_y_points = 0;
    std::uint8_t num_cb_points = 0;
    std::uint8_t num_cr_points = 0;
    std::array<ScalingPoint, 14> point_y{};
    std::array<ScalingPoint, 10> point_cb{};
    std::array<ScalingPoint, 10> point_cr{};
    bool chroma_scaling_from_luma = false;
    std::uint8_t grain_scaling_minus_8 = 0;
    std::uint8_t ar_coeff_lag = 0;
    std::array<std::uint8_t, 24> ar_coeffs_y_plus_128{};
    std::array<std::uint8_t, 25> ar_coeffs_cb_plus_128{};
    std::array<std::uint8_t, 25> ar_coeffs_cr_plus_128{};
    std::uint8_t ar_coeff_shift_minus_6 = 0;
    std::uint8_t grain_scale_shift = 0;
    std::uint8_t cb_mult = 0;
    std::uint8_t cb_luma_mult = 0;
    std::uint16_t cb_offset = 0;
    std::uint8_t cr_mult = 0;
    std::uint8_t cr_luma_mult = 0;
    std::uint16_t cr_offset = 0;
    bool overlap_flag = false;
    bool clip_to_restricted_range = false;
};

/// 5.9.5 to 5.9.9
struct FrameSize {
    std::uint32_t upscaled_width = 0; ///< UpscaledWidth
    std::uint32_t frame_width = 0;    ///< FrameWidth: before upscaling
    std::uint32_t frame_height = 0;
    std::uint32_t render_width = 0;
    std::uint32_t render_height = 0;
    bool use_superres = false;
    std::uint8_t superres_denom = superres_num;

    [[nodiscard]] unsigned mi_cols() const { return 2 * ((frame_width + 7) >> 3); }
    [[nodiscard]] unsigned mi_rows() const { return 2 * ((frame_height + 7) >> 3); }
};

/// 5.9.2
struct FrameHeader {
    bool show_existing_frame = false;
    std::uint8_t frame_to_show_map_idx = 0;
    FrameType frame_type = FrameType::Key;
    bool show_frame = true;
    bool showable_frame = false;
    bool error_resilient_mode = false;
    bool disable_cdf_update = false;
    bool allow_screen_content_tools = false;
    bool force_integer_mv = false;
    std::uint16_t current_frame_id = 0;
    bool frame_size_override_flag = false;
    std::uint8_t order_hint = 0;
    std::uint8_t primary_ref_frame = primary_ref_none;
    bool buffer_removal_time_present_flag = false;
    std::array<std::uint32_t, max_operating_points> buffer_removal_time{};
    std::uint8_t refresh_frame_flags = 0;
    bool frame_refs_short_signaling = false;
    std::array<std::uint8_t, refs_per_frame> ref_frame_idx{};     ///< inter frames only
    std::array<std::uint8_t, total_refs_per_frame> order_hints{}; ///< OrderHints, by reference frame
    FrameSize size;
    bool allow_intrabc = false;
    bool allow_high_precision_mv = false;
    std::uint8_t interpolation_filter = 0; ///< 4 = switchable
    bool is_motion_mode_switchable = false;
    bool use_ref_frame_mvs = false;
    bool disable_frame_end_update_cdf = false;
    TileInfo tile_info;
    Quantization quantization;
    Segmentation segmentation;
    bool coded_lossless = false; ///< CodedLossless
    bool all_lossless = false;   ///< AllLossless
    LoopFilter loop_filter;
    Cdef cdef;
    LoopRestoration loop_restoration;
    TxMode tx_mode = TxMode::Only4x4;
    bool reference_select = false;
    bool skip_mode_allowed = false; ///< skipModeAllowed
    bool skip_mode_present = false;
    std::array<std::uint8_t, 2> skip_mode_frame{}; ///< SkipModeFrame
    bool allow_warped_motion = false;
    bool reduced_tx_set = false;
    GlobalMotion global_motion;
    FilmGrain film_grain;

    [[nodiscard]] bool is_intra() const { return frame_type == FrameType::Key || frame_type == FrameType::IntraOnly; }
    [[nodiscard]] bool is_shown_key() const { return frame_type == FrameType::Key && show_frame; }
};

/// What the reference frame update process (7.20) saves in a slot of what headers depend on.
struct SavedFrame {
    bool valid = false; ///< RefValid; order_hint counts also when it is not
    FrameType frame_type = FrameType::Key;
    std::uint16_t frame_id = 0;
    std::uint8_t order_hint = 0;
    FrameSize size;
    GlobalMotionParams global_motion = default_global_motion();
    LoopFilterDeltas loop_filter_deltas;
    SegmentationParams segmentation;
    FilmGrain film_grain;
};
using SavedFrames = std::array<SavedFrame, num_ref_frames>;

/// One tile of a tile group (5.11.1).
struct Tile {
    std::uint32_t offset = 0; ///< bytes from the start of the picture's bitstream to the coded tile data
    std::uint32_t size = 0;
    std::uint16_t row = 0;
    std::uint16_t col = 0;
};

} // namespace v4l2play::av1
