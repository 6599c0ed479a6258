// How AV1 frames are divided into tiles, and where the tiles are.
#include <gtest/gtest.h>

#include "decoder/codec/av1_parser.h"
#include "tests/unit/av1_stream.h"

namespace v4l2play::test {
namespace {

using namespace av1;

/// Frames of 8 x 4 superblocks of 64.
class Av1TilesTest : public testing::Test {
  public:
    Av1TilesTest() {
        const auto parsed = parse_sequence_header(
            with_trailing_bits(
                av1_sequence_header().with("max_frame_width_minus_1", 499).with("max_frame_height_minus_1", 255)),
            sequence_);
        EXPECT_TRUE(parsed);
    }
    const TileInfo& parse(const Structure& tile_info) {
        EXPECT_TRUE(try_parse(tile_info));
        return header_.tile_info;
    }
    bool try_parse(const Structure& tile_info) {
        const bool uniform = tile_info.bits().bytes()[0] >> 7 != 0;
        Structure rest;
        std::size_t position = 0;
        for (const bool bit : bits_of(tile_info))
            if (position++ > 0) rest.flag("tile", bit);
        const Bytes bytes = av1_key_frame()
                                .with("uniform_tile_spacing_flag", uniform)
                                .after("uniform_tile_spacing_flag", rest)
                                .bits()
                                .bytes();
        SyntaxReader reader(bytes);
        SavedFrames frames;
        return parse_frame_header(reader, {}, sequence_, frames, header_).has_value();
    }
    static std::vector<bool> bits_of(const Structure& structure) {
        const BitWriter bits = structure.bits();
        const Bytes bytes = bits.bytes();
        std::vector<bool> out;
        for (std::size_t i = 0; i < bits.size(); ++i) out.push_back((bytes[i / 8] >> (7 - i % 8) & 1) != 0);
        return out;
    }

    SequenceHeader sequence_;
    FrameHeader header_;
};

TEST_F(Av1TilesTest, Uniform) {
    Structure s;
    s.flag("uniform", true).flag("cols", true).flag("cols", true).flag("cols", false); // 4 columns
    s.flag("rows", true).flag("rows", false);                                          // 2 rows
    s.u("context_update_tile_id", 3, 7).u("tile_size_bytes_minus_1", 2, 1);
    const TileInfo& t = parse(s);
    EXPECT_TRUE(t.uniform_tile_spacing_flag);
    EXPECT_EQ(4, t.tile_cols);
    EXPECT_EQ(2, t.tile_rows);
    EXPECT_EQ(7, t.context_update_tile_id);
    EXPECT_EQ(2, t.tile_size_bytes);
    EXPECT_EQ(32U, t.mi_col_starts[1]);
    EXPECT_EQ(126U, t.mi_col_starts[4]) << "MiCols of 500";
    EXPECT_EQ(64U, t.mi_row_starts[2]);
    EXPECT_EQ(1U, t.width_in_sbs_minus_1[3]);
    EXPECT_EQ(1U, t.height_in_sbs_minus_1[1]);
}

TEST_F(Av1TilesTest, UniformUpToASuperblockEach) {
    Structure s;
    s.flag("uniform", true);
    for (unsigned i = 0; i < 3 + 2; ++i) s.flag("more", true); // then there is no room for another increment
    s.u("context_update_tile_id", 5, 0).u("tile_size_bytes_minus_1", 2, 3);
    const TileInfo& t = parse(s);
    EXPECT_EQ(8, t.tile_cols);
    EXPECT_EQ(4, t.tile_rows);
    EXPECT_EQ(4, t.tile_size_bytes);
}

TEST_F(Av1TilesTest, Explicit) {
    Structure s;
    s.flag("uniform", false);
    s.u("width_minus_1 of 8", 3, 4).u("width_minus_1 of 3", 2, 2 /* 1 */).u("width_minus_1 of 1", 0, 0);
    s.u("height_minus_1 of 4", 2, 0).u("height_minus_1 of 3", 2, 3 /* 2 */);
    s.u("context_update_tile_id", 3, 5).u("tile_size_bytes_minus_1", 2, 0);
    const TileInfo& t = parse(s);
    EXPECT_FALSE(t.uniform_tile_spacing_flag);
    EXPECT_EQ(3, t.tile_cols);
    EXPECT_EQ(2, t.tile_rows);
    EXPECT_EQ(2, t.tile_cols_log2);
    EXPECT_EQ(80U, t.mi_col_starts[1]);
    EXPECT_EQ(112U, t.mi_col_starts[2]);
    EXPECT_EQ(16U, t.mi_row_starts[1]);
    EXPECT_EQ(2U, t.height_in_sbs_minus_1[1]);
    EXPECT_FALSE(try_parse(s.with("context_update_tile_id", 6))) << "there are six tiles";
}

TEST_F(Av1TilesTest, NeverMoreThan64InARow) {
    sequence_.max_frame_width_minus_1 = 65535;
    sequence_.max_frame_height_minus_1 = 63;
    Structure s;
    s.flag("uniform", false);
    for (unsigned i = 0; i < 70; ++i) s.u("width_minus_1", 6, 0);
    EXPECT_FALSE(try_parse(s));
}

class Av1TileGroupTest : public testing::Test {
  public:
    Av1TileGroupTest() {
        info_.tile_cols = 2;
        info_.tile_rows = 2;
        info_.tile_cols_log2 = info_.tile_rows_log2 = 1;
        info_.tile_size_bytes = 2;
    }
    int parse(const Bytes& payload, std::uint32_t offset = 0) {
        SyntaxReader reader(payload);
        const auto parsed = parse_tile_group(reader, info_, offset, tiles_);
        return parsed ? 0 : parsed.error().code;
    }

