#include <algorithm>

#include "decoder/codec/av1_header_parts.h"

namespace v4l2play::av1 {

namespace {

constexpr unsigned max_tile_width = 4096;       // MAX_TILE_WIDTH
constexpr unsigned max_tile_area = 4096 * 2304; // MAX_TILE_AREA

/// tile_log2(), 5.9.16: smallest k for which blk_size << k is at least `target`
unsigned tile_log2(unsigned blk_size, unsigned target) {
    unsigned k = 0;
    while ((blk_size << k) < target) ++k;
    return k;
}

/// Superblocks of the frame, and what limits the tiles that they are divided into.
struct Grid {
    unsigned sb_shift; ///< from superblocks to units of MiCols
    unsigned sb_cols;
    unsigned sb_rows;
    unsigned max_tile_width_sb;
    unsigned max_tile_area_sb;
    unsigned min_log2_tile_cols;
    unsigned min_log2_tiles;
};

/// The beginning of 5.9.15
Grid make_grid(const HeaderContext& c) {
    Grid g{};
    g.sb_shift = c.sequence.use_128x128_superblock ? 5 : 4;
    const unsigned sb_size = g.sb_shift + 2;
    const unsigned round = (1U << g.sb_shift) - 1;
    g.sb_cols = (c.header.size.mi_cols() + round) >> g.sb_shift;
    g.sb_rows = (c.header.size.mi_rows() + round) >> g.sb_shift;
    g.max_tile_width_sb = max_tile_width >> sb_size;
    g.max_tile_area_sb = max_tile_area >> (2 * sb_size);
    g.min_log2_tile_cols = tile_log2(g.max_tile_width_sb, g.sb_cols);
    g.min_log2_tiles = std::max(g.min_log2_tile_cols, tile_log2(g.max_tile_area_sb, g.sb_rows * g.sb_cols));
    return g;
}

/// increment_tile_cols_log2, increment_tile_rows_log2 (5.9.15)
unsigned parse_log2(SyntaxReader& r, unsigned minimum, unsigned maximum) {
    while (minimum < maximum && r.flag()) ++minimum;
    return minimum;
}

static_assert(max_tile_cols == max_tile_rows);

/// One direction of the division: where tiles start, in units of MiCols or MiRows, and their sizes in superblocks.
struct Division {
    std::array<std::uint32_t, max_tile_cols + 1>& starts;
    std::array<std::uint32_t, max_tile_cols>& sizes_minus_1;
    std::uint8_t& count;

