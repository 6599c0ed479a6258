// AV1 sequence headers, element by element.
#include <gtest/gtest.h>

#include "decoder/codec/av1_parser.h"
#include "decoder/codec/av1_sequence.h"
#include "tests/unit/av1_stream.h"

namespace v4l2play::test {
namespace {

using namespace av1;

SequenceHeader parse(const Structure& structure) {
    SequenceHeader sequence;
    const auto parsed = parse_sequence_header(with_trailing_bits(structure), sequence);
    EXPECT_TRUE(parsed) << parsed.error().why;
    return sequence;
}

int error_of(const Structure& structure) {
    SequenceHeader sequence;
    const auto parsed = parse_sequence_header(with_trailing_bits(structure), sequence);
    return parsed ? 0 : parsed.error().code;
}

TEST(Av1SequenceHeader, ReadsTheSimpleOne) {
    const SequenceHeader s = parse(av1_sequence_header());
    EXPECT_EQ(63, s.max_frame_width_minus_1);
    EXPECT_EQ(63, s.max_frame_height_minus_1);
    EXPECT_EQ(9, s.frame_width_bits_minus_1);
    EXPECT_TRUE(s.enable_order_hint);
    EXPECT_EQ(7, s.order_hint_bits);
    EXPECT_EQ(0, s.seq_force_screen_content_tools);
    EXPECT_EQ(select_integer_mv, s.seq_force_integer_mv);
    EXPECT_EQ(8, s.color.bit_depth);
    EXPECT_TRUE(s.color.subsampling_x && s.color.subsampling_y);
    EXPECT_EQ(3U, s.color.num_planes());
    EXPECT_EQ(s, parse(av1_sequence_header()));
}

TEST(Av1SequenceHeader, EveryFlagGoesToItsField) {
    const std::vector<std::pair<const char*, bool SequenceHeader::*>> flags{
        {"use_128x128_superblock", &SequenceHeader::use_128x128_superblock},
        {"enable_filter_intra", &SequenceHeader::enable_filter_intra},
        {"enable_intra_edge_filter", &SequenceHeader::enable_intra_edge_filter},
        {"enable_interintra_compound", &SequenceHeader::enable_interintra_compound},
        {"enable_masked_compound", &SequenceHeader::enable_masked_compound},
        {"enable_warped_motion", &SequenceHeader::enable_warped_motion},
        {"enable_dual_filter", &SequenceHeader::enable_dual_filter},
        {"enable_jnt_comp", &SequenceHeader::enable_jnt_comp},
        {"enable_ref_frame_mvs", &SequenceHeader::enable_ref_frame_mvs},
        {"enable_superres", &SequenceHeader::enable_superres},
        {"enable_cdef", &SequenceHeader::enable_cdef},
        {"enable_restoration", &SequenceHeader::enable_restoration},
        {"film_grain_params_present", &SequenceHeader::film_grain_params_present},
        {"still_picture", &SequenceHeader::still_picture},
    };
    for (const auto& [name, field] : flags) {
        SequenceHeader expected = parse(av1_sequence_header());
        expected.*field = true;
        EXPECT_EQ(expected, parse(av1_sequence_header().with(name, 1))) << name;
    }
}

TEST(Av1SequenceHeader, ReadsOverTheDecoderModel) {
    Structure timing;
    timing.u("num_units_in_display_tick", 32, 1).u("time_scale", 32, 30).flag("equal_picture_interval", true);
    timing.ue("num_ticks_per_picture_minus_1", 0); // uvlc() is ue(v) but for the longest codes
    timing.flag("decoder_model_info_present_flag", true).u("buffer_delay_length_minus_1", 5, 9);
    timing.u("num_units_in_decoding_tick", 32, 7).u("buffer_removal_time_length_minus_1", 5, 3);
    timing.u("frame_presentation_time_length_minus_1", 5, 4);
    Structure point;
    point.flag("decoder_model_present_for_this_op", true).u("decoder_buffer_delay", 10, 1);
    point.u("encoder_buffer_delay", 10, 1).flag("low_delay_mode_flag", false);
    point.flag("initial_display_delay_present_for_this_op", true).u("initial_display_delay_minus_1", 4, 3);
    Structure second;
    second.u("idc_1", 12, 0x101).u("level_1", 5, 8).flag("tier_1", true);
    second.flag("model_1", false).flag("delay_1", false);
    const Structure header = av1_sequence_header()
                                 .with("timing_info_present_flag", 1)
                                 .with("initial_display_delay_present_flag", 1)
                                 .with("operating_points_cnt_minus_1", 1)
                                 .with("operating_point_idc", 0x103)
                                 .after("seq_level_idx", second)
                                 .after("seq_level_idx", point)
                                 .after("timing_info_present_flag", timing);
    const SequenceHeader s = parse(header);
    EXPECT_TRUE(s.equal_picture_interval);
    EXPECT_TRUE(s.decoder_model_info_present_flag);
    EXPECT_EQ(3, s.buffer_removal_time_length_minus_1);
    EXPECT_EQ(4, s.frame_presentation_time_length_minus_1);
    EXPECT_EQ(1, s.operating_points_cnt_minus_1);
    EXPECT_EQ(0x103, s.operating_point_idc[0]);
    EXPECT_EQ(0x101, s.operating_point_idc[1]);
    EXPECT_TRUE(s.decoder_model_present_for_this_op[0]);
    EXPECT_FALSE(s.decoder_model_present_for_this_op[1]);
    EXPECT_EQ(63, s.max_frame_width_minus_1);
}

TEST(Av1SequenceHeader, StillPicturesMayHaveAReducedOne) {
    Structure s;
    s.u("seq_profile", 3, 0).flag("still_picture", true).flag("reduced_still_picture_header", true);
    s.u("seq_level_idx", 5, 20);
    s.u("frame_width_bits_minus_1", 4, 3).u("frame_height_bits_minus_1", 4, 3);
    s.u("max_frame_width_minus_1", 4, 15).u("max_frame_height_minus_1", 4, 7);
    s.flag("use_128x128_superblock", true).flag("enable_filter_intra", false).flag("enable_intra_edge_filter", false);
    s.flag("enable_superres", false).flag("enable_cdef", true).flag("enable_restoration", false);
    s.flag("high_bitdepth", true).flag("mono_chrome", true).flag("color_description_present_flag", false);
    s.flag("color_range", true).flag("film_grain_params_present", false);
    const SequenceHeader header = parse(s);
    EXPECT_TRUE(header.reduced_still_picture_header);
    EXPECT_EQ(select_screen_content_tools, header.seq_force_screen_content_tools);
    EXPECT_EQ(0, header.order_hint_bits);
    EXPECT_EQ(10, header.color.bit_depth);
    EXPECT_EQ(1U, header.color.num_planes());
    EXPECT_TRUE(header.enable_cdef);
    EXPECT_EQ(EBADMSG, error_of(s.with("still_picture", 0)));
}

TEST(Av1SequenceHeader, ProfilesDecideTheSampling) {
    Structure colors;
    colors.u("color_primaries", 8, 1).u("transfer_characteristics", 8, 13).u("matrix_coefficients", 8, 0);
    const Structure high =
        av1_sequence_header().with("seq_profile", 1).without("mono_chrome").without("chroma_sample_position");
    EXPECT_FALSE(parse(high).color.subsampling_x);
    const Structure srgb = high.with("color_description_present_flag", 1)
                               .without("color_range")
                               .after("color_description_present_flag", colors);
    EXPECT_TRUE(parse(srgb).color.color_range);
    EXPECT_EQ(13, parse(srgb).color.transfer_characteristics);

    const Structure professional = av1_sequence_header().with("seq_profile", 2);
    EXPECT_TRUE(parse(professional.without("chroma_sample_position")).color.subsampling_x);
    EXPECT_FALSE(parse(professional.without("chroma_sample_position")).color.subsampling_y);
    Structure twelve;
    twelve.flag("twelve_bit", true);
    Structure sampling;
    sampling.flag("subsampling_x", true).flag("subsampling_y", true);
    const SequenceHeader s =
        parse(professional.with("high_bitdepth", 1).after("high_bitdepth", twelve).after("color_range", sampling));
    EXPECT_EQ(12, s.color.bit_depth);
    EXPECT_TRUE(s.color.subsampling_y);
    EXPECT_EQ(EBADMSG, error_of(av1_sequence_header().with("seq_profile", 3)));
}

TEST(Av1SequenceHeader, RefusesWhatBreaksTheSpecification) {
    Structure ids;
    ids.u("delta_frame_id_length_minus_2", 4, 13).u("additional_frame_id_length_minus_1", 3, 7);
    const Structure with_ids =
        av1_sequence_header().with("frame_id_numbers_present_flag", 1).after("frame_id_numbers_present_flag", ids);
    EXPECT_EQ(EBADMSG, error_of(with_ids)) << "idLen 23";
    EXPECT_EQ(16U, parse(with_ids.with("additional_frame_id_length_minus_1", 0)).frame_id_bits());
    Structure colors;
    colors.u("color_primaries", 8, 1).u("transfer_characteristics", 8, 1).u("matrix_coefficients", 8, 0);
    EXPECT_EQ(EBADMSG, error_of(av1_sequence_header()
                                    .with("color_description_present_flag", 1)
                                    .after("color_description_present_flag", colors)))
        << "identity with 4:2:0";
}

TEST(Av1SequenceHeader, RefusesEveryCut) {
    const Bytes whole = av1_sequence_header().bits().bytes();
    for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
        SequenceHeader sequence;
        const auto parsed = parse_sequence_header(std::span(whole).first(size), sequence);
        ASSERT_FALSE(parsed) << size;
        EXPECT_EQ(EBADMSG, parsed.error().code);
        EXPECT_EQ(SequenceHeader{}, sequence) << "a header that is cut says nothing";
    }
}

TEST(Av1Sequence, DescribesWhatBuffersNeed) {
    SequenceHeader header = parse(av1_sequence_header().with("max_frame_width_minus_1", 100));
    const StreamInfo container;
    const SequenceInfo info = describe_sequence(header, largest_size(header), container);
    EXPECT_EQ(CodecId::Av1, info.codec);
    EXPECT_EQ(104U, info.coded_width);
    EXPECT_EQ(64U, info.coded_height);
    EXPECT_EQ(8U, info.dpb_slots);
    EXPECT_EQ(1, info.chroma_format_idc);
    EXPECT_EQ((Rect{0, 0, 101, 64}), info.info.visible);
    EXPECT_EQ((Rational{1, 1}), info.info.sample_aspect);
    header.color.mono_chrome = true;
    EXPECT_EQ(0, describe_sequence(header, largest_size(header), container).chroma_format_idc);
}

TEST(Av1Sequence, RenderSizeIsTheAspect) {
    const SequenceHeader header = parse(av1_sequence_header());
    FrameSize size = largest_size(header);
    StreamInfo container;
    container.sample_aspect = {3, 2};
    EXPECT_EQ((Rational{3, 2}), describe_sequence(header, size, container).info.sample_aspect);
    size.render_width = 128;
    EXPECT_EQ((Rational{2, 1}), describe_sequence(header, size, container).info.sample_aspect);
    size.render_height = 128;
    EXPECT_EQ((Rational{3, 2}), describe_sequence(header, size, container).info.sample_aspect);
}

TEST(Av1Sequence, NamesWhatIsNotDone) {
    SequenceHeader header;
    EXPECT_FALSE(unsupported(header, 0));
    header.operating_point_idc[0] = 0x107;
    EXPECT_FALSE(unsupported(header, 0)) << "temporal layers";
    header.operating_point_idc[0] = 0x301;
    EXPECT_TRUE(unsupported(header, 0)) << "spatial layers";
    header.operating_point_idc[0] = 0;
    for (const unsigned profile : {1U, 2U}) {
        header.seq_profile = static_cast<std::uint8_t>(profile);
        EXPECT_TRUE(unsupported(header, 0));
    }
}

TEST(Av1Sequence, SaysWhichOperatingPointWouldDo) {
    SequenceHeader header;
    header.operating_points_cnt_minus_1 = 3;
    header.operating_point_idc = {0x303, 0x301, 0x201, 0x101};
    EXPECT_EQ("AV1 with spatial layers is not done by this decoder; operating point 2 has none, at a lower quality",
              unsupported(header, 0));
    EXPECT_FALSE(unsupported(header, 2)) << "one layer, though not the first";
    EXPECT_FALSE(unsupported(header, 3));
    EXPECT_EQ("there is no operating point 4 in the stream, the last is 3", unsupported(header, 4));
    header.operating_points_cnt_minus_1 = 1;
    EXPECT_EQ("AV1 with spatial layers is not done by this decoder", unsupported(header, 0)) << "nor any other";
}

TEST(Av1Sequence, RefusesAnOperatingPointThatIsNotThere) {
    StreamInfo stream;
    stream.codec = CodecId::Av1;
    std::vector<std::uint8_t> unit;
    append_obu(unit, ObuType::SequenceHeader, with_trailing_bits(av1_sequence_header()));
    EXPECT_TRUE(check_operating_point(stream, unit));
    stream.operating_point = 1;
    const auto checked = check_operating_point(stream, unit);
    ASSERT_FALSE(checked);
    EXPECT_EQ(ENOTSUP, checked.error().code);
    EXPECT_EQ("there is no operating point 1 in the stream, the last is 0", checked.error().what);
    EXPECT_TRUE(check_operating_point(stream, {})) << "nothing is known";
    unit.pop_back();
    EXPECT_TRUE(check_operating_point(stream, unit)) << "malformed: for the decoder to judge";
    stream.codec = CodecId::Vp9;
    EXPECT_TRUE(check_operating_point(stream, unit));
}

} // namespace
} // namespace v4l2play::test