    TileInfo info_;
    std::vector<Tile> tiles_;
};

TEST_F(Av1TileGroupTest, AllTilesAtOnce) {
    ASSERT_EQ(0, parse({0, 0, 0, 0xaa, 1, 0, 0xbb, 0xbb, 0, 0, 0xcc, 0xdd, 0xdd, 0xdd}, 100));
    ASSERT_EQ(4U, tiles_.size());
    const std::array<std::array<unsigned, 4>, 4> expected{
        {{103, 1, 0, 0}, {106, 2, 0, 1}, {110, 1, 1, 0}, {111, 3, 1, 1}}};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(expected[i][0], tiles_[i].offset) << i;
        EXPECT_EQ(expected[i][1], tiles_[i].size) << i;
        EXPECT_EQ(expected[i][2], tiles_[i].row) << i;
        EXPECT_EQ(expected[i][3], tiles_[i].col) << i;
    }
}

TEST_F(Av1TileGroupTest, SeveralGroups) {
    const auto range = [](unsigned start, unsigned end) {
        return BitWriter().u(1, 1).u(2, start).u(2, end).bytes()[0];
    };
    ASSERT_EQ(0, parse({range(0, 1), 0, 0, 0xaa, 0xbb}));
    ASSERT_EQ(2U, tiles_.size());
    EXPECT_EQ(EBADMSG, parse({range(3, 3), 0xdd})) << "tile 2 is missing";
    EXPECT_EQ(EBADMSG, parse({range(2, 1), 0xdd}));
    ASSERT_EQ(0, parse({range(2, 2), 0xcc}, 50));
    EXPECT_EQ(51U, tiles_[2].offset);
    ASSERT_EQ(0, parse({range(3, 3), 0xdd}));
    EXPECT_EQ(4U, tiles_.size());
}

TEST_F(Av1TileGroupTest, OneTileHasNoSize) {
    info_ = {};
    ASSERT_EQ(0, parse({1, 2, 3}, 7));
    ASSERT_EQ(1U, tiles_.size());
    EXPECT_EQ(7U, tiles_[0].offset);
    EXPECT_EQ(3U, tiles_[0].size);
}

TEST_F(Av1TileGroupTest, RefusesWhatDoesNotFit) {
    EXPECT_EQ(EBADMSG, parse({}));
    tiles_.clear();
    EXPECT_EQ(EBADMSG, parse({0, 5, 0, 1, 2, 3})) << "a tile past the end";
    tiles_.clear();
    EXPECT_EQ(EBADMSG, parse({0, 0})) << "no room for the size";
    tiles_.clear();
    EXPECT_EQ(EBADMSG, parse({0, 0, 0, 1, 0, 0, 1, 0, 0, 1})) << "nothing is left for the last tile";
    info_ = {};
    tiles_.clear();
    EXPECT_EQ(EBADMSG, parse({}));
}

} // namespace
} // namespace v4l2play::test
