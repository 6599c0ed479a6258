// The H.265 codec: the decoding process for reference pictures and output order (ITU-T H.265 clauses 8.1, 8.3, C.5.2)
// around the parsers. Layers above the base layer (multiview, scalable) are left out.
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_hevc_codec();

} // namespace v4l2play
