// Prints the AV1 headers of a file as our parser reads them, for tests/integration/av1_headers.
//
//     av1_headers FILE
//
// Per header: `sequence` or `frame`, then `name=value` lines with the names of libavcodec's trace_headers filter, also
// for what the header does not code; or `error=...`.
// Exit code: 0 read to the end; 1 the file cannot be opened; 2 bad call; 3 it has no AV1 stream.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "decoder/codec/av1_decoding.h"
#include "decoder/codec/av1_parser.h"
#include "tests/tools/read_packets.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::av1;

template <class Value>
void print(const char* name, Value value) {
    fmt::print("{}={}\n", name, static_cast<std::int64_t>(value));
}
template <class Values>
void print_all(const char* name, const Values& values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) fmt::print("{}[{}]={}\n", name, i, static_cast<std::int64_t>(values[i]));
}
template <class Values>
void print_all(const char* name, const Values& values) {
    print_all(name, values, values.size());
}

void print(const SequenceHeader& s) {
    fmt::print("sequence\n");
    print("seq_profile", s.seq_profile);
    print("still_picture", s.still_picture);
    print("reduced_still_picture_header", s.reduced_still_picture_header);
    print("equal_picture_interval", s.equal_picture_interval);
    print("decoder_model_info_present_flag", s.decoder_model_info_present_flag);
    print("buffer_delay_length_minus_1", s.buffer_delay_length_minus_1);
    print("buffer_removal_time_length_minus_1", s.buffer_removal_time_length_minus_1);
    print("frame_presentation_time_length_minus_1", s.frame_presentation_time_length_minus_1);
    print("operating_points_cnt_minus_1", s.operating_points_cnt_minus_1);
    print_all("operating_point_idc", s.operating_point_idc);
    print_all("decoder_model_present_for_this_op", s.decoder_model_present_for_this_op);
    print("frame_width_bits_minus_1", s.frame_width_bits_minus_1);
    print("frame_height_bits_minus_1", s.frame_height_bits_minus_1);
    print("max_frame_width_minus_1", s.max_frame_width_minus_1);
    print("max_frame_height_minus_1", s.max_frame_height_minus_1);
    print("frame_id_numbers_present_flag", s.frame_id_numbers_present_flag);
    print("delta_frame_id_length_minus_2", s.delta_frame_id_length_minus_2);
    print("additional_frame_id_length_minus_1", s.additional_frame_id_length_minus_1);
    print("use_128x128_superblock", s.use_128x128_superblock);
    print("enable_filter_intra", s.enable_filter_intra);
    print("enable_intra_edge_filter", s.enable_intra_edge_filter);
    print("enable_interintra_compound", s.enable_interintra_compound);
    print("enable_masked_compound", s.enable_masked_compound);
    print("enable_warped_motion", s.enable_warped_motion);
    print("enable_dual_filter", s.enable_dual_filter);
    print("enable_order_hint", s.enable_order_hint);
    print("enable_jnt_comp", s.enable_jnt_comp);
    print("enable_ref_frame_mvs", s.enable_ref_frame_mvs);
    print("seq_force_screen_content_tools", s.seq_force_screen_content_tools);
    print("seq_force_integer_mv", s.seq_force_integer_mv);
    print("order_hint_bits_minus_1", s.order_hint_bits - 1);
    print("enable_superres", s.enable_superres);
    print("enable_cdef", s.enable_cdef);
    print("enable_restoration", s.enable_restoration);
    print("high_bitdepth", s.color.bit_depth > 8);
    print("twelve_bit", s.color.bit_depth > 10);
    print("mono_chrome", s.color.mono_chrome);
    print("color_description_present_flag", s.color.color_description_present);
    print("color_primaries", s.color.color_primaries);
    print("transfer_characteristics", s.color.transfer_characteristics);
    print("matrix_coefficients", s.color.matrix_coefficients);
    print("color_range", s.color.color_range);
    print("subsampling_x", s.color.subsampling_x);
    print("subsampling_y", s.color.subsampling_y);
    print("separate_uv_delta_q", s.color.separate_uv_delta_q);
    print("film_grain_params_present", s.film_grain_params_present);
}

void print(const FrameSize& size) {
    print("frame_width_minus_1", size.upscaled_width - 1);
    print("frame_height_minus_1", size.frame_height - 1);
    print("use_superres", size.use_superres);
    print("coded_denom", size.superres_denom - 9);
    print("render_width_minus_1", size.render_width - 1);
    print("render_height_minus_1", size.render_height - 1);
}

void print(const TileInfo& tiles) {
    print("uniform_tile_spacing_flag", tiles.uniform_tile_spacing_flag);
    print("tile_cols_log2", tiles.tile_cols_log2);
    print("tile_rows_log2", tiles.tile_rows_log2);
    print_all("width_in_sbs_minus_1", tiles.width_in_sbs_minus_1, tiles.tile_cols);
    print_all("height_in_sbs_minus_1", tiles.height_in_sbs_minus_1, tiles.tile_rows);
    print("context_update_tile_id", tiles.context_update_tile_id);
    print("tile_size_bytes_minus1", tiles.tile_size_bytes - 1);
}

