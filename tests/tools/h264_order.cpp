// Runs the H.264 codec over a file, as libavformat demuxes it, and prints what it would have a device do.
//
//     h264_order FILE             one line per step
//     h264_order --requests FILE  one JSON object per slice: the values that a slice-based driver is given, by the
//     names
//                                 of the kernel's control structures; for compare_golden.py
//
// Frames are numbered in decoding order, from 0. Edit lists are ignored.
// Exit code: 0 decoded to the end; 1 the file cannot be opened; 2 bad call; 3 it has no H.264 stream; 4 the codec
// refuses the stream (`refused REASON` is the last line).

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
}

#include <cstring>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "decoder/codec/h264.h"
#include "decoder/codec/h264_picture.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::h264;
using Json = nlohmann::ordered_json;

// Table 6-1 of the standard's zig-zag scans: position in raster order of the i-th value.
template <unsigned Side>
std::array<unsigned, Side * Side> zigzag() {
    std::array<unsigned, Side * Side> scan{};
    unsigned x = 0;
    unsigned y = 0;
    for (unsigned& position : scan) {
        position = y * Side + x;
        const bool up = (x + y) % 2 == 0;
        unsigned& along = up ? x : y;
        unsigned& against = up ? y : x;
        if (along == Side - 1) {
            ++against;
        } else {
            ++along;
            if (against > 0) --against;
        }
    }
    return scan;
}

template <std::size_t Size>
Json raster(const std::array<std::uint8_t, Size>& list, const std::array<unsigned, Size>& scan) {
    std::array<unsigned, Size> values{};
    for (std::size_t i = 0; i < Size; ++i) values[scan[i]] = list[i];
    return values;
}

Json scaling_matrix(const ScalingLists& lists) {
    Json matrix{{"scaling_list_4x4", Json::array()}, {"scaling_list_8x8", Json::array()}};
    for (const auto& list : lists.list_4x4) matrix["scaling_list_4x4"].push_back(raster(list, zigzag<4>()));
    for (const auto& list : lists.list_8x8) matrix["scaling_list_8x8"].push_back(raster(list, zigzag<8>()));
    return matrix;
}

/// Collects the names of flags that are set.
class Flags {
  public:
    Flags& add(bool set, const char* name) {
        if (set) names_.push_back(name);
        return *this;
    }
    [[nodiscard]] const Json& json() const { return names_; }

  private:
    Json names_ = Json::array();
};

Json fields(Fields value) {
    return Flags()
        .add((value & Fields::Top) != Fields::None, "TOP")
        .add((value & Fields::Bottom) != Fields::None, "BOTTOM")
        .json();
}

