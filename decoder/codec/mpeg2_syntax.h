// MPEG-2 video syntax structures, named as in ITU-T H.262 (ISO/IEC 13818-2), clause 6.2. Values are in range once a
// parser has returned them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/color.h"

namespace v4l2play::mpeg2 {

/// Table 6-1, as far as they are told apart here. Slices are 0x01 to 0xaf.
enum class StartCode : std::uint8_t {
    Picture = 0x00,
    FirstSlice = 0x01,
    LastSlice = 0xaf,
    SequenceHeader = 0xb3,
    Extension = 0xb5,
    SequenceEnd = 0xb7,
    Group = 0xb8,
};

/// Table 6-2, likewise.
enum class ExtensionId : std::uint8_t {
    Sequence = 1,
    SequenceDisplay = 2,
    QuantMatrix = 3,
    SequenceScalable = 5,
    PictureCoding = 8,
};

/// 6.3.11, in the zig-zag order of the syntax. The defaults are those of 6.3.11 too.
struct QuantMatrices {
    std::array<std::uint8_t, 64> intra{};
    std::array<std::uint8_t, 64> non_intra{};
    std::array<std::uint8_t, 64> chroma_intra{};
    std::array<std::uint8_t, 64> chroma_non_intra{};

    bool operator==(const QuantMatrices&) const = default;
};
QuantMatrices default_matrices();

/// sequence_header() and what extends it (6.2.2.1, 6.2.2.3, 6.2.2.4). Sizes are the combined ones of 6.3.3.
struct Sequence {
    std::uint16_t horizontal_size = 0;
    std::uint16_t vertical_size = 0;
    std::uint8_t aspect_ratio_information = 1;
    std::uint32_t vbv_buffer_size = 0; ///< in units of 16 Kibit
    std::uint8_t profile_and_level_indication = 0;
    bool progressive_sequence = false;
    std::uint8_t chroma_format = 1;
    bool low_delay = false;
    ColorDescription color;
    std::uint16_t display_horizontal_size = 0; ///< 0 without sequence_display_extension()
    std::uint16_t display_vertical_size = 0;

    bool operator==(const Sequence&) const = default;
};

/// 6.2.2.6
struct Group {
    bool closed_gop = false;
    bool broken_link = false;
};

enum class PictureType : std::uint8_t { I = 1, P = 2, B = 3 };
/// Table 6-14
enum class Structure : std::uint8_t { TopField = 1, BottomField = 2, Frame = 3 };

/// picture_header() and picture_coding_extension() (6.2.3, 6.2.3.1)
struct PictureHeader {
    std::uint16_t temporal_reference = 0;
    PictureType picture_coding_type = PictureType::I;
    std::array<std::array<std::uint8_t, 2>, 2> f_code{};
    std::uint8_t intra_dc_precision = 0;
    Structure picture_structure = Structure::Frame;
    bool top_field_first = false;
    bool frame_pred_frame_dct = false;
    bool concealment_motion_vectors = false;
    bool q_scale_type = false;
    bool intra_vlc_format = false;
    bool alternate_scan = false;
    bool repeat_first_field = false;
    bool progressive_frame = false;

    [[nodiscard]] bool is_field() const { return picture_structure != Structure::Frame; }
    [[nodiscard]] bool is_b() const { return picture_coding_type == PictureType::B; }
};

} // namespace v4l2play::mpeg2
