// Headers of MPEG-2 video, element by element.
#include "decoder/codec/mpeg2_parser.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "tests/unit/mpeg2_stream.h"

namespace v4l2play::mpeg2 {
namespace {

using namespace test;

Sequence large() {
    Sequence sequence;
    sequence.horizontal_size = 5000; // 13 bits: the extension has one of them
    sequence.vertical_size = 8200;
    sequence.aspect_ratio_information = 3;
    sequence.vbv_buffer_size = 0x2a5a5;
    sequence.profile_and_level_indication = 0x48;
    sequence.progressive_sequence = true;
    sequence.chroma_format = 2;
    sequence.low_delay = true;
    return sequence;
}

std::array<std::uint8_t, 64> counting(unsigned first) {
    std::array<std::uint8_t, 64> matrix{};
    for (std::size_t i = 0; i < 64; ++i) matrix[i] = static_cast<std::uint8_t>(first + i);
    return matrix;
}

PictureHeader busy() {
    PictureHeader header;
    header.temporal_reference = 1021;
    header.picture_coding_type = PictureType::B;
    header.f_code = {{{1, 2}, {3, 9}}};
    header.intra_dc_precision = 2;
    header.picture_structure = Structure::BottomField;
    header.top_field_first = header.concealment_motion_vectors = header.intra_vlc_format = true;
    header.repeat_first_field = true;
    return header;
}

/// The header as it is read back; `change` alters it before.
ParseResult read_back(PictureHeader wanted, PictureHeader& read) {
    const Bytes head = write_picture_header(wanted).bytes();
    if (const auto parsed = parse_picture_header(head, read); !parsed) return parsed;
    return parse_picture_coding_extension(write_coding_extension(wanted).bytes(), read);
}

TEST(Mpeg2Units, AreSplitAtStartCodes) {
    const Bytes stream{9, 9, 0, 0, 0, 1, 0xb3, 1, 2, 0, 0, 1, 0x05, 7, 0, 0, 1, 0xb7, 0, 0, 1};
    Units units(stream);
    auto unit = units.next();
    ASSERT_TRUE(unit);
    EXPECT_TRUE(unit->is(StartCode::SequenceHeader));
    EXPECT_EQ(2U, unit->payload.size());
    EXPECT_EQ(6U, unit->bytes.size());
    unit = units.next();
    EXPECT_TRUE(unit->is_slice());
    EXPECT_EQ(5, unit->code);
    EXPECT_TRUE(units.next()->is(StartCode::SequenceEnd));
    EXPECT_FALSE(units.next()) << "a start code without a value";
    EXPECT_FALSE(Units({}).next());
}

TEST(Mpeg2Sequence, HeaderAndExtensions) {
    Sequence wanted = large();
    Sequence sequence;
    QuantMatrices matrices;
    ASSERT_TRUE(parse_sequence_header(write_sequence_header(wanted).bytes(), sequence, matrices));
    EXPECT_EQ(default_matrices(), matrices);
    EXPECT_EQ(5000 & 0xfff, sequence.horizontal_size);
    ASSERT_TRUE(parse_sequence_extension(write_sequence_extension(wanted).bytes(), sequence));
    EXPECT_EQ(wanted, sequence);
    wanted.color = {9, 16, 8, false};
    wanted.display_horizontal_size = 10000;
    wanted.display_vertical_size = 16383;
    ASSERT_TRUE(parse_sequence_display_extension(write_display_extension(wanted).bytes(), sequence));
    EXPECT_EQ(wanted, sequence);
}

TEST(Mpeg2Sequence, MatricesOfItsOwn) {
    const auto intra = counting(8);
    const auto non_intra = counting(100);
    Sequence sequence;
    QuantMatrices matrices;
    ASSERT_TRUE(parse_sequence_header(write_sequence_header(large(), &intra, &non_intra).bytes(), sequence, matrices));
    EXPECT_EQ((QuantMatrices{intra, non_intra, intra, non_intra}), matrices);
    const auto later = counting(50);
    ASSERT_TRUE(parse_quant_matrix_extension(write_quant_matrix_extension(nullptr, &later).bytes(), matrices));
    EXPECT_EQ((QuantMatrices{intra, later, intra, later}), matrices);
    const auto zero = counting(0);
    const auto parsed = parse_quant_matrix_extension(write_quant_matrix_extension(&zero, nullptr).bytes(), matrices);
    EXPECT_FALSE(parsed) << "an element of 0";
    EXPECT_EQ(later, matrices.non_intra) << "nothing of a bad extension is taken";
}

TEST(Mpeg2Sequence, DefaultMatricesAreInZigZagOrder) {
    const QuantMatrices matrices = default_matrices();
    const std::array<std::uint8_t, 8> beginning{8, 16, 16, 19, 16, 19, 22, 22};
    EXPECT_TRUE(std::equal(beginning.begin(), beginning.end(), matrices.intra.begin()));
    EXPECT_EQ(83, matrices.intra[63]);
    EXPECT_EQ(16, matrices.non_intra[40]);
}

TEST(Mpeg2Sequence, RangeOfEachElement) {
    Sequence sequence = large();
    QuantMatrices matrices;
    for (auto member : {&Sequence::horizontal_size, &Sequence::vertical_size}) {
        Sequence empty = large();
        empty.*member = 4096; // the lower 12 bits must not be 0
        EXPECT_FALSE(parse_sequence_header(write_sequence_header(empty).bytes(), sequence, matrices));
    }
    Sequence reserved = large();
    reserved.chroma_format = 0;
    EXPECT_FALSE(parse_sequence_extension(write_sequence_extension(reserved).bytes(), sequence));
}

TEST(Mpeg2Picture, HeaderAndExtension) {
    PictureHeader read;
    ASSERT_TRUE(read_back(busy(), read));
    const PictureHeader wanted = busy();
    EXPECT_EQ(wanted.temporal_reference, read.temporal_reference);
    EXPECT_EQ(wanted.picture_coding_type, read.picture_coding_type);
    EXPECT_EQ(wanted.f_code, read.f_code);
    EXPECT_EQ(wanted.intra_dc_precision, read.intra_dc_precision);
    EXPECT_EQ(wanted.picture_structure, read.picture_structure);
    EXPECT_TRUE(read.top_field_first);
    EXPECT_FALSE(read.frame_pred_frame_dct);
    EXPECT_TRUE(read.concealment_motion_vectors);
    EXPECT_FALSE(read.q_scale_type);
    EXPECT_TRUE(read.intra_vlc_format);
    EXPECT_FALSE(read.alternate_scan);
    EXPECT_TRUE(read.repeat_first_field);
    EXPECT_FALSE(read.progressive_frame);
    PictureHeader others = busy();
    others.frame_pred_frame_dct = others.q_scale_type = others.alternate_scan = others.progressive_frame = true;
    ASSERT_TRUE(read_back(others, read));
    EXPECT_TRUE(read.frame_pred_frame_dct && read.q_scale_type && read.alternate_scan && read.progressive_frame);
}

TEST(Mpeg2Picture, RangeOfEachElement) {
    PictureHeader read;
    const std::vector<std::function<void(PictureHeader&)>> faults{
        [](PictureHeader& h) { h.picture_coding_type = static_cast<PictureType>(0); },
        [](PictureHeader& h) { h.picture_coding_type = static_cast<PictureType>(4); },
        [](PictureHeader& h) { h.picture_structure = static_cast<Structure>(0); },
        [](PictureHeader& h) { h.f_code[0][1] = 0; },
        [](PictureHeader& h) { h.f_code[1][0] = 10; },
        [](PictureHeader& h) { h.f_code[1][1] = 15; },
    };
    for (std::size_t i = 0; i < faults.size(); ++i) {
        PictureHeader header = busy();
        faults[i](header);
        EXPECT_FALSE(read_back(header, read)) << i;
    }
}

TEST(Mpeg2Picture, UnusedFCodesAreAnything) {
    PictureHeader header = busy();
    PictureHeader read;
    header.f_code[1] = {15, 15};
    header.picture_coding_type = PictureType::P;
    EXPECT_TRUE(read_back(header, read));
    header.f_code[0] = {15, 15};
    EXPECT_FALSE(read_back(header, read));
    header.picture_coding_type = PictureType::I;
    EXPECT_FALSE(read_back(header, read)) << "concealment motion vectors";
    header.concealment_motion_vectors = false;
    EXPECT_TRUE(read_back(header, read));
}

TEST(Mpeg2Group, Flags) {
    Group group;
    ASSERT_TRUE(parse_group(write_group(true, false).bytes(), group));
    EXPECT_TRUE(group.closed_gop);
    EXPECT_FALSE(group.broken_link);
    ASSERT_TRUE(parse_group(write_group(false, true).bytes(), group));
    EXPECT_FALSE(group.closed_gop);
    EXPECT_TRUE(group.broken_link);
}

Unit slice(std::uint8_t code, const Bytes& payload) {
    Unit unit;
    unit.code = code;
    unit.payload = payload;
    return unit;
}

TEST(Mpeg2Slice, IsInsideThePicture) {
    const Bytes head = write_slice_head().bytes();
    EXPECT_TRUE(check_slice(slice(36, head), 576, 36));
    EXPECT_FALSE(check_slice(slice(37, head), 576, 36));
    EXPECT_FALSE(check_slice(slice(1, write_slice_head(0).bytes()), 576, 36)) << "quantiser_scale_code";
    EXPECT_FALSE(check_slice(slice(1, {}), 576, 36));
    // Above 2800 lines the row has three more bits.
    BitWriter tall;
    tall.u(3, 1).u(5, 4);
    EXPECT_TRUE(check_slice(slice(47, tall.bytes()), 2801, 176)) << "128 + 46 = row 174";
    EXPECT_FALSE(check_slice(slice(49, tall.bytes()), 2801, 176));
}

TEST(Mpeg2Truncated, NothingIsReadBehindTheEnd) {
    Sequence sequence = large();
    PictureHeader header = busy();
    Group group;
    QuantMatrices matrices;
    const auto matrix = counting(8);
    const std::vector<std::pair<Bytes, std::function<ParseResult(std::span<const std::uint8_t>)>>> structures{
        {write_sequence_header(large(), &matrix, &matrix).bytes(),
         [&](auto bytes) { return parse_sequence_header(bytes, sequence, matrices); }},
        {write_sequence_extension(large()).bytes(),
         [&](auto bytes) { return parse_sequence_extension(bytes, sequence); }},
        {write_display_extension(large()).bytes(),
         [&](auto bytes) { return parse_sequence_display_extension(bytes, sequence); }},
        {write_group(true, true).bytes(), [&](auto bytes) { return parse_group(bytes, group); }},
        {write_coding_extension(busy()).bytes(),
         [&](auto bytes) { return parse_picture_coding_extension(bytes, header); }},
        {write_quant_matrix_extension(&matrix, &matrix).bytes(),
         [&](auto bytes) { return parse_quant_matrix_extension(bytes, matrices); }},
    };
    for (std::size_t i = 0; i < structures.size(); ++i) {
        const auto& [bytes, parse] = structures[i];
        EXPECT_TRUE(parse(bytes)) << i;
        // The last byte may hold nothing that is read: padding, or what follows progressive_frame.
        for (std::size_t size = 0; size + 2 < bytes.size(); ++size) {
            const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_FALSE(parse(cut)) << i << " cut to " << size;
        }
    }
}

} // namespace
} // namespace v4l2play::mpeg2
