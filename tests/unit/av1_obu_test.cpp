// Open bitstream units, and what containers say of an AV1 stream.
#include "decoder/codec/av1_obu.h"

#include <gtest/gtest.h>

#include "decoder/codec/av1_bits.h"
#include "tests/unit/av1_stream.h"

namespace v4l2play::test {
namespace {

using namespace av1;

TEST(Av1Bits, ReadsAcrossBytes) {
    const Bytes bytes{0x12, 0x34, 0x56, 0x78, 0x9a};
    BitReader r(bytes);
    EXPECT_EQ(0x1U, r.f(4));
    EXPECT_EQ(0x23456789U, r.f(32));
    EXPECT_EQ(36U, r.position());
    EXPECT_EQ(0xaU, r.f(4));
    EXPECT_FALSE(r.failed());
    EXPECT_EQ(0U, r.f(1));
    EXPECT_TRUE(r.failed());
    EXPECT_TRUE(r.rest().empty());
}

TEST(Av1Bits, HasTheDescriptorsOfSection410) {
    const Bytes bytes = BitWriter().u(7, 0x7f).u(7, 0x40).u(7, 0x3f).u(3, 0).bytes();
    BitReader su(bytes);
    EXPECT_EQ(-1, su.su(7));
    EXPECT_EQ(-64, su.su(7));
    EXPECT_EQ(63, su.su(7));

    // ns(5): 0, 1, 2 in two bits, 3 and 4 in three.
    const Bytes numbers = BitWriter().u(2, 0).u(2, 1).u(2, 2).u(3, 6).u(3, 7).bytes();
    BitReader ns(numbers);
    for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(i, ns.ns(5));
    EXPECT_EQ(12U, ns.position());
    EXPECT_EQ(0U, ns.ns(1));
    EXPECT_EQ(12U, ns.position()) << "a number below one takes no bits";

    const Bytes codes = BitWriter().u(1, 1).u(3, 2).u(5, 5).u(32, 0).u(1, 1).bytes();
    BitReader uvlc(codes);
    EXPECT_EQ(0U, uvlc.uvlc());
    EXPECT_EQ(1U, uvlc.uvlc());
    EXPECT_EQ(4U, uvlc.uvlc());
    EXPECT_EQ(UINT32_MAX, uvlc.uvlc());
    EXPECT_FALSE(uvlc.failed());
    uvlc.uvlc();
    EXPECT_TRUE(uvlc.failed());

    const Bytes little{0x01, 0x02, 0x03};
    EXPECT_EQ(0x030201U, BitReader(little).le(3));
}

TEST(Av1Obu, WalksOverUnitsWithAndWithoutSize) {
    Bytes unit;
    append_obu(unit, ObuType::TemporalDelimiter, {});
    append_obu(unit, ObuType::Frame, Bytes(200, 7), {true, true, 2, 1});
    append_obu(unit, ObuType::TileGroup, {1, 2, 3}, {false});
    ObuReader reader(unit);
    const auto delimiter = reader.next();
    ASSERT_TRUE(delimiter);
    EXPECT_EQ(ObuType::TemporalDelimiter, delimiter->type);
    EXPECT_FALSE(delimiter->has_extension);
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(ObuType::Frame, frame->type);
    EXPECT_TRUE(frame->has_extension);
    EXPECT_EQ(2, frame->temporal_id);
    EXPECT_EQ(1, frame->spatial_id);
    EXPECT_EQ(200U, frame->payload.size());
    const auto last = reader.next();
    ASSERT_TRUE(last);
    EXPECT_EQ(3U, last->payload.size());
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.malformed());
}

TEST(Av1Obu, StopsAtWhatIsMalformed) {
    const std::vector<Bytes> broken{
        {0x80 | 6 << 3 | 2, 0},                        // obu_forbidden_bit
        {6 << 3 | 4 | 2},                              // no room for the extension
        {6 << 3 | 2},                                  // no obu_size
        {6 << 3 | 2, 0x80, 0x80},                      // obu_size does not end
        {6 << 3 | 2, 2, 0},                            // obu_size past the end
        {6 << 3 | 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0}, // 2^32
    };
    for (const Bytes& bytes : broken) {
        ObuReader reader(bytes);
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.malformed());
        EXPECT_FALSE(reader.next());
    }
}

TEST(Av1Obu, Leb128MayBeLongerThanItNeedsToBe) {
    const Bytes bytes{0x85, 0x80, 0x80, 0x80, 0x80, 0x00, 9};
    std::span<const std::uint8_t> rest(bytes);
    EXPECT_EQ(5U, take_leb128(rest));
    EXPECT_EQ(1U, rest.size());
    const Bytes endless(9, 0x80);
    rest = endless;
    EXPECT_FALSE(take_leb128(rest));
}

TEST(Av1Configuration, IsARecordOrUnitsOrNothing) {
    Bytes record{0x81, 0x20, 0, 0};
    auto parsed = parse_av1_configuration(record);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(1, parsed->seq_profile);
    EXPECT_FALSE(parsed->units.next());

    Bytes units;
    append_obu(units, ObuType::SequenceHeader, with_trailing_bits(av1_sequence_header()));
    record[1] = 0;
    record.insert(record.end(), units.begin(), units.end());
    for (const Bytes& extradata : {record, units}) {
        parsed = parse_av1_configuration(extradata);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(0, parsed->seq_profile);
        const auto obu = parsed->units.next();
        ASSERT_TRUE(obu);
        EXPECT_EQ(ObuType::SequenceHeader, obu->type);
    }
    EXPECT_TRUE(parse_av1_configuration({}));
    const Bytes cut{0x81, 0, 0};
    EXPECT_EQ(EBADMSG, parse_av1_configuration(cut).error().code);
}

} // namespace
} // namespace v4l2play::test
