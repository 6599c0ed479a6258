// The VP9 codec: frames out of superframes, the reference slots, and what is shown ("VP9 Bitstream & Decoding Process
// Specification", version 0.6).
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_vp9_codec();

} // namespace v4l2play
