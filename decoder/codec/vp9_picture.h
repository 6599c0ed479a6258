// One VP9 frame as the codec hands it to whoever fills a device's controls.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/codec/codec.h"
#include "decoder/codec/vp9_syntax.h"

namespace v4l2play::vp9 {

struct Vp9Picture : Picture {
    const FrameHeader* header = nullptr;
    const CompressedHeader* compressed = nullptr;
    /// LAST, GOLDEN, ALTREF, which may be the same; 0 in intra frames.
    std::array<FrameId, references_of_frame> reference_frames{};
    std::span<const std::uint8_t> data; ///< from the uncompressed header to the end of the last tile
};

} // namespace v4l2play::vp9
