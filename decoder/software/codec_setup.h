// What libavcodec is told before it decodes.
#pragma once

#include "decoder/decoder.h"

struct AVCodecContext;

namespace v4l2play {

/// Everything but the callbacks, in a context for a decoder that is not open yet. EBADMSG: the codec header is too
/// large; ENOTSUP: the stream's operating point cannot be chosen.
Result<> set_up_codec(AVCodecContext& codec, const DecoderConfig& config);

} // namespace v4l2play
