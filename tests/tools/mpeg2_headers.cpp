// Prints the MPEG-2 headers of a file as our parser reads them, for tests/integration/mpeg2_headers.
//
//     mpeg2_headers FILE
//
// `packet`, then per structure its kind and `name=value` lines with the names of libavcodec's trace_headers filter, or
// `error=...`. Matrices are as they are after the structure.
// Exit code: 0 read to the end; 1 the file cannot be opened; 2 bad call; 3 it has no MPEG-2 video.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <fmt/format.h>

#include "decoder/codec/mpeg2_parser.h"
#include "decoder/codec/mpeg2_sequence.h"
#include "tests/tools/read_packets.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::mpeg2;

constexpr unsigned macroblock = 16;

template <class Value>
void print(const char* name, Value value) {
    fmt::print("{}={}\n", name, static_cast<std::int64_t>(value));
}
void print_all(const char* name, const std::array<std::uint8_t, 64>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) fmt::print("{}[{}]={}\n", name, i, values[i]);
}

void print(const QuantMatrices& matrices) {
    print_all("intra_quantiser_matrix", matrices.intra);
    print_all("non_intra_quantiser_matrix", matrices.non_intra);
    print_all("chroma_intra_quantiser_matrix", matrices.chroma_intra);
    print_all("chroma_non_intra_quantiser_matrix", matrices.chroma_non_intra);
}

void print_coding_extension(const PictureHeader& h) {
    for (unsigned s = 0; s < 2; ++s)
        for (unsigned t = 0; t < 2; ++t) fmt::print("f_code[{}][{}]={}\n", s, t, h.f_code[s][t]);
    print("intra_dc_precision", h.intra_dc_precision);
    print("picture_structure", h.picture_structure);
    print("top_field_first", h.top_field_first);
    print("frame_pred_frame_dct", h.frame_pred_frame_dct);
    print("concealment_motion_vectors", h.concealment_motion_vectors);
    print("q_scale_type", h.q_scale_type);
    print("intra_vlc_format", h.intra_vlc_format);
    print("alternate_scan", h.alternate_scan);
    print("repeat_first_field", h.repeat_first_field);
    print("progressive_frame", h.progressive_frame);
}

/// Our parser, and what later structures add to.
class Headers {
  public:
    void packet(std::span<const std::uint8_t> bytes) {
        fmt::print("packet\n");
        Units units(bytes);
        while (const auto unit = units.next()) structure(*unit);
    }

  private:
    void structure(const Unit& unit) {
        if (unit.is_slice()) return slice(unit);
        if (unit.is(StartCode::SequenceHeader)) return sequence_header(unit);
        if (unit.is(StartCode::Group)) return group(unit);
        if (unit.is(StartCode::Picture)) return picture(unit);
        if (unit.is(StartCode::Extension)) return extension(unit);
    }
    void sequence_header(const Unit& unit) {
        fmt::print("sequence\n");
        check(parse_sequence_header(unit.payload, sequence_, matrices_));
        print("horizontal_size_value", sequence_.horizontal_size & 0xfffU);
        print("vertical_size_value", sequence_.vertical_size & 0xfffU);
        print("aspect_ratio_information", sequence_.aspect_ratio_information);
        print("vbv_buffer_size_value", sequence_.vbv_buffer_size & 0x3ffU);
        print(matrices_);
    }
    static void group(const Unit& unit) {
        Group group;
        fmt::print("group\n");
        check(parse_group(unit.payload, group));
        print("closed_gop", group.closed_gop);
        print("broken_link", group.broken_link);
    }
    void picture(const Unit& unit) {
        fmt::print("picture\n");
        in_picture_ = true;
        check(parse_picture_header(unit.payload, picture_));
        print("temporal_reference", picture_.temporal_reference);
        print("picture_coding_type", picture_.picture_coding_type);
    }
    void slice(const Unit& unit) const {
        fmt::print("slice\n");
        const unsigned height = coded_height(sequence_) / (picture_.is_field() ? 2 : 1);
        if (in_picture_ && height != 0) check(check_slice(unit, sequence_.vertical_size, height / macroblock));
        print("slice_vertical_position", unit.code);
    }
    void extension(const Unit& unit) {
        const auto id = parse_extension_id(unit.payload);
        if (!id) return;
        switch (*id) {
        case ExtensionId::Sequence:
            return sequence_extension(unit);
        case ExtensionId::SequenceDisplay:
            return display_extension(unit);
        case ExtensionId::QuantMatrix:
            fmt::print("matrix_extension\n");
            check(parse_quant_matrix_extension(unit.payload, matrices_));
            return print(matrices_);
        case ExtensionId::PictureCoding:
            fmt::print("coding_extension\n");
            check(parse_picture_coding_extension(unit.payload, picture_));
            return print_coding_extension(picture_);
        default:
            return;
        }
    }
    void sequence_extension(const Unit& unit) {
        fmt::print("sequence_extension\n");
        check(parse_sequence_extension(unit.payload, sequence_));
        print("profile_and_level_indication", sequence_.profile_and_level_indication);
        print("progressive_sequence", sequence_.progressive_sequence);
        print("chroma_format", sequence_.chroma_format);
        print("horizontal_size_extension", sequence_.horizontal_size >> 12);
        print("vertical_size_extension", sequence_.vertical_size >> 12);
        print("vbv_buffer_size_extension", sequence_.vbv_buffer_size >> 10);
        print("low_delay", sequence_.low_delay);
    }
    void display_extension(const Unit& unit) {
        fmt::print("display_extension\n");
        check(parse_sequence_display_extension(unit.payload, sequence_));
        print("colour_primaries", sequence_.color.primaries);
        print("transfer_characteristics", sequence_.color.transfer);
        print("matrix_coefficients", sequence_.color.matrix);
        print("display_horizontal_size", sequence_.display_horizontal_size);
        print("display_vertical_size", sequence_.display_vertical_size);
    }
    static void check(const ParseResult& result) {
        if (!result) fmt::print("error={}\n", result.error());
    }

    Sequence sequence_;
    PictureHeader picture_;
    QuantMatrices matrices_ = default_matrices();
    bool in_picture_ = false; ///< a file may start in the middle of one, or without a sequence header
};

} // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    av_log_set_level(AV_LOG_QUIET);
    return read_packets(arguments[1], AV_CODEC_ID_MPEG2VIDEO, Headers{});
}
