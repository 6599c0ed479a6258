#include "decoder/codec/av1.h"
#include "decoder/codec/codec.h"
#include "decoder/codec/fwht.h"
#include "decoder/codec/h264.h"
#include "decoder/codec/hevc.h"
#include "decoder/codec/mpeg2.h"
#include "decoder/codec/vp8.h"
#include "decoder/codec/vp9.h"

namespace v4l2play {

std::unique_ptr<Codec> create_codec(CodecId codec) {
    switch (codec) {
    case CodecId::H264:
        return create_h264_codec();
    case CodecId::Hevc:
        return create_hevc_codec();
    case CodecId::Mpeg2:
        return create_mpeg2_codec();
    case CodecId::Fwht:
        return create_fwht_codec();
    case CodecId::Vp8:
        return create_vp8_codec();
    case CodecId::Vp9:
        return create_vp9_codec();
    case CodecId::Av1:
        return create_av1_codec();
    default:
        return nullptr;
    }
}

} // namespace v4l2play