void print(const Quantization& q) {
    print("base_q_idx", q.base_q_idx);
    print("delta_q_y_dc.delta_q", q.delta_q_y_dc);
    print("diff_uv_delta", q.diff_uv_delta);
    print("delta_q_u_dc.delta_q", q.delta_q_u_dc);
    print("delta_q_u_ac.delta_q", q.delta_q_u_ac);
    print("delta_q_v_dc.delta_q", q.delta_q_v_dc);
    print("delta_q_v_ac.delta_q", q.delta_q_v_ac);
    print("using_qmatrix", q.using_qmatrix);
    print("qm_y", q.qm_y);
    print("qm_u", q.qm_u);
    print("qm_v", q.qm_v);
    print("delta_q_present", q.delta_q_present);
    print("delta_q_res", q.delta_q_res);
}

void print(const Segmentation& s) {
    print("segmentation_enabled", s.enabled);
    print("segmentation_update_map", s.update_map);
    print("segmentation_temporal_update", s.temporal_update);
    print("segmentation_update_data", s.update_data);
    for (unsigned i = 0; i < max_segments; ++i)
        for (unsigned j = 0; j < seg_lvl_max; ++j) {
            fmt::print("feature_enabled[{}][{}]={}\n", i, j, s.params.feature_enabled[i] >> j & 1);
            fmt::print("feature_value[{}][{}]={}\n", i, j, s.params.feature_data[i][j]);
        }
}

void print(const LoopFilter& lf) {
    print("delta_lf_present", lf.delta_lf_present);
    print("delta_lf_res", lf.delta_lf_res);
    print("delta_lf_multi", lf.delta_lf_multi);
    print_all("loop_filter_level", lf.level);
    print("loop_filter_sharpness", lf.sharpness);
    print("loop_filter_delta_enabled", lf.delta_enabled);
    print("loop_filter_delta_update", lf.delta_update);
    print_all("loop_filter_ref_deltas", lf.deltas.ref);
    print_all("loop_filter_mode_deltas", lf.deltas.mode);
}

/// As it is coded: 3 for 4.
void print_sec_strengths(const char* name, const std::array<std::uint8_t, cdef_max>& strengths) {
    std::array<std::uint8_t, cdef_max> coded = strengths;
    std::replace(coded.begin(), coded.end(), std::uint8_t{4}, std::uint8_t{3});
    print_all(name, coded);
}

void print(const Cdef& cdef) {
    print("cdef_damping_minus_3", cdef.damping_minus_3);
    print("cdef_bits", cdef.bits);
    print_all("cdef_y_pri_strength", cdef.y_pri_strength);
    print_sec_strengths("cdef_y_sec_strength", cdef.y_sec_strength);
    print_all("cdef_uv_pri_strength", cdef.uv_pri_strength);
    print_sec_strengths("cdef_uv_sec_strength", cdef.uv_sec_strength);
}

void print(const LoopRestoration& lr) {
    constexpr std::array<unsigned, 4> coded{0, 2, 3, 1}; // the inverse of Remap_Lr_Type
    for (unsigned i = 0; i < 3; ++i) fmt::print("lr_type[{}]={}\n", i, coded[static_cast<unsigned>(lr.type[i])]);
    print("lr_unit_shift", lr.lr_unit_shift);
    print("lr_uv_shift", lr.lr_uv_shift);
}

template <std::size_t Count>
void print_points(const char* plane, unsigned count, const std::array<ScalingPoint, Count>& points) {
    fmt::print("num_{}_points={}\n", plane, count);
    for (unsigned i = 0; i < count; ++i) {
        fmt::print("point_{}_value[{}]={}\n", plane, i, points[i].value);
        fmt::print("point_{}_scaling[{}]={}\n", plane, i, points[i].scaling);
    }
}

void print(const FilmGrain& g) {
    print("apply_grain", g.apply_grain);
    print("grain_seed", g.grain_seed);
    print("update_grain", g.update_grain);
    print("film_grain_params_ref_idx", g.film_grain_params_ref_idx);
    print_points("y", g.num_y_points, g.point_y);
    print_points("cb", g.num_cb_points, g.point_cb);
    print_points("cr", g.num_cr_points, g.point_cr);
    print("chroma_scaling_from_luma", g.chroma_scaling_from_luma);
    print("grain_scaling_minus_8", g.grain_scaling_minus_8);
    print("ar_coeff_lag", g.ar_coeff_lag);
    print_all("ar_coeffs_y_plus_128", g.ar_coeffs_y_plus_128);
    print_all("ar_coeffs_cb_plus_128", g.ar_coeffs_cb_plus_128);
    print_all("ar_coeffs_cr_plus_128", g.ar_coeffs_cr_plus_128);
    print("ar_coeff_shift_minus_6", g.ar_coeff_shift_minus_6);
    print("grain_scale_shift", g.grain_scale_shift);
    print("cb_mult", g.cb_mult);
    print("cb_luma_mult", g.cb_luma_mult);
    print("cb_offset", g.cb_offset);
    print("cr_mult", g.cr_mult);
    print("cr_luma_mult", g.cr_luma_mult);
    print("cr_offset", g.cr_offset);
    print("overlap_flag", g.overlap_flag);
    print("clip_to_restricted_range", g.clip_to_restricted_range);
}

