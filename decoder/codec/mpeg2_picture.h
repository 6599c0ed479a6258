// One MPEG-2 picture (a frame or a field) as the codec hands it to whoever fills a device's controls.
#pragma once

#include <span>

#include "decoder/codec/codec.h"
#include "decoder/codec/mpeg2_syntax.h"

namespace v4l2play::mpeg2 {

struct Mpeg2Picture : Picture {
    const Sequence* sequence = nullptr;
    const PictureHeader* header = nullptr;
    const QuantMatrices* matrices = nullptr;
    // Frames predicted from; 0 none. Of the second field of a frame, `forward` is the reference frame before that:
    // the first field is in the picture's own slot.
    FrameId forward = 0;
    FrameId backward = 0;
    std::span<const std::span<const std::uint8_t>> slices; ///< each with its start code; at least one
};

} // namespace v4l2play::mpeg2
