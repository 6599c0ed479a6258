#include "decoder/codec/bits.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "tests/unit/bit_writer.h"

namespace v4l2play {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// An RBSP, bit by bit: the slow way, to compare with.
class PlainReader {
  public:
    explicit PlainReader(const Bytes& nal) {
        unsigned zeros = 0;
        for (const std::uint8_t byte : nal) {
            const bool emulation = zeros >= 2 && byte == 3;
            zeros = byte == 0 ? zeros + 1 : 0;
            for (int bit = 7; bit >= 0 && !emulation; --bit) bits_.push_back((byte >> bit & 1) != 0);
        }
    }
    [[nodiscard]] std::size_t left() const { return bits_.size() - at_; }
    std::uint32_t u(unsigned n) {
        std::uint32_t value = 0;
        for (; n > 0; --n) value = value << 1 | (bits_[at_++] ? 1U : 0U);
        return value;
    }
    [[nodiscard]] bool more_rbsp_data() const {
        std::size_t last = bits_.size();
        while (last > at_ && !bits_[last - 1]) --last;
        return last > at_ + 1;
    }

  private:
    std::vector<bool> bits_;
    std::size_t at_ = 0;
};

TEST(BitReader, ReadsFixedLengths) {
    const Bytes nal{0xa5, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
    BitReader bits(nal);
    EXPECT_EQ(bits.u(0), 0U);
    EXPECT_TRUE(bits.flag());
    EXPECT_EQ(bits.u(3), 2U);
    EXPECT_FALSE(bits.byte_aligned());
    bits.align();
    EXPECT_EQ(bits.position(), 8U);
    bits.align();
    EXPECT_EQ(bits.position(), 8U);
    EXPECT_EQ(bits.u(32), 0x12345678U);
    EXPECT_EQ(bits.u(28), 0x9abcdefU);
    EXPECT_EQ(bits.position(), 68U);
    EXPECT_FALSE(bits.failed());
}

TEST(BitReader, PastTheEndGivesZeroForEver) {
    const Bytes nal{0xff, 0xff};
    BitReader bits(nal);
    EXPECT_EQ(bits.u(12), 0xfffU);
    EXPECT_EQ(bits.u(5), 0U);
    EXPECT_TRUE(bits.failed());
    EXPECT_EQ(bits.u(1), 0U);
    EXPECT_EQ(bits.ue(), 0U);
    EXPECT_EQ(bits.se(), 0);
    EXPECT_EQ(bits.te(1), 0U);
    EXPECT_FALSE(bits.more_rbsp_data());
    bits.skip(~std::uint64_t{0});
    EXPECT_EQ(bits.position(), 12U);
}

TEST(BitReader, EmptyUnit) {
    BitReader nothing;
    EXPECT_FALSE(nothing.more_rbsp_data());
    EXPECT_EQ(nothing.u(1), 0U);
    EXPECT_TRUE(nothing.failed());
    BitReader empty{std::span<const std::uint8_t>{}};
    EXPECT_EQ(empty.ue(), 0U);
    EXPECT_TRUE(empty.failed());
}

TEST(BitReader, ExpGolombFromShortestToLongest) {
    const std::vector<std::uint64_t> values{0, 1, 2, 3, 6, 7, 254, 255, 65534, 65535, 0x7fff'fffe, 0xffff'fffe};
    test::BitWriter writer;
    for (const std::uint64_t value : values) writer.ue(value).u(3, 5);
    const Bytes nal = writer.nal();
    BitReader bits(nal);
    for (const std::uint64_t value : values) {
        EXPECT_EQ(bits.ue(), value);
        EXPECT_EQ(bits.u(3), 5U);
    }
    EXPECT_FALSE(bits.failed());
}

TEST(BitReader, SignedExpGolomb) {
    const std::vector<std::int64_t> values{0, 1, -1, 2, -2, 127, -128, 0x7fff'ffff, -0x7fff'ffff};
    test::BitWriter writer;
    for (const std::int64_t value : values) writer.se(value);
    const Bytes nal = writer.trailing().nal();
    BitReader bits(nal);
    for (const std::int64_t value : values) EXPECT_EQ(bits.se(), value);
    EXPECT_FALSE(bits.failed());
}

TEST(BitReader, ShortestExpGolombs) {
    const Bytes nal = test::BitWriter().u(1, 1).u(7, 0).u(1, 0).u(1, 1).nal();
    const Bytes te = test::BitWriter().u(1, 1).u(1, 0).ue(5).nal();
    BitReader bits(te);
    EXPECT_EQ(bits.te(1), 0U); // te(1) is the inverted bit
    EXPECT_EQ(bits.te(1), 1U);
    EXPECT_EQ(bits.te(9), 5U);
    BitReader cut{std::span(nal).first(1)};
    EXPECT_EQ(cut.ue(), 0U);
    EXPECT_FALSE(cut.failed());
    EXPECT_EQ(cut.ue(), 0U);
    EXPECT_TRUE(cut.failed());
}

TEST(BitReader, ExpGolombOf33BitsIsAnError) {
    const Bytes nal = test::BitWriter().u(32, 0).u(1, 1).u(32, 0).u(8, 0xff).bytes();
    BitReader bits(nal);
    EXPECT_EQ(bits.ue(), 0U);
    EXPECT_TRUE(bits.failed());
    const Bytes longer = test::BitWriter().u(32, 0).u(32, 0).u(1, 1).u(7, 0x7f).bytes();
    BitReader more(longer);
    EXPECT_EQ(more.se(), 0);
    EXPECT_TRUE(more.failed());
}

TEST(BitReader, MoreRbspData) {
    const auto more = [](const Bytes& nal, unsigned skip) {
        BitReader bits(nal);
        bits.skip(skip);
        return bits.more_rbsp_data();
    };
    EXPECT_TRUE(more({0xc0}, 0));
    EXPECT_FALSE(more({0xc0}, 1));
    EXPECT_FALSE(more({0xc0}, 2)); // behind the stop bit
    EXPECT_FALSE(more({0x80, 0, 0, 3, 0, 0, 3}, 0)) << "cabac_zero_words are no data";
    EXPECT_TRUE(more({0x80, 0, 0, 3, 1}, 1)) << "a stop bit behind an emulation prevention byte";
    EXPECT_FALSE(more({0x80, 0, 0, 3, 1}, 31));
    EXPECT_FALSE(more({0, 0, 0, 0}, 0)) << "no stop bit at all";
    EXPECT_TRUE(more(Bytes(40, 0xff), 100)) << "far beyond the cache";
    EXPECT_FALSE(more(Bytes(40, 0xff), 319));
}

/// Bytes of which many are emulation prevention or look like it.
Bytes random_nal(std::mt19937& random) {
    constexpr std::array<std::uint8_t, 8> choice{0, 0, 0, 3, 3, 1, 0x80, 0xff};
    Bytes nal(random() % 40);
    for (std::uint8_t& byte : nal)
        byte = random() % 8 == 0 ? static_cast<std::uint8_t>(random()) : choice[random() % choice.size()];
    nal.shrink_to_fit();
    return nal;
}

TEST(BitReader, DropsEmulationPreventionWhereverTheCacheEnds) {
    std::mt19937 random(1); // the same bytes in each run
    for (int round = 0; round < 20000; ++round) {
        const Bytes nal = random_nal(random);
        PlainReader plain(nal);
        BitReader bits(nal);
        std::uint64_t position = 0;
        while (true) {
            ASSERT_EQ(bits.more_rbsp_data(), plain.more_rbsp_data()) << round;
            const auto n = static_cast<unsigned>(random() % 33);
            if (plain.left() < n) {
                ASSERT_EQ(bits.u(n), 0U);
                ASSERT_TRUE(bits.failed());
                break;
            }
            ASSERT_EQ(bits.u(n), plain.u(n)) << round;
            ASSERT_EQ(bits.position(), position += n);
            ASSERT_FALSE(bits.failed());
            if (plain.left() == 0) break;
        }
    }
}

TEST(BitReader, SkipEqualsReading) {
    std::mt19937 random(2);
    for (int round = 0; round < 2000; ++round) {
        const Bytes nal = random_nal(random);
        PlainReader plain(nal);
        const auto skipped = static_cast<unsigned>(plain.left() > 9 ? random() % (plain.left() - 8) : 0);
        if (skipped == 0) continue;
        for (unsigned i = 0; i < skipped; ++i) plain.u(1);
        BitReader bits(nal);
        bits.skip(skipped);
        ASSERT_EQ(bits.position(), skipped);
        ASSERT_EQ(bits.u(8), plain.u(8)) << round;
    }
}

} // namespace
} // namespace v4l2play
