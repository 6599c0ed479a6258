// Prints the VP9 uncompressed headers of a file as our parser reads them, for tests/integration/vp9_headers.
//
//     vp9_headers FILE
//
// Per frame: `frame`, then `name=value` lines, or `error=...`. Frames of one byte that are no header are left out.
// Exit code: 0 read to the end; 1 the file cannot be opened; 2 bad call; 3 it has no VP9 stream.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <string>

#include <fmt/format.h>

#include "decoder/codec/vp9_parser.h"
#include "decoder/codec/vp9_superframe.h"
#include "tests/tools/read_packets.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::vp9;

void print(const char* name, int value) { fmt::print("{}={}\n", name, value); }

template <class Values>
void print_all(const char* name, const Values& values) {
    std::string text;
    for (const auto value : values) text += fmt::format("{}{}", text.empty() ? "" : ",", static_cast<int>(value));
    fmt::print("{}={}\n", name, text);
}

void print_color(const ColorConfig& color) {
    print("bit_depth", color.bit_depth);
    print("color_space", static_cast<int>(color.color_space));
    print("color_range", color.color_range ? 1 : 0);
}

void print_loop_filter(const LoopFilter& filter) {
    print("loop_filter_level", filter.level);
    print("loop_filter_sharpness", filter.sharpness);
    print("loop_filter_delta_enabled", filter.delta_enabled);
    print("loop_filter_delta_update", filter.delta_update);
    print_all("loop_filter_ref_deltas", filter.ref_deltas);
    print_all("loop_filter_mode_deltas", filter.mode_deltas);
}

void print_segmentation(const Segmentation& segmentation) {
    print("segmentation_enabled", segmentation.enabled);
    print("segmentation_update_map", segmentation.update_map);
    print("segmentation_temporal_update", segmentation.temporal_update);
    print("segmentation_update_data", segmentation.update_data);
    print("segmentation_abs_or_delta_update", segmentation.abs_or_delta_update);
    if (segmentation.update_map) {
        print_all("segmentation_tree_probs", segmentation.tree_probs);
        print_all("segmentation_pred_prob", segmentation.pred_probs);
    }
    for (unsigned i = 0; i < segments; ++i)
        for (unsigned j = 0; j < segment_features; ++j)
            if (segmentation.feature_enabled[i][j])
                fmt::print("feature[{}][{}]={}\n", i, j, segmentation.feature_data[i][j]);
}

void print_references(const FrameHeader& header) {
    print_all("ref_frame_idx", header.ref_frame_idx);
    print_all("ref_frame_sign_bias", header.ref_frame_sign_bias);
    print("allow_high_precision_mv", header.allow_high_precision_mv);
    print("interpolation_filter", static_cast<int>(header.interpolation_filter));
}

void print(const FrameHeader& header) {
    print("profile", header.profile);
    print("show_existing_frame", header.show_existing_frame);
    if (header.show_existing_frame) return print("frame_to_show_map_idx", header.frame_to_show_map_idx);
    print("key_frame", header.key_frame);
    print("show_frame", header.show_frame);
    print("error_resilient_mode", header.error_resilient_mode);
    print("intra_only", header.intra_only);
    print("reset_frame_context", header.reset_frame_context);
    print_color(header.color);
    print("width", static_cast<int>(header.frame_width));
    print("height", static_cast<int>(header.frame_height));
    print("render_width", static_cast<int>(header.render_width));
    print("render_height", static_cast<int>(header.render_height));
    print("refresh_frame_flags", header.refresh_frame_flags);
    if (!header.is_intra()) print_references(header);
    print("refresh_frame_context", header.refresh_frame_context);
    print("frame_parallel_decoding_mode", header.frame_parallel_decoding_mode);
    print("frame_context_idx", header.frame_context_idx);
    print_loop_filter(header.loop_filter);
    print("base_q_idx", header.quantization.base_q_idx);
    print("delta_q_y_dc", header.quantization.delta_q_y_dc);
    print("delta_q_uv_dc", header.quantization.delta_q_uv_dc);
    print("delta_q_uv_ac", header.quantization.delta_q_uv_ac);
    print_segmentation(header.segmentation);
    print("tile_cols", 1 << header.tile_cols_log2);
    print("tile_rows", 1 << header.tile_rows_log2);
    print("header_size_in_bytes", header.header_size_in_bytes);
    print("uncompressed_size", header.uncompressed_size);
}

/// Our parser, and the sizes of the frames that its references have.
class Headers {
  public:
    void packet(std::span<const std::uint8_t> bytes) {
        const Superframe superframe = split_superframe(bytes);
        for (unsigned i = 0; i < superframe.count; ++i) frame(superframe.frame[i]);
    }

  private:
    void frame(std::span<const std::uint8_t> bytes) {
        FrameHeader header;
        const auto parsed = parser_.parse(bytes, references_, header);
        if (!parsed && bytes.size() == 1) return;
        fmt::print("frame\n");
        if (!parsed) {
            fmt::print("error={}\n", parsed.error().why);
            return;
        }
        print(header);
        if (header.show_existing_frame) return;
        for (unsigned i = 0; i < reference_slots; ++i)
            if ((header.refresh_frame_flags >> i & 1) != 0) references_[i] = {header.frame_width, header.frame_height};
    }

    HeaderParser parser_;
    ReferenceSizes references_{};
};

} // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    av_log_set_level(AV_LOG_QUIET);
    return read_packets(arguments[1], AV_CODEC_ID_VP9, Headers{});
}
