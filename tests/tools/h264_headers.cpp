// Prints the H.264 headers of a file, as our parser reads them or, with --trace, as libavcodec's trace_headers filter
// does: the two sides of tests/integration/h264_headers. Both see the same packets.
//
//     h264_headers [--trace] FILE
//
// Ours: `packet`, then per NAL unit its kind (`sps`, `pps`, `slice`, `sei`) and `name=value` lines, or `error=...`.
// Theirs: `packet`, then the lines of the filter, then `failed` if it gave up on the packet.
// Exit code: 0 read to the end; 1 the file cannot be opened; 2 bad call; 3 it has no H.264 stream.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
}

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "decoder/codec/h264_parser.h"
#include "decoder/codec/nal_units.h"
#include "tests/tools/read_packets.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::h264;

template <class T>
void print(const char* name, const T& value) {
    fmt::print("{}={}\n", name, value);
}
void print(const char* name, bool value) { print(name, value ? 1 : 0); }
void print(const char* name, std::uint8_t value) { print(name, unsigned{value}); }
void print(const char* name, std::int8_t value) { print(name, int{value}); }

template <class Range>
std::string joined(const Range& values, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += fmt::format("{}{}", i == 0 ? "" : ",", values[i]);
    return text;
}

void print_scaling(const ScalingLists& lists) {
    for (unsigned i = 0; i < 12; ++i) {
        if ((lists.present >> i & 1) == 0) continue;
        const bool use_default = (lists.use_default >> i & 1) != 0;
        const std::string values = i < 6 ? joined(lists.list_4x4[i], 16) : joined(lists.list_8x8[i - 6], 64);
        fmt::print("scaling_list[{}]={}\n", i, use_default ? "default" : values);
    }
}

void print_vui(const Sps& sps) {
    fmt::print("sample_aspect={}:{}\n", sps.sample_aspect.num, sps.sample_aspect.den);
    print("video_full_range_flag", sps.color.full_range);
    print("colour_primaries", sps.color.primaries);
    print("transfer_characteristics", sps.color.transfer);
    print("matrix_coefficients", sps.color.matrix);
    print("timing_info_present_flag", sps.timing_info_present_flag);
    print("num_units_in_tick", sps.num_units_in_tick);
    print("time_scale", sps.time_scale);
    print("bitstream_restriction_flag", sps.bitstream_restriction_flag);
    print("max_num_reorder_frames", sps.max_num_reorder_frames);
    print("max_dec_frame_buffering", sps.max_dec_frame_buffering);
}

void print_sps(const Sps& sps) {
    print("profile_idc", sps.profile_idc);
    for (int i = 0; i < 6; ++i) fmt::print("constraint_set{}_flag={}\n", i, sps.constraint_set_flags >> i & 1);
    print("level_idc", sps.level_idc);
    print("seq_parameter_set_id", sps.seq_parameter_set_id);
    print("chroma_format_idc", sps.chroma_format_idc);
    print("separate_colour_plane_flag", sps.separate_colour_plane_flag);
    print("bit_depth_luma_minus8", sps.bit_depth_luma_minus8);
    print("bit_depth_chroma_minus8", sps.bit_depth_chroma_minus8);
    print("qpprime_y_zero_transform_bypass_flag", sps.qpprime_y_zero_transform_bypass_flag);
    print("seq_scaling_matrix_present_flag", sps.seq_scaling_matrix_present_flag);
    print_scaling(sps.scaling);
    print("log2_max_frame_num_minus4", sps.log2_max_frame_num_minus4);
    print("pic_order_cnt_type", sps.pic_order_cnt_type);
    print("log2_max_pic_order_cnt_lsb_minus4", sps.log2_max_pic_order_cnt_lsb_minus4);
    print("delta_pic_order_always_zero_flag", sps.delta_pic_order_always_zero_flag);
    print("offset_for_non_ref_pic", sps.offset_for_non_ref_pic);
    print("offset_for_top_to_bottom_field", sps.offset_for_top_to_bottom_field);
    print("num_ref_frames_in_pic_order_cnt_cycle", sps.num_ref_frames_in_pic_order_cnt_cycle);
    for (unsigned i = 0; i < sps.num_ref_frames_in_pic_order_cnt_cycle; ++i)
        fmt::print("offset_for_ref_frame[{}]={}\n", i, sps.offset_for_ref_frame[i]);
    print("max_num_ref_frames", sps.max_num_ref_frames);
    print("gaps_in_frame_num_allowed_flag", sps.gaps_in_frame_num_value_allowed_flag);
    print("pic_width_in_mbs_minus1", sps.pic_width_in_mbs_minus1);
    print("pic_height_in_map_units_minus1", sps.pic_height_in_map_units_minus1);
    print("frame_mbs_only_flag", sps.frame_mbs_only_flag);
    print("mb_adaptive_frame_field_flag", sps.mb_adaptive_frame_field_flag);
    print("direct_8x8_inference_flag", sps.direct_8x8_inference_flag);
    print("frame_crop_left_offset", sps.frame_crop_left_offset);
    print("frame_crop_right_offset", sps.frame_crop_right_offset);
    print("frame_crop_top_offset", sps.frame_crop_top_offset);
    print("frame_crop_bottom_offset", sps.frame_crop_bottom_offset);
    print_vui(sps);
}

