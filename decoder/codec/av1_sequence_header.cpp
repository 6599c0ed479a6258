#include "decoder/codec/av1_parser.h"

namespace v4l2play::av1 {

namespace {

constexpr std::uint8_t bt709 = 1;
constexpr std::uint8_t srgb = 13;
constexpr std::uint8_t identity = 0;

/// 5.5.3, 5.5.4
void parse_timing_info(SyntaxReader& r, SequenceHeader& s) {
    r.f(32); // num_units_in_display_tick
    r.f(32); // time_scale
    r.flag(s.equal_picture_interval);
    if (s.equal_picture_interval) r.uvlc(); // num_ticks_per_picture_minus_1
    r.flag(s.decoder_model_info_present_flag);
    if (!s.decoder_model_info_present_flag) return;
    r.f(s.buffer_delay_length_minus_1, 5);
    r.f(32); // num_units_in_decoding_tick
    r.f(s.buffer_removal_time_length_minus_1, 5);
    r.f(s.frame_presentation_time_length_minus_1, 5);
}

/// 5.5.5
void parse_operating_parameters_info(SyntaxReader& r, const SequenceHeader& s) {
    r.f(s.buffer_delay_length_minus_1 + 1U); // decoder_buffer_delay
    r.f(s.buffer_delay_length_minus_1 + 1U); // encoder_buffer_delay
    r.flag();                                // low_delay_mode_flag
}

/// 5.5.1, from initial_display_delay_present_flag to initial_display_delay_minus_1
void parse_operating_points(SyntaxReader& r, SequenceHeader& s) {
    const bool initial_display_delay_present = r.flag();
    r.f(s.operating_points_cnt_minus_1, 5);
    for (unsigned i = 0; i <= s.operating_points_cnt_minus_1 && r.ok(); ++i) {
        r.f(s.operating_point_idc[i], 12);
        const std::uint32_t seq_level_idx = r.f(5);
        if (seq_level_idx > 7) r.flag(); // seq_tier
        if (s.decoder_model_info_present_flag) {
            s.decoder_model_present_for_this_op[i] = r.flag();
            if (s.decoder_model_present_for_this_op[i]) parse_operating_parameters_info(r, s);
        }
        if (initial_display_delay_present && r.flag()) r.f(4); // initial_display_delay_minus_1
    }
}

/// 5.5.1, from frame_width_bits_minus_1 to additional_frame_id_length_minus_1
void parse_frame_numbers(SyntaxReader& r, SequenceHeader& s) {
    r.f(s.frame_width_bits_minus_1, 4);
    r.f(s.frame_height_bits_minus_1, 4);
    r.f(s.max_frame_width_minus_1, s.frame_width_bits_minus_1 + 1U);
    r.f(s.max_frame_height_minus_1, s.frame_height_bits_minus_1 + 1U);
    if (!s.reduced_still_picture_header) r.flag(s.frame_id_numbers_present_flag);
    if (!s.frame_id_numbers_present_flag) return;
    r.f(s.delta_frame_id_length_minus_2, 4);
    r.f(s.additional_frame_id_length_minus_1, 3);
    r.require(s.frame_id_bits() <= 16, "idLen above 16 (6.8.2)");
}

/// 5.5.1, from enable_interintra_compound to order_hint_bits_minus_1
void parse_inter_tools(SyntaxReader& r, SequenceHeader& s) {
    r.flag(s.enable_interintra_compound);
    r.flag(s.enable_masked_compound);
    r.flag(s.enable_warped_motion);
    r.flag(s.enable_dual_filter);
    r.flag(s.enable_order_hint);
    if (s.enable_order_hint) {
        r.flag(s.enable_jnt_comp);
        r.flag(s.enable_ref_frame_mvs);
    }
    const bool seq_choose_screen_content_tools = r.flag();
    if (!seq_choose_screen_content_tools) r.f(s.seq_force_screen_content_tools, 1);
    if (s.seq_force_screen_content_tools > 0) {
        const bool seq_choose_integer_mv = r.flag();
        if (!seq_choose_integer_mv) r.f(s.seq_force_integer_mv, 1);
    }
    if (s.enable_order_hint) s.order_hint_bits = static_cast<std::uint8_t>(r.f(3) + 1);
}

/// 5.5.2: the depth
void parse_bit_depth(SyntaxReader& r, const SequenceHeader& s, ColorConfig& c) {
    const bool high_bitdepth = r.flag();
    c.bit_depth = high_bitdepth ? 10 : 8;
    if (s.seq_profile == 2 && high_bitdepth && r.flag()) c.bit_depth = 12; // twelve_bit
}

/// 5.5.2: where chroma samples are
void parse_subsampling(SyntaxReader& r, const SequenceHeader& s, ColorConfig& c) {
    r.flag(c.color_range);
    if (s.seq_profile == 1) c.subsampling_x = c.subsampling_y = false;
    if (s.seq_profile == 2 && c.bit_depth == 12) {
        r.flag(c.subsampling_x);
        c.subsampling_y = c.subsampling_x && r.flag();
    } else if (s.seq_profile == 2) {
        c.subsampling_y = false;
    }
    if (c.subsampling_x && c.subsampling_y) r.f(2); // chroma_sample_position
}

/// 5.5.2
void parse_color_config(SyntaxReader& r, const SequenceHeader& s, ColorConfig& c) {
    parse_bit_depth(r, s, c);
    if (s.seq_profile != 1) r.flag(c.mono_chrome);
    r.flag(c.color_description_present);
    if (c.color_description_present) {
        r.f(c.color_primaries, 8);
        r.f(c.transfer_characteristics, 8);
        r.f(c.matrix_coefficients, 8);
    }
    if (c.mono_chrome) {
        r.flag(c.color_range);
        return;
    }
    if (c.color_primaries == bt709 && c.transfer_characteristics == srgb && c.matrix_coefficients == identity) {
        c.color_range = true;
        c.subsampling_x = c.subsampling_y = false;
    } else {
        parse_subsampling(r, s, c);
    }
    r.require(c.matrix_coefficients != identity || (!c.subsampling_x && !c.subsampling_y),
              "matrix_coefficients is identity with subsampled chroma (6.4.2)");
    r.flag(c.separate_uv_delta_q);
}

} // namespace

Parsed<> parse_sequence_header(std::span<const std::uint8_t> payload, SequenceHeader& sequence) {
    SyntaxReader r(payload);
    SequenceHeader s;
    r.f(s.seq_profile, 3, 2, "seq_profile is reserved (6.4.1)");
    r.flag(s.still_picture);
    r.flag(s.reduced_still_picture_header);
    r.require(s.still_picture || !s.reduced_still_picture_header, "a reduced header of what is no still (6.4.1)");
    if (s.reduced_still_picture_header) {
        r.f(5); // seq_level_idx
    } else {
        if (r.flag()) parse_timing_info(r, s); // timing_info_present_flag
        parse_operating_points(r, s);
    }
    parse_frame_numbers(r, s);
    r.flag(s.use_128x128_superblock);
    r.flag(s.enable_filter_intra);
    r.flag(s.enable_intra_edge_filter);
    if (!s.reduced_still_picture_header) parse_inter_tools(r, s);
    r.flag(s.enable_superres);
    r.flag(s.enable_cdef);
    r.flag(s.enable_restoration);
    parse_color_config(r, s, s.color);
    r.flag(s.film_grain_params_present);
    auto result = r.result("the sequence header is cut");
    if (result) sequence = s;
    return result;
}

} // namespace v4l2play::av1
