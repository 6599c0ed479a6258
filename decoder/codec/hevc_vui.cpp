#include "decoder/codec/hevc_vui.h"

namespace v4l2play::hevc {

namespace {

/// E.2.1, from aspect_ratio_idc to sar_height
Rational parse_sample_aspect(SyntaxReader& r) {
    // Table E.1; 0 = unspecified
    constexpr std::array<std::array<std::uint8_t, 2>, 17> table{{{0, 1},
                                                                 {1, 1},
                                                                 {12, 11},
                                                                 {10, 11},
                                                                 {16, 11},
                                                                 {40, 33},
                                                                 {24, 11},
                                                                 {20, 11},
                                                                 {32, 11},
                                                                 {80, 33},
                                                                 {18, 11},
                                                                 {15, 11},
                                                                 {64, 33},
                                                                 {160, 99},
                                                                 {4, 3},
                                                                 {3, 2},
                                                                 {2, 1}}};
    constexpr unsigned extended_sar = 255;
    unsigned aspect_ratio_idc = 0;
    r.u(aspect_ratio_idc, 8);
    Rational aspect{0, 1};
    if (aspect_ratio_idc < table.size()) aspect = {table[aspect_ratio_idc][0], table[aspect_ratio_idc][1]};
    if (aspect_ratio_idc != extended_sar) return aspect;
    r.u(aspect.num, 16);
    r.u(aspect.den, 16);
    return aspect.num != 0 && aspect.den != 0 ? aspect : Rational{0, 1}; // E.3.1: 0 = unspecified
}

/// E.2.1, from video_format to matrix_coeffs; meanings in E.3.1
void parse_video_signal_type(SyntaxReader& r, ColorDescription& color) {
    unsigned video_format = 0;
    r.u(video_format, 3);
    r.flag(color.full_range);
    if (!r.flag()) return; // colour_description_present_flag
    r.u(color.primaries, 8);
    r.u(color.transfer, 8);
    r.u(color.matrix, 8);
}

/// E.2.3, for NAL or VCL
void skip_sub_layer_hrd(SyntaxReader& r, unsigned count, bool sub_pic_params) {
    for (unsigned i = 0; i < count && r.ok(); ++i) {
        for (unsigned value = sub_pic_params ? 4 : 2; value > 0; --value) r.ue(0xffff'fffe, ""); // rates and sizes
        r.flag();                                                                                // cbr_flag
    }
}

struct HrdKinds {
    bool nal = false;
    bool vcl = false;
    bool sub_pic_params = false;
};

/// The part of hrd_parameters() (E.2.2) that all sub-layers share
HrdKinds skip_common_hrd(SyntaxReader& r) {
    HrdKinds kinds;
    kinds.nal = r.flag();
    kinds.vcl = r.flag();
    if (!kinds.nal && !kinds.vcl) return kinds;
    kinds.sub_pic_params = r.flag();
    r.bits().skip(kinds.sub_pic_params ? 8 + 5 + 1 + 5 : 0);
    r.bits().skip(4 + 4); // bit_rate_scale, cpb_size_scale
    r.bits().skip(kinds.sub_pic_params ? 4 : 0);
    r.bits().skip(5 + 5 + 5); // lengths of delays
    return kinds;
}

/// E.2.2, none of which is used
void skip_hrd_parameters(SyntaxReader& r, unsigned maximum_sub_layer) {
    const HrdKinds kinds = skip_common_hrd(r);
    for (unsigned i = 0; i <= maximum_sub_layer && r.ok(); ++i) {
        const bool fixed_general = r.flag();
        const bool fixed_within_cvs = fixed_general || r.flag();
        bool low_delay_hrd_flag = false;
        if (fixed_within_cvs)
            r.ue(2047, "elemental_duration_in_tc_minus1 above 2047 (E.3.2)");
        else
            low_delay_hrd_flag = r.flag();
        const unsigned count = low_delay_hrd_flag ? 1 : r.ue(31, "cpb_cnt_minus1 above 31 (E.3.2)") + 1;
        if (kinds.nal) skip_sub_layer_hrd(r, count, kinds.sub_pic_params);
        if (kinds.vcl) skip_sub_layer_hrd(r, count, kinds.sub_pic_params);
    }
}

/// E.2.1, from vui_num_units_in_tick to hrd_parameters()
void skip_timing_info(SyntaxReader& r, unsigned maximum_sub_layer) {
    r.bits().skip(32 + 32);              // vui_num_units_in_tick, vui_time_scale
    if (r.flag()) r.ue(0xffff'fffe, ""); // vui_num_ticks_poc_diff_one_minus1
    if (r.flag()) skip_hrd_parameters(r, maximum_sub_layer);
}

/// E.2.1, from tiles_fixed_structure_flag to log2_max_mv_length_vertical
void skip_bitstream_restriction(SyntaxReader& r) {
    r.bits().skip(3);
    r.ue(4095, "min_spatial_segmentation_idc above 4095 (E.3.1)");
    r.ue(16, "max_bytes_per_pic_denom above 16 (E.3.1)");
    r.ue(16, "max_bits_per_min_cu_denom above 16 (E.3.1)");
    r.ue(16, "log2_max_mv_length_horizontal above 16 (E.3.1)"); // 15 in newer editions
    r.ue(16, "log2_max_mv_length_vertical above 16 (E.3.1)");
}

} // namespace

void parse_vui_parameters(SyntaxReader& r, Sps& sps) {
    if (r.flag()) {
        const Rational aspect = parse_sample_aspect(r);
        if (r.ok()) sps.sample_aspect = aspect;
    }
    if (r.flag()) r.flag(); // overscan_info_present_flag, overscan_appropriate_flag
    if (r.flag()) {
        ColorDescription color;
        parse_video_signal_type(r, color);
        if (r.ok()) sps.color = color;
    }
    if (r.flag())
        for (int field = 0; field < 2; ++field) r.ue(5, "chroma_sample_loc_type above 5 (E.3.1)");
    r.flag(); // neutral_chroma_indication_flag
    r.flag(sps.field_seq_flag);
    r.flag(sps.frame_field_info_present_flag);
    // The default display window is for those who want less than the conformance window: nobody crops to it.
    if (r.flag())
        for (int offset = 0; offset < 4; ++offset) r.ue(0xffff'fffe, "");
    if (r.flag()) skip_timing_info(r, sps.sps_max_sub_layers_minus1);
    if (r.flag()) skip_bitstream_restriction(r);
}

} // namespace v4l2play::hevc
