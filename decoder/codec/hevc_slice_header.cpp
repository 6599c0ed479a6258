#include <algorithm>
#include <bit>

#include "decoder/codec/hevc_ref_pic_sets.h"

namespace v4l2play::hevc {

namespace {

/// What the functions below share.
struct Context {
    SyntaxReader& r;
    const Sps& sps;
    const Pps& pps;
    SliceHeader& header;

    [[nodiscard]] bool is(SliceType type) const { return header.slice_type == type; }
    [[nodiscard]] unsigned lists() const { return is(SliceType::B) ? 2 : is(SliceType::P) ? 1 : 0; }
    [[nodiscard]] std::uint32_t size_in_ctbs() const { return sps.pic_width_in_ctbs() * sps.pic_height_in_ctbs(); }
};

/// Ceil(Log2(count))
unsigned bits_for(std::uint32_t count) { return static_cast<unsigned>(std::bit_width(count - 1)); }

/// Bits of the header (7.3.6.1) from `start` on
std::uint16_t bits_since(SyntaxReader& r, std::uint64_t start) {
    return static_cast<std::uint16_t>(r.bits().position() - start); // hundreds at most
}

/// 7.3.6.1, from short_term_ref_pic_set_sps_flag to short_term_ref_pic_set_idx
void parse_short_term(const Context& c) {
    c.r.flag(c.header.short_term_ref_pic_set_sps_flag);
    const auto sets = std::span(c.sps.short_term_ref_pic_sets).first(c.sps.num_short_term_ref_pic_sets);
    ShortTermRefPicSet& set = c.header.short_term_ref_pic_set;
    if (!c.header.short_term_ref_pic_set_sps_flag) {
        const std::uint64_t start = c.r.bits().position();
        parse_short_term_ref_pic_set(c.r, sets, true, set);
        c.header.short_term_ref_pic_set_size = bits_since(c.r, start);
        if (c.r.ok() && set.inter_ref_pic_set_prediction_flag)
            c.header.num_delta_pocs_of_ref_rps_idx =
                static_cast<std::uint8_t>(sets[sets.size() - 1 - set.delta_idx_minus1].num_delta_pocs());
        return;
    }
    c.r.require(!sets.empty(), "short_term_ref_pic_set_sps_flag without sets in the SPS (7.4.7.1)");
    unsigned short_term_ref_pic_set_idx = 0;
    if (sets.size() > 1)
        c.r.u(short_term_ref_pic_set_idx, bits_for(static_cast<std::uint32_t>(sets.size())),
              static_cast<std::uint32_t>(sets.size() - 1), "short_term_ref_pic_set_idx names no set (7.4.7.1)");
    if (c.r.ok()) set = sets[short_term_ref_pic_set_idx];
}

/// One picture of the long-term part (7.3.6.1); `from_sps`: of the SPS's candidates
void parse_long_term_entry(const Context& c, bool from_sps, LongTermEntry& entry) {
    if (from_sps) {
        unsigned lt_idx_sps = 0;
        const unsigned count = c.sps.num_long_term_ref_pics_sps;
        if (count > 1) c.r.u(lt_idx_sps, bits_for(count), count - 1, "lt_idx_sps names no candidate (7.4.7.1)");
        entry.poc_lsb_lt = c.sps.long_term_ref_pics[lt_idx_sps].lt_ref_pic_poc_lsb_sps;
        entry.used_by_curr_pic_lt = c.sps.long_term_ref_pics[lt_idx_sps].used_by_curr_pic_lt_sps_flag;
    } else {
        c.r.u(entry.poc_lsb_lt, c.sps.log2_max_pic_order_cnt_lsb_minus4 + 4U);
        c.r.flag(entry.used_by_curr_pic_lt);
    }
    c.r.flag(entry.delta_poc_msb_present_flag);
    if (entry.delta_poc_msb_present_flag) {
        const auto maximum = (std::uint32_t{1} << (28 - c.sps.log2_max_pic_order_cnt_lsb_minus4)) - 1;
        c.r.ue(entry.delta_poc_msb_cycle_lt, maximum,
               "delta_poc_msb_cycle_lt above 2^32 / MaxPicOrderCntLsb (7.4.7.1)");
    }
}

/// 7.3.6.1, from num_long_term_sps to delta_poc_msb_cycle_lt
void parse_long_term(const Context& c) {
    if (!c.sps.long_term_ref_pics_present_flag) return;
    const std::uint64_t start = c.r.bits().position();
    const unsigned room = maximum_set_pictures - c.header.short_term_ref_pic_set.num_delta_pocs();
    constexpr const char* too_many = "more pictures in a reference picture set than the DPB holds (7.4.7.1)";
    unsigned num_long_term_sps = 0;
    if (c.sps.num_long_term_ref_pics_sps > 0)
        c.r.ue(num_long_term_sps, std::min<unsigned>(room, c.sps.num_long_term_ref_pics_sps), too_many);
    const unsigned count = num_long_term_sps + c.r.ue(room - num_long_term_sps, too_many);
    for (unsigned i = 0; i < count && c.r.ok(); ++i) {
        LongTermEntry& entry = c.header.long_term[i];
        parse_long_term_entry(c, i < num_long_term_sps, entry);
        if (i == 0 || i == num_long_term_sps) continue; // (7-52): the others are differences to the one before
        const std::int64_t cycles =
            std::int64_t{entry.delta_poc_msb_cycle_lt} + c.header.long_term[i - 1].delta_poc_msb_cycle_lt;
        c.r.require(cycles < 1 << 28, "DeltaPocMsbCycleLt above 2^32 / MaxPicOrderCntLsb (7.4.7.1)");
        entry.delta_poc_msb_cycle_lt = static_cast<std::int32_t>(c.r.ok() ? cycles : 0);
    }
    c.header.num_long_term = static_cast<std::uint8_t>(c.r.ok() ? count : 0);
    c.header.long_term_ref_pic_set_size = bits_since(c.r, start);
}

/// 7.3.6.1, what pictures but IDR pictures have: their place in the order, and their reference picture set.
void parse_order_and_references(const Context& c) {
    if (is_idr(c.header.nal_unit_type)) return;
    c.r.u(c.header.slice_pic_order_cnt_lsb, c.sps.log2_max_pic_order_cnt_lsb_minus4 + 4U);
    parse_short_term(c);
    if (c.r.ok()) parse_long_term(c);
    if (c.sps.sps_temporal_mvp_enabled_flag) c.r.flag(c.header.slice_temporal_mvp_enabled_flag);
}

/// 7.3.6.1, from num_ref_idx_active_override_flag to num_ref_idx_l1_active_minus1
void parse_num_ref_idx(const Context& c) {
    c.header.num_ref_idx_l0_active_minus1 = c.pps.num_ref_idx_l0_default_active_minus1;
    if (c.is(SliceType::B)) c.header.num_ref_idx_l1_active_minus1 = c.pps.num_ref_idx_l1_default_active_minus1;
    if (!c.r.flag()) return; // num_ref_idx_active_override_flag
    constexpr std::uint32_t maximum = maximum_list_entries - 1;
    c.r.ue(c.header.num_ref_idx_l0_active_minus1, maximum, "num_ref_idx_l0_active_minus1 above 14 (7.4.7.1)");
    if (c.is(SliceType::B))
        c.r.ue(c.header.num_ref_idx_l1_active_minus1, maximum, "num_ref_idx_l1_active_minus1 above 14 (7.4.7.1)");
}

/// 7.3.6.2
void parse_ref_pic_lists_modification(const Context& c, unsigned num_pic_total_curr) {
    for (unsigned list = 0; list < c.lists(); ++list) {
        c.r.flag(c.header.ref_pic_list_modification_flag[list]);
        if (!c.header.ref_pic_list_modification_flag[list]) continue;
        for (unsigned i = 0; i < c.header.active_references(list); ++i)
            c.r.u(c.header.list_entry[list][i], bits_for(num_pic_total_curr), num_pic_total_curr - 1,
                  "list_entry_l0 or list_entry_l1 not below NumPicTotalCurr (7.4.7.2)");
    }
}

/// (7-56) for 8 bits: without high_precision_offsets_enabled_flag, WpOffsetHalfRangeC is 128 at every depth.
std::int8_t chroma_offset(std::int32_t delta_chroma_offset, std::int32_t weight, unsigned denominator) {
    const std::int32_t predicted = 128 - ((128 * weight) >> denominator);
    return static_cast<std::int8_t>(std::clamp(predicted + delta_chroma_offset, -128, 127));
}

/// 7.3.6.3, delta_luma_weight and luma_offset of a reference
void parse_luma_weight(SyntaxReader& r, PredWeight& entry) {
    r.se(entry.delta_luma_weight, -128, 127, "delta_luma_weight_l0 outside of -128 to 127 (7.4.7.3)");
    r.se(entry.luma_offset, -128, 127, "luma_offset_l0 outside of -128 to 127 (7.4.7.3)");
}

/// 7.3.6.3, delta_chroma_weight and delta_chroma_offset of a reference
void parse_chroma_weight(SyntaxReader& r, unsigned denominator, PredWeight& entry) {
    for (unsigned component = 0; component < 2; ++component) {
        std::int32_t delta_chroma_offset = 0;
        r.se(entry.delta_chroma_weight[component], -128, 127,
             "delta_chroma_weight_l0 outside of -128 to 127 (7.4.7.3)");
        r.se(delta_chroma_offset, -512, 511, "delta_chroma_offset_l0 outside of -512 to 511 (7.4.7.3)");
        const std::int32_t weight = (1 << denominator) + entry.delta_chroma_weight[component];
        entry.chroma_offset[component] = chroma_offset(delta_chroma_offset, weight, denominator);
    }
}

/// 7.3.6.3. References with the picture order count of the picture itself, which have no flags, are of other layers.
void parse_pred_weight_table(const Context& c) {
    PredWeightTable& table = c.header.pred_weight_table;
    const bool chroma = c.sps.chroma_array_type() != 0;
    c.r.ue(table.luma_log2_weight_denom, 7, "luma_log2_weight_denom above 7 (7.4.7.3)");
    if (chroma)
        c.r.se(table.delta_chroma_log2_weight_denom, -table.luma_log2_weight_denom, 7 - table.luma_log2_weight_denom,
               "ChromaLog2WeightDenom outside of 0 to 7 (7.4.7.3)");
    const auto denominator = static_cast<unsigned>(table.luma_log2_weight_denom + table.delta_chroma_log2_weight_denom);
    for (unsigned list = 0; list < c.lists(); ++list) {
        std::array<bool, maximum_list_entries> luma_weight_flag{};
        std::array<bool, maximum_list_entries> chroma_weight_flag{};
        const unsigned count = c.header.active_references(list);
        for (unsigned i = 0; i < count; ++i) luma_weight_flag[i] = c.r.flag();
        for (unsigned i = 0; chroma && i < count; ++i) chroma_weight_flag[i] = c.r.flag();
        for (unsigned i = 0; i < count && c.r.ok(); ++i) {
            if (luma_weight_flag[i]) parse_luma_weight(c.r, table.weights[list][i]);
            if (chroma_weight_flag[i]) parse_chroma_weight(c.r, denominator, table.weights[list][i]);
        }
    }
}

/// 7.3.6.1, collocated_from_l0_flag and collocated_ref_idx
void parse_collocated(const Context& c) {
    if (!c.header.slice_temporal_mvp_enabled_flag) return;
    if (c.is(SliceType::B)) c.r.flag(c.header.collocated_from_l0_flag);
    const unsigned count = c.header.active_references(c.header.collocated_from_l0_flag ? 0 : 1);
    if (count > 1) c.r.ue(c.header.collocated_ref_idx, count - 1, "collocated_ref_idx names no reference (7.4.7.1)");
}

/// 7.3.6.1, from num_ref_idx_active_override_flag to five_minus_max_num_merge_cand
void parse_inter_prediction(const Context& c) {
    parse_num_ref_idx(c);
    const unsigned num_pic_total_curr = c.header.num_pic_total_curr();
    c.r.require(num_pic_total_curr != 0, "a P or B slice without pictures to refer to (7.4.7.1)");
    if (!c.r.ok()) return;
    if (c.pps.lists_modification_present_flag && num_pic_total_curr > 1)
        parse_ref_pic_lists_modification(c, num_pic_total_curr);
    if (c.is(SliceType::B)) c.r.flag(c.header.mvd_l1_zero_flag);
    if (c.pps.cabac_init_present_flag) c.r.flag(c.header.cabac_init_flag);
    parse_collocated(c);
    if ((c.pps.weighted_pred_flag && c.is(SliceType::P)) || (c.pps.weighted_bipred_flag && c.is(SliceType::B)))
        parse_pred_weight_table(c);
    c.r.ue(c.header.five_minus_max_num_merge_cand, 4, "MaxNumMergeCand below 1 (7.4.7.1)");
}

/// 7.3.6.1, from slice_qp_delta to slice_cr_qp_offset
void parse_quantisers(const Context& c) {
    const int init_qp = 26 + c.pps.init_qp_minus26;
    const int qp_bd_offset = 6 * c.sps.bit_depth_luma_minus8;
    c.r.se(c.header.slice_qp_delta, -qp_bd_offset - init_qp, 51 - init_qp, "SliceQpY out of range (7-54)");
    if (!c.pps.pps_slice_chroma_qp_offsets_present_flag) return;
    c.r.se(c.header.slice_cb_qp_offset, -12, 12, "slice_cb_qp_offset outside of -12 to 12 (7.4.7.1)");
    c.r.se(c.header.slice_cr_qp_offset, -12, 12, "slice_cr_qp_offset outside of -12 to 12 (7.4.7.1)");
    const int cb = c.pps.pps_cb_qp_offset + c.header.slice_cb_qp_offset;
    const int cr = c.pps.pps_cr_qp_offset + c.header.slice_cr_qp_offset;
    c.r.require(std::max(cb, cr) <= 12 && std::min(cb, cr) >= -12,
                "the sum of chroma offsets outside of -12 to 12 (7.4.7.1)");
}

/// 7.3.6.1, from deblocking_filter_override_flag to slice_loop_filter_across_slices_enabled_flag
void parse_loop_filters(const Context& c) {
    SliceHeader& header = c.header;
    header.slice_deblocking_filter_disabled_flag = c.pps.pps_deblocking_filter_disabled_flag;
    header.slice_beta_offset_div2 = c.pps.pps_beta_offset_div2;
    header.slice_tc_offset_div2 = c.pps.pps_tc_offset_div2;
    const bool override_flag = c.pps.deblocking_filter_override_enabled_flag && c.r.flag();
    if (override_flag) {
        c.r.flag(header.slice_deblocking_filter_disabled_flag);
        if (!header.slice_deblocking_filter_disabled_flag) {
            c.r.se(header.slice_beta_offset_div2, -6, 6, "slice_beta_offset_div2 outside of -6 to 6 (7.4.7.1)");
            c.r.se(header.slice_tc_offset_div2, -6, 6, "slice_tc_offset_div2 outside of -6 to 6 (7.4.7.1)");
        }
    }
    header.slice_loop_filter_across_slices_enabled_flag = c.pps.pps_loop_filter_across_slices_enabled_flag;
    const bool any_filter =
        header.slice_sao_luma_flag || header.slice_sao_chroma_flag || !header.slice_deblocking_filter_disabled_flag;
    if (c.pps.pps_loop_filter_across_slices_enabled_flag && any_filter)
        c.r.flag(header.slice_loop_filter_across_slices_enabled_flag);
}

/// 7.3.6.1, what a dependent slice segment takes over from the one before.
void parse_independent_part(const Context& c) {
    SliceHeader& header = c.header;
    c.r.bits().skip(c.pps.num_extra_slice_header_bits); // slice_reserved_flag
    const std::uint32_t slice_type = c.r.ue(2, "slice_type above 2 (7.4.7.1)");
    header.slice_type = static_cast<SliceType>(slice_type);
    c.r.require(!is_irap(header.nal_unit_type) || c.is(SliceType::I),
                "slice_type is not I in an IRAP picture (7.4.7.1)");
    if (c.pps.output_flag_present_flag) c.r.flag(header.pic_output_flag);
    if (c.sps.separate_colour_plane_flag) c.r.u(header.colour_plane_id, 2, 2, "colour_plane_id above 2 (7.4.7.1)");
    parse_order_and_references(c);
    if (c.sps.sample_adaptive_offset_enabled_flag) {
        c.r.flag(header.slice_sao_luma_flag);
        if (c.sps.chroma_array_type() != 0) c.r.flag(header.slice_sao_chroma_flag);
    }
    if (!c.is(SliceType::I) && c.r.ok()) parse_inter_prediction(c);
    parse_quantisers(c);
    parse_loop_filters(c);
}

/// Most entry points that the tiles and rows of a picture allow (7.4.7.1)
std::uint32_t maximum_entry_points(const Context& c) {
    const std::uint32_t columns = c.pps.num_tile_columns_minus1 + 1U;
    const std::uint32_t rows =
        c.pps.entropy_coding_sync_enabled_flag ? c.sps.pic_height_in_ctbs() : c.pps.num_tile_rows_minus1 + 1U;
    return columns * rows - 1;
}

/// 7.3.6.1, from num_entry_point_offsets to entry_point_offset_minus1
void parse_entry_points(const Context& c, std::vector<std::uint32_t>& entry_points) {
    c.header.num_entry_point_offsets = 0;
    if (!c.pps.tiles_enabled_flag && !c.pps.entropy_coding_sync_enabled_flag) return;
    const std::uint32_t count = c.r.ue(maximum_entry_points(c), "num_entry_point_offsets above its limit (7.4.7.1)");
    if (count == 0) return;
    const unsigned bits = c.r.ue(31, "offset_len_minus1 above 31 (7.4.7.1)") + 1;
    for (std::uint32_t i = 0; i < count && c.r.ok(); ++i) {
        std::uint32_t entry_point_offset_minus1 = 0;
        c.r.u(entry_point_offset_minus1, bits);
        c.r.require(entry_point_offset_minus1 != 0xffffffff, "entry point outside of any slice segment (7.4.7.1)");
        entry_points.push_back(entry_point_offset_minus1 + 1);
    }
    c.header.num_entry_point_offsets = count;
}

/// 7.3.6.1, dependent_slice_segment_flag and slice_segment_address
void parse_address(const Context& c, bool first) {
    if (first) return;
    if (c.pps.dependent_slice_segments_enabled_flag) c.r.flag(c.header.dependent_slice_segment_flag);
    c.r.u(c.header.slice_segment_address, bits_for(c.size_in_ctbs()), c.size_in_ctbs() - 1,
          "slice_segment_address outside of the picture (7.4.7.1)");
    c.r.require(c.header.slice_segment_address != 0, "slice_segment_address is 0 but of the first (7.4.7.1)");
}

/// Tiles have to fit into the picture (7.4.3.3.1), which the PPS alone does not tell.
void check_tiles(const Context& c) {
    const auto fits = [](const auto& minus1, unsigned count_minus1, unsigned size, bool uniform) {
        unsigned sum = count_minus1 + 1; // at least one coding tree block each
        for (unsigned i = 0; !uniform && i < count_minus1; ++i) sum += minus1[i];
        return sum <= size;
    };
    c.r.require(fits(c.pps.column_width_minus1, c.pps.num_tile_columns_minus1, c.sps.pic_width_in_ctbs(),
                     c.pps.uniform_spacing_flag),
                "tile columns are wider than the picture (7.4.3.3.1)");
    c.r.require(fits(c.pps.row_height_minus1, c.pps.num_tile_rows_minus1, c.sps.pic_height_in_ctbs(),
                     c.pps.uniform_spacing_flag),
                "tile rows are higher than the picture (7.4.3.3.1)");
}

/// Bytes of the NAL unit that `rbsp_bytes` come from, emulation prevention bytes among them (7.3.1.1).
std::uint32_t raw_size(std::span<const std::uint8_t> nal, std::uint64_t rbsp_bytes) {
    std::size_t at = 0;
    for (unsigned zeros = 0; rbsp_bytes > 0 && at < nal.size(); ++at) {
        if (zeros >= 2 && nal[at] == 3) {
            zeros = 0;
            continue;
        }
        zeros = nal[at] == 0 ? zeros + 1 : 0;
        --rbsp_bytes;
    }
    return static_cast<std::uint32_t>(at);
}

/// 7.3.6.1, the extension, and byte_alignment() (7.3.2.12)
void parse_header_end(const Context& c, std::span<const std::uint8_t> nal) {
    if (c.pps.slice_segment_header_extension_present_flag)
        c.r.bits().skip(8 * c.r.ue(256, "slice_segment_header_extension_length above 256 (7.4.7.1)"));
    c.r.require(c.r.flag(), "byte_alignment() does not begin with 1 (7.3.2.12)");
    c.r.bits().align();
    c.header.data_byte_offset = raw_size(nal, c.r.bits().position() / 8);
}

/// 7.4.7.1, (7-55) and (7-56): the last part has a byte or more, too. Devices read where they are told to.
void check_entry_points(const Context& c, std::span<const std::uint8_t> nal,
                        std::span<const std::uint32_t> entry_points) {
    if (entry_points.empty() || !c.r.ok()) return;
    std::uint64_t end = c.header.data_byte_offset;
    for (const std::uint32_t size : entry_points) end += size;
    c.r.require(end < nal.size(), "entry points outside of the slice segment (7.4.7.1)");
}

/// 7.3.6.1, as far as the picture parameter set's id, which all else depends on.
void parse_beginning(SyntaxReader& r, std::span<const std::uint8_t> nal, SliceHeader& header) {
    const auto nal_header = parse_nal_header(nal);
    r.require(nal_header && is_slice(nal_header->type), "NAL unit has no slice header (Table 7-1)");
    if (!r.ok()) return;
    r.bits().skip(nal_header_bits);
    header.nal_unit_type = nal_header->type;
    header.nuh_temporal_id_plus1 = nal_header->nuh_temporal_id_plus1;
    r.require(!is_irap(nal_header->type) || nal_header->nuh_temporal_id_plus1 == 1,
              "TemporalId of an IRAP picture is not 0 (7.4.2.2)");
    r.flag(header.first_slice_segment_in_pic_flag);
    if (is_irap(header.nal_unit_type)) r.flag(header.no_output_of_prior_pics_flag);
    r.ue(header.slice_pic_parameter_set_id, maximum_pps - 1, "slice_pic_parameter_set_id above 63 (7.4.7.1)");
}

/// Takes over what a dependent slice segment does not repeat.
void inherit(const SliceHeader& previous, SliceHeader& header) {
    const SliceHeader own = header;
    header = previous;
    header.nal_unit_type = own.nal_unit_type;
    header.nuh_temporal_id_plus1 = own.nuh_temporal_id_plus1;
    header.slice_pic_parameter_set_id = own.slice_pic_parameter_set_id;
    header.first_slice_segment_in_pic_flag = own.first_slice_segment_in_pic_flag;
    header.dependent_slice_segment_flag = own.dependent_slice_segment_flag;
    header.slice_segment_address = own.slice_segment_address;
    header.short_term_ref_pic_set_size = header.long_term_ref_pic_set_size = 0; // bits of the other's header
}

} // namespace

Parsed<> parse_slice_header(std::span<const std::uint8_t> nal, const SpsTable& spss, const PpsTable& ppss,
                            const SliceHeader* previous, SliceHeader& header,
                            std::vector<std::uint32_t>& entry_points) {
    constexpr const char* truncated = "slice segment header is cut short (7.3.6.1)";
    SyntaxReader r(nal);
    header = {};
    entry_points.clear();
    parse_beginning(r, nal, header);
    const Pps* pps = ppss[header.slice_pic_parameter_set_id];
    r.require(pps != nullptr, "the picture parameter set that a slice names is missing", ENOENT);
    if (!r.ok()) return r.result(truncated);
    const Sps* sps = spss[pps->pps_seq_parameter_set_id];
    r.require(sps != nullptr, "the sequence parameter set that a slice names is missing", ENOENT);
    if (!r.ok()) return r.result(truncated);
    if (sps->screen_content_tools || pps->screen_content_tools || sps->range_extension_tools ||
        pps->range_extension_tools)
        return tl::unexpected(SyntaxError{ENOTSUP, "HEVC with range or screen content extensions has no driver"});
    const Context c{r, *sps, *pps, header};
    check_tiles(c);
    parse_address(c, header.first_slice_segment_in_pic_flag);
    if (!header.dependent_slice_segment_flag)
        parse_independent_part(c);
    else if (previous != nullptr)
        inherit(*previous, header);
    else
        r.require(false, "a dependent slice segment without the one before (7.4.7.1)");
    parse_entry_points(c, entry_points);
    parse_header_end(c, nal);
    check_entry_points(c, nal, entry_points);
    return r.result(truncated);
}

} // namespace v4l2play::hevc
