#include "decoder/request/codec_controls.h"

namespace v4l2play {

std::unique_ptr<CodecControls> create_controls(CodecId codec, ModePreference preference) {
    if (codec == CodecId::H264) return create_h264_controls(preference);
    return nullptr;
}

} // namespace v4l2play
