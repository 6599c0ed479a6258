#include "decoder/request/vp9_fill.h"

#include <algorithm>
#include <cstring>

namespace v4l2play::vp9 {
namespace {

// The interface is fixed; another size means that the structures are not those that this file knows.
static_assert(sizeof(v4l2_ctrl_vp9_frame) == 168);
static_assert(sizeof(v4l2_ctrl_vp9_compressed_hdr) == 2040);

static_assert(static_cast<int>(ReferenceMode::Compound) == V4L2_VP9_REFERENCE_MODE_COMPOUND_REFERENCE);
static_assert(static_cast<int>(ReferenceMode::Select) == V4L2_VP9_REFERENCE_MODE_SELECT);

/// The flag when `condition`, else nothing.
constexpr unsigned flag_if(bool condition, unsigned flag) { return condition ? flag : 0; }

/// Both sides are bytes in the same order of dimensions.
template <class To, class From>
void copy(To& to, const From& from) {
    static_assert(sizeof to == sizeof from);
    std::memcpy(&to, &from, sizeof to);
}

void fill(v4l2_vp9_loop_filter& out, const LoopFilter& filter) {
    copy(out.ref_deltas, filter.ref_deltas);
    copy(out.mode_deltas, filter.mode_deltas);
    out.level = filter.level;
    out.sharpness = filter.sharpness;
    out.flags = static_cast<std::uint8_t>(flag_if(filter.delta_enabled, V4L2_VP9_LOOP_FILTER_FLAG_DELTA_ENABLED) |
                                          flag_if(filter.delta_update, V4L2_VP9_LOOP_FILTER_FLAG_DELTA_UPDATE));
}

void fill(v4l2_vp9_quantization& out, const Quantization& quantization) {
    out.base_q_idx = quantization.base_q_idx;
    out.delta_q_y_dc = quantization.delta_q_y_dc;
    out.delta_q_uv_dc = quantization.delta_q_uv_dc;
    out.delta_q_uv_ac = quantization.delta_q_uv_ac;
}

/// Nothing when segmentation is off: drivers look at the features without looking at the flag.
void fill(v4l2_vp9_segmentation& out, const Segmentation& segmentation) {
    if (!segmentation.enabled) return;
    for (std::size_t i = 0; i < segments; ++i) {
        for (unsigned j = 0; j < segment_features; ++j) {
            out.feature_data[i][j] = segmentation.feature_data[i][j];
            if (segmentation.feature_enabled[i][j])
                out.feature_enabled[i] =
                    static_cast<std::uint8_t>(out.feature_enabled[i] | V4L2_VP9_SEGMENT_FEATURE_ENABLED(j));
        }
    }
    copy(out.tree_probs, segmentation.tree_probs);
    copy(out.pred_probs, segmentation.pred_probs);
    out.flags = static_cast<std::uint8_t>(
        V4L2_VP9_SEGMENTATION_FLAG_ENABLED | flag_if(segmentation.update_map, V4L2_VP9_SEGMENTATION_FLAG_UPDATE_MAP) |
        flag_if(segmentation.temporal_update, V4L2_VP9_SEGMENTATION_FLAG_TEMPORAL_UPDATE) |
        flag_if(segmentation.update_data, V4L2_VP9_SEGMENTATION_FLAG_UPDATE_DATA) |
        flag_if(segmentation.abs_or_delta_update, V4L2_VP9_SEGMENTATION_FLAG_ABS_OR_DELTA_UPDATE));
}

std::uint32_t flags(const FrameHeader& header) {
    return flag_if(header.key_frame, V4L2_VP9_FRAME_FLAG_KEY_FRAME) |
           flag_if(header.show_frame, V4L2_VP9_FRAME_FLAG_SHOW_FRAME) |
           flag_if(header.error_resilient_mode, V4L2_VP9_FRAME_FLAG_ERROR_RESILIENT) |
           flag_if(header.intra_only, V4L2_VP9_FRAME_FLAG_INTRA_ONLY) |
           flag_if(header.allow_high_precision_mv, V4L2_VP9_FRAME_FLAG_ALLOW_HIGH_PREC_MV) |
           flag_if(header.refresh_frame_context, V4L2_VP9_FRAME_FLAG_REFRESH_FRAME_CTX) |
           flag_if(header.frame_parallel_decoding_mode, V4L2_VP9_FRAME_FLAG_PARALLEL_DEC_MODE) |
           flag_if(header.color.subsampling_x, V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING) |
           flag_if(header.color.subsampling_y, V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING) |
           flag_if(header.color.color_range, V4L2_VP9_FRAME_FLAG_COLOR_RANGE_FULL_SWING);
}

/// The interface numbers the first two filters the other way round than 7.2.7.
std::uint8_t interpolation_filter(InterpolationFilter filter) {
    if (filter == InterpolationFilter::EightTapSmooth) return V4L2_VP9_INTERP_FILTER_EIGHTTAP_SMOOTH;
    if (filter == InterpolationFilter::EightTap) return V4L2_VP9_INTERP_FILTER_EIGHTTAP;
    return static_cast<std::uint8_t>(filter);
}

/// 7.2: of reset_frame_context, 0 and 1 mean the same.
std::uint8_t reset_frame_context(std::uint8_t coded) {
    return coded == 0 ? std::uint8_t{V4L2_VP9_RESET_FRAME_CTX_NONE} : static_cast<std::uint8_t>(coded - 1);
}

void fill_size(v4l2_ctrl_vp9_frame& out, std::uint32_t width, std::uint32_t height) {
    out.frame_width_minus_1 = out.render_width_minus_1 = static_cast<std::uint16_t>(width - 1);
    out.frame_height_minus_1 = out.render_height_minus_1 = static_cast<std::uint16_t>(height - 1);
}

/// What inter frames have
void fill_references(v4l2_ctrl_vp9_frame& out, const Vp9Picture& picture) {
    const FrameHeader& header = *picture.header;
    out.last_frame_ts = picture.reference_frames[0] * 1000;
    out.golden_frame_ts = picture.reference_frames[1] * 1000;
    out.alt_frame_ts = picture.reference_frames[2] * 1000;
    out.ref_frame_sign_bias =
        static_cast<std::uint8_t>(flag_if(header.ref_frame_sign_bias[0], V4L2_VP9_SIGN_BIAS_LAST) |
                                  flag_if(header.ref_frame_sign_bias[1], V4L2_VP9_SIGN_BIAS_GOLDEN) |
                                  flag_if(header.ref_frame_sign_bias[2], V4L2_VP9_SIGN_BIAS_ALT));
    out.interpolation_filter = interpolation_filter(header.interpolation_filter);
    out.reference_mode = static_cast<std::uint8_t>(picture.compressed->reference_mode);
}

} // namespace

void fill(v4l2_ctrl_vp9_frame& out, const Vp9Picture& picture) {
    const FrameHeader& header = *picture.header;
    out = {};
    fill(out.lf, header.loop_filter);
    fill(out.quant, header.quantization);
    fill(out.seg, header.segmentation);
    out.flags = flags(header);
    out.compressed_header_size = header.header_size_in_bytes;
    out.uncompressed_header_size = header.uncompressed_size;
    fill_size(out, header.frame_width, header.frame_height);
    out.render_width_minus_1 = static_cast<std::uint16_t>(header.render_width - 1);
    out.render_height_minus_1 = static_cast<std::uint16_t>(header.render_height - 1);
    out.reset_frame_context = reset_frame_context(header.reset_frame_context);
    // As coded: which context is to be reset. Drivers take context 0 for frames that are independent by themselves.
    out.frame_context_idx = header.frame_context_idx;
    out.profile = header.profile;
    out.bit_depth = header.color.bit_depth;
    out.tile_cols_log2 = header.tile_cols_log2;
    out.tile_rows_log2 = header.tile_rows_log2;
    if (!header.is_intra()) fill_references(out, picture);
}

void fill(v4l2_ctrl_vp9_frame& out, const SequenceInfo& sequence) {
    out = {};
    out.flags = V4L2_VP9_FRAME_FLAG_KEY_FRAME | V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING | V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING;
    fill_size(out, sequence.info.visible.width, sequence.info.visible.height);
    out.profile = sequence.bit_depth_luma > 8 ? 2 : 0;
    out.bit_depth = sequence.bit_depth_luma;
}

void fill(v4l2_ctrl_vp9_compressed_hdr& out, const CompressedHeader& header) {
    out = {};
    out.tx_mode = header.tx_mode;
    copy(out.tx8, header.tx8);
    copy(out.tx16, header.tx16);
    copy(out.tx32, header.tx32);
    copy(out.coef, header.coef);
    copy(out.skip, header.skip);
    copy(out.inter_mode, header.inter_mode);
    copy(out.interp_filter, header.interp_filter);
    copy(out.is_inter, header.is_inter);
    copy(out.comp_mode, header.comp_mode);
    copy(out.single_ref, header.single_ref);
    copy(out.comp_ref, header.comp_ref);
    copy(out.y_mode, header.y_mode);
    copy(out.partition, header.partition);
    // uv_mode stays 0: no header updates it.
    copy(out.mv.joint, header.mv.joint);
    copy(out.mv.sign, header.mv.sign);
    copy(out.mv.classes, header.mv.classes);
    copy(out.mv.class0_bit, header.mv.class0_bit);
    copy(out.mv.bits, header.mv.bits);
    copy(out.mv.class0_fr, header.mv.class0_fr);
    copy(out.mv.fr, header.mv.fr);
    copy(out.mv.class0_hp, header.mv.class0_hp);
    copy(out.mv.hp, header.mv.hp);
}

} // namespace v4l2play::vp9
