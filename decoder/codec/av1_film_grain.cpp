#include <algorithm>

#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

/// num_*_points and point_*_value, point_*_scaling (5.9.30)
template <std::size_t Maximum>
void parse_points(SyntaxReader& r, std::uint8_t& count, std::array<ScalingPoint, Maximum>& points) {
    r.f(count, 4, Maximum, "too many film grain points (6.8.20)");
    for (unsigned i = 0; i < count && r.ok(); ++i) {
        r.f(points[i].value, 8);
        r.f(points[i].scaling, 8);
        r.require(i == 0 || points[i].value > points[i - 1].value, "film grain points are out of order (6.8.20)");
    }
}

/// ar_coeffs_*_plus_128 of one plane (5.9.30)
template <std::size_t Maximum>
void parse_coefficients(SyntaxReader& r, unsigned count, std::array<std::uint8_t, Maximum>& coefficients) {
    for (unsigned i = 0; i < count; ++i) r.f(coefficients[i], 8);
}

/// update_grain == 0: load_grain_params() of a reference frame, and a seed of its own (5.9.30).
void load_grain(const HeaderContext& c) {
    FrameHeader& h = c.header;
    const std::uint16_t grain_seed = h.film_grain.grain_seed;
    const auto index = static_cast<std::uint8_t>(c.r.f(3)); // film_grain_params_ref_idx
    const bool is_reference = std::find(h.ref_frame_idx.begin(), h.ref_frame_idx.end(), index) != h.ref_frame_idx.end();
    c.r.require(is_reference, "film_grain_params_ref_idx of no reference (6.8.20)");
    if (!c.r.ok()) return;
    h.film_grain = c.frames[index].film_grain;
    h.film_grain.grain_seed = grain_seed;
    h.film_grain.update_grain = false;
    h.film_grain.film_grain_params_ref_idx = index;
}

/// 5.9.30: the scaling functions, from num_y_points to point_cr_scaling
void parse_all_points(const HeaderContext& c, FilmGrain& g) {
    const ColorConfig& color = c.sequence.color;
    parse_points(c.r, g.num_y_points, g.point_y);
    g.chroma_scaling_from_luma = !color.mono_chrome && c.r.flag();
    const bool subsampled = color.subsampling_x && color.subsampling_y;
    if (color.mono_chrome || g.chroma_scaling_from_luma || (subsampled && g.num_y_points == 0)) return;
    parse_points(c.r, g.num_cb_points, g.point_cb);
    parse_points(c.r, g.num_cr_points, g.point_cr);
    c.r.require(!subsampled || (g.num_cb_points == 0) == (g.num_cr_points == 0),
                "film grain on one chroma plane alone (6.8.20)");
}

/// 5.9.30: the auto-regressive coefficients of all planes
void parse_all_coefficients(const HeaderContext& c, FilmGrain& g) {
    const unsigned num_pos_luma = 2U * g.ar_coeff_lag * (g.ar_coeff_lag + 1U);
    const unsigned num_pos_chroma = num_pos_luma + (g.num_y_points != 0 ? 1 : 0);
    if (g.num_y_points != 0) parse_coefficients(c.r, num_pos_luma, g.ar_coeffs_y_plus_128);
    if (g.chroma_scaling_from_luma || g.num_cb_points != 0)
        parse_coefficients(c.r, num_pos_chroma, g.ar_coeffs_cb_plus_128);
    if (g.chroma_scaling_from_luma || g.num_cr_points != 0)
        parse_coefficients(c.r, num_pos_chroma, g.ar_coeffs_cr_plus_128);
}

} // namespace

void parse_film_grain_params(const HeaderContext& c) {
    FrameHeader& h = c.header;
    FilmGrain& g = h.film_grain;
    if (!c.sequence.film_grain_params_present || (!h.show_frame && !h.showable_frame)) return;
    c.r.flag(g.apply_grain);
    if (!g.apply_grain) return;
    c.r.f(g.grain_seed, 16);
    g.update_grain = h.frame_type != FrameType::Inter || c.r.flag();
    if (!g.update_grain) return load_grain(c);
    parse_all_points(c, g);
    c.r.f(g.grain_scaling_minus_8, 2);
    c.r.f(g.ar_coeff_lag, 2);
    parse_all_coefficients(c, g);
    c.r.f(g.ar_coeff_shift_minus_6, 2);
    c.r.f(g.grain_scale_shift, 2);
    if (g.num_cb_points != 0) {
        c.r.f(g.cb_mult, 8);
        c.r.f(g.cb_luma_mult, 8);
        c.r.f(g.cb_offset, 9);
    }
    if (g.num_cr_points != 0) {
        c.r.f(g.cr_mult, 8);
        c.r.f(g.cr_luma_mult, 8);
        c.r.f(g.cr_offset, 9);
    }
    c.r.flag(g.overlap_flag);
    c.r.flag(g.clip_to_restricted_range);
}

} // namespace v4l2play::av1
