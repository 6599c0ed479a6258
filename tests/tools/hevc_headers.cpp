// Prints the HEVC parameter sets and slice segment headers of a file as our parser reads them, for
// tests/integration/hevc_headers.
//
//     hevc_headers FILE
//
// Per NAL unit of the base layer: `sps`, `pps` or `slice`, then `name=value` lines, or `error=...`. Units of the
// extradata come first. Exit code: 0 read to the end; 1 the file cannot be opened; 2 bad call; 3 it has no HEVC stream.

#include <memory>
#include <string>

#include <fmt/format.h>

#include "decoder/codec/hevc_activation.h"
#include "decoder/codec/hevc_configuration.h"
#include "tests/tools/read_packets.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::hevc;

template <class T>
void print(const char* name, const T& value) {
    fmt::print("{}={}\n", name, static_cast<std::int64_t>(value));
}

template <class Values>
void print_all(const std::string& name, const Values& values, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += fmt::format("{}{}", i == 0 ? "" : ",", static_cast<std::int64_t>(values[i]));
    fmt::print("{}={}\n", name, text);
}

/// Differences of picture order counts; in brackets those that the picture does not use.
void print_set(const std::string& name, const ShortTermRefPicSet& set) {
    std::string text;
    for (unsigned i = 0; i < set.num_delta_pocs(); ++i)
        text += set.is_used(i) ? fmt::format("{} ", set.delta_poc[i]) : fmt::format("({}) ", set.delta_poc[i]);
    fmt::print("{}={}\n", name, text);
}

#define PRINT(structure, element) print(#element, (structure).element)

void print_sizes(const Sps& s) {
    PRINT(s, chroma_format_idc);
    PRINT(s, separate_colour_plane_flag);
    PRINT(s, pic_width_in_luma_samples);
    PRINT(s, pic_height_in_luma_samples);
    PRINT(s, conf_win_left_offset);
    PRINT(s, conf_win_right_offset);
    PRINT(s, conf_win_top_offset);
    PRINT(s, conf_win_bottom_offset);
    PRINT(s, bit_depth_luma_minus8);
    PRINT(s, bit_depth_chroma_minus8);
    PRINT(s, log2_max_pic_order_cnt_lsb_minus4);
    PRINT(s, sps_max_dec_pic_buffering_minus1);
    PRINT(s, sps_max_num_reorder_pics);
    PRINT(s, sps_max_latency_increase_plus1);
}

void print_blocks(const Sps& s) {
    PRINT(s, log2_min_luma_coding_block_size_minus3);
    PRINT(s, log2_diff_max_min_luma_coding_block_size);
    PRINT(s, log2_min_luma_transform_block_size_minus2);
    PRINT(s, log2_diff_max_min_luma_transform_block_size);
    PRINT(s, max_transform_hierarchy_depth_inter);
    PRINT(s, max_transform_hierarchy_depth_intra);
    PRINT(s, scaling_list_enabled_flag);
    PRINT(s, amp_enabled_flag);
    PRINT(s, sample_adaptive_offset_enabled_flag);
    PRINT(s, pcm_enabled_flag);
    PRINT(s, pcm_sample_bit_depth_luma_minus1);
    PRINT(s, pcm_sample_bit_depth_chroma_minus1);
    PRINT(s, log2_min_pcm_luma_coding_block_size_minus3);
    PRINT(s, log2_diff_max_min_pcm_luma_coding_block_size);
    PRINT(s, pcm_loop_filter_disabled_flag);
}

