// Probabilities that RFC 6386 gives as tables.
#pragma once

#include "decoder/codec/vp8_syntax.h"

namespace v4l2play::vp8 {

/// Section 13.5: in force after a key frame's tag.
extern const CoefficientProbabilities default_coefficient_probabilities;
/// Section 13.4: of an update of each.
extern const CoefficientProbabilities coefficient_update_probabilities;
/// Section 17.2
extern const MotionProbabilities default_motion_probabilities;
extern const MotionProbabilities motion_update_probabilities;

// Section 11.2: key frames have modes of their own, which cannot be updated.
constexpr std::array<std::uint8_t, 4> key_frame_y_mode_probabilities{145, 156, 163, 128};
constexpr std::array<std::uint8_t, 3> key_frame_uv_mode_probabilities{142, 114, 183};
// Section 16.2
constexpr std::array<std::uint8_t, 4> default_y_mode_probabilities{112, 86, 140, 37};
constexpr std::array<std::uint8_t, 3> default_uv_mode_probabilities{162, 101, 204};

} // namespace v4l2play::vp8
