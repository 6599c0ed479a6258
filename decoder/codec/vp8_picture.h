// One VP8 frame as the codec hands it to whoever fills a device's controls.
#pragma once

#include <span>

#include "decoder/codec/codec.h"
#include "decoder/codec/vp8_syntax.h"

namespace v4l2play::vp8 {

struct Vp8Picture : Picture {
    const FrameHeader* header = nullptr;
    std::uint16_t width = 0; ///< of the last key frame
    std::uint16_t height = 0;
    std::uint8_t horizontal_scale = 0;
    std::uint8_t vertical_scale = 0;
    // The frames referred to; 0 in key frames. They may be the same.
    FrameId last = 0;
    FrameId golden = 0;
    FrameId alternate = 0;
    std::span<const std::uint8_t> data; ///< from the frame tag on
};

} // namespace v4l2play::vp8
