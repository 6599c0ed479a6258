// Syntax structures of VP9, with the names of the specification ("VP9 Bitstream & Decoding Process Specification",
// version 0.6). Values are as coded, or as section 7.2 infers them.
#pragma once

#include <array>
#include <cstdint>

namespace v4l2play::vp9 {

constexpr unsigned reference_slots = 8;     ///< NUM_REF_FRAMES
constexpr unsigned references_of_frame = 3; ///< REFS_PER_FRAME: LAST, GOLDEN, ALTREF
constexpr unsigned frame_contexts = 4;
constexpr unsigned segments = 8;         ///< MAX_SEGMENTS
constexpr unsigned segment_features = 4; ///< SEG_LVL_MAX

/// 7.2.2: color_space
enum class ColorSpace : std::uint8_t { Unknown, Bt601, Bt709, Smpte170, Smpte240, Bt2020, Reserved, Rgb };

struct ColorConfig {
    std::uint8_t bit_depth = 8;
    ColorSpace color_space = ColorSpace::Unknown;
    bool color_range = false; ///< true: full
    bool subsampling_x = true;
    bool subsampling_y = true;
    bool operator==(const ColorConfig&) const = default;
};

/// 6.2.8. The deltas stay from frame to frame.
struct LoopFilter {
    std::uint8_t level = 0;
    std::uint8_t sharpness = 0;
    bool delta_enabled = false;
    bool delta_update = false;
    std::array<std::int8_t, 4> ref_deltas{};
    std::array<std::int8_t, 2> mode_deltas{};
};

/// 6.2.9
struct Quantization {
    std::uint8_t base_q_idx = 0;
    std::int8_t delta_q_y_dc = 0;
    std::int8_t delta_q_uv_dc = 0;
    std::int8_t delta_q_uv_ac = 0;
};

/// 6.2.11. Features stay from frame to frame, whether segmentation is enabled or not.
struct Segmentation {
    bool enabled = false;
    bool update_map = false;
    bool temporal_update = false;
    bool update_data = false;
    bool abs_or_delta_update = false;
    std::array<std::uint8_t, 7> tree_probs{};
    std::array<std::uint8_t, 3> pred_probs{};
    std::array<std::array<bool, segment_features>, segments> feature_enabled{};
    std::array<std::array<std::int16_t, segment_features>, segments> feature_data{};
};

/// 7.2: interpolation_filter
enum class InterpolationFilter : std::uint8_t { EightTapSmooth, EightTap, EightTapSharp, Bilinear, Switchable };

/// 6.2: uncompressed_header
struct FrameHeader {
    std::uint8_t profile = 0;
    bool show_existing_frame = false; ///< then only frame_to_show_map_idx follows
    std::uint8_t frame_to_show_map_idx = 0;
    bool key_frame = false;
    bool show_frame = false;
    bool error_resilient_mode = false;
    bool intra_only = false;
    std::uint8_t reset_frame_context = 0;
    bool has_color_config = false; ///< coded in this header; else what is inferred, or was coded last
    ColorConfig color;
    std::uint32_t frame_width = 0;
    std::uint32_t frame_height = 0;
    std::uint32_t render_width = 0;
    std::uint32_t render_height = 0;
    std::uint8_t refresh_frame_flags = 0;
    std::array<std::uint8_t, references_of_frame> ref_frame_idx{};
    std::array<bool, references_of_frame> ref_frame_sign_bias{}; ///< none of frames with error_resilient_mode
    bool allow_high_precision_mv = false;
    InterpolationFilter interpolation_filter = InterpolationFilter::EightTapSmooth;
    bool refresh_frame_context = false;
    bool frame_parallel_decoding_mode = false;
    std::uint8_t frame_context_idx = 0; ///< as coded: before intra frames set it to 0
    LoopFilter loop_filter;
    Quantization quantization;
    Segmentation segmentation;
    std::uint8_t tile_cols_log2 = 0;
    std::uint8_t tile_rows_log2 = 0;
    std::uint16_t header_size_in_bytes = 0; ///< of the compressed header
    std::uint16_t uncompressed_size = 0;    ///< bytes, with trailing_bits

    /// FrameIsIntra
    [[nodiscard]] bool is_intra() const { return key_frame || intra_only; }
    /// 7.2.9: Lossless
    [[nodiscard]] bool is_lossless() const {
        return quantization.base_q_idx == 0 && quantization.delta_q_y_dc == 0 && quantization.delta_q_uv_dc == 0 &&
               quantization.delta_q_uv_ac == 0;
    }
};

enum class ReferenceMode : std::uint8_t { Single, Compound, Select };

/// 6.3.16: mv_probs. 0: no update.
struct MvProbs {
    std::array<std::uint8_t, 3> joint{};
    std::array<std::uint8_t, 2> sign{};
    std::array<std::array<std::uint8_t, 10>, 2> classes{};
    std::array<std::uint8_t, 2> class0_bit{};
    std::array<std::array<std::uint8_t, 10>, 2> bits{};
    std::array<std::array<std::array<std::uint8_t, 3>, 2>, 2> class0_fr{};
    std::array<std::array<std::uint8_t, 3>, 2> fr{};
    std::array<std::uint8_t, 2> class0_hp{};
    std::array<std::uint8_t, 2> hp{};
    bool operator==(const MvProbs&) const = default;
};

/// 6.3: compressed_header. What it says, not what becomes of the probabilities: a delta after inv_map_table (6.3.5), or
/// for motion vectors the new probability; 0 where there is no update.
struct CompressedHeader {
    std::uint8_t tx_mode = 0;
    ReferenceMode reference_mode = ReferenceMode::Single;
    std::array<std::array<std::uint8_t, 1>, 2> tx8{};
    std::array<std::array<std::uint8_t, 2>, 2> tx16{};
    std::array<std::array<std::uint8_t, 3>, 2> tx32{};
    using CoefBand = std::array<std::array<std::uint8_t, 3>, 6>;
    std::array<std::array<std::array<std::array<CoefBand, 6>, 2>, 2>, 4> coef{};
    std::array<std::uint8_t, 3> skip{};
    std::array<std::array<std::uint8_t, 3>, 7> inter_mode{};
    std::array<std::array<std::uint8_t, 2>, 4> interp_filter{};
    std::array<std::uint8_t, 4> is_inter{};
    std::array<std::uint8_t, 5> comp_mode{};
    std::array<std::array<std::uint8_t, 2>, 5> single_ref{};
    std::array<std::uint8_t, 5> comp_ref{};
    std::array<std::array<std::uint8_t, 9>, 4> y_mode{};
    std::array<std::array<std::uint8_t, 3>, 16> partition{};
    MvProbs mv;
    bool operator==(const CompressedHeader&) const = default;
};

} // namespace v4l2play::vp9
