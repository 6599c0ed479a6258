#include "decoder/codec/mpeg2_parser.h"

#include <algorithm>

#include "decoder/codec/nal_units.h"

namespace v4l2play::mpeg2 {

namespace {

// Figure 7-2: raster index of each position of the zig-zag scan.
constexpr std::array<std::uint8_t, 64> zigzag{0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                              12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                              35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                              58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};
// 6.3.11, in raster order
constexpr std::array<std::uint8_t, 64> default_intra{8,  16, 19, 22, 26, 27, 29, 34, 16, 16, 22, 24, 27, 29, 34, 37,
                                                     19, 22, 26, 27, 29, 34, 34, 38, 22, 22, 26, 27, 29, 34, 37, 40,
                                                     22, 26, 27, 29, 32, 35, 40, 48, 26, 27, 29, 32, 35, 40, 48, 58,
                                                     26, 27, 29, 34, 38, 46, 56, 69, 27, 29, 35, 38, 46, 56, 69, 83};

constexpr std::size_t prefix_size = 3; // 00 00 01
constexpr const char* truncated = "a header is cut short";
// 6.2.4: above it, slices have slice_vertical_position_extension.
constexpr unsigned tall = 2800;

/// Bits, most significant first. A read past the end gives 0, and so do all that follow; `failed` tells.
class BitReader {
  public:
    explicit BitReader(std::span<const std::uint8_t> bytes)
        : bytes_(bytes) {}

