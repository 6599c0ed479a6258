#include <algorithm>

#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

/// su(1+6) of update_ref_delta and update_mode_delta (5.9.11)
template <std::size_t Count>
void parse_deltas(const HeaderContext& c, std::array<std::int8_t, Count>& deltas) {
    for (std::int8_t& delta : deltas) {
        if (!c.r.flag()) continue;
        const std::int32_t value = c.r.su(7);
        c.r.require(value >= -63, "drivers take no loop filter delta of -64", ENOTSUP);
        delta = static_cast<std::int8_t>(std::max(value, -63));
    }
}

/// cdef_y_sec_strength, cdef_uv_sec_strength: 3 means 4 (5.9.19)
std::uint8_t parse_sec_strength(SyntaxReader& r) {
    const std::uint32_t strength = r.f(2);
    return static_cast<std::uint8_t>(strength == 3 ? 4 : strength);
}

/// 5.9.20, from lr_unit_shift to lr_uv_shift
void parse_lr_sizes(const HeaderContext& c) {
    constexpr unsigned restoration_tilesize_max = 256;
    const SequenceHeader& s = c.sequence;
    LoopRestoration& lr = c.header.loop_restoration;
    c.r.f(lr.lr_unit_shift, 1);
    if (s.use_128x128_superblock)
        ++lr.lr_unit_shift;
    else if (lr.lr_unit_shift != 0 && c.r.flag()) // lr_unit_extra_shift
        ++lr.lr_unit_shift;
    if (s.color.subsampling_x && s.color.subsampling_y && lr.uses_chroma_lr) c.r.f(lr.lr_uv_shift, 1);
    lr.size[0] = static_cast<std::uint16_t>(restoration_tilesize_max >> (2 - lr.lr_unit_shift));
    lr.size[1] = lr.size[2] = static_cast<std::uint16_t>(lr.size[0] >> lr.lr_uv_shift);
}

} // namespace

void parse_loop_filter_params(const HeaderContext& c) {
    LoopFilter& lf = c.header.loop_filter;
    if (c.header.coded_lossless || c.header.allow_intrabc) {
        lf.delta_enabled = true; // as setup_past_independence() leaves it; with levels of 0 it has no effect
        lf.deltas = {};
        return;
    }
    c.r.f(lf.level[0], 6);
    c.r.f(lf.level[1], 6);
    if (c.num_planes() > 1 && (lf.level[0] != 0 || lf.level[1] != 0)) {
        c.r.f(lf.level[2], 6);
        c.r.f(lf.level[3], 6);
    }
    c.r.f(lf.sharpness, 3);
    c.r.flag(lf.delta_enabled);
    if (!lf.delta_enabled) return;
    c.r.flag(lf.delta_update);
    if (!lf.delta_update) return;
    parse_deltas(c, lf.deltas.ref);
    parse_deltas(c, lf.deltas.mode);
}

void parse_cdef_params(const HeaderContext& c) {
    Cdef& cdef = c.header.cdef;
    if (c.header.coded_lossless || c.header.allow_intrabc || !c.sequence.enable_cdef) return;
    c.r.f(cdef.damping_minus_3, 2);
    c.r.f(cdef.bits, 2);
    for (unsigned i = 0; i < 1U << cdef.bits; ++i) {
        c.r.f(cdef.y_pri_strength[i], 4);
        cdef.y_sec_strength[i] = parse_sec_strength(c.r);
        if (c.num_planes() == 1) continue;
        c.r.f(cdef.uv_pri_strength[i], 4);
        cdef.uv_sec_strength[i] = parse_sec_strength(c.r);
    }
}

void parse_lr_params(const HeaderContext& c) {
    // Remap_Lr_Type
    constexpr std::array<RestorationType, 4> types{RestorationType::None, RestorationType::Switchable,
                                                   RestorationType::Wiener, RestorationType::Sgrproj};
    LoopRestoration& lr = c.header.loop_restoration;
    if (c.header.all_lossless || c.header.allow_intrabc || !c.sequence.enable_restoration) return;
    for (unsigned plane = 0; plane < c.num_planes(); ++plane) {
        lr.type[plane] = types[c.r.f(2)];
        if (lr.type[plane] == RestorationType::None) continue;
        lr.uses_lr = true;
        lr.uses_chroma_lr |= plane > 0;
    }
    if (lr.uses_lr) parse_lr_sizes(c);
}

} // namespace v4l2play::av1
