#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

constexpr std::uint8_t switchable_filter = 4;

/// 5.9.31
void parse_temporal_point_info(const HeaderContext& c) {
    c.r.f(c.sequence.frame_presentation_time_length_minus_1 + 1U); // frame_presentation_time
}

[[nodiscard]] bool has_temporal_point(const SequenceHeader& s) {
    return s.decoder_model_info_present_flag && !s.equal_picture_interval;
}

/// 5.9.2, show_existing_frame == 1
void parse_show_existing(const HeaderContext& c) {
    FrameHeader& h = c.header;
    c.r.f(h.frame_to_show_map_idx, 3);
    if (has_temporal_point(c.sequence)) parse_temporal_point_info(c);
    const SavedFrame& shown = c.frames[h.frame_to_show_map_idx];
    if (c.sequence.frame_id_numbers_present_flag) {
        const std::uint32_t display_frame_id = c.r.f(c.sequence.frame_id_bits());
        c.r.require(!shown.valid || display_frame_id == shown.frame_id, "display_frame_id is another's (6.8.2)",
                    ENOENT);
    }
    c.r.require(shown.valid, "shows a frame that is not there", ENOENT);
    h.frame_type = shown.frame_type;
    h.refresh_frame_flags = h.frame_type == FrameType::Key ? all_frames : std::uint8_t{0};
    h.film_grain = shown.film_grain; // load_grain_params()
}

/// 5.9.2, from show_existing_frame to error_resilient_mode
void parse_frame_type(const HeaderContext& c) {
    FrameHeader& h = c.header;
    if (c.sequence.reduced_still_picture_header) return; // a key frame that is shown
    c.r.flag(h.show_existing_frame);
    if (h.show_existing_frame) return parse_show_existing(c);
    c.r.f(h.frame_type, 2);
    c.r.flag(h.show_frame);
    if (h.show_frame && has_temporal_point(c.sequence)) parse_temporal_point_info(c);
    h.showable_frame = h.show_frame ? h.frame_type != FrameType::Key : c.r.flag();
    h.error_resilient_mode = h.frame_type == FrameType::Switch || h.is_shown_key() || c.r.flag();
}

/// 5.9.2, from disable_cdf_update to force_integer_mv
void parse_screen_content(const HeaderContext& c) {
    const SequenceHeader& s = c.sequence;
    FrameHeader& h = c.header;
    c.r.flag(h.disable_cdf_update);
    h.allow_screen_content_tools = s.seq_force_screen_content_tools == select_screen_content_tools
                                       ? c.r.flag()
                                       : s.seq_force_screen_content_tools != 0;
    if (h.allow_screen_content_tools)
        h.force_integer_mv = s.seq_force_integer_mv == select_integer_mv ? c.r.flag() : s.seq_force_integer_mv != 0;
    if (h.is_intra()) h.force_integer_mv = true;
}

/// mark_ref_frames(), 5.9.4
void mark_ref_frames(const HeaderContext& c) {
    const unsigned current = c.header.current_frame_id;
    const unsigned reach = 1U << (c.sequence.delta_frame_id_length_minus_2 + 2U);
    const unsigned modulus = 1U << c.sequence.frame_id_bits();
    for (SavedFrame& frame : c.frames) {
        const bool newer = frame.frame_id > current;
        const bool out_of_reach = current > reach ? newer || frame.frame_id < current - reach
                                                  : newer && frame.frame_id < modulus + current - reach;
        if (out_of_reach) frame.valid = false;
    }
}

/// 5.9.2, from current_frame_id to primary_ref_frame
void parse_numbers(const HeaderContext& c) {
    const SequenceHeader& s = c.sequence;
    FrameHeader& h = c.header;
    if (s.frame_id_numbers_present_flag) {
        c.r.f(h.current_frame_id, s.frame_id_bits());
        if (c.r.ok()) mark_ref_frames(c);
    }
    if (h.frame_type == FrameType::Switch)
        h.frame_size_override_flag = true;
    else if (!s.reduced_still_picture_header)
        c.r.flag(h.frame_size_override_flag);
    c.r.f(h.order_hint, s.order_hint_bits);
    if (!h.is_intra() && !h.error_resilient_mode) c.r.f(h.primary_ref_frame, 3);
}

