// Makes FWHT frames, for tests of what reads their headers.
#pragma once

#include <cstdint>
#include <vector>

#include "decoder/codec/fwht_header.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

/// A header for a 4:2:0 frame of 650x366.
inline fwht::Header fwht_header(bool intra) {
    fwht::Header header;
    header.version = 3;
    header.width = 650;
    header.height = 366;
    header.flags = 2U << fwht::components_shift | fwht::pixel_encoding_yuv | (intra ? fwht::intra_frame : 0);
    header.colorspace = 3;
    header.size = 20;
    return header;
}

/// `header.size` bytes follow, whatever it says.
inline Bytes fwht_frame(const fwht::Header& header) {
    Bytes bytes;
    for (const std::uint32_t field :
         {0x4f4f4f4fU, 0xffffffffU, header.version, header.width, header.height, header.flags, header.colorspace,
          header.xfer_func, header.ycbcr_enc, header.quantization, header.size})
        for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes.push_back(static_cast<std::uint8_t>(field >> shift));
    bytes.resize(bytes.size() + header.size, 0x5a);
    return bytes;
}

} // namespace v4l2play::test