void print_pps(const Pps& pps) {
    print("pic_parameter_set_id", pps.pic_parameter_set_id);
    print("seq_parameter_set_id", pps.seq_parameter_set_id);
    print("entropy_coding_mode_flag", pps.entropy_coding_mode_flag);
    print("bottom_field_pic_order_in_frame_present_flag", pps.bottom_field_pic_order_in_frame_present_flag);
    print("num_slice_groups_minus1", pps.num_slice_groups_minus1);
    print("slice_group_map_type", pps.slice_group_map_type);
    print("slice_group_change_rate_minus1", pps.slice_group_change_rate_minus1);
    print("num_ref_idx_l0_default_active_minus1", pps.num_ref_idx_l0_default_active_minus1);
    print("num_ref_idx_l1_default_active_minus1", pps.num_ref_idx_l1_default_active_minus1);
    print("weighted_pred_flag", pps.weighted_pred_flag);
    print("weighted_bipred_idc", pps.weighted_bipred_idc);
    print("pic_init_qp_minus26", pps.pic_init_qp_minus26);
    print("pic_init_qs_minus26", pps.pic_init_qs_minus26);
    print("chroma_qp_index_offset", pps.chroma_qp_index_offset);
    print("second_chroma_qp_index_offset", pps.second_chroma_qp_index_offset);
    print("deblocking_filter_control_present_flag", pps.deblocking_filter_control_present_flag);
    print("constrained_intra_pred_flag", pps.constrained_intra_pred_flag);
    print("redundant_pic_cnt_present_flag", pps.redundant_pic_cnt_present_flag);
    print("transform_8x8_mode_flag", pps.transform_8x8_mode_flag);
    print("pic_scaling_matrix_present_flag", pps.pic_scaling_matrix_present_flag);
    print_scaling(pps.scaling);
}

void print_modifications(const SliceHeader& header) {
    for (unsigned list = 0; list < 2; ++list) {
        fmt::print("modifications_l{}=", list);
        for (unsigned i = 0; i < header.modification_count[list]; ++i) {
            const RefPicListModification& modification = header.modifications[list][i];
            fmt::print("{}:{} ", modification.modification_of_pic_nums_idc, modification.value);
        }
        fmt::print("\n");
    }
}

void print_weights(const SliceHeader& header) {
    const PredWeightTable& table = header.pred_weight_table;
    print("luma_log2_weight_denom", table.luma_log2_weight_denom);
    print("chroma_log2_weight_denom", table.chroma_log2_weight_denom);
    for (unsigned list = 0; list < 2; ++list) {
        for (unsigned i = 0; i < maximum_list_entries; ++i) {
            const PredWeight& weight = table.weights[list][i];
            if (weight.luma_weight == 0 && weight.chroma_weight[0] == 0 && weight.chroma_weight[1] == 0 &&
                weight.luma_offset == 0 && weight.chroma_offset[0] == 0 && weight.chroma_offset[1] == 0)
                continue; // not in the table (or of no weight at all)
            fmt::print("weight_l{}[{}]={}:{} {}:{} {}:{}\n", list, i, weight.luma_weight, weight.luma_offset,
                       weight.chroma_weight[0], weight.chroma_offset[0], weight.chroma_weight[1],
                       weight.chroma_offset[1]);
        }
    }
}

