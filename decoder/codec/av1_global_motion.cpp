#include <algorithm>
#include <cstdlib>

#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

// Section 3
constexpr unsigned gm_abs_alpha_bits = 12;
constexpr unsigned gm_alpha_prec_bits = 15;
constexpr unsigned gm_abs_trans_only_bits = 9;
constexpr unsigned gm_trans_only_prec_bits = 3;
constexpr unsigned gm_abs_trans_bits = 12;
constexpr unsigned gm_trans_prec_bits = 6;
constexpr unsigned warp_param_reduce_bits = 6;
constexpr unsigned div_lut_bits = 8;
constexpr unsigned div_lut_prec_bits = 14;
constexpr std::int32_t one = 1 << warpedmodel_prec_bits;

/// decode_subexp(), 5.9.28
std::int32_t decode_subexp(SyntaxReader& r, std::int32_t num_syms) {
    constexpr unsigned k = 3;
    std::int32_t mk = 0;
    for (unsigned i = 0; r.ok(); ++i) {
        const unsigned b2 = i == 0 ? k : k + i - 1;
        const std::int32_t a = 1 << b2;
        if (num_syms <= mk + 3 * a)
            return static_cast<std::int32_t>(r.ns(static_cast<std::uint32_t>(num_syms - mk))) + mk;
        const bool subexp_more_bits = r.flag();
        if (!subexp_more_bits) return static_cast<std::int32_t>(r.f(b2)) + mk;
        mk += a;
    }
    return 0;
}

/// inverse_recenter(), 5.9.29
std::int32_t inverse_recenter(std::int32_t r, std::int32_t v) {
    if (v > 2 * r) return v;
    return (v & 1) != 0 ? r - ((v + 1) >> 1) : r + (v >> 1);
}

/// decode_unsigned_subexp_with_ref(), 5.9.27
std::int32_t decode_unsigned_subexp_with_ref(SyntaxReader& reader, std::int32_t mx, std::int32_t r) {
    const std::int32_t v = decode_subexp(reader, mx);
    return (r << 1) <= mx ? inverse_recenter(r, v) : mx - 1 - inverse_recenter(mx - 1 - r, v);
}

/// decode_signed_subexp_with_ref(), 5.9.26
std::int32_t decode_signed_subexp_with_ref(SyntaxReader& reader, std::int32_t low, std::int32_t high, std::int32_t r) {
    return decode_unsigned_subexp_with_ref(reader, high - low, r - low) + low;
}

/// read_global_param(), 5.9.25
void parse_global_param(const HeaderContext& c, const GlobalMotionParams& previous, unsigned ref, unsigned idx) {
    unsigned abs_bits = gm_abs_alpha_bits;
    unsigned prec_bits = gm_alpha_prec_bits;
    if (idx < 2) {
        const bool only = c.header.global_motion.type[ref] == WarpModel::Translation;
        const unsigned low_precision = c.header.allow_high_precision_mv ? 0 : 1;
        abs_bits = only ? gm_abs_trans_only_bits - low_precision : gm_abs_trans_bits;
        prec_bits = only ? gm_trans_only_prec_bits - low_precision : gm_trans_prec_bits;
    }
    const unsigned prec_diff = warpedmodel_prec_bits - prec_bits;
    const bool diagonal = idx % 3 == 2;
    const std::int32_t round = diagonal ? one : 0;
    const std::int32_t sub = diagonal ? 1 << prec_bits : 0;
    const std::int32_t mx = 1 << abs_bits;
    const std::int32_t r = (previous[ref][idx] >> prec_diff) - sub;
    c.header.global_motion.params[ref][idx] =
        decode_signed_subexp_with_ref(c.r, -mx, mx + 1, r) * (1 << prec_diff) + round;
}

