// The H.264 codec: the decoding process for reference pictures and output order (ITU-T H.264 clauses 8.2.1, 8.2.4,
// 8.2.5, C.4) around the parsers.
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_h264_codec();

} // namespace v4l2play
