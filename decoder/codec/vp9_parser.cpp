#include "decoder/codec/vp9_parser.h"

#include <algorithm>
#include <cerrno>

#include "decoder/codec/vp9_bits.h"

namespace v4l2play::vp9 {

namespace {

constexpr std::uint32_t frame_marker = 2;
constexpr std::uint32_t frame_sync_code = 0x498342;

tl::unexpected<SyntaxError> malformed(const char* why) { return tl::unexpected(SyntaxError{EBADMSG, why}); }
tl::unexpected<SyntaxError> unsupported(const char* why) { return tl::unexpected(SyntaxError{ENOTSUP, why}); }

/// 6.2.1: frame_sync_code
bool read_frame_sync_code(BitReader& bits) {
    const std::uint32_t high = bits.f(16);
    return (high << 8 | bits.f(8)) == frame_sync_code;
}

/// 6.2.2: color_config, of profiles 0 and 2
Parsed<> read_color_config(BitReader& bits, FrameHeader& header) {
    ColorConfig& color = header.color;
    color = {};
    if (header.profile % 2 != 0)
        return unsupported("VP9 other than 4:2:0 (profiles 1 and 3) is not done by any driver");
    header.has_color_config = true;
    if (header.profile >= 2) color.bit_depth = bits.flag() ? 12 : 10;
    color.color_space = static_cast<ColorSpace>(bits.f(3));
    if (color.color_space == ColorSpace::Rgb) return malformed("RGB in a profile of 4:2:0");
    color.color_range = bits.flag();
    if (color.bit_depth == 12) return unsupported("VP9 with 12 bits is not done by any driver");
    return {};
}

/// 6.2.3: frame_size
void read_frame_size(BitReader& bits, FrameHeader& header) {
    header.frame_width = bits.f(16) + 1;
    header.frame_height = bits.f(16) + 1;
}

/// 6.2.4: render_size
void read_render_size(BitReader& bits, FrameHeader& header) {
    header.render_width = header.frame_width;
    header.render_height = header.frame_height;
    if (!bits.flag()) return;
    header.render_width = bits.f(16) + 1;
    header.render_height = bits.f(16) + 1;
}

/// 8.5.2.3: what motion vectors can be scaled between
bool is_scalable(const FrameHeader& header, const ReferenceSize& reference) {
    return 2 * header.frame_width >= reference.width && 2 * header.frame_height >= reference.height &&
           header.frame_width <= 16 * reference.width && header.frame_height <= 16 * reference.height;
}

/// 6.2.5: frame_size_with_refs
Parsed<> read_frame_size_with_refs(BitReader& bits, const ReferenceSizes& references, FrameHeader& header) {
    for (const std::uint8_t index : header.ref_frame_idx)
        if (references[index].width == 0)
            return tl::unexpected(SyntaxError{ENOENT, "refers to a frame that is not there"});
    bool found_ref = false;
    for (unsigned i = 0; i < references_of_frame && !found_ref; ++i) {
        found_ref = bits.flag();
        if (!found_ref) continue;
        header.frame_width = references[header.ref_frame_idx[i]].width;
        header.frame_height = references[header.ref_frame_idx[i]].height;
    }
    if (!found_ref) read_frame_size(bits, header);
    read_render_size(bits, header);
    // Only those that blocks refer to have to be (8.5.2.3), and those are not known here.
    const bool any = std::any_of(header.ref_frame_idx.begin(), header.ref_frame_idx.end(),
                                 [&](std::uint8_t index) { return is_scalable(header, references[index]); });
    if (!any) return malformed("all references are too large or too small to scale");
    return {};
}

/// 6.2.7: read_interpolation_filter. The two bits are the values of 7.2.7 in their order.
void read_interpolation_filter(BitReader& bits, FrameHeader& header) {
    header.interpolation_filter =
        bits.flag() ? InterpolationFilter::Switchable : static_cast<InterpolationFilter>(bits.f(2));
}

/// 6.2.8: loop_filter_params
void read_loop_filter_params(BitReader& bits, LoopFilter& filter) {
    filter.level = static_cast<std::uint8_t>(bits.f(6));
    filter.sharpness = static_cast<std::uint8_t>(bits.f(3));
    filter.delta_enabled = bits.flag();
    filter.delta_update = filter.delta_enabled && bits.flag();
    if (!filter.delta_update) return;
    for (std::int8_t& delta : filter.ref_deltas)
        if (bits.flag()) delta = static_cast<std::int8_t>(bits.s(6));
    for (std::int8_t& delta : filter.mode_deltas)
        if (bits.flag()) delta = static_cast<std::int8_t>(bits.s(6));
}

/// 6.2.10: delta_q
std::int8_t read_delta_q(BitReader& bits) { return bits.flag() ? static_cast<std::int8_t>(bits.s(4)) : std::int8_t{0}; }

/// 6.2.9: quantization_params
void read_quantization_params(BitReader& bits, Quantization& quantization) {
    quantization.base_q_idx = static_cast<std::uint8_t>(bits.f(8));
    quantization.delta_q_y_dc = read_delta_q(bits);
    quantization.delta_q_uv_dc = read_delta_q(bits);
    quantization.delta_q_uv_ac = read_delta_q(bits);
}

/// 6.2.12: read_prob
std::uint8_t read_prob(BitReader& bits) {
    return bits.flag() ? static_cast<std::uint8_t>(bits.f(8)) : std::uint8_t{255};
}

/// 6.2.11: the features of all segments
void read_segmentation_data(BitReader& bits, Segmentation& segmentation) {
    constexpr std::array<std::uint8_t, segment_features> feature_bits{8, 6, 2, 0};
    constexpr std::array<bool, segment_features> feature_signed{true, true, false, false};
    segmentation.abs_or_delta_update = bits.flag();
    for (unsigned i = 0; i < segments; ++i) {
        for (unsigned j = 0; j < segment_features; ++j) {
            const bool enabled = bits.flag();
            std::int32_t value = 0;
            if (enabled)
                value =
                    feature_signed[j] ? bits.s(feature_bits[j]) : static_cast<std::int32_t>(bits.f(feature_bits[j]));
            segmentation.feature_enabled[i][j] = enabled;
            segmentation.feature_data[i][j] = static_cast<std::int16_t>(value);
        }
    }
}

/// 6.2.11: segmentation_params
void read_segmentation_params(BitReader& bits, Segmentation& segmentation) {
    segmentation.update_map = segmentation.temporal_update = segmentation.update_data = false;
    segmentation.enabled = bits.flag();
    if (!segmentation.enabled) return;
    segmentation.update_map = bits.flag();
    if (segmentation.update_map) {
        for (std::uint8_t& probability : segmentation.tree_probs) probability = read_prob(bits);
        segmentation.temporal_update = bits.flag();
        for (std::uint8_t& probability : segmentation.pred_probs)
            probability = segmentation.temporal_update ? read_prob(bits) : std::uint8_t{255};
    }
    segmentation.update_data = bits.flag();
    if (segmentation.update_data) read_segmentation_data(bits, segmentation);
}

/// 6.2.13: tile_info; 6.2.14: calc_min_log2_tile_cols, calc_max_log2_tile_cols
void read_tile_info(BitReader& bits, FrameHeader& header) {
    const std::uint32_t superblock_columns = (header.frame_width + 63) / 64; // Sb64Cols
    std::uint8_t minimum = 0;
    while ((64U << minimum) < superblock_columns) ++minimum;
    std::uint8_t maximum = 1;
    while (superblock_columns >> maximum >= 4) ++maximum;
    --maximum;
    header.tile_cols_log2 = minimum;
    while (header.tile_cols_log2 < maximum && bits.flag()) ++header.tile_cols_log2;
    header.tile_rows_log2 = bits.flag() ? 1 : 0;
    if (header.tile_rows_log2 != 0 && bits.flag()) ++header.tile_rows_log2;
}

/// 7.2: setup_past_independence. Sign biases go too, although they were just read: the reference decoder has it so, and
/// then such a frame has no compound prediction (6.3.12).
void set_up_past_independence(FrameHeader& header) {
    header.ref_frame_sign_bias = {};
    header.segmentation = {};
    header.loop_filter = {};
    header.loop_filter.delta_enabled = true;
    header.loop_filter.ref_deltas = {1, 0, -1, -1};
}

/// The part of 6.2 that intra-only frames have
Parsed<> read_intra_only(BitReader& bits, FrameHeader& header) {
    if (!read_frame_sync_code(bits)) return malformed("an intra-only frame without frame_sync_code");
    if (header.profile > 0) {
        if (auto color = read_color_config(bits, header); !color) return color;
    } else {
        header.color = {8, ColorSpace::Bt601, false, true, true};
    }
    header.refresh_frame_flags = static_cast<std::uint8_t>(bits.f(8));
    read_frame_size(bits, header);
    read_render_size(bits, header);
    return {};
}

/// The part of 6.2 that inter frames have
Parsed<> read_inter(BitReader& bits, const ReferenceSizes& references, FrameHeader& header) {
    header.refresh_frame_flags = static_cast<std::uint8_t>(bits.f(8));
    for (unsigned i = 0; i < references_of_frame; ++i) {
        header.ref_frame_idx[i] = static_cast<std::uint8_t>(bits.f(3));
        header.ref_frame_sign_bias[i] = bits.flag();
    }
    if (auto size = read_frame_size_with_refs(bits, references, header); !size) return size;
    header.allow_high_precision_mv = bits.flag();
    read_interpolation_filter(bits, header);
    return {};
}

/// The part of 6.2 that depends on the kind of frame
Parsed<> read_frame_kind(BitReader& bits, const ReferenceSizes& references, FrameHeader& header) {
    if (header.key_frame) {
        if (!read_frame_sync_code(bits)) return malformed("a key frame without frame_sync_code");
        if (auto color = read_color_config(bits, header); !color) return color;
        read_frame_size(bits, header);
        read_render_size(bits, header);
        header.refresh_frame_flags = 0xff;
        return {};
    }
    header.intra_only = !header.show_frame && bits.flag();
    header.reset_frame_context = header.error_resilient_mode ? std::uint8_t{0} : static_cast<std::uint8_t>(bits.f(2));
    return header.intra_only ? read_intra_only(bits, header) : read_inter(bits, references, header);
}

/// The start of 6.2
Parsed<> read_profile(BitReader& bits, FrameHeader& header) {
    if (bits.f(2) != frame_marker) return malformed("frame_marker is wrong");
    const std::uint32_t low = bits.f(1);
    header.profile = static_cast<std::uint8_t>(bits.f(1) << 1 | low);
    if (header.profile == 3 && bits.flag()) return malformed("the profile is reserved");
    return {};
}

/// What follows the kind of frame in 6.2
void read_rest(BitReader& bits, FrameHeader& header) {
    header.refresh_frame_context = !header.error_resilient_mode && bits.flag();
    header.frame_parallel_decoding_mode = header.error_resilient_mode || bits.flag();
    header.frame_context_idx = static_cast<std::uint8_t>(bits.f(2));
    if (header.is_intra() || header.error_resilient_mode) set_up_past_independence(header);
    read_loop_filter_params(bits, header.loop_filter);
    read_quantization_params(bits, header.quantization);
    read_segmentation_params(bits, header.segmentation);
    read_tile_info(bits, header);
    header.header_size_in_bytes = static_cast<std::uint16_t>(bits.f(16));
}

} // namespace

Parsed<> HeaderParser::parse(std::span<const std::uint8_t> frame, const ReferenceSizes& references,
                             FrameHeader& header) {
    BitReader bits(frame);
    header = {};
    if (auto profile = read_profile(bits, header); !profile) return profile;
    header.show_existing_frame = bits.flag();
    if (header.show_existing_frame) {
        header.frame_to_show_map_idx = static_cast<std::uint8_t>(bits.f(3));
        if (bits.failed()) return malformed("the uncompressed header is cut short");
        return {};
    }
    header.loop_filter = loop_filter_;
    header.segmentation = segmentation_;
    header.color = color_;
    header.key_frame = !bits.flag();
    header.show_frame = bits.flag();
    header.error_resilient_mode = bits.flag();
    const auto kind = read_frame_kind(bits, references, header);
    if (!kind && !bits.failed()) return kind;
    if (!header.is_intra() && header.profile != profile_) return malformed("an inter frame changes the profile");
    read_rest(bits, header);
    if (bits.failed()) return malformed("the uncompressed header is cut short");
    header.uncompressed_size = static_cast<std::uint16_t>(bits.bytes_read());
    if (header.header_size_in_bytes == 0) return malformed("header_size_in_bytes is 0");
    // 6.4: the tiles follow, of which none can be empty.
    if (header.uncompressed_size + std::size_t{header.header_size_in_bytes} >= frame.size())
        return malformed("the frame ends before its tiles");
    loop_filter_ = header.loop_filter;
    segmentation_ = header.segmentation;
    color_ = header.color;
    profile_ = header.profile;
    return {};
}

} // namespace v4l2play::vp9