Json sps_control(const Sps& sps) {
    Json json{{"profile_idc", sps.profile_idc},
              {"level_idc", sps.level_idc},
              {"seq_parameter_set_id", sps.seq_parameter_set_id},
              {"chroma_format_idc", sps.chroma_format_idc},
              {"bit_depth_luma_minus8", sps.bit_depth_luma_minus8},
              {"bit_depth_chroma_minus8", sps.bit_depth_chroma_minus8},
              {"log2_max_frame_num_minus4", sps.log2_max_frame_num_minus4},
              {"pic_order_cnt_type", sps.pic_order_cnt_type},
              {"log2_max_pic_order_cnt_lsb_minus4", sps.log2_max_pic_order_cnt_lsb_minus4},
              {"max_num_ref_frames", sps.max_num_ref_frames},
              {"num_ref_frames_in_pic_order_cnt_cycle", sps.num_ref_frames_in_pic_order_cnt_cycle},
              {"offset_for_ref_frame", Json::array()},
              {"offset_for_non_ref_pic", sps.offset_for_non_ref_pic},
              {"offset_for_top_to_bottom_field", sps.offset_for_top_to_bottom_field},
              {"pic_width_in_mbs_minus1", sps.pic_width_in_mbs_minus1},
              {"pic_height_in_map_units_minus1", sps.pic_height_in_map_units_minus1}};
    for (unsigned i = 0; i < sps.num_ref_frames_in_pic_order_cnt_cycle; ++i)
        json["offset_for_ref_frame"].push_back(sps.offset_for_ref_frame[i]);
    Json sets = Json::array();
    for (unsigned i = 0; i < 6; ++i)
        if ((sps.constraint_set_flags >> i & 1) != 0) sets.push_back(fmt::format("SET{}", i));
    json["constraint_set_flags"] = sets;
    json["flags"] = Flags()
                        .add(sps.separate_colour_plane_flag, "SEPARATE_COLOUR_PLANE")
                        .add(sps.qpprime_y_zero_transform_bypass_flag, "QPPRIME_Y_ZERO_TRANSFORM_BYPASS")
                        .add(sps.delta_pic_order_always_zero_flag, "DELTA_PIC_ORDER_ALWAYS_ZERO")
                        .add(sps.gaps_in_frame_num_value_allowed_flag, "GAPS_IN_FRAME_NUM_VALUE_ALLOWED")
                        .add(sps.frame_mbs_only_flag, "FRAME_MBS_ONLY")
                        .add(sps.mb_adaptive_frame_field_flag, "MB_ADAPTIVE_FRAME_FIELD")
                        .add(sps.direct_8x8_inference_flag, "DIRECT_8X8_INFERENCE")
                        .json();
    return json;
}

Json pps_control(const H264Picture& picture) {
    const Pps& pps = *picture.pps;
    Json json{{"pic_parameter_set_id", pps.pic_parameter_set_id},
              {"seq_parameter_set_id", pps.seq_parameter_set_id},
              {"num_slice_groups_minus1", pps.num_slice_groups_minus1},
              {"num_ref_idx_l0_default_active_minus1", pps.num_ref_idx_l0_default_active_minus1},
              {"num_ref_idx_l1_default_active_minus1", pps.num_ref_idx_l1_default_active_minus1},
              {"weighted_bipred_idc", pps.weighted_bipred_idc},
              {"pic_init_qp_minus26", pps.pic_init_qp_minus26},
              {"pic_init_qs_minus26", pps.pic_init_qs_minus26},
              {"chroma_qp_index_offset", pps.chroma_qp_index_offset},
              {"second_chroma_qp_index_offset", pps.second_chroma_qp_index_offset}};
    json["flags"] =
        Flags()
            .add(pps.entropy_coding_mode_flag, "ENTROPY_CODING_MODE")
            .add(pps.bottom_field_pic_order_in_frame_present_flag, "BOTTOM_FIELD_PIC_ORDER_IN_FRAME_PRESENT")
            .add(pps.weighted_pred_flag, "WEIGHTED_PRED")
            .add(pps.deblocking_filter_control_present_flag, "DEBLOCKING_FILTER_CONTROL_PRESENT")
            .add(pps.constrained_intra_pred_flag, "CONSTRAINED_INTRA_PRED")
            .add(pps.redundant_pic_cnt_present_flag, "REDUNDANT_PIC_CNT_PRESENT")
            .add(pps.transform_8x8_mode_flag, "TRANSFORM_8X8_MODE")
            .add(picture.scaling != nullptr, "SCALING_MATRIX_PRESENT")
            .json();
    return json;
}

Json frame_number(FrameId id) { return id == 0 ? Json() : Json(id - 1); }

Json dpb_entry(const DpbEntry& entry) {
    Json json{{"reference_ts", frame_number(entry.id)},
              {"pic_num", static_cast<std::uint32_t>(entry.pic_num)},
              {"frame_num", entry.is_long_term() ? entry.long_term_frame_idx : entry.frame_num},
              {"fields", fields(entry.reference())},
              {"top_field_order_cnt", entry.top_field_order_cnt},
              {"bottom_field_order_cnt", entry.bottom_field_order_cnt}};
    json["flags"] = Flags()
                        .add(true, "VALID")
                        .add(true, "ACTIVE")
                        .add(entry.is_long_term(), "LONG_TERM")
                        .add(entry.field_pair || entry.decoded != Fields::Frame, "FIELD")
                        .json();
    return json;
}

