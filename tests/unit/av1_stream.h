// Makes AV1 streams out of syntax elements.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "decoder/codec/av1_obu.h"
#include "decoder/codec/av1_syntax.h"
#include "tests/unit/bit_writer.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

/// An 8-bit 64x64 sequence with order hints of 7 bits and hardly any tool, whose frames have one tile.
inline Structure av1_sequence_header() {
    Structure s;
    s.u("seq_profile", 3, 0).flag("still_picture", false).flag("reduced_still_picture_header", false);
    s.flag("timing_info_present_flag", false).flag("initial_display_delay_present_flag", false);
    s.u("operating_points_cnt_minus_1", 5, 0).u("operating_point_idc", 12, 0).u("seq_level_idx", 5, 0);
    s.u("frame_width_bits_minus_1", 4, 9).u("frame_height_bits_minus_1", 4, 9);
    s.u("max_frame_width_minus_1", 10, 63).u("max_frame_height_minus_1", 10, 63);
    s.flag("frame_id_numbers_present_flag", false).flag("use_128x128_superblock", false);
    s.flag("enable_filter_intra", false).flag("enable_intra_edge_filter", false);
    s.flag("enable_interintra_compound", false).flag("enable_masked_compound", false);
    s.flag("enable_warped_motion", false).flag("enable_dual_filter", false);
    s.flag("enable_order_hint", true).flag("enable_jnt_comp", false).flag("enable_ref_frame_mvs", false);
    s.flag("seq_choose_screen_content_tools", false).u("seq_force_screen_content_tools", 1, 0);
    s.u("order_hint_bits_minus_1", 3, 6);
    s.flag("enable_superres", false).flag("enable_cdef", false).flag("enable_restoration", false);
    s.flag("high_bitdepth", false).flag("mono_chrome", false).flag("color_description_present_flag", false);
    s.flag("color_range", false).u("chroma_sample_position", 2, 0).flag("separate_uv_delta_q", false);
    s.flag("film_grain_params_present", false);
    return s;
}

/// From tile_info() to delta_lf_params(), for a frame of one tile, and the filters, all off.
inline Structure av1_coding_tools() {
    Structure s;
    s.flag("uniform_tile_spacing_flag", true);
    s.u("base_q_idx", 8, 100).flag("delta_coded_y_dc", false).flag("delta_coded_u_dc", false);
    s.flag("delta_coded_u_ac", false).flag("using_qmatrix", false).flag("segmentation_enabled", false);
    s.flag("delta_q_present", false);
    s.u("loop_filter_level_0", 6, 0).u("loop_filter_level_1", 6, 0).u("loop_filter_sharpness", 3, 0);
    s.flag("loop_filter_delta_enabled", false).flag("tx_mode_select", false);
    return s;
}

/// A key frame of that sequence that is shown.
inline Structure av1_key_frame(unsigned order_hint = 0) {
    Structure s;
    s.flag("show_existing_frame", false).u("frame_type", 2, 0).flag("show_frame", true);
    s.flag("disable_cdf_update", false).flag("frame_size_override_flag", false).u("order_hint", 7, order_hint);
    s.flag("render_and_frame_size_different", false).flag("disable_frame_end_update_cdf", false);
    s.append(av1_coding_tools()).flag("reduced_tx_set", false);
    return s;
}

/// A frame without reference that is not shown, but may be later.
inline Structure av1_hidden_intra(unsigned type, unsigned order_hint, unsigned refresh_frame_flags) {
    Structure s;
    s.flag("show_existing_frame", false).u("frame_type", 2, type).flag("show_frame", false);
    s.flag("showable_frame", true).flag("error_resilient_mode", false);
    s.flag("disable_cdf_update", false).flag("frame_size_override_flag", false).u("order_hint", 7, order_hint);
    s.u("refresh_frame_flags", 8, refresh_frame_flags);
    s.flag("render_and_frame_size_different", false).flag("disable_frame_end_update_cdf", false);
    s.append(av1_coding_tools()).flag("reduced_tx_set", false);
    return s;
}