/// 5.9.2, from buffer_removal_time_present_flag to buffer_removal_time
void parse_buffer_removal_times(const HeaderContext& c, const Obu& obu) {
    const SequenceHeader& s = c.sequence;
    FrameHeader& h = c.header;
    if (!s.decoder_model_info_present_flag) return;
    c.r.flag(h.buffer_removal_time_present_flag);
    if (!h.buffer_removal_time_present_flag) return;
    for (unsigned op = 0; op <= s.operating_points_cnt_minus_1; ++op) {
        if (!s.decoder_model_present_for_this_op[op]) continue;
        const unsigned idc = s.operating_point_idc[op];
        const bool in_layers = (idc >> obu.temporal_id & 1) != 0 && (idc >> (obu.spatial_id + 8U) & 1) != 0;
        if (idc == 0 || in_layers) c.r.f(h.buffer_removal_time[op], s.buffer_removal_time_length_minus_1 + 1U);
    }
}

/// 5.9.2, refresh_frame_flags and ref_order_hint
void parse_refresh(const HeaderContext& c) {
    FrameHeader& h = c.header;
    if (h.frame_type == FrameType::Switch || h.is_shown_key())
        h.refresh_frame_flags = all_frames;
    else
        c.r.f(h.refresh_frame_flags, 8);
    c.r.require(h.frame_type != FrameType::IntraOnly || h.refresh_frame_flags != all_frames,
                "an intra-only frame refreshes all (6.8.2)");
    if (h.is_intra() && h.refresh_frame_flags == all_frames) return;
    if (!h.error_resilient_mode || !c.sequence.enable_order_hint) return;
    for (SavedFrame& frame : c.frames) {
        const auto ref_order_hint = static_cast<std::uint8_t>(c.r.f(c.sequence.order_hint_bits));
        if (!c.r.ok() || (frame.valid && ref_order_hint == frame.order_hint)) continue;
        frame.valid = false;
        frame.order_hint = ref_order_hint;
    }
}

/// 5.9.2, from frame_refs_short_signaling to delta_frame_id_minus_1
void parse_references(const HeaderContext& c) {
    const SequenceHeader& s = c.sequence;
    FrameHeader& h = c.header;
    if (s.enable_order_hint) c.r.flag(h.frame_refs_short_signaling);
    if (h.frame_refs_short_signaling) {
        const std::uint32_t last_frame_idx = c.r.f(3);
        const std::uint32_t gold_frame_idx = c.r.f(3);
        if (c.r.ok()) set_frame_refs(c, last_frame_idx, gold_frame_idx);
    }
    for (std::uint8_t& index : h.ref_frame_idx) {
        if (!h.frame_refs_short_signaling) c.r.f(index, 3);
        c.r.require(c.frames[index].valid, "refers to a frame that is not there", ENOENT);
        if (!s.frame_id_numbers_present_flag) continue;
        const std::uint32_t delta = c.r.f(s.delta_frame_id_length_minus_2 + 2U) + 1;
        const std::uint32_t modulus = 1U << s.frame_id_bits();
        const std::uint32_t expected = (h.current_frame_id + modulus - delta) % modulus;
        c.r.require(c.frames[index].frame_id == expected, "refers to a frame that another has replaced (6.8.2)",
                    ENOENT);
    }
}

/// 7.11.3.3: how far references may be scaled.
void check_scales(const HeaderContext& c) {
    const FrameSize& size = c.header.size;
    for (unsigned i = 0; i < refs_per_frame && c.r.ok(); ++i) {
        const FrameSize& reference = c.reference(i).size;
        c.r.require(
            2 * size.frame_width >= reference.upscaled_width && 2 * size.frame_height >= reference.frame_height &&
                size.frame_width <= 16 * reference.upscaled_width && size.frame_height <= 16 * reference.frame_height,
            "refers to a frame whose size is too far from its own (7.11.3.3)");
    }
}

