// One AV1 frame as the codec hands it to whoever fills a device's controls.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/codec/av1_syntax.h"
#include "decoder/codec/codec.h"

namespace v4l2play::av1 {

struct Av1Picture : Picture {
    const SequenceHeader* sequence = nullptr;
    const FrameHeader* header = nullptr;
    /// What the reference slots hold before the frame is decoded; 0: nothing that the device has.
    std::array<FrameId, num_ref_frames> slots{};
    std::span<const Tile> tiles; ///< all of the frame, in order
    /// What the OBUs with tiles hold, in order: of frame OBUs and tile groups all that is behind obu_size. Put one
    /// behind the other they are the bitstream that `Tile::offset` counts in.
    std::span<const std::span<const std::uint8_t>> payloads;
};

} // namespace v4l2play::av1
