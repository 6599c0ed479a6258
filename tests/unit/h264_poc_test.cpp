#include "decoder/codec/h264_poc.h"

#include <limits>

#include <gtest/gtest.h>

namespace v4l2play::h264 {
namespace {

/// Header of a frame.
SliceHeader frame(unsigned frame_num, unsigned nal_ref_idc, unsigned lsb = 0) {
    SliceHeader header;
    header.frame_num = static_cast<std::uint16_t>(frame_num);
    header.nal_ref_idc = static_cast<std::uint8_t>(nal_ref_idc);
    header.pic_order_cnt_lsb = static_cast<std::uint16_t>(lsb);
    return header;
}

SliceHeader idr(unsigned lsb = 0) {
    SliceHeader header = frame(0, 1, lsb);
    header.idr_pic_flag = true;
    return header;
}

/// pic_order_cnt_type 0, MaxPicOrderCntLsb 16
Sps type0() {
    Sps sps;
    sps.pic_order_cnt_type = 0;
    return sps;
}

TEST(PicOrderCntType0, MsbFollowsLsbAroundTheWrap) {
    PicOrderCntDecoder counts;
    EXPECT_EQ(counts.decode(type0(), idr()), (PicOrderCnt{0, 0}));
    EXPECT_EQ(counts.decode(type0(), frame(1, 1, 8)).top, 8); // half of 16: still forwards
    EXPECT_EQ(counts.decode(type0(), frame(2, 1, 14)).top, 14);
    EXPECT_EQ(counts.decode(type0(), frame(3, 1, 6)).top, 22);  // half of 16 down: forwards over the wrap
    EXPECT_EQ(counts.decode(type0(), frame(4, 1, 15)).top, 15); // more than half up: backwards over the wrap
    EXPECT_EQ(counts.decode(type0(), idr(9)).top, -7);
}

TEST(PicOrderCntType0, OnlyReferencePicturesMoveTheMsb) {
    PicOrderCntDecoder counts;
    counts.decode(type0(), idr());
    counts.decode(type0(), frame(1, 1, 6));
    EXPECT_EQ(counts.decode(type0(), frame(2, 0, 12)).top, 12);
    EXPECT_EQ(counts.decode(type0(), frame(2, 0, 15)).top, -1); // from 6, not from 12
    EXPECT_EQ(counts.decode(type0(), frame(2, 1, 13)).top, 13);
}

TEST(PicOrderCntType0, BottomOfAFrameHasADelta) {
    PicOrderCntDecoder counts;
    SliceHeader header = idr(4);
    header.delta_pic_order_cnt_bottom = -3;
    const PicOrderCnt both = counts.decode(type0(), header);
    EXPECT_EQ(both, (PicOrderCnt{4, 1}));
    EXPECT_EQ(both.frame(), 1);
}

TEST(PicOrderCntType0, Mmco5RestartsFromTheTopField) {
    PicOrderCntDecoder counts;
    counts.decode(type0(), idr());
    SliceHeader header = frame(1, 1, 6);
    header.delta_pic_order_cnt_bottom = -2;
    const PicOrderCnt reset = counts.reset_by_mmco5(header, counts.decode(type0(), header));
    EXPECT_EQ(reset, (PicOrderCnt{2, 0})); // tempPicOrderCnt 4 is taken off
    // prevPicOrderCntMsb 0, prevPicOrderCntLsb 2
    EXPECT_EQ(counts.decode(type0(), frame(1, 1, 15)).top, -1);
}

/// Two reference frames per cycle, 2 and 4 apart, and a non-reference frame 3 before the next.
Sps type1() {
    Sps sps;
    sps.pic_order_cnt_type = 1;
    sps.offset_for_non_ref_pic = -3;
    sps.offset_for_top_to_bottom_field = 1;
    sps.num_ref_frames_in_pic_order_cnt_cycle = 2;
    sps.offset_for_ref_frame[0] = 2;
    sps.offset_for_ref_frame[1] = 4;
    return sps;
}

TEST(PicOrderCntType1, FollowsTheCycle) {
    PicOrderCntDecoder counts;
    EXPECT_EQ(counts.decode(type1(), idr()), (PicOrderCnt{0, 1}));
    EXPECT_EQ(counts.decode(type1(), frame(1, 1)), (PicOrderCnt{2, 3}));
    EXPECT_EQ(counts.decode(type1(), frame(2, 1)), (PicOrderCnt{6, 7}));
    EXPECT_EQ(counts.decode(type1(), frame(3, 0)), (PicOrderCnt{3, 4})); // as frame 2 is expected, less 3
    SliceHeader header = frame(3, 1);
    header.delta_pic_order_cnt = {5, 7};
    EXPECT_EQ(counts.decode(type1(), header), (PicOrderCnt{8 + 5, 8 + 5 + 1 + 7}));
}

TEST(PicOrderCntType1, FrameNumWraps) {
    PicOrderCntDecoder counts; // MaxFrameNum 16
    counts.decode(type1(), idr());
    for (unsigned i = 1; i < 16; ++i) counts.decode(type1(), frame(i, 1));
    EXPECT_EQ(counts.decode(type1(), frame(0, 1)).top, 8 * 6); // 16 frames = 8 cycles
}

TEST(PicOrderCntType1, WithoutACycleAllIsDelta) {
    Sps sps = type1();
    sps.num_ref_frames_in_pic_order_cnt_cycle = 0;
    PicOrderCntDecoder counts;
    counts.decode(sps, idr());
    SliceHeader header = frame(7, 0);
    header.delta_pic_order_cnt[0] = 20;
    EXPECT_EQ(counts.decode(sps, header).top, 17);
}

Sps type2() {
    Sps sps;
    sps.pic_order_cnt_type = 2;
    return sps;
}

TEST(PicOrderCntType2, IsDecodingOrder) {
    PicOrderCntDecoder counts;
    EXPECT_EQ(counts.decode(type2(), idr()), (PicOrderCnt{0, 0}));
    EXPECT_EQ(counts.decode(type2(), frame(1, 0)).top, 1);
    EXPECT_EQ(counts.decode(type2(), frame(1, 1)).top, 2);
    EXPECT_EQ(counts.decode(type2(), frame(2, 1)).top, 4);
    EXPECT_EQ(counts.decode(type2(), frame(1, 1)).top, 34); // frame_num has wrapped at 16
}

TEST(PicOrderCntType2, Mmco5StartsFrameNumAnew) {
    PicOrderCntDecoder counts;
    counts.decode(type2(), idr());
    counts.decode(type2(), frame(1, 1));
    const SliceHeader header = frame(2, 1);
    EXPECT_EQ(counts.reset_by_mmco5(header, counts.decode(type2(), header)), (PicOrderCnt{0, 0}));
    EXPECT_EQ(counts.decode(type2(), frame(1, 1)).top, 2); // no wrap from 2 to 1
}

TEST(PicOrderCntType2, GapsCount) {
    PicOrderCntDecoder counts;
    counts.decode(type2(), idr());
    EXPECT_EQ(counts.decode_gap(type2(), 14).top, 28);
    EXPECT_EQ(counts.decode_gap(type2(), 3).top, 38);
    EXPECT_EQ(counts.decode(type2(), frame(4, 1)).top, 40);
}

TEST(PicOrderCnt, HostileValuesWrap) {
    constexpr auto extreme = std::numeric_limits<std::int32_t>::max();
    Sps sps = type1();
    sps.offset_for_ref_frame[0] = sps.offset_for_ref_frame[1] = extreme;
    sps.offset_for_top_to_bottom_field = extreme;
    PicOrderCntDecoder counts;
    counts.decode(sps, idr());
    SliceHeader header = frame(15, 1);
    header.delta_pic_order_cnt = {extreme, extreme};
    counts.decode(sps, header); // UBSan watches
    Sps zero = type0();
    header.delta_pic_order_cnt_bottom = extreme;
    header.pic_order_cnt_lsb = 7;
    EXPECT_EQ(counts.decode(zero, header).bottom, std::numeric_limits<std::int32_t>::min() + 6);
}

} // namespace
} // namespace v4l2play::h264
