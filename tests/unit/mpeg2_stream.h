// Writes MPEG-2 video syntax structures (H.262 6.2), for tests that need streams of their own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/mpeg2_parser.h"
#include "tests/unit/bit_writer.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

inline void append_unit(Bytes& stream, std::uint8_t code, const BitWriter& bits) {
    const Bytes payload = bits.bytes();
    stream.insert(stream.end(), {0, 0, 1, code});
    stream.insert(stream.end(), payload.begin(), payload.end());
}

inline void write_matrix(BitWriter& w, const std::array<std::uint8_t, 64>* matrix) {
    w.u(1, matrix != nullptr ? 1 : 0);
    if (matrix != nullptr)
        for (const std::uint8_t element : *matrix) w.u(8, element);
}

/// Matrices: null where there is none.
inline BitWriter write_sequence_header(const mpeg2::Sequence& sequence,
                                       const std::array<std::uint8_t, 64>* intra = nullptr,
                                       const std::array<std::uint8_t, 64>* non_intra = nullptr) {
    BitWriter w;
    w.u(12, sequence.horizontal_size & 0xfffU).u(12, sequence.vertical_size & 0xfffU);
    w.u(4, sequence.aspect_ratio_information).u(4, 3).u(18, 1000).u(1, 1);
    w.u(10, sequence.vbv_buffer_size & 0x3ffU).u(1, 0);
    write_matrix(w, intra);
    write_matrix(w, non_intra);
    return w;
}

inline BitWriter write_sequence_extension(const mpeg2::Sequence& sequence) {
    BitWriter w;
    w.u(4, 1).u(8, sequence.profile_and_level_indication).u(1, sequence.progressive_sequence ? 1 : 0);
    w.u(2, sequence.chroma_format).u(2, sequence.horizontal_size >> 12U).u(2, sequence.vertical_size >> 12U);
    w.u(12, 0).u(1, 1).u(8, sequence.vbv_buffer_size >> 10U).u(1, sequence.low_delay ? 1 : 0).u(2, 0).u(5, 0);
    return w;
}

inline BitWriter write_display_extension(const mpeg2::Sequence& sequence) {
    BitWriter w;
    w.u(4, 2).u(3, 5).u(1, 1);
    w.u(8, sequence.color.primaries).u(8, sequence.color.transfer).u(8, sequence.color.matrix);
    w.u(14, sequence.display_horizontal_size).u(1, 1).u(14, sequence.display_vertical_size);
    return w;
}

inline BitWriter write_group(bool closed_gop, bool broken_link) {
    BitWriter w;
    w.u(25, 0x0801000).u(1, closed_gop ? 1 : 0).u(1, broken_link ? 1 : 0);
    return w;
}

inline BitWriter write_picture_header(const mpeg2::PictureHeader& header) {
    BitWriter w;
    w.u(10, header.temporal_reference).u(3, static_cast<unsigned>(header.picture_coding_type)).u(16, 0xffff);
    if (header.picture_coding_type != mpeg2::PictureType::I) w.u(1, 0).u(3, 7); // as MPEG-1 has them
    if (header.is_b()) w.u(1, 0).u(3, 7);
    w.u(1, 0); // extra_bit_picture
    return w;
}

inline BitWriter write_coding_extension(const mpeg2::PictureHeader& header) {
    BitWriter w;
    w.u(4, 8);
    for (const auto& direction : header.f_code)
        for (const std::uint8_t f_code : direction) w.u(4, f_code);
    w.u(2, header.intra_dc_precision).u(2, static_cast<unsigned>(header.picture_structure));
    for (const bool flag : {header.top_field_first, header.frame_pred_frame_dct, header.concealment_motion_vectors,
                            header.q_scale_type, header.intra_vlc_format, header.alternate_scan,
                            header.repeat_first_field, false, header.progressive_frame, false})
        w.u(1, flag ? 1 : 0);
    return w;
}

inline BitWriter write_quant_matrix_extension(const std::array<std::uint8_t, 64>* intra,
                                              const std::array<std::uint8_t, 64>* non_intra) {
    BitWriter w;
    w.u(4, 3);
    write_matrix(w, intra);
    write_matrix(w, non_intra);
    return w.u(2, 0); // chrominance
}

inline BitWriter write_slice_head(unsigned quantiser_scale_code = 8) {
    BitWriter w;
    w.u(5, quantiser_scale_code).u(1, 0).u(24, 0xabcdef);
    return w;
}

} // namespace v4l2play::test
