#include "decoder/request/codec_controls.h"

namespace v4l2play {

std::unique_ptr<CodecControls> create_controls(CodecId codec, ModePreference preference) {
    switch (codec) {
    case CodecId::H264:
        return create_h264_controls(preference);
    case CodecId::Hevc:
        return create_hevc_controls(preference);
    case CodecId::Mpeg2:
        return create_mpeg2_controls();
    case CodecId::Fwht:
        return create_fwht_controls();
    case CodecId::Vp8:
        return create_vp8_controls();
    case CodecId::Vp9:
        return create_vp9_controls();
    case CodecId::Av1:
        return create_av1_controls();
    default:
        return nullptr;
    }
}

} // namespace v4l2play
