// One FWHT frame as the codec hands it to whoever fills a device's controls.
#pragma once

#include <span>

#include "decoder/codec/codec.h"
#include "decoder/codec/fwht_header.h"

namespace v4l2play::fwht {

struct FwhtPicture : Picture {
    Header header;
    FrameId previous = 0;               ///< what a P frame refers to; 0 in I frames
    std::span<const std::uint8_t> data; ///< what follows the header
};

} // namespace v4l2play::fwht
