// Picture order counts: ITU-T H.264 clause 8.2.1.
#pragma once

#include <algorithm>
#include <cstdint>

#include "decoder/codec/h264_syntax.h"

namespace v4l2play::h264 {

/// TopFieldOrderCnt and BottomFieldOrderCnt. Of a single field both are its own.
struct PicOrderCnt {
    std::int32_t top = 0;
    std::int32_t bottom = 0;

    /// PicOrderCnt() of a frame or complementary field pair (8-1)
    [[nodiscard]] std::int32_t frame() const { return std::min(top, bottom); }
    bool operator==(const PicOrderCnt&) const = default;
};

/// Derives the counts of pictures in decoding order; keeps what the next picture needs of the one before. Sums wrap
/// instead of overflowing: a conforming stream stays within 32 bits.
class PicOrderCntDecoder {
  public:
    /// 8.2.1.1 to 8.2.1.3. To be called once per picture, second fields included.
    PicOrderCnt decode(const Sps& sps, const SliceHeader& header);
    /// For a "non-existing" frame (8.2.5.2). With pic_order_cnt_type 0 there is none: nothing asks for it.
    PicOrderCnt decode_gap(const Sps& sps, std::uint16_t frame_num);
    /// The picture just decoded had memory_management_control_operation 5: its counts from now on.
    PicOrderCnt reset_by_mmco5(const SliceHeader& header, PicOrderCnt counts);

  private:
    PicOrderCnt decode_type0(const Sps& sps, const SliceHeader& header);
    [[nodiscard]] PicOrderCnt decode_type1(const Sps& sps, const SliceHeader& header) const;
    [[nodiscard]] PicOrderCnt decode_type2(const SliceHeader& header) const;
    void advance_frame_num(const Sps& sps, const SliceHeader& header);

    std::int32_t prev_pic_order_cnt_msb_ = 0; ///< of the previous reference picture
    std::int32_t prev_pic_order_cnt_lsb_ = 0;
    std::int32_t frame_num_offset_ = 0; ///< FrameNumOffset of the last picture
    std::int32_t prev_frame_num_ = 0;
};

} // namespace v4l2play::h264
