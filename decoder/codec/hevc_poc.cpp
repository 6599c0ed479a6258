#include "decoder/codec/hevc_poc.h"

namespace v4l2play::hevc {

namespace {

/// Sums of hostile streams wrap instead of being undefined.
std::int32_t add(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// Whether later pictures count from this one.
bool is_tid0_picture(const SliceHeader& header) {
    const NalType type = header.nal_unit_type;
    return header.nuh_temporal_id_plus1 == 1 && !is_rasl(type) && !is_radl(type) && !is_sub_layer_non_reference(type);
}

} // namespace

std::int32_t PicOrderCntDecoder::decode(const Sps& sps, const SliceHeader& header, bool starts) {
    const std::int32_t maximum = sps.max_pic_order_cnt_lsb();
    const std::int32_t lsb = header.slice_pic_order_cnt_lsb;
    const std::int32_t previous_lsb = previous_ & (maximum - 1);
    std::int32_t msb = add(previous_, -previous_lsb);
    if (lsb < previous_lsb && previous_lsb - lsb >= maximum / 2) // (8-1)
        msb = add(msb, maximum);
    else if (lsb > previous_lsb && lsb - previous_lsb > maximum / 2)
        msb = add(msb, -maximum);
    const std::int32_t count = add(starts ? 0 : msb, lsb); // (8-2)
    if (is_tid0_picture(header)) previous_ = count;
    return count;
}

} // namespace v4l2play::hevc
