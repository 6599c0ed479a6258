// Reads MPEG-2 video syntax structures. Each function is one structure of ITU-T H.262 clause 6.2; every element is
// range-checked where it is read. No state, no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <tl/expected.hpp>

#include "decoder/codec/mpeg2_syntax.h"

namespace v4l2play::mpeg2 {

/// A start code and what follows it, up to the next one.
struct Unit {
    std::uint8_t code = 0;
    std::span<const std::uint8_t> bytes;   ///< with the start code
    std::span<const std::uint8_t> payload; ///< behind it

    [[nodiscard]] bool is(StartCode start_code) const { return code == static_cast<std::uint8_t>(start_code); }
    [[nodiscard]] bool is_slice() const {
        return code >= static_cast<std::uint8_t>(StartCode::FirstSlice) &&
               code <= static_cast<std::uint8_t>(StartCode::LastSlice);
    }
};

/// Splits a stream at its start codes (5.2.3). What precedes the first is left out.
class Units {
  public:
    explicit Units(std::span<const std::uint8_t> bytes);
    std::optional<Unit> next();

  private:
    std::span<const std::uint8_t> rest_; ///< starts with a start code, or is empty
};

/// Why a structure cannot be read: static text that names the element and its clause.
using ParseResult = tl::expected<void, const char*>;

/// 6.2.2.1; the matrices are set too. The extension has to follow.
ParseResult parse_sequence_header(std::span<const std::uint8_t> payload, Sequence& sequence, QuantMatrices& matrices);
/// Nothing for an extension of no bytes.
std::optional<ExtensionId> parse_extension_id(std::span<const std::uint8_t> payload);
/// 6.2.2.3. Adds to `sequence` from the header before.
ParseResult parse_sequence_extension(std::span<const std::uint8_t> payload, Sequence& sequence);
/// 6.2.2.4
ParseResult parse_sequence_display_extension(std::span<const std::uint8_t> payload, Sequence& sequence);
/// 6.2.2.6
ParseResult parse_group(std::span<const std::uint8_t> payload, Group& group);
/// 6.2.3
ParseResult parse_picture_header(std::span<const std::uint8_t> payload, PictureHeader& header);
/// 6.2.3.1. Adds to `header` from the picture header before.
ParseResult parse_picture_coding_extension(std::span<const std::uint8_t> payload, PictureHeader& header);
/// 6.2.3.2. Matrices that it does not bring stay.
ParseResult parse_quant_matrix_extension(std::span<const std::uint8_t> payload, QuantMatrices& matrices);
/// The head of slice() (6.2.4). `rows`: macroblock rows of the picture.
ParseResult check_slice(const Unit& slice, unsigned vertical_size, unsigned rows);

} // namespace v4l2play::mpeg2
