// The VP8 codec (RFC 6386): frames in, each with its references; output order is decoding order.
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_vp8_codec();

} // namespace v4l2play
