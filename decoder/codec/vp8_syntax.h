// Syntax elements of VP8 frame headers (RFC 6386 sections 9 and 19), and what of them outlives a frame.
#pragma once

#include <array>
#include <cstdint>

namespace v4l2play::vp8 {

constexpr unsigned maximum_partitions = 8; ///< of DCT coefficients
constexpr unsigned maximum_version = 3;    ///< section 9.1: higher ones are reserved

/// The uncompressed data chunk (section 9.1).
struct FrameTag {
    bool key_frame = false;
    std::uint8_t version = 0;
    bool show_frame = false;
    std::uint32_t first_part_size = 0;
    std::uint32_t size = 0; ///< of the chunk, in bytes
    // Of key frames:
    std::uint16_t width = 0;
    std::uint16_t height = 0;
    std::uint8_t horizontal_scale = 0; ///< a wish as to how to show it; players do not upscale by it
    std::uint8_t vertical_scale = 0;
};

/// update_segmentation() (section 9.3). The values stay until they are updated; the flags are of one frame.
struct Segmentation {
    bool enabled = false;
    bool update_map = false;
    bool update_data = false;
    bool absolute = false; ///< the values replace those of the frame, instead of being added
    std::array<std::int8_t, 4> quantizer{};
    std::array<std::int8_t, 4> loop_filter{};
    std::array<std::uint8_t, 3> probabilities{255, 255, 255};
};

/// Sections 9.3 (mb_lf_adjustments) and 9.6 (types and levels). The deltas stay until they are updated.
struct LoopFilter {
    bool simple = false;
    std::uint8_t level = 0;
    std::uint8_t sharpness = 0;
    bool delta_enabled = false;
    bool delta_update = false;
    std::array<std::int8_t, 4> reference_delta{};
    std::array<std::int8_t, 4> mode_delta{};
};

/// quant_indices() (section 9.6)
struct QuantIndices {
    std::uint8_t y_ac_qi = 0;
    std::int8_t y_dc_delta = 0;
    std::int8_t y2_dc_delta = 0;
    std::int8_t y2_ac_delta = 0;
    std::int8_t uv_dc_delta = 0;
    std::int8_t uv_ac_delta = 0;
};

/// By block type, band, context and token branch (section 13.3).
using CoefficientProbabilities = std::array<std::array<std::array<std::array<std::uint8_t, 11>, 3>, 8>, 4>;
/// By row and column (section 17.2).
using MotionProbabilities = std::array<std::array<std::uint8_t, 19>, 2>;

/// What refresh_entropy_probs keeps or drops (section 9.11).
struct Probabilities {
    CoefficientProbabilities coefficients{};
    MotionProbabilities motion{};
    std::array<std::uint8_t, 4> y_mode{};
    std::array<std::uint8_t, 3> uv_mode{};
};

/// copy_buffer_to_golden, copy_buffer_to_alternate (section 9.7)
enum class BufferCopy : std::uint8_t { None = 0, Last = 1, Other = 2, Reserved = 3 };

/// Where the boolean decoder stands after the header.
struct CoderState {
    std::uint8_t range = 255;
    std::uint8_t value = 0;
    std::uint8_t bit_count = 0;
    std::uint32_t header_bits = 0; ///< of the first partition
};

struct FrameHeader {
    FrameTag tag;
    Segmentation segmentation;
    LoopFilter loop_filter;
    QuantIndices quant;
    Probabilities probabilities; ///< in force for this frame
    CoderState coder;
    std::uint8_t partitions = 1; ///< of DCT coefficients
    std::array<std::uint32_t, maximum_partitions> partition_size{};
    bool refresh_golden = true;
    bool refresh_alternate = true;
    bool refresh_last = true;
    BufferCopy copy_to_golden = BufferCopy::None;
    BufferCopy copy_to_alternate = BufferCopy::None;
    bool sign_bias_golden = false;
    bool sign_bias_alternate = false;
    bool mb_no_coeff_skip = false;
    std::uint8_t prob_skip_false = 0;
    // Of inter frames:
    std::uint8_t prob_intra = 0;
    std::uint8_t prob_last = 0;
    std::uint8_t prob_golden = 0;
};

} // namespace v4l2play::vp8
