// Tiles: ITU-T H.265 clause 6.5.1.
#pragma once

#include "decoder/codec/hevc_syntax.h"

namespace v4l2play::hevc {

/// (6-3), (6-4): in coding tree blocks; without tiles, one of the whole picture. What is behind the last is 0.
std::array<std::uint16_t, maximum_tile_columns> column_widths(const Pps& pps, const Sps& sps);
std::array<std::uint16_t, maximum_tile_rows> row_heights(const Pps& pps, const Sps& sps);

/// CtbAddrRsToTs (6-7): where the coding tree block with this raster address comes in decoding order.
std::uint32_t tile_scan_address(const Pps& pps, const Sps& sps, std::uint32_t raster_address);

} // namespace v4l2play::hevc
