// Reads H.264 syntax structures. Each function is one structure of ITU-T H.264 clause 7.3; every element is
// range-checked where it is read. No state, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "decoder/codec/h264_syntax.h"
#include "decoder/codec/nal_syntax_reader.h"

namespace v4l2play::h264 {

using nal::SyntaxReader;

/// Table 7-1, as far as they are told apart here.
enum class NalType : std::uint8_t {
    Slice = 1,
    PartitionA = 2,
    PartitionB = 3,
    PartitionC = 4,
    IdrSlice = 5,
    Sei = 6,
    Sps = 7,
    Pps = 8,
    AccessUnitDelimiter = 9,
    EndOfSequence = 10,
    EndOfStream = 11,
    Filler = 12,
    SpsExtension = 13,
    Prefix = 14,
    SubsetSps = 15,
    AuxiliarySlice = 19,
    SliceExtension = 20,
    DepthSliceExtension = 21,
};

struct NalHeader {
    std::uint8_t nal_ref_idc = 0;
    NalType type = NalType::Slice;
};

/// 7.3.1; nothing for an empty unit or one with forbidden_zero_bit.
std::optional<NalHeader> parse_nal_header(std::span<const std::uint8_t> nal);

/// 7.3.2.1. `nal` starts with the NAL unit header. MVC/SVC subset SPSs are not taken.
Parsed<> parse_sps(std::span<const std::uint8_t> nal, Sps& sps);

/// Sequence parameter sets by id; null where none was received.
using SpsTable = std::array<const Sps*, maximum_sps>;
using PpsTable = std::array<const Pps*, maximum_pps>;

/// 7.3.2.2. Needs the SPS that it names for chroma_format_idc (scaling list count).
Parsed<> parse_pps(std::span<const std::uint8_t> nal, const SpsTable& spss, Pps& pps);

/// 7.3.3. ENOENT in SyntaxError::code: parameter set missing. Only the fields of the slice's type are meaningful.
Parsed<> parse_slice_header(std::span<const std::uint8_t> nal, const SpsTable& spss, const PpsTable& ppss,
                            SliceHeader& header);

/// What is used of SEI messages (7.3.2.3, D.1).
struct Sei {
    bool has_recovery_point = false;
    std::uint32_t recovery_frame_cnt = 0;
    bool exact_match_flag = false;
    bool broken_link_flag = false;
};
/// sei_rbsp(), 7.3.2.3. Malformed messages end the parse silently: SEI is never needed for decoding.
void parse_sei(std::span<const std::uint8_t> nal, Sei& sei);

} // namespace v4l2play::h264
