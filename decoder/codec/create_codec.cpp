#include "decoder/codec/h264.h"

namespace v4l2play {

std::unique_ptr<Codec> create_codec(CodecId codec) { return codec == CodecId::H264 ? create_h264_codec() : nullptr; }

} // namespace v4l2play
