// Reads AV1 syntax structures. Each function is one structure of section 5 of the AV1 specification; every element is
// range-checked where it is read. No allocation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/av1_obu.h"
#include "decoder/codec/av1_reader.h"
#include "decoder/codec/av1_syntax.h"
#include "decoder/color.h"

namespace v4l2play::av1 {

/// 5.5. `payload`: of the OBU.
Parsed<> parse_sequence_header(std::span<const std::uint8_t> payload, SequenceHeader& sequence);

/// uncompressed_header() of 5.9.2, from the start of the OBU's payload; what is behind it is left to `reader`.
///
/// `frames` is what the slots hold. The header itself may invalidate some (5.9.2, 5.9.4): done whether or not the rest
/// can be read. ENOENT: refers to a slot whose frame is not known, or to another frame than the slot holds; then
/// everything up to `refresh_frame_flags` has been read.
Parsed<> parse_frame_header(SyntaxReader& reader, const Obu& obu, const SequenceHeader& sequence, SavedFrames& frames,
                            FrameHeader& header);

/// Tiles of a frame, in their order (5.11.1). `offset`: of `reader`'s first byte in the picture's bitstream. Appends to
/// `tiles`; they must be those that come next.
Parsed<> parse_tile_group(SyntaxReader& reader, const TileInfo& info, std::uint32_t offset, std::vector<Tile>& tiles);

/// metadata_obu(), 5.8: what there is of HDR10 goes to `hdr`. Malformed metadata says nothing: it is never needed.
void parse_metadata(std::span<const std::uint8_t> payload, HdrMetadata& hdr);

/// get_relative_dist() of 5.9.3
int relative_dist(const SequenceHeader& sequence, unsigned a, unsigned b);

} // namespace v4l2play::av1
