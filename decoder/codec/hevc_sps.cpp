#include <algorithm>

#include "decoder/codec/hevc_ref_pic_sets.h"
#include "decoder/codec/hevc_scaling_lists.h"
#include "decoder/codec/hevc_vui.h"

namespace v4l2play::hevc {

namespace {

// Level 6.2 (A.4.1): MaxLumaPs, and no side beyond the root of eight times as much.
constexpr std::uint32_t maximum_picture_size = 35651584;
constexpr std::uint32_t maximum_side = 16888;

/// The NAL unit header (7.3.1.2), which is looked at before.
void skip_nal_header(SyntaxReader& r) { r.bits().skip(nal_header_bits); }

/// 7.3.3. Constraint flags bind encoders; what a stream uses is seen from its parameter sets.
void parse_profile_tier_level(SyntaxReader& r, Sps& sps) {
    r.bits().skip(2 + 1); // general_profile_space, general_tier_flag
    r.u(sps.general_profile_idc, 5);
    r.bits().skip(32); // general_profile_compatibility_flag
    r.flag(sps.general_progressive_source_flag);
    r.flag(sps.general_interlaced_source_flag);
    r.bits().skip(2 + 43 + 1);
    r.u(sps.general_level_idc, 8);
    std::array<bool, 2 * maximum_sub_layers> present{};
    const unsigned sub_layers = sps.sps_max_sub_layers_minus1;
    for (unsigned i = 0; i < 2 * sub_layers; ++i) present[i] = r.flag(); // of profile and of level, in turn
    if (sub_layers > 0) r.bits().skip(2 * (8 - sub_layers));             // reserved_zero_2bits
    for (unsigned i = 0; i < 2 * sub_layers; ++i)
        if (present[i]) r.bits().skip(i % 2 == 0 ? 2 + 1 + 5 + 32 + 4 + 43 + 1 : 8);
}

/// 7.3.2.2.1, from chroma_format_idc to pic_height_in_luma_samples
void parse_picture_size(SyntaxReader& r, Sps& sps) {
    r.ue(sps.chroma_format_idc, 3, "chroma_format_idc above 3 (7.4.3.2.1)");
    if (sps.chroma_format_idc == 3) r.flag(sps.separate_colour_plane_flag);
    r.ue(sps.pic_width_in_luma_samples, maximum_side, "pic_width_in_luma_samples above every level (A.4.1)");
    r.ue(sps.pic_height_in_luma_samples, maximum_side, "pic_height_in_luma_samples above every level (A.4.1)");
    const std::uint32_t size = std::uint32_t{sps.pic_width_in_luma_samples} * sps.pic_height_in_luma_samples;
    r.require(size != 0, "a picture without samples (7.4.3.2.1)");
    r.require(size <= maximum_picture_size, "more samples than any level allows (A.4.1)");
}

/// 7.3.2.2.1, from conf_win_left_offset to conf_win_bottom_offset
void parse_conformance_window(SyntaxReader& r, Sps& sps) {
    const unsigned sub_width = sps.chroma_format_idc == 1 || sps.chroma_format_idc == 2 ? 2 : 1; // Table 6-1
    const unsigned sub_height = sps.chroma_format_idc == 1 ? 2 : 1;
    // Something has to be left of the picture; nobody has anything to show otherwise.
    const unsigned width = (sps.pic_width_in_luma_samples - 1U) / sub_width;
    const unsigned height = (sps.pic_height_in_luma_samples - 1U) / sub_height;
    r.ue(sps.conf_win_left_offset, width, "conf_win_left_offset leaves nothing (7.4.3.2.1)");
    r.ue(sps.conf_win_right_offset, width - sps.conf_win_left_offset,
         "conf_win_right_offset leaves nothing (7.4.3.2.1)");
    r.ue(sps.conf_win_top_offset, height, "conf_win_top_offset leaves nothing (7.4.3.2.1)");
    r.ue(sps.conf_win_bottom_offset, height - sps.conf_win_top_offset,
         "conf_win_bottom_offset leaves nothing (7.4.3.2.1)");
}

/// Sizes of the DPB (7.3.2.2.1), of which those of the highest sub-layer are kept.
void parse_sub_layer_ordering_info(SyntaxReader& r, Sps& sps) {
    const bool sps_sub_layer_ordering_info_present_flag = r.flag();
    const unsigned last = sps.sps_max_sub_layers_minus1;
    for (unsigned i = sps_sub_layer_ordering_info_present_flag ? 0 : last; i <= last && r.ok(); ++i) {
        r.ue(sps.sps_max_dec_pic_buffering_minus1, maximum_dpb_pictures - 1,
             "sps_max_dec_pic_buffering_minus1 above 15 (7.4.3.2.1)");
        r.ue(sps.sps_max_num_reorder_pics, sps.sps_max_dec_pic_buffering_minus1,
             "sps_max_num_reorder_pics above sps_max_dec_pic_buffering_minus1 (7.4.3.2.1)");
        sps.sps_max_latency_increase_plus1 = r.ue(0xffff'fffe, "");
    }
}

/// 7.3.2.2.1, from log2_min_luma_coding_block_size_minus3 to max_transform_hierarchy_depth_intra
void parse_block_sizes(SyntaxReader& r, Sps& sps) {
    r.ue(sps.log2_min_luma_coding_block_size_minus3, 3, "MinCbLog2SizeY above 6 (7.4.3.2.1)");
    r.ue(sps.log2_diff_max_min_luma_coding_block_size, 3U - sps.log2_min_luma_coding_block_size_minus3,
         "CtbLog2SizeY above 6 (7.4.3.2.1)");
    r.require(sps.ctb_log2_size() >= 4, "CtbLog2SizeY below 4 (A.3.2)");
    r.ue(sps.log2_min_luma_transform_block_size_minus2, 3, "MinTbLog2SizeY above 5 (7.4.3.2.1)");
    r.ue(sps.log2_diff_max_min_luma_transform_block_size, 3U - sps.log2_min_luma_transform_block_size_minus2,
         "MaxTbLog2SizeY above 5 (7.4.3.2.1)");
    const unsigned min_tb = sps.log2_min_luma_transform_block_size_minus2 + 2U;
    r.require(min_tb < sps.min_cb_log2_size(), "MinTbLog2SizeY not below MinCbLog2SizeY (7.4.3.2.1)");
    r.require(min_tb + sps.log2_diff_max_min_luma_transform_block_size <= sps.ctb_log2_size(),
              "MaxTbLog2SizeY above CtbLog2SizeY (7.4.3.2.1)");
    const unsigned depth = sps.ctb_log2_size() - min_tb;
    r.ue(sps.max_transform_hierarchy_depth_inter, depth, "max_transform_hierarchy_depth_inter too high (7.4.3.2.1)");
    r.ue(sps.max_transform_hierarchy_depth_intra, depth, "max_transform_hierarchy_depth_intra too high (7.4.3.2.1)");
    const unsigned mask = (1U << sps.min_cb_log2_size()) - 1;
    r.require((sps.pic_width_in_luma_samples & mask) == 0 && (sps.pic_height_in_luma_samples & mask) == 0,
              "the picture's size is no multiple of MinCbSizeY (7.4.3.2.1)");
}

/// 7.3.2.2.1, from scaling_list_enabled_flag to the scaling lists
void parse_scaling(SyntaxReader& r, Sps& sps) {
    r.flag(sps.scaling_list_enabled_flag);
    if (!sps.scaling_list_enabled_flag) return;
    sps.scaling = default_scaling_lists();
    if (r.flag()) parse_scaling_list_data(r, sps.scaling); // sps_scaling_list_data_present_flag
}

/// 7.3.2.2.1, from pcm_enabled_flag to pcm_loop_filter_disabled_flag
void parse_pcm(SyntaxReader& r, Sps& sps) {
    r.flag(sps.pcm_enabled_flag);
    if (!sps.pcm_enabled_flag) return;
    r.u(sps.pcm_sample_bit_depth_luma_minus1, 4, sps.bit_depth_luma_minus8 + 7U,
        "PcmBitDepthY above BitDepthY (7.4.3.2.1)");
    r.u(sps.pcm_sample_bit_depth_chroma_minus1, 4, sps.bit_depth_chroma_minus8 + 7U,
        "PcmBitDepthC above BitDepthC (7.4.3.2.1)");
    r.ue(sps.log2_min_pcm_luma_coding_block_size_minus3, 2, "Log2MinIpcmCbSizeY above 5 (7.4.3.2.1)");
    r.ue(sps.log2_diff_max_min_pcm_luma_coding_block_size, 2U - sps.log2_min_pcm_luma_coding_block_size_minus3,
         "Log2MaxIpcmCbSizeY above 5 (7.4.3.2.1)");
    const unsigned minimum = sps.log2_min_pcm_luma_coding_block_size_minus3 + 3U;
    r.require(minimum >= std::min(sps.min_cb_log2_size(), 5U), "Log2MinIpcmCbSizeY below MinCbLog2SizeY (7.4.3.2.1)");
    r.require(minimum + sps.log2_diff_max_min_pcm_luma_coding_block_size <= sps.ctb_log2_size(),
              "Log2MaxIpcmCbSizeY above CtbLog2SizeY (7.4.3.2.1)");
    r.flag(sps.pcm_loop_filter_disabled_flag);
}

/// 7.3.2.2.1, from num_short_term_ref_pic_sets to used_by_curr_pic_lt_sps_flag
void parse_reference_sets(SyntaxReader& r, Sps& sps) {
    r.ue(sps.num_short_term_ref_pic_sets, maximum_short_term_sets, "num_short_term_ref_pic_sets above 64 (7.4.3.2.1)");
    const std::span<ShortTermRefPicSet> sets(sps.short_term_ref_pic_sets);
    for (unsigned i = 0; i < sps.num_short_term_ref_pic_sets && r.ok(); ++i)
        parse_short_term_ref_pic_set(r, sets.first(i), false, sets[i]);
    r.flag(sps.long_term_ref_pics_present_flag);
    if (!sps.long_term_ref_pics_present_flag) return;
    r.ue(sps.num_long_term_ref_pics_sps, maximum_long_term_sps, "num_long_term_ref_pics_sps above 32 (7.4.3.2.1)");
    for (unsigned i = 0; i < sps.num_long_term_ref_pics_sps && r.ok(); ++i) {
        r.u(sps.long_term_ref_pics[i].lt_ref_pic_poc_lsb_sps, sps.log2_max_pic_order_cnt_lsb_minus4 + 4U);
        r.flag(sps.long_term_ref_pics[i].used_by_curr_pic_lt_sps_flag);
    }
}

/// 7.3.2.2.2: tools that the kernel's interface cannot describe
bool parse_range_extension(SyntaxReader& r) {
    unsigned flags = 0; // transform_skip_rotation_enabled_flag to cabac_bypass_alignment_enabled_flag
    r.u(flags, 9);
    return flags != 0;
}

/// 7.3.2.2.3
bool parse_screen_content_extension(SyntaxReader& r, const Sps& sps) {
    const bool sps_curr_pic_ref_enabled_flag = r.flag();
    const bool palette_mode_enabled_flag = r.flag();
    if (palette_mode_enabled_flag) {
        r.ue(64, "palette_max_size above 64 (7.4.3.2.5)");
        r.ue(128, "delta_palette_max_predictor_size above 128 (7.4.3.2.5)");
        if (r.flag()) { // sps_palette_predictor_initializers_present_flag
            const unsigned count = r.ue(127, "too many palette predictor initialisers (7.4.3.2.5)") + 1;
            const unsigned components = sps.chroma_format_idc == 0 ? 1 : 3;
            for (unsigned c = 0; c < components; ++c)
                for (unsigned i = 0; i < count && r.ok(); ++i)
                    r.bits().skip(8U + (c == 0 ? sps.bit_depth_luma_minus8 : sps.bit_depth_chroma_minus8));
        }
    }
    unsigned motion_vector_resolution_control_idc = 0;
    r.u(motion_vector_resolution_control_idc, 2);
    const bool intra_boundary_filtering_disabled_flag = r.flag();
    return sps_curr_pic_ref_enabled_flag || palette_mode_enabled_flag || motion_vector_resolution_control_idc != 0 ||
           intra_boundary_filtering_disabled_flag;
}

/// 7.3.2.2.1, from sps_extension_present_flag on
void parse_sps_extensions(SyntaxReader& r, Sps& sps) {
    if (!r.flag()) return; // sps_extension_present_flag
    const bool range = r.flag();
    const bool multilayer = r.flag();
    const bool three_d = r.flag();
    const bool screen_content = r.flag();
    r.bits().skip(4); // sps_extension_4bits: sps_extension_data_flag follows, which is to be ignored
    if (range) sps.range_extension_tools = parse_range_extension(r);
    if (multilayer) r.flag(); // inter_view_mv_vert_constraint_flag
    // The 3D extension is of other layers; what would follow it is not told apart.
    if (screen_content && !three_d) sps.screen_content_tools = parse_screen_content_extension(r, sps);
}

/// The end of 7.3.2.2.1. Encoders get the VUI wrong, and no sample depends on it: an error ends it, and what was read
/// till then counts. The extensions behind it are then taken for absent.
void parse_vui_and_extensions(SyntaxReader& r, Sps& sps) {
    SyntaxReader rest = r;
    if (rest.flag()) parse_vui_parameters(rest, sps);
    if (!rest.ok()) return;
    r = rest;
    parse_sps_extensions(r, sps);
}

} // namespace

Parsed<> parse_sps(std::span<const std::uint8_t> nal, Sps& sps) {
    SyntaxReader r(nal);
    sps = {};
    skip_nal_header(r);
    r.u(sps.sps_video_parameter_set_id, 4);
    r.u(sps.sps_max_sub_layers_minus1, 3, maximum_sub_layers - 1, "sps_max_sub_layers_minus1 above 6 (7.4.3.2.1)");
    r.flag(); // sps_temporal_id_nesting_flag
    parse_profile_tier_level(r, sps);
    r.ue(sps.sps_seq_parameter_set_id, maximum_sps - 1, "sps_seq_parameter_set_id above 15 (7.4.3.2.1)");
    parse_picture_size(r, sps);
    if (r.flag() && r.ok()) parse_conformance_window(r, sps);
    r.ue(sps.bit_depth_luma_minus8, 8, "bit_depth_luma_minus8 above 8 (7.4.3.2.1)");
    r.ue(sps.bit_depth_chroma_minus8, 8, "bit_depth_chroma_minus8 above 8 (7.4.3.2.1)");
    r.ue(sps.log2_max_pic_order_cnt_lsb_minus4, 12, "log2_max_pic_order_cnt_lsb_minus4 above 12 (7.4.3.2.1)");
    parse_sub_layer_ordering_info(r, sps);
    parse_block_sizes(r, sps);
    parse_scaling(r, sps);
    r.flag(sps.amp_enabled_flag);
    r.flag(sps.sample_adaptive_offset_enabled_flag);
    parse_pcm(r, sps);
    parse_reference_sets(r, sps);
    r.flag(sps.sps_temporal_mvp_enabled_flag);
    r.flag(sps.strong_intra_smoothing_enabled_flag);
    if (r.ok()) parse_vui_and_extensions(r, sps);
    return r.result("sequence parameter set is cut short (7.3.2.2)");
}

} // namespace v4l2play::hevc