void print(const Sps& s) {
    PRINT(s, sps_video_parameter_set_id);
    PRINT(s, sps_max_sub_layers_minus1);
    PRINT(s, general_profile_idc);
    PRINT(s, general_level_idc);
    PRINT(s, sps_seq_parameter_set_id);
    print_sizes(s);
    print_blocks(s);
    PRINT(s, num_short_term_ref_pic_sets);
    for (unsigned i = 0; i < s.num_short_term_ref_pic_sets; ++i)
        print_set(fmt::format("set[{}]", i), s.short_term_ref_pic_sets[i]);
    PRINT(s, long_term_ref_pics_present_flag);
    PRINT(s, num_long_term_ref_pics_sps);
    PRINT(s, sps_temporal_mvp_enabled_flag);
    PRINT(s, strong_intra_smoothing_enabled_flag);
    print("colour_primaries", s.color.primaries);
    print("transfer_characteristics", s.color.transfer);
    print("matrix_coefficients", s.color.matrix);
    print("video_full_range_flag", s.color.full_range);
    PRINT(s, field_seq_flag);
    PRINT(s, frame_field_info_present_flag);
}

void print_coding(const Pps& p) {
    PRINT(p, sign_data_hiding_enabled_flag);
    PRINT(p, cabac_init_present_flag);
    PRINT(p, num_ref_idx_l0_default_active_minus1);
    PRINT(p, num_ref_idx_l1_default_active_minus1);
    PRINT(p, init_qp_minus26);
    PRINT(p, constrained_intra_pred_flag);
    PRINT(p, transform_skip_enabled_flag);
    PRINT(p, cu_qp_delta_enabled_flag);
    PRINT(p, diff_cu_qp_delta_depth);
    PRINT(p, pps_cb_qp_offset);
    PRINT(p, pps_cr_qp_offset);
    PRINT(p, pps_slice_chroma_qp_offsets_present_flag);
    PRINT(p, weighted_pred_flag);
    PRINT(p, weighted_bipred_flag);
    PRINT(p, transquant_bypass_enabled_flag);
}

void print(const Pps& p) {
    PRINT(p, pps_pic_parameter_set_id);
    PRINT(p, pps_seq_parameter_set_id);
    PRINT(p, dependent_slice_segments_enabled_flag);
    PRINT(p, output_flag_present_flag);
    PRINT(p, num_extra_slice_header_bits);
    print_coding(p);
    PRINT(p, tiles_enabled_flag);
    PRINT(p, entropy_coding_sync_enabled_flag);
    PRINT(p, num_tile_columns_minus1);
    PRINT(p, num_tile_rows_minus1);
    PRINT(p, pps_loop_filter_across_slices_enabled_flag);
    PRINT(p, deblocking_filter_control_present_flag);
    PRINT(p, deblocking_filter_override_enabled_flag);
    PRINT(p, pps_deblocking_filter_disabled_flag);
    PRINT(p, pps_beta_offset_div2);
    PRINT(p, pps_tc_offset_div2);
    PRINT(p, pps_scaling_list_data_present_flag);
    PRINT(p, lists_modification_present_flag);
    PRINT(p, log2_parallel_merge_level_minus2);
    PRINT(p, slice_segment_header_extension_present_flag);
}

void print_weights(const SliceHeader& s) {
    PRINT(s.pred_weight_table, luma_log2_weight_denom);
    PRINT(s.pred_weight_table, delta_chroma_log2_weight_denom);
    for (unsigned list = 0; list < 2; ++list)
        for (unsigned i = 0; i < s.active_references(list); ++i) {
            const PredWeight& weight = s.pred_weight_table.weights[list][i];
            print_all(fmt::format("weight_l{}[{}]", list, i),
                      std::array<int, 4>{weight.delta_luma_weight, weight.luma_offset, weight.delta_chroma_weight[0],
                                         weight.delta_chroma_weight[1]},
                      4);
        }
}

void print_inter(const SliceHeader& s, const Pps& pps) {
    PRINT(s, num_ref_idx_l0_active_minus1);
    PRINT(s, num_ref_idx_l1_active_minus1);
    for (unsigned list = 0; list < 2; ++list)
        if (s.ref_pic_list_modification_flag[list])
            print_all(fmt::format("list_entry_l{}", list), s.list_entry[list], s.active_references(list));
    PRINT(s, mvd_l1_zero_flag);
    PRINT(s, cabac_init_flag);
    PRINT(s, collocated_from_l0_flag);
    PRINT(s, collocated_ref_idx);
    PRINT(s, five_minus_max_num_merge_cand);
    if (s.slice_type == SliceType::P ? pps.weighted_pred_flag : pps.weighted_bipred_flag) print_weights(s);
}