void print_marking(const DecRefPicMarking& marking) {
    print("no_output_of_prior_pics_flag", marking.no_output_of_prior_pics_flag);
    print("long_term_reference_flag", marking.long_term_reference_flag);
    print("adaptive_ref_pic_marking_mode_flag", marking.adaptive_ref_pic_marking_mode_flag);
    fmt::print("mmco=");
    for (unsigned i = 0; i < marking.count; ++i) {
        const Mmco& mmco = marking.operations[i];
        fmt::print("{}:{}:{}:{}:{} ", mmco.operation, mmco.difference_of_pic_nums_minus1, mmco.long_term_pic_num,
                   mmco.long_term_frame_idx, mmco.max_long_term_frame_idx_plus1);
    }
    fmt::print("\n");
}

void print_slice(const SliceHeader& header) {
    print("nal_ref_idc", header.nal_ref_idc);
    print("nal_unit_type", header.nal_unit_type);
    print("first_mb_in_slice", header.first_mb_in_slice);
    print("slice_type", static_cast<unsigned>(header.slice_type));
    print("pic_parameter_set_id", header.pic_parameter_set_id);
    print("colour_plane_id", header.colour_plane_id);
    print("frame_num", header.frame_num);
    print("field_pic_flag", header.field_pic_flag);
    print("bottom_field_flag", header.bottom_field_flag);
    print("idr_pic_id", header.idr_pic_id);
    print("pic_order_cnt_lsb", header.pic_order_cnt_lsb);
    print("delta_pic_order_cnt_bottom", header.delta_pic_order_cnt_bottom);
    print("delta_pic_order_cnt[0]", header.delta_pic_order_cnt[0]);
    print("delta_pic_order_cnt[1]", header.delta_pic_order_cnt[1]);
    print("redundant_pic_cnt", header.redundant_pic_cnt);
    print("direct_spatial_mv_pred_flag", header.direct_spatial_mv_pred_flag);
    print("num_ref_idx_l0_active_minus1", header.num_ref_idx_l0_active_minus1);
    print("num_ref_idx_l1_active_minus1", header.num_ref_idx_l1_active_minus1);
    print_modifications(header);
    print_weights(header);
    print_marking(header.dec_ref_pic_marking);
    print("cabac_init_idc", header.cabac_init_idc);
    print("slice_qp_delta", header.slice_qp_delta);
    print("sp_for_switch_flag", header.sp_for_switch_flag);
    print("slice_qs_delta", header.slice_qs_delta);
    print("disable_deblocking_filter_idc", header.disable_deblocking_filter_idc);
    print("slice_alpha_c0_offset_div2", header.slice_alpha_c0_offset_div2);
    print("slice_beta_offset_div2", header.slice_beta_offset_div2);
    print("slice_group_change_cycle", header.slice_group_change_cycle);
    print("pic_order_cnt_bit_size", header.pic_order_cnt_bit_size);
    print("dec_ref_pic_marking_bit_size", header.dec_ref_pic_marking_bit_size);
    print("header_bit_size", header.header_bit_size);
}

void print_sei(const Sei& sei) {
    if (!sei.has_recovery_point) return;
    print("recovery_frame_cnt", sei.recovery_frame_cnt);
    print("exact_match_flag", sei.exact_match_flag);
    print("broken_link_flag", sei.broken_link_flag);
}

