// Reads H.265 syntax structures. Each function is one structure of ITU-T H.265 clause 7.3; every element is
// range-checked where it is read. No state; nothing is allocated but entry points.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "decoder/codec/hevc_syntax.h"
#include "decoder/codec/nal_syntax_reader.h"

namespace v4l2play::hevc {

using nal::SyntaxReader;

struct NalHeader {
    NalType type = NalType::TrailN;
    std::uint8_t nuh_layer_id = 0;
    std::uint8_t nuh_temporal_id_plus1 = 1;
};
constexpr unsigned nal_header_bits = 16;

/// 7.3.1.2; nothing for a unit that is too short, has forbidden_zero_bit, or no temporal id.
std::optional<NalHeader> parse_nal_header(std::span<const std::uint8_t> nal);

/// 7.3.2.2. `nal` starts with the NAL unit header, here and below.
Parsed<> parse_sps(std::span<const std::uint8_t> nal, Sps& sps);
/// 7.3.2.3. Depends on no SPS: what does is checked by `parse_slice_header`.
Parsed<> parse_pps(std::span<const std::uint8_t> nal, Pps& pps);

/// By id; null where none was received.
using SpsTable = std::array<const Sps*, maximum_sps>;
using PpsTable = std::array<const Pps*, maximum_pps>;

/// 7.3.6.1. `previous`: the slice segment before it in the picture, which a dependent one goes on from; null if it is
/// the first. `entry_points` gets entry_point_offset_minus1[] + 1. ENOENT in SyntaxError::code: a parameter set is
/// missing.
Parsed<> parse_slice_header(std::span<const std::uint8_t> nal, const SpsTable& spss, const PpsTable& ppss,
                            const SliceHeader* previous, SliceHeader& header, std::vector<std::uint32_t>& entry_points);

/// What is used of SEI messages (7.3.5, Annex D).
struct Sei {
    bool has_pic_timing = false;
    std::uint8_t pic_struct = 0; ///< holds if the SPS has frame_field_info_present_flag
    bool has_mastering_display = false;
    bool has_content_light = false;
    HdrMetadata hdr;
    std::uint8_t preferred_transfer = 0; ///< alternative_transfer_characteristics; 0 none
};
/// sei_rbsp(), 7.3.2.4. Malformed messages end the parse silently: SEI is never needed for decoding.
void parse_sei(std::span<const std::uint8_t> nal, Sei& sei);

} // namespace v4l2play::hevc