using References = std::array<unsigned, av1::refs_per_frame>;

/// An inter frame of that sequence.
inline Structure av1_inter_frame(unsigned order_hint, unsigned refresh_frame_flags, bool show = true,
                                 const References& references = {}) {
    Structure s;
    s.flag("show_existing_frame", false).u("frame_type", 2, 1).flag("show_frame", show);
    if (!show) s.flag("showable_frame", true);
    s.flag("error_resilient_mode", false).flag("disable_cdf_update", false);
    s.flag("frame_size_override_flag", false).u("order_hint", 7, order_hint).u("primary_ref_frame", 3, 7);
    s.u("refresh_frame_flags", 8, refresh_frame_flags).flag("frame_refs_short_signaling", false);
    for (unsigned i = 0; i < references.size(); ++i) s.u("ref_frame_idx_" + std::to_string(i), 3, references[i]);
    s.flag("render_and_frame_size_different", false).flag("allow_high_precision_mv", false);
    s.flag("is_filter_switchable", true).flag("is_motion_mode_switchable", false);
    s.flag("disable_frame_end_update_cdf", false).append(av1_coding_tools());
    s.flag("reference_select", false).flag("reduced_tx_set", false);
    for (unsigned i = 1; i < 8; ++i) s.flag("is_global_" + std::to_string(i), false);
    return s;
}

inline Structure av1_show_existing(unsigned slot) {
    Structure s;
    s.flag("show_existing_frame", true).u("frame_to_show_map_idx", 3, slot);
    return s;
}

/// The payload of a structure on its own.
inline Bytes with_trailing_bits(const Structure& s) { return s.bits().trailing().bytes(); }

struct ObuOptions {
    bool has_size = true;
    bool has_extension = false;
    unsigned temporal_id = 0;
    unsigned spatial_id = 0;
};

inline void append_obu(Bytes& out, av1::ObuType type, const Bytes& payload, ObuOptions options = {}) {
    const auto byte = [&](unsigned value) { out.push_back(static_cast<std::uint8_t>(value)); };
    byte(static_cast<unsigned>(type) << 3 | (options.has_extension ? 4U : 0U) | (options.has_size ? 2U : 0U));
    if (options.has_extension) byte(options.temporal_id << 5 | options.spatial_id << 3);
    if (options.has_size) {
        std::size_t size = payload.size();
        for (; size >= 0x80; size >>= 7) byte(static_cast<unsigned>(size & 0x7f) | 0x80U);
        byte(static_cast<unsigned>(size));
    }
    out.insert(out.end(), payload.begin(), payload.end());
}

/// The payload of an OBU_FRAME with one tile.
inline Bytes av1_frame_payload(const Structure& header, const Bytes& tile = {1, 2, 3}) {
    Bytes payload = header.bits().bytes();
    payload.insert(payload.end(), tile.begin(), tile.end());
    return payload;
}

/// One temporal unit.
class TemporalUnit {
  public:
    TemporalUnit() { append_obu(bytes_, av1::ObuType::TemporalDelimiter, {}); }

    TemporalUnit& sequence(const Structure& header = av1_sequence_header()) {
        return obu(av1::ObuType::SequenceHeader, with_trailing_bits(header));
    }
    TemporalUnit& frame(const Structure& header, ObuOptions options = {}) {
        return obu(av1::ObuType::Frame, av1_frame_payload(header), options);
    }
    TemporalUnit& header(const Structure& header, ObuOptions options = {}) {
        return obu(av1::ObuType::FrameHeader, with_trailing_bits(header), options);
    }
    TemporalUnit& obu(av1::ObuType type, const Bytes& payload, ObuOptions options = {}) {
        append_obu(bytes_, type, payload, options);
        return *this;
    }
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

} // namespace v4l2play::test