    /// uimsbf and bslbf (clause 4). n <= 32
    std::uint32_t u(unsigned n) {
        if (n > 8 * bytes_.size() - position_) failed_ = true;
        std::uint32_t value = 0;
        for (; n > 0 && !failed_; --n, ++position_)
            value = value << 1 | (bytes_[position_ / 8] >> (7 - position_ % 8) & 1U);
        return failed_ ? 0 : value;
    }
    bool flag() { return u(1) != 0; }
    void skip(unsigned n) { u(n); }
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t position_ = 0; ///< bits
    bool failed_ = false;
};

ParseResult refuse(const char* why) { return tl::unexpected<const char*>(why); }

ParseResult require(bool condition, const char* why) {
    if (condition) return {};
    return refuse(why);
}

/// A matrix of 6.2.2.1 or 6.2.3.2. False when an element of it is 0, which is forbidden (6.3.11).
bool read_matrix(BitReader& bits, std::array<std::uint8_t, 64>& matrix) {
    std::array<std::uint8_t, 64> read{};
    for (std::uint8_t& element : read) element = static_cast<std::uint8_t>(bits.u(8));
    if (std::find(read.begin(), read.end(), 0) != read.end()) return false;
    matrix = read;
    return true;
}

bool usable(std::uint8_t f_code) { return f_code >= 1 && f_code <= 9; }

/// 6.3.10: f_code[0] steers forward, f_code[1] backward motion vectors.
bool has_needed_f_codes(const PictureHeader& header) {
    const bool intra = header.picture_coding_type == PictureType::I;
    const bool forward = !intra || header.concealment_motion_vectors;
    if (forward && !(usable(header.f_code[0][0]) && usable(header.f_code[0][1]))) return false;
    return !header.is_b() || (usable(header.f_code[1][0]) && usable(header.f_code[1][1]));
}

} // namespace

QuantMatrices default_matrices() {
    QuantMatrices matrices;
    for (std::size_t i = 0; i < 64; ++i) matrices.intra[i] = default_intra[zigzag[i]];
    matrices.chroma_intra = matrices.intra;
    matrices.non_intra.fill(16);
    matrices.chroma_non_intra.fill(16);
    return matrices;
}

Units::Units(std::span<const std::uint8_t> bytes)
    : rest_(bytes.subspan(find_start_code(bytes))) {}

std::optional<Unit> Units::next() {
    if (rest_.size() <= prefix_size) return std::nullopt;
    const std::size_t size = prefix_size + find_start_code(rest_.subspan(prefix_size));
    Unit unit;
    unit.code = rest_[prefix_size];
    unit.bytes = rest_.first(size);
    unit.payload = unit.bytes.subspan(std::min(size, prefix_size + 1));
    rest_ = rest_.subspan(size);
    return unit;
}

ParseResult parse_sequence_header(std::span<const std::uint8_t> payload, Sequence& sequence, QuantMatrices& matrices) {
    BitReader bits(payload);
    sequence = {};
    sequence.horizontal_size = static_cast<std::uint16_t>(bits.u(12));
    sequence.vertical_size = static_cast<std::uint16_t>(bits.u(12));
    sequence.aspect_ratio_information = static_cast<std::uint8_t>(bits.u(4));
    bits.skip(4 + 18 + 1); // frame_rate_code, bit_rate_value, marker_bit
    sequence.vbv_buffer_size = bits.u(10);
    bits.skip(1); // constrained_parameters_flag
    matrices = default_matrices();
    bool good = true;
    if (bits.flag()) good = read_matrix(bits, matrices.intra); // load_intra_quantiser_matrix
    if (bits.flag()) good = read_matrix(bits, matrices.non_intra) && good;
    matrices.chroma_intra = matrices.intra;
    matrices.chroma_non_intra = matrices.non_intra;
    if (bits.failed()) return refuse(truncated);
    if (!good) return refuse("a quantiser matrix has an element of 0 (6.3.11)");
    return require(sequence.horizontal_size != 0 && sequence.vertical_size != 0,
                   "horizontal_size_value or vertical_size_value is 0 (6.3.3)");
}

/// extension_start_code_identifier (6.2.2.2 extension_and_user_data, Table 6-2)
std::optional<ExtensionId> parse_extension_id(std::span<const std::uint8_t> payload) {
    if (payload.empty()) return std::nullopt;
    return static_cast<ExtensionId>(payload[0] >> 4);
}

ParseResult parse_sequence_extension(std::span<const std::uint8_t> payload, Sequence& sequence) {
    BitReader bits(payload);
    bits.skip(4);
    sequence.profile_and_level_indication = static_cast<std::uint8_t>(bits.u(8));
    sequence.progressive_sequence = bits.flag();
    sequence.chroma_format = static_cast<std::uint8_t>(bits.u(2));
    sequence.horizontal_size = static_cast<std::uint16_t>((sequence.horizontal_size & 0xfffU) | bits.u(2) << 12);
    sequence.vertical_size = static_cast<std::uint16_t>((sequence.vertical_size & 0xfffU) | bits.u(2) << 12);
    bits.skip(12 + 1); // bit_rate_extension, marker_bit
    sequence.vbv_buffer_size = (sequence.vbv_buffer_size & 0x3ffU) | bits.u(8) << 10;
    sequence.low_delay = bits.flag();
    if (bits.failed()) return refuse(truncated);
    return require(sequence.chroma_format != 0, "chroma_format is reserved (Table 6-5)");
}

ParseResult parse_sequence_display_extension(std::span<const std::uint8_t> payload, Sequence& sequence) {
    BitReader bits(payload);
    bits.skip(4 + 3); // video_format
    ColorDescription color;
    if (bits.flag()) { // colour_description
        color.primaries = static_cast<std::uint8_t>(bits.u(8));
        color.transfer = static_cast<std::uint8_t>(bits.u(8));
        color.matrix = static_cast<std::uint8_t>(bits.u(8));
    }
    const auto width = static_cast<std::uint16_t>(bits.u(14));
    bits.skip(1); // marker_bit
    const auto height = static_cast<std::uint16_t>(bits.u(14));
    if (bits.failed()) return refuse(truncated);
    sequence.color = color;
    sequence.display_horizontal_size = width;
    sequence.display_vertical_size = height;
    return {};
}

ParseResult parse_group(std::span<const std::uint8_t> payload, Group& group) {
    BitReader bits(payload);
    bits.skip(25); // time_code
    group.closed_gop = bits.flag();
    group.broken_link = bits.flag();
    return require(!bits.failed(), truncated);
}

ParseResult parse_picture_header(std::span<const std::uint8_t> payload, PictureHeader& header) {
    BitReader bits(payload);
    header = {};
    header.temporal_reference = static_cast<std::uint16_t>(bits.u(10));
    const std::uint32_t type = bits.u(3);
    if (bits.failed()) return refuse(truncated);
    // 4 is the D-picture of ISO/IEC 11172-2, which MPEG-2 has not.
    if (type < 1 || type > 3) return refuse("picture_coding_type is neither I, P nor B (Table 6-12)");
    header.picture_coding_type = static_cast<PictureType>(type);
    return {};
}

ParseResult parse_picture_coding_extension(std::span<const std::uint8_t> payload, PictureHeader& header) {
    BitReader bits(payload);
    bits.skip(4);
    for (auto& direction : header.f_code)
        for (std::uint8_t& f_code : direction) f_code = static_cast<std::uint8_t>(bits.u(4));
    header.intra_dc_precision = static_cast<std::uint8_t>(bits.u(2));
    const std::uint32_t structure = bits.u(2);
    header.top_field_first = bits.flag();
    header.frame_pred_frame_dct = bits.flag();
    header.concealment_motion_vectors = bits.flag();
    header.q_scale_type = bits.flag();
    header.intra_vlc_format = bits.flag();
    header.alternate_scan = bits.flag();
    header.repeat_first_field = bits.flag();
    bits.skip(1); // chroma_420_type
    header.progressive_frame = bits.flag();
    if (bits.failed()) return refuse(truncated);
    if (structure == 0) return refuse("picture_structure is reserved (Table 6-14)");
    header.picture_structure = static_cast<Structure>(structure);
    return require(has_needed_f_codes(header), "f_code is not from 1 to 9 where it is used (6.3.10)");
}

ParseResult parse_quant_matrix_extension(std::span<const std::uint8_t> payload, QuantMatrices& matrices) {
    BitReader bits(payload);
    bits.skip(4);
    QuantMatrices read = matrices;
    bool good = true;
    // The luminance matrices are for chrominance too, until it gets its own.
    if (bits.flag()) {
        good = read_matrix(bits, read.intra);
        read.chroma_intra = read.intra;
    }
    if (bits.flag()) {
        good = read_matrix(bits, read.non_intra) && good;
        read.chroma_non_intra = read.non_intra;
    }
    if (bits.flag()) good = read_matrix(bits, read.chroma_intra) && good;
    if (bits.flag()) good = read_matrix(bits, read.chroma_non_intra) && good;
    if (bits.failed()) return refuse(truncated);
    if (!good) return refuse("a quantiser matrix has an element of 0 (6.3.11)");
    matrices = read;
    return {};
}

ParseResult check_slice(const Unit& slice, unsigned vertical_size, unsigned rows) {
    BitReader bits(slice.payload);
    const unsigned extension = vertical_size > tall ? bits.u(3) : 0;
    const unsigned row = (extension << 7) + slice.code - 1;
    const std::uint32_t quantiser_scale_code = bits.u(5);
    if (bits.failed()) return refuse("a slice is cut short");
    if (row >= rows) return refuse("slice_vertical_position is outside of the picture (6.3.16)");
    return require(quantiser_scale_code != 0, "quantiser_scale_code is 0 (6.3.16)");
}

} // namespace v4l2play::mpeg2
