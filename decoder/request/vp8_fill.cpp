#include "decoder/request/vp8_fill.h"

#include <algorithm>
#include <cstring>

namespace v4l2play::vp8 {
namespace {

// The interface is fixed; another size means that the structures are not those that this file knows.
static_assert(sizeof(v4l2_ctrl_vp8_frame) == 1232);
static_assert(sizeof(v4l2_vp8_entropy::coeff_probs) == sizeof(CoefficientProbabilities));
static_assert(sizeof(v4l2_vp8_entropy::mv_probs) == sizeof(MotionProbabilities));

/// The flag when `condition`, else nothing.
constexpr std::uint32_t flag_if(bool condition, std::uint32_t flag) { return condition ? flag : 0; }

void fill(v4l2_vp8_segment& out, const Segmentation& segmentation) {
    std::copy(segmentation.quantizer.begin(), segmentation.quantizer.end(), out.quant_update);
    std::copy(segmentation.loop_filter.begin(), segmentation.loop_filter.end(), out.lf_update);
    std::copy(segmentation.probabilities.begin(), segmentation.probabilities.end(), out.segment_probs);
    out.flags = flag_if(segmentation.enabled, V4L2_VP8_SEGMENT_FLAG_ENABLED) |
                flag_if(segmentation.update_map, V4L2_VP8_SEGMENT_FLAG_UPDATE_MAP) |
                flag_if(segmentation.update_data, V4L2_VP8_SEGMENT_FLAG_UPDATE_FEATURE_DATA) |
                flag_if(!segmentation.absolute, V4L2_VP8_SEGMENT_FLAG_DELTA_VALUE_MODE);
}

void fill(v4l2_vp8_loop_filter& out, const LoopFilter& filter) {
    std::copy(filter.reference_delta.begin(), filter.reference_delta.end(), out.ref_frm_delta);
    std::copy(filter.mode_delta.begin(), filter.mode_delta.end(), out.mb_mode_delta);
    out.sharpness_level = filter.sharpness;
    out.level = filter.level;
    out.flags = flag_if(filter.delta_enabled, V4L2_VP8_LF_ADJ_ENABLE) |
                flag_if(filter.delta_update, V4L2_VP8_LF_DELTA_UPDATE) |
                flag_if(filter.simple, V4L2_VP8_LF_FILTER_TYPE_SIMPLE);
}

void fill(v4l2_vp8_quantization& out, const QuantIndices& quant) {
    out.y_ac_qi = quant.y_ac_qi;
    out.y_dc_delta = quant.y_dc_delta;
    out.y2_dc_delta = quant.y2_dc_delta;
    out.y2_ac_delta = quant.y2_ac_delta;
    out.uv_dc_delta = quant.uv_dc_delta;
    out.uv_ac_delta = quant.uv_ac_delta;
}

void fill(v4l2_vp8_entropy& out, const Probabilities& probabilities) {
    std::memcpy(out.coeff_probs, probabilities.coefficients.data(), sizeof out.coeff_probs);
    std::memcpy(out.mv_probs, probabilities.motion.data(), sizeof out.mv_probs);
    std::copy(probabilities.y_mode.begin(), probabilities.y_mode.end(), out.y_mode_probs);
    std::copy(probabilities.uv_mode.begin(), probabilities.uv_mode.end(), out.uv_mode_probs);
}

void fill_partitions(v4l2_ctrl_vp8_frame& out, const FrameHeader& header) {
    out.num_dct_parts = header.partitions;
    out.first_part_size = header.tag.first_part_size;
    out.first_part_header_bits = header.coder.header_bits;
    std::copy(header.partition_size.begin(), header.partition_size.end(), out.dct_part_sizes);
    out.coder_state.range = header.coder.range;
    out.coder_state.value = header.coder.value;
    out.coder_state.bit_count = header.coder.bit_count;
}

std::uint32_t frame_flags(const FrameHeader& header) {
    return flag_if(header.tag.key_frame, V4L2_VP8_FRAME_FLAG_KEY_FRAME) |
           flag_if(header.tag.show_frame, V4L2_VP8_FRAME_FLAG_SHOW_FRAME) |
           flag_if(header.mb_no_coeff_skip, V4L2_VP8_FRAME_FLAG_MB_NO_SKIP_COEFF) |
           flag_if(header.sign_bias_golden, V4L2_VP8_FRAME_FLAG_SIGN_BIAS_GOLDEN) |
           flag_if(header.sign_bias_alternate, V4L2_VP8_FRAME_FLAG_SIGN_BIAS_ALT);
}

} // namespace

void fill(v4l2_ctrl_vp8_frame& out, const Vp8Picture& picture) {
    const FrameHeader& header = *picture.header;
    out = {};
    fill(out.segment, header.segmentation);
    fill(out.lf, header.loop_filter);
    fill(out.quant, header.quant);
    fill(out.entropy, header.probabilities);
    fill_partitions(out, header);
    out.width = picture.width;
    out.height = picture.height;
    out.horizontal_scale = picture.horizontal_scale;
    out.vertical_scale = picture.vertical_scale;
    out.version = header.tag.version;
    out.prob_skip_false = header.prob_skip_false;
    out.prob_intra = header.prob_intra;
    out.prob_last = header.prob_last;
    out.prob_gf = header.prob_golden;
    out.last_frame_ts = picture.last * 1000;
    out.golden_frame_ts = picture.golden * 1000;
    out.alt_frame_ts = picture.alternate * 1000;
    out.flags = frame_flags(header);
}

void fill(v4l2_ctrl_vp8_frame& out, const SequenceInfo& sequence) {
    out = {};
    out.width = static_cast<std::uint16_t>(sequence.info.visible.width);
    out.height = static_cast<std::uint16_t>(sequence.info.visible.height);
    out.num_dct_parts = 1;
    out.flags = V4L2_VP8_FRAME_FLAG_KEY_FRAME | V4L2_VP8_FRAME_FLAG_SHOW_FRAME;
}

} // namespace v4l2play::vp8
