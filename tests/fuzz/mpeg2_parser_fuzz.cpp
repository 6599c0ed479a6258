// Arbitrary bytes as MPEG-2 video: what a parser accepts keeps what mpeg2_syntax.h promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

#include "decoder/codec/mpeg2_parser.h"

namespace {

using namespace v4l2play::mpeg2;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

void check(const QuantMatrices& matrices) {
    for (const auto* matrix :
         {&matrices.intra, &matrices.non_intra, &matrices.chroma_intra, &matrices.chroma_non_intra})
        require(std::find(matrix->begin(), matrix->end(), 0) == matrix->end(), "an element of a matrix is 0");
}

struct State {
    Sequence sequence;
    QuantMatrices matrices = default_matrices();
    PictureHeader picture;

    void extension(const Unit& unit) {
        switch (parse_extension_id(unit.payload).value_or(ExtensionId::SequenceScalable)) {
        case ExtensionId::Sequence:
            if (parse_sequence_extension(unit.payload, sequence))
                require(sequence.chroma_format >= 1 && sequence.chroma_format <= 3, "chroma_format");
            require(sequence.horizontal_size < 1 << 14 && sequence.vertical_size < 1 << 14, "size");
            require(sequence.vbv_buffer_size < 1 << 18, "vbv_buffer_size");
            return;
        case ExtensionId::SequenceDisplay:
            if (parse_sequence_display_extension(unit.payload, sequence))
                require(sequence.display_horizontal_size < 1 << 14, "display_horizontal_size");
            return;
        case ExtensionId::QuantMatrix:
            parse_quant_matrix_extension(unit.payload, matrices);
            return check(matrices);
        case ExtensionId::PictureCoding:
            return coding_extension(unit);
        default:
            return;
        }
    }
    void coding_extension(const Unit& unit) {
        if (!parse_picture_coding_extension(unit.payload, picture)) return;
        const auto structure = static_cast<unsigned>(picture.picture_structure);
        require(structure >= 1 && structure <= 3 && picture.intra_dc_precision <= 3, "picture_coding_extension");
        for (unsigned t = 0; t < 2; ++t) {
            const bool forward = picture.picture_coding_type != PictureType::I;
            require(!forward || (picture.f_code[0][t] >= 1 && picture.f_code[0][t] <= 9), "f_code");
            require(!picture.is_b() || (picture.f_code[1][t] >= 1 && picture.f_code[1][t] <= 9), "f_code");
        }
    }
    void unit(const Unit& unit) {
        Group group;
        if (unit.is_slice()) {
            const unsigned rows = (sequence.vertical_size + 15U) / 16;
            if (check_slice(unit, sequence.vertical_size, rows)) require(rows > 0, "a slice outside of the picture");
        }
        if (unit.is(StartCode::SequenceHeader)) {
            if (parse_sequence_header(unit.payload, sequence, matrices))
                check(matrices);
            else
                matrices = default_matrices();
        }
        if (unit.is(StartCode::Group)) parse_group(unit.payload, group);
        if (unit.is(StartCode::Picture) && parse_picture_header(unit.payload, picture)) {
            const auto type = static_cast<unsigned>(picture.picture_coding_type);
            require(type >= 1 && type <= 3 && picture.temporal_reference < 1024, "picture_header");
        }
        if (unit.is(StartCode::Extension)) extension(unit);
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    State state;
    Units units({data, size});
    const std::uint8_t* behind = data;
    while (const auto unit = units.next()) {
        require(unit->bytes.data() >= behind && unit->bytes.size() >= 3, "a unit");
        behind = unit->bytes.data() + unit->bytes.size();
        // A start code may follow at once, without so much as a code in between.
        require(behind <= data + size && unit->payload.size() + 4 == std::max<std::size_t>(unit->bytes.size(), 4),
                "a unit's end");
        state.unit(*unit);
    }
    return 0;
}
