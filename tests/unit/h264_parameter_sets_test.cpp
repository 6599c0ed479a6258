#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "decoder/codec/h264_parser.h"
#include "tests/unit/h264_structures.h"

namespace v4l2play::h264 {
namespace {

TEST(H264Sps, Main) {
    const Sps sps = sps_of(main_sps());
    EXPECT_EQ(sps.profile_idc, 77);
    EXPECT_EQ(sps.constraint_set_flags, 0b000011); // set 0 and 1
    EXPECT_EQ(sps.level_idc, 40);
    EXPECT_EQ(sps.seq_parameter_set_id, 5);
    EXPECT_EQ(sps.chroma_format_idc, 1);
    EXPECT_EQ(sps.bit_depth_luma_minus8, 0);
    EXPECT_EQ(sps.log2_max_frame_num_minus4, 4);
    EXPECT_EQ(sps.log2_max_pic_order_cnt_lsb_minus4, 2);
    EXPECT_EQ(sps.max_num_ref_frames, 4);
    EXPECT_TRUE(sps.gaps_in_frame_num_value_allowed_flag);
    EXPECT_EQ(sps.pic_width_in_mbs_minus1, 19);
    EXPECT_EQ(sps.pic_height_in_map_units_minus1, 14);
    EXPECT_TRUE(sps.frame_mbs_only_flag);
    EXPECT_TRUE(sps.direct_8x8_inference_flag);
    EXPECT_EQ(sps.sample_aspect.num, 0);
    EXPECT_EQ(sps.color, ColorDescription{});
}

TEST(H264Sps, HighProfilesHaveAChromaFormat) {
    for (const unsigned profile : {100U, 110U, 122U, 244U, 44U, 83U, 86U, 118U, 128U, 138U, 139U, 134U, 135U}) {
        const Sps sps = sps_of(high_sps(2).with("profile_idc", profile));
        EXPECT_EQ(sps.chroma_format_idc, 2);
        EXPECT_EQ(sps.bit_depth_luma_minus8, 2);
        EXPECT_EQ(sps.bit_depth_chroma_minus8, 1);
        EXPECT_TRUE(sps.qpprime_y_zero_transform_bypass_flag);
        EXPECT_EQ(sps.pic_width_in_mbs_minus1, 19);
    }
    EXPECT_TRUE(sps_of(high_sps(3).with("separate_colour_plane_flag", 1)).separate_colour_plane_flag);
}

TEST(H264Sps, PicOrderCntType1) {
    const Sps sps = sps_of(poc1_sps());
    EXPECT_EQ(sps.pic_order_cnt_type, 1);
    EXPECT_EQ(sps.offset_for_non_ref_pic, -0x7fff'ffff);
    EXPECT_EQ(sps.offset_for_top_to_bottom_field, 0x7fff'ffff);
    EXPECT_EQ(sps.num_ref_frames_in_pic_order_cnt_cycle, 2);
    EXPECT_EQ(sps.offset_for_ref_frame[0], -3);
    EXPECT_EQ(sps.offset_for_ref_frame[1], 4);
    EXPECT_EQ(sps.max_num_ref_frames, 4);
}

TEST(H264Sps, Interlaced) {
    const Sps sps = sps_of(interlaced_sps());
    EXPECT_FALSE(sps.frame_mbs_only_flag);
    EXPECT_TRUE(sps.mb_adaptive_frame_field_flag);
    expect_sps_refused(interlaced_sps().with("direct_8x8_inference_flag", 0), "direct_8x8_inference_flag");
}

TEST(H264Sps, CroppingUpToOnePixelOrTwo) {
    const auto cropped = [](const Structure& sps, const Structure& offsets) {
        return sps.with("frame_cropping_flag", 1).after("frame_cropping_flag", offsets);
    };
    // 320x240; units of 2x2 for 4:2:0 frames, 2x4 with fields, 1x1 for 4:4:4
    const Sps sps = sps_of(cropped(main_sps(), cropping(100, 59, 19, 100)));
    EXPECT_EQ(sps.frame_crop_left_offset, 100U);
    EXPECT_EQ(sps.frame_crop_right_offset, 59U);
    EXPECT_EQ(sps.frame_crop_top_offset, 19U);
    EXPECT_EQ(sps.frame_crop_bottom_offset, 100U);
    sps_of(cropped(interlaced_sps(), cropping(0, 159, 0, 119)));
    sps_of(cropped(high_sps(3), cropping(0, 319, 0, 239)));
    sps_of(cropped(high_sps(2), cropping(0, 159, 0, 239)));
    sps_of(cropped(high_sps(0), cropping(0, 319, 0, 239)));
    expect_sps_refused(cropped(main_sps(), cropping(160, 0, 0, 0)), "frame_crop_left_offset");
    expect_sps_refused(cropped(main_sps(), cropping(100, 60, 0, 0)), "frame_crop_right_offset");
    expect_sps_refused(cropped(main_sps(), cropping(0, 0, 120, 0)), "frame_crop_top_offset");
    expect_sps_refused(cropped(main_sps(), cropping(0, 0, 20, 100)), "frame_crop_bottom_offset");
    expect_sps_refused(cropped(interlaced_sps(), cropping(0, 0, 120, 0)), "frame_crop_top_offset");
    expect_sps_refused(cropped(main_sps(), cropping(1, 0x7fff'ffff, 0, 0)), "frame_crop_right_offset");
}

TEST(H264Sps, RangeOfEachElement) {
    expect_sps_refused(main_sps().with("forbidden_zero_bit", 1), "forbidden_zero_bit");
    expect_sps_refused(main_sps().with("seq_parameter_set_id", 32), "seq_parameter_set_id");
    expect_sps_refused(high_sps().with("chroma_format_idc", 4), "chroma_format_idc");
    expect_sps_refused(high_sps().with("bit_depth_luma_minus8", 7), "bit_depth_luma_minus8");
    expect_sps_refused(high_sps().with("bit_depth_chroma_minus8", 7), "bit_depth_chroma_minus8");
    expect_sps_refused(main_sps().with("log2_max_frame_num_minus4", 13), "log2_max_frame_num_minus4");
    expect_sps_refused(main_sps().with("pic_order_cnt_type", 3), "pic_order_cnt_type");
    expect_sps_refused(main_sps().with("log2_max_pic_order_cnt_lsb_minus4", 13), "log2_max_pic_order_cnt_lsb_minus4");
    expect_sps_refused(poc1_sps().with("num_ref_frames_in_pic_order_cnt_cycle", 256), "num_ref_frames_in");
    expect_sps_refused(main_sps().with("max_num_ref_frames", 17), "max_num_ref_frames");
    expect_sps_refused(main_sps().with("pic_width_in_mbs_minus1", 1055), "pic_width_in_mbs_minus1");
    expect_sps_refused(main_sps().with("pic_height_in_map_units_minus1", 1055), "pic_height_in_map_units_minus1");
    expect_sps_refused(main_sps().with("pic_width_in_mbs_minus1", 0xffff'fffe), "pic_width_in_mbs_minus1");
    expect_sps_refused(interlaced_sps().with("pic_height_in_map_units_minus1", 527), "FrameHeightInMbs");
    expect_sps_refused(main_sps().with("pic_width_in_mbs_minus1", 1000).with("pic_height_in_map_units_minus1", 200),
                       "more macroblocks");
}

TEST(H264Sps, OfAnotherKind) {
    Sps sps;
    expect_refused(parse_sps(main_sps().with("nal_unit_type", 15).nal(), sps), "another type", ENOTSUP);
}

TEST(H264Sps, Vui) {
    const Sps sps = sps_of(vui_sps());
    EXPECT_EQ(sps.sample_aspect.num, 64);
    EXPECT_EQ(sps.sample_aspect.den, 45);
    EXPECT_EQ(sps.color, (ColorDescription{9, 16, 10, true}));
    EXPECT_TRUE(sps.timing_info_present_flag);
    EXPECT_EQ(sps.num_units_in_tick, 1001U);
    EXPECT_EQ(sps.time_scale, 60000U);
    EXPECT_TRUE(sps.bitstream_restriction_flag);
    EXPECT_EQ(sps.max_num_reorder_frames, 2);
    EXPECT_EQ(sps.max_dec_frame_buffering, 4);
}

TEST(H264Sps, AspectRatioTable) {
    const auto aspect = [](int aspect_ratio_idc) {
        const Sps sps =
            sps_of(vui_sps().without("sar_width").without("sar_height").with("aspect_ratio_idc", aspect_ratio_idc));
        EXPECT_EQ(sps.color.primaries, 9) << "what follows is still found";
        return std::to_string(sps.sample_aspect.num) + ":" + std::to_string(sps.sample_aspect.den);
    };
    EXPECT_EQ(aspect(0), "0:1");
    EXPECT_EQ(aspect(1), "1:1");
    EXPECT_EQ(aspect(2), "12:11");
    EXPECT_EQ(aspect(13), "160:99");
    EXPECT_EQ(aspect(16), "2:1");
    EXPECT_EQ(aspect(17), "0:1");
    EXPECT_EQ(aspect(254), "0:1");
    EXPECT_EQ(sps_of(vui_sps().with("sar_height", 0)).sample_aspect.num, 0);
}

/// An error in the VUI keeps what was read before, and loses neither the SPS nor sanity.
TEST(H264Sps, BrokenVui) {
    const auto without_restriction = [](const char* element, std::int64_t value) {
        const Sps sps = sps_of(vui_sps().with(element, value));
        EXPECT_EQ(sps.color.primaries, 9) << element;
        EXPECT_FALSE(sps.bitstream_restriction_flag) << element;
        EXPECT_EQ(sps.max_dec_frame_buffering, 0) << element;
        return sps;
    };
    EXPECT_FALSE(without_restriction("chroma_sample_loc_type_top_field", 6).timing_info_present_flag);
    EXPECT_TRUE(without_restriction("cpb_cnt_minus1", 32).timing_info_present_flag);
    without_restriction("max_bytes_per_pic_denom", 17);
    without_restriction("max_bits_per_mb_denom", 17);
    without_restriction("log2_max_mv_length_horizontal", 17);
    without_restriction("log2_max_mv_length_vertical", 17);
    without_restriction("max_num_reorder_frames", 5);
    without_restriction("max_num_reorder_frames", 17);
    without_restriction("max_dec_frame_buffering", 17);
    EXPECT_FALSE(sps_of(vui_sps().with("num_units_in_tick", 0)).timing_info_present_flag);
    EXPECT_TRUE(sps_of(vui_sps().with("num_units_in_tick", 0)).bitstream_restriction_flag);
}

TEST(H264Sps, ComparesFieldByField) {
    const Sps sps = sps_of(vui_sps());
    EXPECT_EQ(sps, sps_of(vui_sps()));
    EXPECT_FALSE(sps == sps_of(vui_sps().with("sar_height", 44)));
    EXPECT_FALSE(sps == sps_of(vui_sps().with("max_num_ref_frames", 3)));
    EXPECT_FALSE(sps == sps_of(vui_sps().with("max_dec_frame_buffering", 5)));
    EXPECT_FALSE(sps == sps_of(main_sps()));
    EXPECT_FALSE(sps_of(poc1_sps()) == sps_of(poc1_sps().with("offset_for_ref_frame[1]", 5)));
}

TEST(H264Pps, Values) {
    const Pps pps = pps_of(h264::pps());
    EXPECT_EQ(pps.pic_parameter_set_id, 7);
    EXPECT_EQ(pps.seq_parameter_set_id, 5);
    EXPECT_TRUE(pps.entropy_coding_mode_flag);
    EXPECT_TRUE(pps.bottom_field_pic_order_in_frame_present_flag);
    EXPECT_EQ(pps.num_ref_idx_l0_default_active_minus1, 2);
    EXPECT_EQ(pps.num_ref_idx_l1_default_active_minus1, 1);
    EXPECT_TRUE(pps.weighted_pred_flag);
    EXPECT_EQ(pps.weighted_bipred_idc, 1);
    EXPECT_EQ(pps.pic_init_qp_minus26, -5);
    EXPECT_EQ(pps.pic_init_qs_minus26, 6);
    EXPECT_EQ(pps.chroma_qp_index_offset, -12);
    EXPECT_EQ(pps.second_chroma_qp_index_offset, -12) << "inferred";
    EXPECT_TRUE(pps.deblocking_filter_control_present_flag);
    EXPECT_TRUE(pps.constrained_intra_pred_flag);
    EXPECT_TRUE(pps.redundant_pic_cnt_present_flag);
    EXPECT_FALSE(pps.transform_8x8_mode_flag);
}

TEST(H264Pps, Extension) {
    const Pps pps = pps_of(h264::pps().append(pps_extension()));
    EXPECT_TRUE(pps.transform_8x8_mode_flag);
    EXPECT_FALSE(pps.pic_scaling_matrix_present_flag);
    EXPECT_EQ(pps.second_chroma_qp_index_offset, 12);
    EXPECT_EQ(pps, pps_of(h264::pps().append(pps_extension())));
    EXPECT_FALSE(pps == pps_of(h264::pps()));
}

TEST(H264Pps, RangeOfEachElement) {
    expect_pps_refused(pps().with("pic_parameter_set_id", 256), "pic_parameter_set_id");
    expect_pps_refused(pps().with("seq_parameter_set_id", 32), "seq_parameter_set_id");
    expect_pps_refused(pps().with("num_slice_groups_minus1", 8), "num_slice_groups_minus1");
    expect_pps_refused(pps().with("num_ref_idx_l0_default_active_minus1", 32), "num_ref_idx_l0_default_active_minus1");
    expect_pps_refused(pps().with("num_ref_idx_l1_default_active_minus1", 32), "num_ref_idx_l1_default_active_minus1");
    expect_pps_refused(pps().with("weighted_bipred_idc", 3), "weighted_bipred_idc");
    for (const int value : {-27, 26}) {
        expect_pps_refused(pps().with("pic_init_qp_minus26", value), "pic_init_qp_minus26");
        expect_pps_refused(pps().with("pic_init_qs_minus26", value), "pic_init_qs_minus26");
    }
    EXPECT_EQ(pps_of(pps().with("pic_init_qp_minus26", -38), high_sps()).pic_init_qp_minus26, -38); // 10 bits
    expect_pps_refused(pps().with("pic_init_qp_minus26", -39), "pic_init_qp_minus26", high_sps());
    for (const int value : {-13, 13}) {
        expect_pps_refused(pps().with("chroma_qp_index_offset", value), "chroma_qp_index_offset");
        expect_pps_refused(pps().append(pps_extension()).with("second_chroma_qp_index_offset", value),
                           "second_chroma_qp_index_offset");
    }
}

TEST(H264Pps, SpsIsMissing) {
    Pps parsed;
    expect_refused(parse_pps(pps().nal(), SpsTable{}, parsed), "missing", ENOENT);
    const Sets sets;
    expect_refused(parse_pps(pps().with("nal_unit_type", 7).nal(), sets.sps_table(), parsed), "another type", ENOTSUP);
}

TEST(H264Pps, SliceGroups) {
    const auto run = [](int last) { return Structure().ue("run[0]", 0).ue("run_length_minus1", last).ue("run[2]", 2); };
    const auto rectangle = [](int top_left, int bottom_right) {
        return Structure().ue("", 0).ue("", 0).ue("top_left", top_left).ue("bottom_right", bottom_right);
    };
    const auto change = [](int rate) { return Structure().flag("direction", true).ue("rate", rate); };
    const auto ids = [](int count, int id) {
        Structure map;
        map.ue("pic_size_in_map_units_minus1", count - 1);
        for (int i = 0; i < count; ++i) map.u("slice_group_id", 2, i == 17 ? id : i % 3);
        return map;
    };
    const std::vector<Structure> good{pps_with_groups(0, run(299)),          pps_with_groups(1, Structure()),
                                      pps_with_groups(2, rectangle(3, 299)), pps_with_groups(3, change(299)),
                                      pps_with_groups(4, change(0)),         pps_with_groups(5, change(7)),
                                      pps_with_groups(6, ids(300, 2))};
    for (const Structure& structure : good) {
        const Pps pps = pps_of(structure);
        EXPECT_EQ(pps.num_slice_groups_minus1, 2);
        EXPECT_EQ(pps.slice_group_map_type, &structure - good.data());
        EXPECT_EQ(pps.num_ref_idx_l0_default_active_minus1, 2) << "what follows is still found";
        EXPECT_TRUE(pps.redundant_pic_cnt_present_flag);
    }
    EXPECT_EQ(pps_of(good[5]).slice_group_change_rate_minus1, 7U);
    expect_pps_refused(pps_with_groups(7, Structure()), "slice_group_map_type");
    expect_pps_refused(pps_with_groups(0, run(300)), "run_length_minus1");
    expect_pps_refused(pps_with_groups(2, rectangle(300, 300)), "top_left");
    expect_pps_refused(pps_with_groups(2, rectangle(3, 300)), "bottom_right");
    expect_pps_refused(pps_with_groups(2, rectangle(4, 3)), "top_left");
    expect_pps_refused(pps_with_groups(3, change(300)), "slice_group_change_rate_minus1");
    expect_pps_refused(pps_with_groups(6, ids(299, 2)), "pic_size_in_map_units_minus1");
    expect_pps_refused(pps_with_groups(6, ids(301, 2)), "pic_size_in_map_units_minus1");
    expect_pps_refused(pps_with_groups(6, ids(300, 3)), "slice_group_id");
}

} // namespace
} // namespace v4l2play::h264