bool any_slice_is(const H264Picture& picture, SliceType type) {
    for (const Slice& slice : picture.slices)
        if (slice.header.slice_type == type) return true;
    return false;
}

Json decode_params(const H264Picture& picture, const SliceHeader& header) {
    Json json{{"dpb", Json::array()},
              {"nal_ref_idc", header.nal_ref_idc},
              {"frame_num", header.frame_num},
              {"top_field_order_cnt", picture.top_field_order_cnt},
              {"bottom_field_order_cnt", picture.bottom_field_order_cnt},
              {"idr_pic_id", header.idr_pic_id},
              {"pic_order_cnt_lsb", header.pic_order_cnt_lsb},
              {"delta_pic_order_cnt_bottom", header.delta_pic_order_cnt_bottom},
              {"delta_pic_order_cnt0", header.delta_pic_order_cnt[0]},
              {"delta_pic_order_cnt1", header.delta_pic_order_cnt[1]},
              {"dec_ref_pic_marking_bit_size", header.dec_ref_pic_marking_bit_size},
              {"pic_order_cnt_bit_size", header.pic_order_cnt_bit_size},
              {"slice_group_change_cycle", header.slice_group_change_cycle}};
    for (unsigned i = 0; i < picture.dpb_count; ++i) json["dpb"].push_back(dpb_entry(picture.dpb[i]));
    json["flags"] = Flags()
                        .add(header.idr_pic_flag, "IDR_PIC")
                        .add(header.field_pic_flag, "FIELD_PIC")
                        .add(header.bottom_field_flag, "BOTTOM_FIELD")
                        .add(any_slice_is(picture, SliceType::P), "PFRAME")
                        .add(any_slice_is(picture, SliceType::B), "BFRAME")
                        .json();
    return json;
}

Json list(const Slice& slice, unsigned which) {
    Json entries = Json::array();
    for (unsigned i = 0; i < slice.list_size[which]; ++i)
        entries.push_back({{"fields", fields(slice.list[which][i].fields)}, {"index", slice.list[which][i].dpb_index}});
    return entries;
}

Json slice_params(const Slice& slice) {
    const SliceHeader& header = slice.header;
    Json json{{"header_bit_size", header.header_bit_size},
              {"first_mb_in_slice", header.first_mb_in_slice},
              {"slice_type", static_cast<unsigned>(header.slice_type)},
              {"colour_plane_id", header.colour_plane_id},
              {"redundant_pic_cnt", header.redundant_pic_cnt},
              {"cabac_init_idc", header.cabac_init_idc},
              {"slice_qp_delta", header.slice_qp_delta},
              {"slice_qs_delta", header.slice_qs_delta},
              {"disable_deblocking_filter_idc", header.disable_deblocking_filter_idc},
              {"slice_alpha_c0_offset_div2", header.slice_alpha_c0_offset_div2},
              {"slice_beta_offset_div2", header.slice_beta_offset_div2},
              {"num_ref_idx_l0_active_minus1", header.num_ref_idx_l0_active_minus1},
              {"num_ref_idx_l1_active_minus1", header.num_ref_idx_l1_active_minus1},
              {"ref_pic_list0", list(slice, 0)},
              {"ref_pic_list1", list(slice, 1)}};
    json["flags"] = Flags()
                        .add(header.direct_spatial_mv_pred_flag, "DIRECT_SPATIAL_MV_PRED")
                        .add(header.sp_for_switch_flag, "SP_FOR_SWITCH")
                        .json();
    return json;
}