void print(const SliceHeader& s, const Pps& pps, const std::vector<std::uint32_t>& entry_points) {
    PRINT(s, nal_unit_type);
    PRINT(s, nuh_temporal_id_plus1);
    PRINT(s, first_slice_segment_in_pic_flag);
    PRINT(s, no_output_of_prior_pics_flag);
    PRINT(s, slice_pic_parameter_set_id);
    PRINT(s, dependent_slice_segment_flag);
    PRINT(s, slice_segment_address);
    PRINT(s, slice_type);
    PRINT(s, pic_output_flag);
    PRINT(s, slice_pic_order_cnt_lsb);
    PRINT(s, short_term_ref_pic_set_sps_flag);
    print_set("set", s.short_term_ref_pic_set);
    PRINT(s, short_term_ref_pic_set_size);
    PRINT(s, long_term_ref_pic_set_size);
    PRINT(s, slice_temporal_mvp_enabled_flag);
    PRINT(s, slice_sao_luma_flag);
    PRINT(s, slice_sao_chroma_flag);
    if (s.slice_type != SliceType::I) print_inter(s, pps);
    PRINT(s, slice_qp_delta);
    PRINT(s, slice_cb_qp_offset);
    PRINT(s, slice_cr_qp_offset);
    PRINT(s, slice_deblocking_filter_disabled_flag);
    PRINT(s, slice_beta_offset_div2);
    PRINT(s, slice_tc_offset_div2);
    PRINT(s, slice_loop_filter_across_slices_enabled_flag);
    print_all("entry_points", entry_points, entry_points.size());
    PRINT(s, data_byte_offset);
}

class Headers {
  public:
    void stream(const AVCodecParameters& stream) {
        auto configuration =
            HevcConfiguration::parse({stream.extradata, static_cast<std::size_t>(stream.extradata_size)});
        if (!configuration) return;
        length_size_ = configuration->length_size();
        while (const auto nal = configuration->next()) unit(*nal);
    }
    void packet(std::span<const std::uint8_t> bytes) {
        NalUnits units(bytes, length_size_);
        while (const auto nal = units.next()) unit(*nal);
    }

  private:
    void unit(std::span<const std::uint8_t> nal) {
        const auto header = parse_nal_header(nal);
        if (!header || header->nuh_layer_id != 0) return;
        if (header->type == NalType::Sps) sps(nal);
        if (header->type == NalType::Pps) pps(nal);
        if (is_slice(header->type)) slice(nal);
    }
    void sps(std::span<const std::uint8_t> nal) {
        auto parsed = std::make_unique<Sps>();
        fmt::print("sps\n");
        if (const auto result = parse_sps(nal, *parsed); !result) return error(result.error());
        print(*parsed);
        if (sets_.receive_sps(nal)) return;
        fmt::print("error=not received\n");
    }
    void pps(std::span<const std::uint8_t> nal) {
        Pps parsed;
        fmt::print("pps\n");
        if (const auto result = parse_pps(nal, parsed); !result) return error(result.error());
        print(parsed);
        if (sets_.receive_pps(nal)) return;
        fmt::print("error=not received\n");
    }
    void slice(std::span<const std::uint8_t> nal) {
        SliceHeader parsed;
        fmt::print("slice\n");
        const auto result = parse_slice_header(nal, sets_.received(), sets_.ppss(), &previous_, parsed, entry_points_);
        if (!result) return error(result.error());
        print(parsed, *sets_.ppss()[parsed.slice_pic_parameter_set_id], entry_points_);
        previous_ = parsed;
    }
    static void error(const SyntaxError& error) { fmt::print("error={}\n", error.why); }

    unsigned length_size_ = 0;
    ParameterSets sets_;
    SliceHeader previous_;
    std::vector<std::uint32_t> entry_points_;
};

} // namespace

int main(int argc, char** argv) { return argc == 2 ? read_packets(argv[1], AV_CODEC_ID_HEVC, Headers{}) : 2; }
