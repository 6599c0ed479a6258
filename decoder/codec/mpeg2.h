// The MPEG-2 video codec (ITU-T H.262): Simple and Main profile, frame and field pictures; output order (6.1.1.11).
#pragma once

#include <memory>

#include "decoder/codec/codec.h"

namespace v4l2play {

std::unique_ptr<Codec> create_mpeg2_codec();

} // namespace v4l2play