Json pred_weights(const PredWeightTable& table) {
    Json json{{"luma_log2_weight_denom", table.luma_log2_weight_denom},
              {"chroma_log2_weight_denom", table.chroma_log2_weight_denom},
              {"weight_factors", Json::array()}};
    for (const auto& list_weights : table.weights) {
        Json factors;
        for (const PredWeight& weight : list_weights) {
            factors["luma_weight"].push_back(weight.luma_weight);
            factors["luma_offset"].push_back(weight.luma_offset);
            factors["chroma_weight"].push_back(weight.chroma_weight);
            factors["chroma_offset"].push_back(weight.chroma_offset);
        }
        json["weight_factors"].push_back(factors);
    }
    return json;
}

struct Origin {
    std::int64_t pts = AV_NOPTS_VALUE;
    std::int64_t position = -1;
    bool discard = false;
};

/// Prints steps and keeps the books for that: what pictures wait for.
class Printer {
  public:
    explicit Printer(bool requests)
        : requests_(requests) {}

    /// `packet`: where new pictures come from.
    void print(const Steps& steps, const AVPacket& packet) {
        origin_ = {packet.pts, packet.pos, (packet.flags & AV_PKT_FLAG_DISCARD) != 0};
        for (const Step& step : steps) requests_ ? print_requests(step) : print_step(step);
    }

  private:
    void print_requests(const Step& step) {
        if (step.kind != Step::Kind::Decode) return;
        const auto& picture = static_cast<const H264Picture&>(*step.picture);
        for (const Slice& slice : picture.slices) {
            Json controls{{"h264_decode_params", decode_params(picture, slice.header)},
                          {"h264_pps", pps_control(picture)},
                          {"h264_sps", sps_control(*picture.sps)},
                          {"h264_slice_params", slice_params(slice)},
                          {"h264_pred_weights", pred_weights(slice.header.pred_weight_table)}};
            if (picture.scaling != nullptr) controls["h264_scaling_matrix"] = scaling_matrix(*picture.scaling);
            fmt::print("{}\n", Json{{"frame", picture.id - 1}, {"controls", controls}}.dump());
        }
    }

    void print_step(const Step& step) {
        switch (step.kind) {
        case Step::Kind::Sequence:
            print_sequence(*step.sequence);
            break;
        case Step::Kind::Decode:
            print_decode(static_cast<const H264Picture&>(*step.picture));
            break;
        case Step::Kind::Output:
            print_output(step.id);
            break;
        case Step::Kind::Forget:
            fmt::print("forget {}\n", step.id - 1);
            break;
        case Step::Kind::Skip:
            fmt::print("skip {}: {}\n", to_string(step.reason), step.why);
            break;
        }
    }

    void print_output(FrameId id) {
        const Origin& origin = origins_[id];
        const std::string pts = origin.pts == AV_NOPTS_VALUE ? "none" : std::to_string(origin.pts);
        fmt::print("output {} pts {} position {}{}\n", id - 1, pts, origin.position, origin.discard ? " discard" : "");
        origins_.erase(id);
    }

    static void print_sequence(const SequenceInfo& sequence) {
        const FrameInfo& info = sequence.info;
        fmt::print("sequence {}x{} depth {}/{} chroma {} visible {}x{}+{}+{} aspect {}:{} color {}/{}/{}{} dpb {}{}\n",
                   sequence.coded_width, sequence.coded_height, sequence.bit_depth_luma, sequence.bit_depth_chroma,
                   sequence.chroma_format_idc, info.visible.width, info.visible.height, info.visible.x, info.visible.y,
                   info.sample_aspect.num, info.sample_aspect.den, info.color.primaries, info.color.transfer,
                   info.color.matrix, info.color.full_range ? "/full" : "", sequence.dpb_slots,
                   sequence.interlaced ? " interlaced" : "");
    }