/// Our parser, and the parameter sets that it has seen.
class Headers {
  public:
    void stream(const AVCodecParameters& parameters) {
        fmt::print("packet\n");
        auto configuration =
            parse_avc_configuration({parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)});
        if (!configuration) {
            print("error", configuration.error().what);
            return;
        }
        length_size_ = configuration->length_size;
        for (NalUnits& units : configuration->parameter_sets) print_units(units);
    }
    void packet(std::span<const std::uint8_t> bytes) {
        if (bytes.empty()) return;
        fmt::print("packet\n");
        NalUnits units(bytes, length_size_);
        print_units(units);
        if (units.malformed()) print("error", "NAL unit length out of the packet");
    }

  private:
    void print_units(NalUnits& units) {
        while (const auto nal = units.next()) {
            const auto header = parse_nal_header(*nal);
            if (!header) continue;
            switch (header->type) {
            case NalType::Sps:
                sps(*nal);
                break;
            case NalType::Pps:
                pps(*nal);
                break;
            case NalType::Slice:
            case NalType::IdrSlice:
                slice(*nal);
                break;
            case NalType::Sei:
                sei(*nal);
                break;
            default:
                break;
            }
        }
    }
    void sps(std::span<const std::uint8_t> nal) {
        fmt::print("sps\n");
        Sps sps;
        if (const auto parsed = parse_sps(nal, sps); !parsed) return print("error", parsed.error().why);
        print_sps(sps);
        auto& kept = spss_[sps.seq_parameter_set_id];
        kept = std::make_unique<Sps>(sps);
        sps_table_[sps.seq_parameter_set_id] = kept.get();
    }
    void pps(std::span<const std::uint8_t> nal) {
        fmt::print("pps\n");
        Pps pps;
        if (const auto parsed = parse_pps(nal, sps_table_, pps); !parsed) return print("error", parsed.error().why);
        print_pps(pps);
        auto& kept = ppss_[pps.pic_parameter_set_id];
        kept = std::make_unique<Pps>(pps);
        pps_table_[pps.pic_parameter_set_id] = kept.get();
    }
    void slice(std::span<const std::uint8_t> nal) {
        fmt::print("slice\n");
        SliceHeader header;
        const auto parsed = parse_slice_header(nal, sps_table_, pps_table_, header);
        if (!parsed) return print("error", parsed.error().why);
        print_slice(header);
    }
    static void sei(std::span<const std::uint8_t> nal) {
        fmt::print("sei\n");
        Sei sei;
        parse_sei(nal, sei);
        print_sei(sei);
    }

    unsigned length_size_ = 0;
    std::array<std::unique_ptr<Sps>, maximum_sps> spss_;
    std::array<std::unique_ptr<Pps>, maximum_pps> ppss_;
    SpsTable sps_table_{};
    PpsTable pps_table_{};
};

void print_trace(void*, int level, const char* format, va_list arguments) {
    if (level == AV_LOG_INFO) std::vprintf(format, arguments);
}

/// The filter; it traces the extradata when it is made.
class Tracer {
  public:
    Tracer() = default;
    Tracer(Tracer&& other) noexcept
        : filter_(std::exchange(other.filter_, nullptr)) {}
    Tracer& operator=(Tracer&&) = delete;
    ~Tracer() { av_bsf_free(&filter_); }

    void stream(const AVCodecParameters& parameters) {
        if (av_bsf_alloc(av_bsf_get_by_name("trace_headers"), &filter_) < 0) return;
        avcodec_parameters_copy(filter_->par_in, &parameters);
        trace([this] { return av_bsf_init(filter_) >= 0; });
    }
    void packet(const AVPacket& packet) {
        if (packet.size == 0) return;
        AVPacket* copy = av_packet_clone(&packet);
        trace([&] { return av_bsf_send_packet(filter_, copy) >= 0 && av_bsf_receive_packet(filter_, copy) >= 0; });
        av_packet_free(&copy);
    }

  private:
    template <class Act>
    static void trace(Act act) {
        fmt::print("packet\n");
        std::fflush(stdout); // print_trace writes to stdout behind fmt's back
        av_log_set_callback(print_trace);
        const bool done = act();
        av_log_set_callback(av_log_default_callback);
        if (!done) fmt::print("failed\n");
    }

    AVBSFContext* filter_ = nullptr;
};

} // namespace

int main(int count, char** arguments) {
    const bool tracing = count == 3 && std::strcmp(arguments[1], "--trace") == 0;
    if (count != 2 && !tracing) {
        fmt::print(stderr, "usage: h264_headers [--trace] FILE\n");
        return 2;
    }
    av_log_set_level(AV_LOG_QUIET);
    const char* path = arguments[count - 1];
    return tracing ? read_packets(path, AV_CODEC_ID_H264, Tracer{}) : read_packets(path, AV_CODEC_ID_H264, Headers{});
}