/// 5.9.2: what only inter frames have, up to use_ref_frame_mvs.
void parse_inter(const HeaderContext& c) {
    FrameHeader& h = c.header;
    parse_references(c);
    if (h.frame_size_override_flag && !h.error_resilient_mode)
        parse_frame_size_with_refs(c);
    else
        parse_frame_size(c);
    check_scales(c);
    if (!h.force_integer_mv) c.r.flag(h.allow_high_precision_mv);
    h.interpolation_filter = c.r.flag() ? switchable_filter : static_cast<std::uint8_t>(c.r.f(2)); // 5.9.10
    c.r.flag(h.is_motion_mode_switchable);
    if (!h.error_resilient_mode && c.sequence.enable_ref_frame_mvs) c.r.flag(h.use_ref_frame_mvs);
    for (unsigned i = 0; i < refs_per_frame; ++i) h.order_hints[last_frame + i] = c.reference(i).order_hint;
}

/// 5.9.2: what only intra frames have
void parse_intra(const HeaderContext& c) {
    FrameHeader& h = c.header;
    parse_frame_size(c);
    if (h.allow_screen_content_tools && h.size.upscaled_width == h.size.frame_width) c.r.flag(h.allow_intrabc);
}

/// load_previous() (7.21) or setup_past_independence() (7.20)
void load_previous(HeaderContext& c) {
    FrameHeader& h = c.header;
    if (h.primary_ref_frame == primary_ref_none || !c.r.ok()) return;
    c.previous = &c.reference(h.primary_ref_frame);
    h.loop_filter.deltas = c.previous->loop_filter_deltas;
    h.segmentation.params = c.previous->segmentation;
}

/// 5.9.21
void parse_tx_mode(const HeaderContext& c) {
    if (c.header.coded_lossless) return;
    c.header.tx_mode = c.r.flag() ? TxMode::Select : TxMode::Largest; // 5.9.21
}

/// 5.9.2, from tile_info() to film_grain_params()
void parse_coding_tools(const HeaderContext& c) {
    FrameHeader& h = c.header;
    parse_tile_info(c);
    parse_quantization_params(c);
    parse_segmentation_params(c);
    parse_delta_q_params(c);
    parse_delta_lf_params(c);
    compute_lossless(c);
    parse_loop_filter_params(c);
    parse_cdef_params(c);
    parse_lr_params(c);
    parse_tx_mode(c);
    if (!h.is_intra()) c.r.flag(h.reference_select); // 5.9.23
    parse_skip_mode_params(c);
    if (!h.is_intra() && !h.error_resilient_mode && c.sequence.enable_warped_motion) c.r.flag(h.allow_warped_motion);
    c.r.flag(h.reduced_tx_set);
    parse_global_motion_params(c);
    parse_film_grain_params(c);
}

} // namespace

int relative_dist(const SequenceHeader& sequence, unsigned a, unsigned b) {
    if (!sequence.enable_order_hint) return 0;
    const int difference = static_cast<int>(a) - static_cast<int>(b);
    const int sign = 1 << (sequence.order_hint_bits - 1);
    return (difference & (sign - 1)) - (difference & sign);
}

Parsed<> parse_frame_header(SyntaxReader& reader, const Obu& obu, const SequenceHeader& sequence, SavedFrames& frames,
                            FrameHeader& header) {
    header = {};
    HeaderContext c{reader, sequence, frames, header};
    parse_frame_type(c);
    if (header.show_existing_frame || !reader.ok()) return reader.result("the frame header is cut");
    if (header.is_shown_key())
        for (SavedFrame& frame : frames) {
            frame.valid = false;
            frame.order_hint = 0;
        }
    parse_screen_content(c);
    parse_numbers(c);
    parse_buffer_removal_times(c, obu);
    parse_refresh(c);
    if (header.is_intra())
        parse_intra(c);
    else
        parse_inter(c);
    header.disable_frame_end_update_cdf =
        sequence.reduced_still_picture_header || header.disable_cdf_update || reader.flag();
    load_previous(c);
    parse_coding_tools(c);
    return reader.result("the frame header is cut");
}

} // namespace v4l2play::av1