    void print_decode(const H264Picture& picture) {
        if (!picture.second_field) origins_[picture.id] = origin_;
        std::string references;
        for (const FrameId id : picture.references) references += fmt::format(" {}", id - 1);
        const char* structure = picture.structure == Fields::Frame ? ""
                                : picture.structure == Fields::Top ? " top"
                                                                   : " bottom";
        fmt::print("decode {}{} count {}/{} frame_num {} slices {}{} refers to{}\n", picture.id - 1, structure,
                   picture.top_field_order_cnt, picture.bottom_field_order_cnt, picture.slices.front().header.frame_num,
                   picture.slices.size(), picture.reference ? " reference" : "", references);
    }

    bool requests_;
    Origin origin_;
    std::map<FrameId, Origin> origins_; ///< of pictures not output yet
};

struct CloseInput {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
using Input = std::unique_ptr<AVFormatContext, CloseInput>;

Input open_input(const char* path, bool edit_lists) {
    AVFormatContext* context = nullptr;
    AVDictionary* options = nullptr;
    av_dict_set(&options, "ignore_editlist", edit_lists ? "0" : "1", 0);
    const int error = avformat_open_input(&context, path, nullptr, &options);
    av_dict_free(&options);
    if (error < 0) return nullptr;
    Input input(context);
    if (avformat_find_stream_info(context, nullptr) < 0) return nullptr;
    return input;
}

StreamInfo describe(const AVStream& stream) {
    const AVCodecParameters& parameters = *stream.codecpar;
    StreamInfo info;
    info.codec = CodecId::H264;
    info.width = parameters.width;
    info.height = parameters.height;
    info.time_base = {stream.time_base.num, stream.time_base.den};
    if (parameters.extradata_size > 0)
        info.extradata.assign(parameters.extradata, parameters.extradata + parameters.extradata_size);
    return info;
}

Nanoseconds to_nanoseconds(std::int64_t time, AVRational base) {
    return time == AV_NOPTS_VALUE ? no_time : av_rescale_q(time, base, AVRational{1, 1'000'000'000});
}

int refuse(const Error& error) {
    fmt::print("refused {}\n", error.what);
    return 4;
}

int run(AVFormatContext& input, const AVStream& stream, bool requests) {
    const std::unique_ptr<Codec> codec = create_h264_codec();
    if (const auto configured = codec->configure(describe(stream)); !configured) return refuse(configured.error());
    Printer printer(requests);
    Steps steps;
    AVPacket* packet = av_packet_alloc();
    Result<> parsed;
    while (parsed && av_read_frame(&input, packet) >= 0) {
        if (packet->stream_index == stream.index) {
            AccessUnit unit;
            unit.payload = Payload({packet->data, static_cast<std::size_t>(packet->size)}, nullptr, nullptr);
            unit.pts = to_nanoseconds(packet->pts, stream.time_base);
            unit.duration = to_nanoseconds(packet->duration, stream.time_base);
            unit.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
            unit.discard = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
            steps.clear();
            parsed = codec->parse(unit, steps);
            printer.print(steps, *packet);
        }
        av_packet_unref(packet);
    }
    if (parsed) {
        steps.clear();
        codec->drain(steps);
        printer.print(steps, *packet);
    }
    av_packet_free(&packet);
    return parsed ? 0 : refuse(parsed.error());
}

} // namespace

int main(int argc, char** argv) {
    bool requests = false;
    bool edit_lists = false;
    int next = 1;
    for (; next < argc && std::strncmp(argv[next], "--", 2) == 0; ++next) {
        if (std::strcmp(argv[next], "--requests") == 0)
            requests = true;
        else if (std::strcmp(argv[next], "--edit-lists") == 0)
            edit_lists = true;
        else
            return 2;
    }
    if (next != argc - 1) return 2;
    av_log_set_level(AV_LOG_QUIET);
    const Input input = open_input(argv[next], edit_lists);
    if (!input) return 1;
    const int index = av_find_best_stream(input.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (index < 0 || input->streams[index]->codecpar->codec_id != AV_CODEC_ID_H264) return 3;
    return run(*input, *input->streams[index], requests);
}
