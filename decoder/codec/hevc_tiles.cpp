#include "decoder/codec/hevc_tiles.h"

#include <algorithm>

namespace v4l2play::hevc {

namespace {

template <std::size_t Size>
std::array<std::uint16_t, Size> sizes(const std::array<std::uint16_t, Size>& sent, unsigned count_minus1, unsigned all,
                                      bool uniform) {
    std::array<std::uint16_t, Size> out{};
    const unsigned count = count_minus1 + 1;
    unsigned rest = all;
    for (unsigned i = 0; i < count; ++i) {
        unsigned size = i < count_minus1 ? sent[i] + 1U : rest;
        if (uniform) size = (i + 1) * all / count - i * all / count;
        rest -= std::min(size, rest);
        out[i] = static_cast<std::uint16_t>(size);
    }
    return out;
}

struct Span {
    std::uint32_t start = 0;
    std::uint32_t size = 0;
};

/// The tile column or row that has this coding tree block: colBd (6-5), rowBd (6-6).
template <std::size_t Size>
Span span_at(const std::array<std::uint16_t, Size>& sizes, std::uint32_t at) {
    Span span{0, sizes[0]};
    for (std::size_t i = 1; i < Size && at >= span.start + span.size; ++i) span = {span.start + span.size, sizes[i]};
    return span;
}

} // namespace

std::array<std::uint16_t, maximum_tile_columns> column_widths(const Pps& pps, const Sps& sps) {
    return sizes(pps.column_width_minus1, pps.num_tile_columns_minus1, sps.pic_width_in_ctbs(),
                 pps.uniform_spacing_flag);
}

std::array<std::uint16_t, maximum_tile_rows> row_heights(const Pps& pps, const Sps& sps) {
    return sizes(pps.row_height_minus1, pps.num_tile_rows_minus1, sps.pic_height_in_ctbs(), pps.uniform_spacing_flag);
}

std::uint32_t tile_scan_address(const Pps& pps, const Sps& sps, std::uint32_t raster_address) {
    const std::uint32_t width = sps.pic_width_in_ctbs();
    const std::uint32_t x = raster_address % width;
    const std::uint32_t y = raster_address / width;
    const Span column = span_at(column_widths(pps, sps), x);
    const Span row = span_at(row_heights(pps, sps), y);
    const std::uint32_t tile = row.start * width + row.size * column.start; // what the tiles before have
    return tile + (y - row.start) * column.size + x - column.start;
}

} // namespace v4l2play::hevc
