#include <bit>

#include "decoder/codec/h264_parser.h"

namespace v4l2play::h264 {

namespace {

/// What the functions below share.
struct Context {
    SyntaxReader& r;
    const Sps& sps;
    const Pps& pps;
    SliceHeader& header;

    [[nodiscard]] bool is(SliceType type) const { return header.slice_type == type; }
    [[nodiscard]] bool is_inter() const { return is(SliceType::P) || is(SliceType::Sp) || is(SliceType::B); }
    [[nodiscard]] unsigned lists() const { return is(SliceType::B) ? 2 : is_inter() ? 1 : 0; }
    [[nodiscard]] unsigned active(unsigned list) const {
        return 1U + (list == 0 ? header.num_ref_idx_l0_active_minus1 : header.num_ref_idx_l1_active_minus1);
    }
    [[nodiscard]] bool has_chroma() const { return sps.chroma_format_idc != 0 && !sps.separate_colour_plane_flag; }
    /// (7-27), (7-28), and MaxPicNum of 7.4.3
    [[nodiscard]] std::uint32_t max_pic_num() const {
        return std::uint32_t{1} << (sps.log2_max_frame_num_minus4 + 4U + (header.field_pic_flag ? 1 : 0));
    }
};

constexpr std::uint32_t maximum_long_term_frame_idx = maximum_dpb_frames - 1;
constexpr std::uint32_t maximum_long_term_pic_num = 2 * maximum_long_term_frame_idx + 1; // of a field (8-30)

/// 7.3.3, field_pic_flag and bottom_field_flag
void parse_fields(const Context& c) {
    if (c.sps.frame_mbs_only_flag) return;
    c.r.flag(c.header.field_pic_flag);
    if (c.header.field_pic_flag) c.r.flag(c.header.bottom_field_flag);
}

/// The range of first_mb_in_slice (7.4.3)
void check_first_mb(const Context& c) {
    const std::uint32_t width = c.sps.pic_width_in_mbs_minus1 + 1U;
    const std::uint32_t map_height = c.sps.pic_height_in_map_units_minus1 + 1U;
    // A map unit is a macroblock, or two where fields or pairs of macroblocks may occur: both halve the range (7.4.3).
    const bool frame_of_mbs =
        !c.sps.frame_mbs_only_flag && !c.header.field_pic_flag && !c.sps.mb_adaptive_frame_field_flag;
    c.r.require(c.header.first_mb_in_slice < width * map_height * (frame_of_mbs ? 2 : 1),
                "first_mb_in_slice outside of the picture (7.4.3)");
}

/// 7.3.3, from pic_order_cnt_lsb to delta_pic_order_cnt
void parse_pic_order_cnt(const Context& c) {
    const std::uint64_t start = c.r.bits().position();
    const bool both_fields = c.pps.bottom_field_pic_order_in_frame_present_flag && !c.header.field_pic_flag;
    if (c.sps.pic_order_cnt_type == 0) {
        c.r.u(c.header.pic_order_cnt_lsb, c.sps.log2_max_pic_order_cnt_lsb_minus4 + 4U);
        if (both_fields) c.r.se(c.header.delta_pic_order_cnt_bottom);
    }
    if (c.sps.pic_order_cnt_type == 1 && !c.sps.delta_pic_order_always_zero_flag) {
        c.r.se(c.header.delta_pic_order_cnt[0]);
        if (both_fields) c.r.se(c.header.delta_pic_order_cnt[1]);
    }
    c.header.pic_order_cnt_bit_size = static_cast<std::uint32_t>(c.r.bits().position() - start);
}

/// 7.3.3, from num_ref_idx_active_override_flag to num_ref_idx_l1_active_minus1
void parse_num_ref_idx(const Context& c) {
    if (!c.is_inter()) return;
    c.header.num_ref_idx_l0_active_minus1 = c.pps.num_ref_idx_l0_default_active_minus1;
    if (c.is(SliceType::B)) c.header.num_ref_idx_l1_active_minus1 = c.pps.num_ref_idx_l1_default_active_minus1;
    if (c.r.flag()) { // num_ref_idx_active_override_flag
        c.r.ue(c.header.num_ref_idx_l0_active_minus1, 31, "num_ref_idx_l0_active_minus1 above 31 (7.4.3)");
        if (c.is(SliceType::B))
            c.r.ue(c.header.num_ref_idx_l1_active_minus1, 31, "num_ref_idx_l1_active_minus1 above 31 (7.4.3)");
    }
    // Also of the default: 7.4.3 demands the override where it is too much for a frame.
    const unsigned maximum = c.header.field_pic_flag ? 31 : 15;
    c.r.require(c.header.num_ref_idx_l0_active_minus1 <= maximum, "num_ref_idx_l0_active_minus1 above 15 (7.4.3)");
    c.r.require(c.header.num_ref_idx_l1_active_minus1 <= maximum, "num_ref_idx_l1_active_minus1 above 15 (7.4.3)");
}

/// 7.3.3.1, for one list
void parse_ref_pic_list_modification(const Context& c, unsigned list) {
    if (!c.r.flag()) return; // ref_pic_list_modification_flag_lX
    std::uint8_t& count = c.header.modification_count[list];
    while (c.r.ok()) {
        RefPicListModification modification;
        c.r.ue(modification.modification_of_pic_nums_idc, 3, "modification_of_pic_nums_idc above 3 (7.4.3.1)");
        if (modification.modification_of_pic_nums_idc == 3) return;
        c.r.require(count < c.active(list), "more modifications than the reference list has entries (7.4.3.1)");
        if (modification.modification_of_pic_nums_idc == 2)
            c.r.ue(modification.value, maximum_long_term_pic_num, "long_term_pic_num above 31 (7.4.3.1)");
        else
            c.r.ue(modification.value, c.max_pic_num() - 1, "abs_diff_pic_num_minus1 not below MaxPicNum (7.4.3.1)");
        if (c.r.ok()) c.header.modifications[list][count++] = modification;
    }
}

/// One pair of 7.3.3.2
void parse_weight_and_offset(SyntaxReader& r, std::int16_t& weight, std::int16_t& offset) {
    r.se(weight, -128, 127, "prediction weight outside of -128 to 127 (7.4.3.2)");
    r.se(offset, -128, 127, "prediction weight offset outside of -128 to 127 (7.4.3.2)");
}

/// 7.3.3.2
void parse_pred_weight_table(const Context& c) {
    PredWeightTable& table = c.header.pred_weight_table;
    c.r.ue(table.luma_log2_weight_denom, 7, "luma_log2_weight_denom above 7 (7.4.3.2)");
    if (c.has_chroma()) c.r.ue(table.chroma_log2_weight_denom, 7, "chroma_log2_weight_denom above 7 (7.4.3.2)");
    for (unsigned list = 0; list < c.lists(); ++list) {
        for (unsigned i = 0; i < c.active(list); ++i) {
            PredWeight& entry = table.weights[list][i];
            // Inferred where the flags are 0; there is no chroma_weight_lX_flag for monochrome pictures.
            entry.luma_weight = static_cast<std::int16_t>(1 << table.luma_log2_weight_denom);
            if (c.r.flag()) parse_weight_and_offset(c.r, entry.luma_weight, entry.luma_offset);
            if (!c.has_chroma()) continue;
            entry.chroma_weight.fill(static_cast<std::int16_t>(1 << table.chroma_log2_weight_denom));
            if (!c.r.flag()) continue;
            parse_weight_and_offset(c.r, entry.chroma_weight[0], entry.chroma_offset[0]);
            parse_weight_and_offset(c.r, entry.chroma_weight[1], entry.chroma_offset[1]);
        }
    }
}

/// One operation of 7.3.3.3
void parse_mmco(const Context& c, Mmco& mmco) {
    c.r.ue(mmco.operation, 6, "memory_management_control_operation above 6 (Table 7-9)");
    if (mmco.operation == 1 || mmco.operation == 3)
        c.r.ue(mmco.difference_of_pic_nums_minus1, c.max_pic_num() - 1,
               "difference_of_pic_nums_minus1 not below MaxPicNum (7.4.3.3)");
    if (mmco.operation == 2)
        c.r.ue(mmco.long_term_pic_num, maximum_long_term_pic_num, "long_term_pic_num above 31 (7.4.3.3)");
    if (mmco.operation == 3 || mmco.operation == 6)
        c.r.ue(mmco.long_term_frame_idx, maximum_long_term_frame_idx, "long_term_frame_idx above 15 (7.4.3.3)");
    if (mmco.operation == 4)
        c.r.ue(mmco.max_long_term_frame_idx_plus1, maximum_dpb_frames,
               "max_long_term_frame_idx_plus1 above 16 (7.4.3.3)");
}

/// The operations of 7.3.3.3
void parse_adaptive_marking(const Context& c, DecRefPicMarking& marking) {
    while (c.r.ok()) {
        Mmco mmco;
        parse_mmco(c, mmco);
        if (mmco.operation == 0) return;
        c.r.require(marking.count < maximum_mmco,
                    "more memory management control operations than make sense (7.4.3.3)");
        if (c.r.ok()) marking.operations[marking.count++] = mmco;
    }
}

/// 7.3.3.3
void parse_dec_ref_pic_marking(const Context& c) {
    const std::uint64_t start = c.r.bits().position();
    DecRefPicMarking& marking = c.header.dec_ref_pic_marking;
    if (c.header.idr_pic_flag) {
        c.r.flag(marking.no_output_of_prior_pics_flag);
        c.r.flag(marking.long_term_reference_flag);
    } else {
        c.r.flag(marking.adaptive_ref_pic_marking_mode_flag);
        if (marking.adaptive_ref_pic_marking_mode_flag) parse_adaptive_marking(c, marking);
    }
    c.header.dec_ref_pic_marking_bit_size = static_cast<std::uint32_t>(c.r.bits().position() - start);
}

/// 7.3.3, from slice_qp_delta to slice_qs_delta
void parse_quantisers(const Context& c) {
    const int qp_bd_offset = 6 * c.sps.bit_depth_luma_minus8;
    const int init_qp = 26 + c.pps.pic_init_qp_minus26;
    const int init_qs = 26 + c.pps.pic_init_qs_minus26;
    c.r.se(c.header.slice_qp_delta, -qp_bd_offset - init_qp, 51 - init_qp, "SliceQPY out of range (7-30)");
    if (c.is(SliceType::Sp)) c.r.flag(c.header.sp_for_switch_flag);
    if (c.is(SliceType::Sp) || c.is(SliceType::Si))
        c.r.se(c.header.slice_qs_delta, -init_qs, 51 - init_qs, "QSY outside of 0 to 51 (7-31)");
}

/// 7.3.3, from disable_deblocking_filter_idc to slice_beta_offset_div2
void parse_deblocking(const Context& c) {
    if (!c.pps.deblocking_filter_control_present_flag) return;
    c.r.ue(c.header.disable_deblocking_filter_idc, 2, "disable_deblocking_filter_idc above 2 (7.4.3)");
    if (c.header.disable_deblocking_filter_idc == 1) return;
    c.r.se(c.header.slice_alpha_c0_offset_div2, -6, 6, "slice_alpha_c0_offset_div2 outside of -6 to 6 (7.4.3)");
    c.r.se(c.header.slice_beta_offset_div2, -6, 6, "slice_beta_offset_div2 outside of -6 to 6 (7.4.3)");
}

/// 7.3.3, slice_group_change_cycle
void parse_slice_group_change_cycle(const Context& c) {
    const unsigned type = c.pps.slice_group_map_type;
    if (c.pps.num_slice_groups_minus1 == 0 || type < 3 || type > 5) return;
    const std::uint32_t map_units = (c.sps.pic_width_in_mbs_minus1 + 1U) * (c.sps.pic_height_in_map_units_minus1 + 1U);
    const std::uint32_t rate = c.pps.slice_group_change_rate_minus1 + 1;
    const std::uint32_t maximum = (map_units + rate - 1) / rate;
    // Ceil(Log2(PicSizeInMapUnits / SliceGroupChangeRate + 1)) bits, the division being exact (7.4.3)
    c.r.u(c.header.slice_group_change_cycle, static_cast<unsigned>(std::bit_width(maximum)), maximum,
          "slice_group_change_cycle out of range (7.4.3)");
}

/// 7.3.1
void parse_nal_header(SyntaxReader& r, SliceHeader& header) {
    r.require(!r.flag(), "forbidden_zero_bit is set (7.4.1)");
    r.u(header.nal_ref_idc, 2);
    r.u(header.nal_unit_type, 5);
    const auto type = static_cast<NalType>(header.nal_unit_type);
    header.idr_pic_flag = type == NalType::IdrSlice;
    r.require(type == NalType::Slice || type == NalType::PartitionA || header.idr_pic_flag,
              "NAL unit has no slice header, or one of an extension (Table 7-1)", ENOTSUP);
    r.require(!header.idr_pic_flag || header.nal_ref_idc != 0, "nal_ref_idc is 0 for an IDR picture (7.4.1)");
}

/// 7.3.3, as far as the picture parameter set's id, which all else depends on.
void parse_beginning(SyntaxReader& r, SliceHeader& header) {
    parse_nal_header(r, header);
    header.first_mb_in_slice = r.ue(0xffff'fffe, "");
    const std::uint32_t slice_type = r.ue(9, "slice_type above 9 (7.4.3)");
    header.slice_type = static_cast<SliceType>(slice_type % 5); // 5 to 9: all slices of the picture are alike
    const bool intra = header.slice_type == SliceType::I || header.slice_type == SliceType::Si;
    r.require(!header.idr_pic_flag || intra, "slice_type is not I or SI in an IDR picture (7.4.3)");
    r.ue(header.pic_parameter_set_id, maximum_pps - 1, "pic_parameter_set_id above 255 (7.4.3)");
}

/// 7.3.3, behind pic_parameter_set_id
void parse_rest(const Context& c) {
    SliceHeader& header = c.header;
    if (c.sps.separate_colour_plane_flag) c.r.u(header.colour_plane_id, 2, 2, "colour_plane_id above 2 (7.4.3)");
    c.r.u(header.frame_num, c.sps.log2_max_frame_num_minus4 + 4U);
    parse_fields(c);
    check_first_mb(c);
    if (header.idr_pic_flag) c.r.ue(header.idr_pic_id, 65535, "idr_pic_id above 65535 (7.4.3)");
    parse_pic_order_cnt(c);
    if (c.pps.redundant_pic_cnt_present_flag)
        c.r.ue(header.redundant_pic_cnt, 127, "redundant_pic_cnt above 127 (7.4.3)");
    if (c.is(SliceType::B)) c.r.flag(header.direct_spatial_mv_pred_flag);
    parse_num_ref_idx(c);
    for (unsigned list = 0; list < c.lists(); ++list) parse_ref_pic_list_modification(c, list);
    if ((c.pps.weighted_pred_flag && (c.is(SliceType::P) || c.is(SliceType::Sp))) ||
        (c.pps.weighted_bipred_idc == 1 && c.is(SliceType::B)))
        parse_pred_weight_table(c);
    if (header.nal_ref_idc != 0) parse_dec_ref_pic_marking(c);
    if (c.pps.entropy_coding_mode_flag && c.is_inter())
        c.r.ue(header.cabac_init_idc, 2, "cabac_init_idc above 2 (7.4.3)");
    parse_quantisers(c);
    parse_deblocking(c);
    parse_slice_group_change_cycle(c);
    header.header_bit_size = static_cast<std::uint32_t>(c.r.bits().position());
}

} // namespace

Parsed<> parse_slice_header(std::span<const std::uint8_t> nal, const SpsTable& spss, const PpsTable& ppss,
                            SliceHeader& header) {
    constexpr const char* truncated = "slice header is cut short (7.3.3)";
    SyntaxReader r(nal);
    header = {};
    parse_beginning(r, header);
    const Pps* pps = ppss[header.pic_parameter_set_id];
    r.require(pps != nullptr, "the picture parameter set that a slice names is missing", ENOENT);
    if (!r.ok()) return r.result(truncated);
    const Sps* sps = spss[pps->seq_parameter_set_id];
    r.require(sps != nullptr, "the sequence parameter set that a slice names is missing", ENOENT);
    if (r.ok()) parse_rest({r, *sps, *pps, header});
    return r.result(truncated);
}

} // namespace v4l2play::h264
