// The AV1 codec: temporal units in, frames with their references out, in the order in which they are shown.
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_av1_codec();

} // namespace v4l2play
