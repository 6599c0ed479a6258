#include "decoder/codec/hevc_scaling_lists.h"

namespace v4l2play::hevc {

namespace {

// QpBdOffset is 48 at most; that of the SPS is not known here.
constexpr int lowest_init_qp = -26 - 48;

/// 7.3.2.3.1, from cu_qp_delta_enabled_flag to pps_slice_chroma_qp_offsets_present_flag
void parse_quantisers(SyntaxReader& r, Pps& pps) {
    r.flag(pps.cu_qp_delta_enabled_flag);
    if (pps.cu_qp_delta_enabled_flag) r.ue(pps.diff_cu_qp_delta_depth, 3, "diff_cu_qp_delta_depth above 3 (7.4.3.3.1)");
    r.se(pps.pps_cb_qp_offset, -12, 12, "pps_cb_qp_offset outside of -12 to 12 (7.4.3.3.1)");
    r.se(pps.pps_cr_qp_offset, -12, 12, "pps_cr_qp_offset outside of -12 to 12 (7.4.3.3.1)");
    r.flag(pps.pps_slice_chroma_qp_offsets_present_flag);
}

/// 7.3.2.3.1, from num_tile_columns_minus1 to loop_filter_across_tiles_enabled_flag
void parse_tiles(SyntaxReader& r, Pps& pps) {
    r.ue(pps.num_tile_columns_minus1, maximum_tile_columns - 1, "num_tile_columns_minus1 above 19 (A.4.1)");
    r.ue(pps.num_tile_rows_minus1, maximum_tile_rows - 1, "num_tile_rows_minus1 above 21 (A.4.1)");
    r.flag(pps.uniform_spacing_flag);
    if (!pps.uniform_spacing_flag) {
        for (unsigned i = 0; i < pps.num_tile_columns_minus1; ++i)
            r.ue(pps.column_width_minus1[i], 0xfffe, "column_width_minus1 wider than any picture (7.4.3.3.1)");
        for (unsigned i = 0; i < pps.num_tile_rows_minus1; ++i)
            r.ue(pps.row_height_minus1[i], 0xfffe, "row_height_minus1 higher than any picture (7.4.3.3.1)");
    }
    r.flag(pps.loop_filter_across_tiles_enabled_flag);
}

/// 7.3.2.3.1, from deblocking_filter_control_present_flag to pps_tc_offset_div2
void parse_deblocking(SyntaxReader& r, Pps& pps) {
    r.flag(pps.deblocking_filter_control_present_flag);
    if (!pps.deblocking_filter_control_present_flag) return;
    r.flag(pps.deblocking_filter_override_enabled_flag);
    r.flag(pps.pps_deblocking_filter_disabled_flag);
    if (pps.pps_deblocking_filter_disabled_flag) return;
    r.se(pps.pps_beta_offset_div2, -6, 6, "pps_beta_offset_div2 outside of -6 to 6 (7.4.3.3.1)");
    r.se(pps.pps_tc_offset_div2, -6, 6, "pps_tc_offset_div2 outside of -6 to 6 (7.4.3.3.1)");
}

/// 7.3.2.3.2: tools that the kernel's interface cannot describe
bool parse_range_extension(SyntaxReader& r, const Pps& pps) {
    unsigned in_use = 0;
    if (pps.transform_skip_enabled_flag)
        in_use |= r.ue(3, "log2_max_transform_skip_block_size_minus2 above 3 (7.4.3.3.2)");
    in_use |= r.flag() ? 1U : 0U; // cross_component_prediction_enabled_flag
    if (r.flag()) {               // chroma_qp_offset_list_enabled_flag
        in_use = 1;
        r.ue(3, "diff_cu_chroma_qp_offset_depth above 3 (7.4.3.3.2)");
        const unsigned count = r.ue(5, "chroma_qp_offset_list_len_minus1 above 5 (7.4.3.3.2)") + 1;
        std::int8_t offset = 0;
        for (unsigned i = 0; i < 2 * count; ++i)
            r.se(offset, -12, 12, "cb_qp_offset_list or cr_qp_offset_list outside of -12 to 12 (7.4.3.3.2)");
    }
    in_use |= r.ue(6, "log2_sao_offset_scale_luma above 6 (7.4.3.3.2)");
    in_use |= r.ue(6, "log2_sao_offset_scale_chroma above 6 (7.4.3.3.2)");
    return in_use != 0;
}

/// 7.3.2.3.3, as far as it says whether any of its tools is in use
bool parse_screen_content_extension(SyntaxReader& r) {
    const bool pps_curr_pic_ref_enabled_flag = r.flag();
    const bool residual_adaptive_colour_transform_enabled_flag = r.flag();
    if (residual_adaptive_colour_transform_enabled_flag) return true;
    const bool pps_palette_predictor_initializers_present_flag = r.flag();
    return pps_curr_pic_ref_enabled_flag || pps_palette_predictor_initializers_present_flag;
}

/// 7.3.2.3.1, from pps_extension_present_flag on
void parse_pps_extensions(SyntaxReader& r, Pps& pps) {
    if (!r.flag()) return; // pps_extension_present_flag
    const bool range = r.flag();
    const bool multilayer = r.flag();
    const bool three_d = r.flag();
    const bool screen_content = r.flag();
    r.bits().skip(4); // pps_extension_4bits
    if (range) pps.range_extension_tools = parse_range_extension(r, pps);
    // Those of other layers are not read; what would follow them is not told apart.
    if (screen_content && !multilayer && !three_d) pps.screen_content_tools = parse_screen_content_extension(r);
}

} // namespace

Parsed<> parse_pps(std::span<const std::uint8_t> nal, Pps& pps) {
    SyntaxReader r(nal);
    pps = {};
    r.bits().skip(nal_header_bits);
    r.ue(pps.pps_pic_parameter_set_id, maximum_pps - 1, "pps_pic_parameter_set_id above 63 (7.4.3.3.1)");
    r.ue(pps.pps_seq_parameter_set_id, maximum_sps - 1, "pps_seq_parameter_set_id above 15 (7.4.3.3.1)");
    r.flag(pps.dependent_slice_segments_enabled_flag);
    r.flag(pps.output_flag_present_flag);
    r.u(pps.num_extra_slice_header_bits, 3);
    r.flag(pps.sign_data_hiding_enabled_flag);
    r.flag(pps.cabac_init_present_flag);
    r.ue(pps.num_ref_idx_l0_default_active_minus1, maximum_list_entries - 1,
         "num_ref_idx_l0_default_active_minus1 above 14 (7.4.3.3.1)");
    r.ue(pps.num_ref_idx_l1_default_active_minus1, maximum_list_entries - 1,
         "num_ref_idx_l1_default_active_minus1 above 14 (7.4.3.3.1)");
    r.se(pps.init_qp_minus26, lowest_init_qp, 25, "init_qp_minus26 out of range (7.4.3.3.1)");
    r.flag(pps.constrained_intra_pred_flag);
    r.flag(pps.transform_skip_enabled_flag);
    parse_quantisers(r, pps);
    r.flag(pps.weighted_pred_flag);
    r.flag(pps.weighted_bipred_flag);
    r.flag(pps.transquant_bypass_enabled_flag);
    r.flag(pps.tiles_enabled_flag);
    r.flag(pps.entropy_coding_sync_enabled_flag);
    if (pps.tiles_enabled_flag) parse_tiles(r, pps);
    r.flag(pps.pps_loop_filter_across_slices_enabled_flag);
    parse_deblocking(r, pps);
    r.flag(pps.pps_scaling_list_data_present_flag);
    if (pps.pps_scaling_list_data_present_flag) parse_scaling_list_data(r, pps.scaling);
    r.flag(pps.lists_modification_present_flag);
    r.ue(pps.log2_parallel_merge_level_minus2, 4, "Log2ParMrgLevel above 6 (7.4.3.3.1)");
    r.flag(pps.slice_segment_header_extension_present_flag);
    if (r.ok()) parse_pps_extensions(r, pps);
    return r.result("picture parameter set is cut short (7.3.2.3)");
}

} // namespace v4l2play::hevc
