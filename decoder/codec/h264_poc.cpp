#include "decoder/codec/h264_poc.h"

namespace v4l2play::h264 {

namespace {

std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

std::int32_t wrapping_multiply(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
}

/// Sum of the first `count` offset_for_ref_frame
std::int32_t sum_of_offsets(const Sps& sps, std::int32_t count) {
    std::int32_t sum = 0;
    for (std::int32_t i = 0; i < count; ++i)
        sum = wrapping_add(sum, sps.offset_for_ref_frame[static_cast<std::size_t>(i)]);
    return sum;
}

/// (8-7) to (8-9)
std::int32_t expected_pic_order_cnt(const Sps& sps, const SliceHeader& header, std::int32_t frame_num_offset) {
    const std::int32_t cycle = sps.num_ref_frames_in_pic_order_cnt_cycle;
    std::int32_t abs_frame_num = cycle != 0 ? wrapping_add(frame_num_offset, header.frame_num) : 0;
    if (header.nal_ref_idc == 0 && abs_frame_num > 0) --abs_frame_num;
    std::int32_t expected = header.nal_ref_idc == 0 ? sps.offset_for_non_ref_pic : 0;
    if (abs_frame_num <= 0) return expected;
    const std::int32_t full_cycles = (abs_frame_num - 1) / cycle;
    expected = wrapping_add(expected, wrapping_multiply(full_cycles, sum_of_offsets(sps, cycle)));
    return wrapping_add(expected, sum_of_offsets(sps, (abs_frame_num - 1) % cycle + 1));
}

} // namespace

PicOrderCnt PicOrderCntDecoder::decode(const Sps& sps, const SliceHeader& header) {
    advance_frame_num(sps, header);
    const PicOrderCnt counts = sps.pic_order_cnt_type == 0   ? decode_type0(sps, header)
                               : sps.pic_order_cnt_type == 1 ? decode_type1(sps, header)
                                                             : decode_type2(header);
    if (!header.field_pic_flag) return counts;
    const std::int32_t own = header.bottom_field_flag ? counts.bottom : counts.top;
    return {own, own};
}

PicOrderCnt PicOrderCntDecoder::decode_gap(const Sps& sps, std::uint16_t frame_num) {
    SliceHeader inferred; // as if it were a frame with delta_pic_order_cnt[] 0
    inferred.nal_ref_idc = 1;
    inferred.frame_num = frame_num;
    advance_frame_num(sps, inferred);
    if (sps.pic_order_cnt_type == 0) return {};
    return sps.pic_order_cnt_type == 1 ? decode_type1(sps, inferred) : decode_type2(inferred);
}

PicOrderCnt PicOrderCntDecoder::reset_by_mmco5(const SliceHeader& header, PicOrderCnt counts) {
    // 8.2.1: tempPicOrderCnt is taken off; of a single field nothing is left.
    if (header.field_pic_flag) {
        counts = {};
    } else {
        const std::uint32_t lowest = static_cast<std::uint32_t>(counts.frame());
        counts.top = static_cast<std::int32_t>(static_cast<std::uint32_t>(counts.top) - lowest);
        counts.bottom = static_cast<std::int32_t>(static_cast<std::uint32_t>(counts.bottom) - lowest);
    }
    prev_pic_order_cnt_msb_ = 0;
    prev_pic_order_cnt_lsb_ = header.bottom_field_flag ? 0 : counts.top;
    frame_num_offset_ = 0;
    prev_frame_num_ = 0; // 7.4.3: it is inferred to have had frame_num 0
    return counts;
}

/// (8-6), (8-11)
void PicOrderCntDecoder::advance_frame_num(const Sps& sps, const SliceHeader& header) {
    const std::int32_t max_frame_num = 1 << (sps.log2_max_frame_num_minus4 + 4);
    if (header.idr_pic_flag)
        frame_num_offset_ = 0;
    else if (prev_frame_num_ > header.frame_num)
        frame_num_offset_ = wrapping_add(frame_num_offset_, max_frame_num);
    prev_frame_num_ = header.frame_num;
}

PicOrderCnt PicOrderCntDecoder::decode_type0(const Sps& sps, const SliceHeader& header) {
    const std::int32_t max_lsb = 1 << (sps.log2_max_pic_order_cnt_lsb_minus4 + 4);
    const std::int32_t prev_msb = header.idr_pic_flag ? 0 : prev_pic_order_cnt_msb_;
    const std::int32_t prev_lsb = header.idr_pic_flag ? 0 : prev_pic_order_cnt_lsb_;
    const std::int32_t lsb = header.pic_order_cnt_lsb;
    std::int32_t msb = prev_msb; // (8-3)
    if (lsb < prev_lsb && prev_lsb - lsb >= max_lsb / 2)
        msb = wrapping_add(prev_msb, max_lsb);
    else if (lsb > prev_lsb && lsb - prev_lsb > max_lsb / 2)
        msb = wrapping_add(prev_msb, -max_lsb);
    if (header.nal_ref_idc != 0) {
        prev_pic_order_cnt_msb_ = msb;
        prev_pic_order_cnt_lsb_ = lsb;
    }
    const std::int32_t count = wrapping_add(msb, lsb);
    if (header.field_pic_flag) return {count, count};
    return {count, wrapping_add(count, header.delta_pic_order_cnt_bottom)};
}

PicOrderCnt PicOrderCntDecoder::decode_type1(const Sps& sps, const SliceHeader& header) const {
    const std::int32_t expected = expected_pic_order_cnt(sps, header, frame_num_offset_);
    const std::int32_t first = wrapping_add(expected, header.delta_pic_order_cnt[0]);
    const std::int32_t second = wrapping_add(first, sps.offset_for_top_to_bottom_field);
    if (header.field_pic_flag) return {first, second}; // (8-10)
    return {first, wrapping_add(second, header.delta_pic_order_cnt[1])};
}

PicOrderCnt PicOrderCntDecoder::decode_type2(const SliceHeader& header) const {
    if (header.idr_pic_flag) return {};
    const std::int32_t frame = wrapping_multiply(2, wrapping_add(frame_num_offset_, header.frame_num)); // (8-12)
    const std::int32_t count = header.nal_ref_idc == 0 ? wrapping_add(frame, -1) : frame;
    return {count, count};
}

} // namespace v4l2play::h264