/// 5.9.24, from is_global to is_translation
WarpModel parse_type(const HeaderContext& c, unsigned ref) {
    GlobalMotion& gm = c.header.global_motion;
    gm.is_global[ref] = c.r.flag();
    if (!gm.is_global[ref]) return WarpModel::Identity;
    gm.is_rot_zoom[ref] = c.r.flag();
    if (gm.is_rot_zoom[ref]) return WarpModel::RotZoom;
    gm.is_translation[ref] = c.r.flag();
    return gm.is_translation[ref] ? WarpModel::Translation : WarpModel::Affine;
}

/// 5.9.24: the parameters that a model has
void parse_params(const HeaderContext& c, const GlobalMotionParams& previous, unsigned ref) {
    GlobalMotion& gm = c.header.global_motion;
    const WarpModel type = gm.type[ref];
    auto& params = gm.params[ref];
    if (type >= WarpModel::RotZoom) {
        parse_global_param(c, previous, ref, 2);
        parse_global_param(c, previous, ref, 3);
        params[4] = -params[3];
        params[5] = params[2];
    }
    if (type == WarpModel::Affine) {
        parse_global_param(c, previous, ref, 4);
        parse_global_param(c, previous, ref, 5);
    }
    if (type >= WarpModel::Translation) {
        parse_global_param(c, previous, ref, 0);
        parse_global_param(c, previous, ref, 1);
    }
}

/// Round2Signed(), 4.7
std::int64_t round2_signed(std::int64_t x, unsigned n) {
    if (n == 0) return x;
    const std::int64_t half = std::int64_t{1} << (n - 1);
    return x >= 0 ? (x + half) >> n : -((-x + half) >> n);
}

struct Divisor {
    unsigned shift;
    std::int64_t factor;
};

/// 7.11.3.7 for d > 0. Div_Lut[i] is 2^22 / (256 + i), rounded.
Divisor resolve_divisor(std::int64_t d) {
    unsigned n = 0; // FloorLog2(d)
    while (d >> (n + 1) > 0) ++n;
    const std::int64_t e = d - (std::int64_t{1} << n);
    const std::int64_t f = n > div_lut_bits ? round2_signed(e, n - div_lut_bits) : e << (div_lut_bits - n);
    const std::int64_t denominator = (1 << div_lut_bits) + f;
    const std::int64_t numerator = std::int64_t{1} << (div_lut_bits + div_lut_prec_bits);
    return {n + div_lut_prec_bits, (numerator + denominator / 2) / denominator};
}

std::int64_t reduce(std::int64_t value) {
    const std::int64_t clamped = std::clamp<std::int64_t>(value, INT16_MIN, INT16_MAX);
    return round2_signed(clamped, warp_param_reduce_bits) * (1 << warp_param_reduce_bits);
}

/// warpValid of 7.11.3.6
bool is_warp_valid(const std::array<std::int32_t, 6>& p) {
    if (p[2] <= 0) return false;
    const Divisor divisor = resolve_divisor(p[2]);
    const std::int64_t alpha = reduce(std::int64_t{p[2]} - one);
    const std::int64_t beta = reduce(p[3]);
    const std::int64_t gamma = reduce(round2_signed(std::int64_t{p[4]} * one * divisor.factor, divisor.shift));
    const std::int64_t delta =
        reduce(p[5] - round2_signed(std::int64_t{p[3]} * p[4] * divisor.factor, divisor.shift) - one);
    return 4 * std::abs(alpha) + 7 * std::abs(beta) < one && 4 * std::abs(gamma) + 4 * std::abs(delta) < one;
}

} // namespace

void parse_global_motion_params(const HeaderContext& c) {
    static constexpr GlobalMotionParams defaults = default_global_motion();
    if (c.header.is_intra()) return;
    GlobalMotion& gm = c.header.global_motion;
    const GlobalMotionParams& previous = c.previous != nullptr ? c.previous->global_motion : defaults;
    for (unsigned ref = last_frame; ref <= altref_frame && c.r.ok(); ++ref) {
        gm.type[ref] = parse_type(c, ref);
        parse_params(c, previous, ref);
        if (!is_warp_valid(gm.params[ref])) gm.invalid = static_cast<std::uint8_t>(gm.invalid | 1U << ref);
    }
}

} // namespace v4l2play::av1
