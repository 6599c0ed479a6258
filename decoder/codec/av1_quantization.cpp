#include <algorithm>

#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

constexpr unsigned seg_lvl_alt_q = 0;
constexpr unsigned seg_lvl_ref_frame = 5;

/// Segmentation_Feature_Bits, _Signed and _Max (5.9.14)
struct Feature {
    unsigned bits;
    bool is_signed;
    std::int32_t maximum;
};
constexpr std::array<Feature, seg_lvl_max> features{{{8, true, 255},
                                                     {6, true, 63},
                                                     {6, true, 63},
                                                     {6, true, 63},
                                                     {6, true, 63},
                                                     {3, false, 7},
                                                     {0, false, 0},
                                                     {0, false, 0}}};

/// read_delta_q(), 5.9.13
void parse_delta_q(const HeaderContext& c, std::int8_t& field) {
    const bool delta_coded = c.r.flag();
    const std::int32_t delta_q = delta_coded ? c.r.su(7) : 0;
    c.r.require(delta_q >= -63, "drivers take no delta_q of -64", ENOTSUP);
    field = static_cast<std::int8_t>(std::max(delta_q, -63));
}

/// 5.9.14, feature_value
void parse_feature(const HeaderContext& c, const Feature& feature, std::int16_t& data) {
    const std::int32_t value =
        feature.is_signed ? c.r.su(1 + feature.bits) : static_cast<std::int32_t>(c.r.f(feature.bits));
    data = static_cast<std::int16_t>(std::clamp(value, feature.is_signed ? -feature.maximum : 0, feature.maximum));
}

/// 5.9.14: the features of all segments
void parse_features(const HeaderContext& c, SegmentationParams& params) {
    params = {};
    for (unsigned segment = 0; segment < max_segments; ++segment)
        for (unsigned i = 0; i < seg_lvl_max; ++i) {
            const bool feature_enabled = c.r.flag();
            if (!feature_enabled) continue;
            params.feature_enabled[segment] = static_cast<std::uint8_t>(params.feature_enabled[segment] | 1U << i);
            parse_feature(c, features[i], params.feature_data[segment][i]);
        }
}

/// get_qidx(1, segmentId), 7.12.2
int base_qindex(const FrameHeader& h, unsigned segment) {
    const SegmentationParams& params = h.segmentation.params;
    if (!h.segmentation.enabled || (params.feature_enabled[segment] >> seg_lvl_alt_q & 1) == 0)
        return h.quantization.base_q_idx;
    return std::clamp(h.quantization.base_q_idx + params.feature_data[segment][seg_lvl_alt_q], 0, 255);
}

} // namespace

void parse_quantization_params(const HeaderContext& c) {
    Quantization& q = c.header.quantization;
    c.r.f(q.base_q_idx, 8);
    parse_delta_q(c, q.delta_q_y_dc);
    const bool separate = c.sequence.color.separate_uv_delta_q;
    if (c.num_planes() > 1) {
        q.diff_uv_delta = separate && c.r.flag();
        parse_delta_q(c, q.delta_q_u_dc);
        parse_delta_q(c, q.delta_q_u_ac);
        q.delta_q_v_dc = q.delta_q_u_dc;
        q.delta_q_v_ac = q.delta_q_u_ac;
        if (q.diff_uv_delta) {
            parse_delta_q(c, q.delta_q_v_dc);
            parse_delta_q(c, q.delta_q_v_ac);
        }
    }
    c.r.flag(q.using_qmatrix);
    if (!q.using_qmatrix) return;
    c.r.f(q.qm_y, 4);
    c.r.f(q.qm_u, 4);
    q.qm_v = q.qm_u;
    if (separate) c.r.f(q.qm_v, 4);
}

void parse_segmentation_params(const HeaderContext& c) {
    Segmentation& s = c.header.segmentation;
    c.r.flag(s.enabled);
    if (!s.enabled) {
        s.params = {};
        return;
    }
    s.update_map = s.update_data = true;
    if (c.previous != nullptr) {
        c.r.flag(s.update_map);
        if (s.update_map) c.r.flag(s.temporal_update);
        c.r.flag(s.update_data);
    }
    if (s.update_data) parse_features(c, s.params);
    for (unsigned segment = 0; segment < max_segments; ++segment) {
        const unsigned enabled = s.params.feature_enabled[segment];
        if (enabled != 0) s.last_active_seg_id = static_cast<std::uint8_t>(segment);
        s.seg_id_pre_skip |= enabled >> seg_lvl_ref_frame != 0;
    }
}

void parse_delta_q_params(const HeaderContext& c) {
    Quantization& q = c.header.quantization;
    if (q.base_q_idx > 0) c.r.flag(q.delta_q_present);
    if (q.delta_q_present) c.r.f(q.delta_q_res, 2);
}

void parse_delta_lf_params(const HeaderContext& c) {
    LoopFilter& lf = c.header.loop_filter;
    if (!c.header.quantization.delta_q_present || c.header.allow_intrabc) return;
    c.r.flag(lf.delta_lf_present);
    if (!lf.delta_lf_present) return;
    c.r.f(lf.delta_lf_res, 2);
    c.r.flag(lf.delta_lf_multi);
}

void compute_lossless(const HeaderContext& c) {
    FrameHeader& h = c.header;
    const Quantization& q = h.quantization;
    h.coded_lossless =
        q.delta_q_y_dc == 0 && q.delta_q_u_dc == 0 && q.delta_q_u_ac == 0 && q.delta_q_v_dc == 0 && q.delta_q_v_ac == 0;
    for (unsigned segment = 0; segment < max_segments; ++segment) h.coded_lossless &= base_qindex(h, segment) == 0;
    h.all_lossless = h.coded_lossless && h.size.frame_width == h.size.upscaled_width;
}

} // namespace v4l2play::av1