void print_global_motion(const GlobalMotion& gm) {
    print_all("is_global", gm.is_global);
    print_all("is_rot_zoom", gm.is_rot_zoom);
    print_all("is_translation", gm.is_translation);
}

void print(const FrameHeader& h) {
    print("show_existing_frame", h.show_existing_frame);
    if (h.show_existing_frame) return print("frame_to_show_map_idx", h.frame_to_show_map_idx);
    print("frame_type", h.frame_type);
    print("show_frame", h.show_frame);
    print("showable_frame", h.showable_frame);
    print("error_resilient_mode", h.error_resilient_mode);
    print("disable_cdf_update", h.disable_cdf_update);
    print("allow_screen_content_tools", h.allow_screen_content_tools);
    if (!h.is_intra()) print("force_integer_mv", h.force_integer_mv); // of intra frames it is set to 1 afterwards
    print("current_frame_id", h.current_frame_id);
    print("frame_size_override_flag", h.frame_size_override_flag);
    print("order_hint", h.order_hint);
    print("primary_ref_frame", h.primary_ref_frame);
    print("buffer_removal_time_present_flag", h.buffer_removal_time_present_flag);
    print_all("buffer_removal_time", h.buffer_removal_time);
    print("refresh_frame_flags", h.refresh_frame_flags);
    print("frame_refs_short_signaling", h.frame_refs_short_signaling);
    print("last_frame_idx", h.ref_frame_idx[0]);
    print("golden_frame_idx", h.ref_frame_idx[3]);
    print_all("ref_frame_idx", h.ref_frame_idx);
    print(h.size);
    print("allow_intrabc", h.allow_intrabc);
    print("allow_high_precision_mv", h.allow_high_precision_mv);
    print("is_filter_switchable", h.interpolation_filter == 4);
    print("interpolation_filter", h.interpolation_filter);
    print("is_motion_mode_switchable", h.is_motion_mode_switchable);
    print("use_ref_frame_mvs", h.use_ref_frame_mvs);
    print("disable_frame_end_update_cdf", h.disable_frame_end_update_cdf);
    print(h.tile_info);
    print(h.quantization);
    print(h.segmentation);
    print(h.loop_filter);
    print(h.cdef);
    print(h.loop_restoration);
    print("tx_mode", h.tx_mode);
    print("reference_select", h.reference_select);
    print("skip_mode_present", h.skip_mode_present);
    print("allow_warped_motion", h.allow_warped_motion);
    print("reduced_tx_set", h.reduced_tx_set);
    print_global_motion(h.global_motion);
    print(h.film_grain);
}

/// Our parser, and what the reference slots hold.
class Headers {
  public:
    void packet(std::span<const std::uint8_t> bytes) {
        ObuReader units(bytes);
        last_ = {};
        while (const auto obu = units.next()) {
            if (obu->type == ObuType::SequenceHeader) sequence(*obu);
            if (obu->type == ObuType::Frame || (obu->type == ObuType::FrameHeader && !is_copy(*obu))) frame(*obu);
        }
    }

  private:
    [[nodiscard]] bool is_copy(const Obu& obu) const {
        return !last_.empty() && std::equal(last_.begin(), last_.end(), obu.payload.begin(), obu.payload.end());
    }
    void sequence(const Obu& obu) {
        if (parse_sequence_header(obu.payload, sequence_)) print(sequence_);
    }
    void frame(const Obu& obu) {
        SyntaxReader reader(obu.payload);
        FrameHeader header;
        const auto parsed = parse_frame_header(reader, obu, sequence_, saved_, header);
        last_ = obu.type == ObuType::FrameHeader && !header.show_existing_frame ? obu.payload
                                                                                : std::span<const std::uint8_t>();
        fmt::print("frame\n");
        if (!parsed) {
            fmt::print("error={}\n", parsed.error().why);
            return;
        }
        print(header);
        const SavedFrame shown = saved_[header.frame_to_show_map_idx];
        for (unsigned i = 0; i < num_ref_frames; ++i) {
            if ((header.refresh_frame_flags >> i & 1) == 0) continue;
            if (header.show_existing_frame)
                saved_[i] = shown;
            else
                save(saved_[i], header);
        }
    }

    SequenceHeader sequence_;
    SavedFrames saved_;
    std::span<const std::uint8_t> last_;
};

} // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    av_log_set_level(AV_LOG_QUIET);
    return read_packets(arguments[1], AV_CODEC_ID_AV1, Headers{});
}
