// The FWHT codec: each frame comes with a header and refers to the frame before it, or to none.
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_fwht_codec();

} // namespace v4l2play