    void divide_evenly(unsigned size_sb, unsigned sb_count, unsigned mi_count, unsigned sb_shift) {
        unsigned i = 0;
        for (unsigned start = 0; start < sb_count && i < max_tile_cols; start += size_sb, ++i) {
            starts[i] = start << sb_shift;
            sizes_minus_1[i] = std::min(size_sb, sb_count - start) - 1;
        }
        starts[i] = mi_count;
        count = static_cast<std::uint8_t>(i);
    }
    /// width_in_sbs_minus_1, height_in_sbs_minus_1 (5.9.15). Returns the largest size.
    unsigned parse(SyntaxReader& r, unsigned max_size_sb, unsigned sb_count, unsigned mi_count, unsigned sb_shift) {
        unsigned i = 0;
        unsigned largest = 0;
        for (unsigned start = 0; start < sb_count && r.ok(); ++i) {
            if (i == max_tile_cols) {
                r.require(false, "more than 64 tiles in a row or column (6.8.14)");
                break;
            }
            starts[i] = start << sb_shift;
            sizes_minus_1[i] = r.ns(std::min(sb_count - start, max_size_sb));
            start += sizes_minus_1[i] + 1;
            largest = std::max(largest, sizes_minus_1[i] + 1);
        }
        starts[std::min(i, max_tile_cols)] = mi_count;
        count = static_cast<std::uint8_t>(i);
        return largest;
    }
};

/// 5.9.15, uniform_tile_spacing_flag == 1
void parse_uniform(const HeaderContext& c, const Grid& g) {
    TileInfo& t = c.header.tile_info;
    const unsigned cols_log2 = parse_log2(c.r, g.min_log2_tile_cols, tile_log2(1, std::min(g.sb_cols, max_tile_cols)));
    const unsigned width_sb = (g.sb_cols + (1U << cols_log2) - 1) >> cols_log2;
    Division{t.mi_col_starts, t.width_in_sbs_minus_1, t.tile_cols}.divide_evenly(width_sb, g.sb_cols,
                                                                                 c.header.size.mi_cols(), g.sb_shift);
    const unsigned min_log2_rows = g.min_log2_tiles > cols_log2 ? g.min_log2_tiles - cols_log2 : 0;
    const unsigned rows_log2 = parse_log2(c.r, min_log2_rows, tile_log2(1, std::min(g.sb_rows, max_tile_rows)));
    const unsigned height_sb = (g.sb_rows + (1U << rows_log2) - 1) >> rows_log2;
    Division{t.mi_row_starts, t.height_in_sbs_minus_1, t.tile_rows}.divide_evenly(height_sb, g.sb_rows,
                                                                                  c.header.size.mi_rows(), g.sb_shift);
    t.tile_cols_log2 = static_cast<std::uint8_t>(cols_log2);
    t.tile_rows_log2 = static_cast<std::uint8_t>(rows_log2);
}

/// 5.9.15, uniform_tile_spacing_flag == 0
void parse_explicit(const HeaderContext& c, const Grid& g) {
    TileInfo& t = c.header.tile_info;
    const unsigned widest = Division{t.mi_col_starts, t.width_in_sbs_minus_1, t.tile_cols}.parse(
        c.r, g.max_tile_width_sb, g.sb_cols, c.header.size.mi_cols(), g.sb_shift);
    const unsigned all = g.sb_rows * g.sb_cols;
    const unsigned area = g.min_log2_tiles > 0 ? all >> (g.min_log2_tiles + 1) : all;
    const unsigned max_height = std::max(area / std::max(widest, 1U), 1U);
    Division{t.mi_row_starts, t.height_in_sbs_minus_1, t.tile_rows}.parse(c.r, max_height, g.sb_rows,
                                                                          c.header.size.mi_rows(), g.sb_shift);
    t.tile_cols_log2 = static_cast<std::uint8_t>(tile_log2(1, t.tile_cols));
    t.tile_rows_log2 = static_cast<std::uint8_t>(tile_log2(1, t.tile_rows));
}

} // namespace

void parse_tile_info(const HeaderContext& c) {
    if (!c.r.ok()) return;
    TileInfo& t = c.header.tile_info;
    const Grid grid = make_grid(c);
    c.r.flag(t.uniform_tile_spacing_flag);
    if (t.uniform_tile_spacing_flag)
        parse_uniform(c, grid);
    else
        parse_explicit(c, grid);
    const unsigned bits = t.tile_cols_log2 + t.tile_rows_log2;
    if (bits == 0) return;
    c.r.f(t.context_update_tile_id, bits);
    c.r.require(t.context_update_tile_id < t.count(), "context_update_tile_id of no tile (6.8.14)");
    t.tile_size_bytes = static_cast<std::uint8_t>(c.r.f(2) + 1);
}

Parsed<> parse_tile_group(SyntaxReader& r, const TileInfo& info, std::uint32_t offset, std::vector<Tile>& tiles) {
    const unsigned count = info.count();
    std::uint32_t tg_start = 0;
    std::uint32_t tg_end = count - 1;
    const bool tile_start_and_end_present = count > 1 && r.flag();
    if (tile_start_and_end_present) {
        const unsigned bits = info.tile_cols_log2 + info.tile_rows_log2;
        tg_start = r.f(bits);
        tg_end = r.f(bits);
    }
    if (r.ok()) r.bits().align();
    r.require(tg_start == tiles.size(), "tg_start is not the next tile (6.10.1)");
    r.require(tg_end >= tg_start && tg_end < count, "tg_end of no tile (6.10.1)");
    if (!r.ok()) return r.result("the tile group is cut");

    std::span<const std::uint8_t> rest = r.bits().rest();
    offset += static_cast<std::uint32_t>(r.bits().position() / 8);
    for (std::uint32_t number = tg_start; number <= tg_end; ++number) {
        std::size_t size = rest.size();
        if (number != tg_end) {
            SyntaxReader size_reader(rest);
            size = std::size_t{size_reader.le(info.tile_size_bytes)} + 1; // tile_size_minus_1
            if (!size_reader.ok() || size > rest.size() - info.tile_size_bytes)
                return tl::unexpected(SyntaxError{EBADMSG, "a tile is larger than its tile group (5.11.1)"});
            rest = rest.subspan(info.tile_size_bytes);
            offset += info.tile_size_bytes;
        }
        if (size == 0) return tl::unexpected(SyntaxError{EBADMSG, "a tile without data (5.11.1)"});
        tiles.push_back({offset, static_cast<std::uint32_t>(size), static_cast<std::uint16_t>(number / info.tile_cols),
                         static_cast<std::uint16_t>(number % info.tile_cols)});
        rest = rest.subspan(size);
        offset += static_cast<std::uint32_t>(size);
    }
    return {};
}

} // namespace v4l2play::av1
