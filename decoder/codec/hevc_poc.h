// Picture order counts: ITU-T H.265 clause 8.3.1.
#pragma once

#include "decoder/codec/hevc_syntax.h"

namespace v4l2play::hevc {

class PicOrderCntDecoder {
  public:
    /// PicOrderCntVal of the next picture in decoding order. `starts`: an IRAP picture with NoRaslOutputFlag.
    std::int32_t decode(const Sps& sps, const SliceHeader& header, bool starts);

  private:
    std::int32_t previous_ = 0; ///< of prevTid0Pic
};

} // namespace v4l2play::hevc
