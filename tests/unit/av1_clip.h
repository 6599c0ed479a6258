// A stream that goes through most of the AV1 codec, as temporal units.
#pragma once

#include <vector>

#include "tests/unit/av1_stream.h"

namespace v4l2play::test {

/// A sequence with many tools.
inline Structure av1_rich_sequence() {
    return av1_sequence_header()
        .with("max_frame_width_minus_1", 199)
        .with("enable_superres", 1)
        .with("enable_cdef", 1)
        .with("enable_restoration", 1)
        .with("enable_warped_motion", 1)
        .with("enable_ref_frame_mvs", 1)
        .with("film_grain_params_present", 1);
}

/// A frame of the simple sequence with what those tools add.
inline Structure av1_enriched(Structure frame, bool inter) {
    Structure size;
    size.flag("use_superres", false);
    Structure tiles;
    tiles.flag("increment_tile_cols_log2", true).flag("increment_tile_cols_log2", false);
    tiles.u("context_update_tile_id", 1, 0).u("tile_size_bytes_minus_1", 2, 0);
    Structure filters;
    filters.u("cdef_damping_minus_3", 2, 1).u("cdef_bits", 2, 0);
    filters.u("y", 6, 13).u("uv", 6, 60);
    filters.u("lr_type", 6, 9).u("lr_unit_shift", 1, 0).u("lr_uv_shift", 1, 1);
    Structure grain;
    grain.flag("apply_grain", true).u("grain_seed", 16, 5);
    if (inter) grain.flag("update_grain", true);
    grain.u("num_y_points", 4, 1).u("y", 16, 500).flag("chroma_scaling_from_luma", true);
    grain.u("grain_scaling_minus_8", 2, 1).u("ar_coeff_lag", 2, 0).u("ar_cb", 8, 3).u("ar_cr", 8, 4);
    grain.u("shifts", 4, 5).u("flags", 2, 1);
    const char* before_size = inter ? "ref_frame_idx_6" : "order_hint";
    frame = frame.after(before_size, size).after("uniform_tile_spacing_flag", tiles).append(grain);
    frame = frame.after("loop_filter_delta_enabled", filters);
    if (!inter) return frame;
    Structure use_mvs;
    use_mvs.flag("use_ref_frame_mvs", true);
    Structure warped;
    warped.flag("allow_warped_motion", true);
    return frame.after("is_motion_mode_switchable", use_mvs).after("reference_select", warped);
}

inline std::vector<Bytes> av1_clip() {
    std::vector<Bytes> units;
    const auto add = [&](const TemporalUnit& unit) { units.push_back(unit.bytes()); };
    const Bytes tiles{0, 0, 9, 8, 7};
    const auto rich = [&](const Structure& frame) { return av1_frame_payload(frame, tiles); };
    add(TemporalUnit()
            .sequence(av1_rich_sequence())
            .obu(av1::ObuType::Frame, rich(av1_enriched(av1_key_frame(), false))));
    for (unsigned n = 1; n < 10; n += 2) {
        const References references{n % 8, 0, 1, 2, 3, (n + 4) % 8, 7};
        const Structure hidden = av1_inter_frame(n + 1, 1U << (n % 8), false, references);
        const Structure shown = av1_inter_frame(n, 2U << (n % 7), true, references);
        add(TemporalUnit()
                .obu(av1::ObuType::Frame, rich(av1_enriched(hidden, true)))
                .obu(av1::ObuType::Frame, rich(av1_enriched(shown, true))));
        add(TemporalUnit().header(av1_show_existing(n % 8)));
    }
    add(TemporalUnit().sequence().frame(av1_key_frame()));
    add(TemporalUnit().frame(av1_inter_frame(3, 4, false)).frame(av1_inter_frame(1, 1)));
    add(TemporalUnit().frame(av1_hidden_intra(0, 9, 8)).frame(av1_inter_frame(2, 2)));
    add(TemporalUnit().header(av1_show_existing(3)));
    add(TemporalUnit().frame(av1_inter_frame(11, 1, true, {0, 1, 2, 3, 4, 5, 6}).with("primary_ref_frame", 2)));
    return units;
}

} // namespace v4l2play::test
