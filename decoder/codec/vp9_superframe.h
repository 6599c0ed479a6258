// Superframes: several VP9 frames in one unit of the container (Annex B).
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace v4l2play::vp9 {

constexpr unsigned maximum_frames_in_superframe = 8;

struct Superframe {
    std::array<std::span<const std::uint8_t>, maximum_frames_in_superframe> frame;
    unsigned count = 0;
    bool cut = false; ///< frames of the index are not all there
};

/// B.2. A unit without an index is one frame. Frames of no bytes are left out: the encoder dropped them.
Superframe split_superframe(std::span<const std::uint8_t> unit);

} // namespace v4l2play::vp9
