#include "decoder/codec/hevc_vui.h"

#include "decoder/codec/nal_vui.h"

namespace v4l2play::hevc {

namespace {

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
    nal::parse_vui_of_pictures(r, sps.sample_aspect, sps.color);
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
