// Frame headers, written bit by bit and read back.
#include "decoder/codec/vp8_parser.h"

#include <cstring>

#include <gtest/gtest.h>

#include "decoder/codec/vp8_bool_decoder.h"
#include "tests/unit/vp8_stream.h"

namespace v4l2play::vp8 {
namespace {

using test::BoolEncoder;
using test::Bytes;
using test::Vp8Frame;

class Vp8ParserTest : public testing::Test {
  public:
    /// Why it cannot be read, or nothing.
    std::string parse(const Bytes& frame) {
        if (const auto tag = parse_frame_tag(frame, header_.tag); !tag) return tag.error();
        const auto parsed = parser_.parse(frame, header_);
        return parsed ? "" : parsed.error();
    }
    std::string parse(Vp8Frame frame) { return parse(frame.write()); }

    HeaderParser parser_;
    FrameHeader header_;
};

TEST(Vp8BoolDecoder, ReadsWhatWasWritten) {
    BoolEncoder out;
    std::uint32_t seed = 1;
    const auto next = [&] { return seed = seed * 1664525 + 1013904223; };
    std::vector<std::pair<bool, std::uint8_t>> symbols;
    for (int i = 0; i < 5000; ++i) {
        const auto probability = static_cast<std::uint8_t>(next() >> 24);
        symbols.emplace_back((next() >> 24) >= probability, probability);
    }
    for (const auto& [bit, probability] : symbols) out.write(bit, probability);
    const std::size_t bits = out.bits_written();
    const std::uint32_t range = out.range();
    const Bytes bytes = out.finish();
    BoolDecoder in(bytes);
    for (std::size_t i = 0; i < symbols.size(); ++i)
        ASSERT_EQ(symbols[i].first, in.read(symbols[i].second)) << "symbol " << i;
    EXPECT_EQ(bits, in.position());
    EXPECT_EQ(range, in.range());
    EXPECT_FALSE(in.failed());
}

TEST(Vp8BoolDecoder, StateIsThatOfSection7) {
    // Straight from the specification: two bytes of value, shifted bit by bit.
    const Bytes bytes{0x93, 0x47, 0xc1, 0x5e, 0x08, 0xff, 0x10};
    BoolDecoder in(bytes);
    std::uint32_t value = 0x9347;
    std::uint32_t range = 255;
    std::size_t used = 2;
    unsigned shifted = 0;
    for (const std::uint8_t probability : {12, 200, 128, 255, 1, 77, 128, 240, 3, 128}) {
        const std::uint32_t split = 1 + ((range - 1) * probability >> 8);
        const bool bit = value >= split << 8;
        if (bit) value -= split << 8;
        range = bit ? range - split : split;
        for (; range < 128; range <<= 1) {
            value <<= 1;
            if (++shifted % 8 == 0) value |= bytes[used++];
        }
        ASSERT_EQ(bit, in.read(probability));
        EXPECT_EQ(range, in.range());
        EXPECT_EQ(value >> 8, in.value());
        EXPECT_EQ((8 - shifted % 8) % 8, in.bit_count());
        EXPECT_EQ(shifted, in.position());
    }
}

TEST(Vp8BoolDecoder, ZerosFollowTheEndAndItFails) {
    const Bytes one{0xff};
    BoolDecoder in(one);
    for (int i = 0; i < 8; ++i) in.flag();
    EXPECT_FALSE(in.failed());
    for (int i = 0; i < 200; ++i) in.flag();
    EXPECT_TRUE(in.failed());
    BoolDecoder none{std::span<const std::uint8_t>{}};
    EXPECT_FALSE(none.flag());
    EXPECT_FALSE(none.flag());
    EXPECT_TRUE(none.failed());
}

TEST_F(Vp8ParserTest, TagOfAKeyFrame) {
    Vp8Frame frame(true);
    frame.header.tag.version = 3;
    frame.header.tag.show_frame = false;
    frame.header.tag.width = 16383;
    frame.header.tag.height = 5;
    frame.header.tag.horizontal_scale = 2;
    frame.header.tag.vertical_scale = 3;
    const Bytes bytes = frame.write();
    FrameTag tag;
    ASSERT_TRUE(parse_frame_tag(bytes, tag));
    EXPECT_TRUE(tag.key_frame);
    EXPECT_EQ(3, tag.version);
    EXPECT_FALSE(tag.show_frame);
    EXPECT_EQ(16383, tag.width);
    EXPECT_EQ(5, tag.height);
    EXPECT_EQ(2, tag.horizontal_scale);
    EXPECT_EQ(3, tag.vertical_scale);
    EXPECT_EQ(10, tag.size);
    EXPECT_EQ(bytes.size() - 10 - 16, tag.first_part_size);
}

TEST_F(Vp8ParserTest, RefusesBrokenTags) {
    const Bytes good = Vp8Frame(true).write();
    Bytes bad = good;
    bad[4] = 0;
    EXPECT_EQ("the key frame has no start code", parse(bad));
    bad = good;
    bad[6] = bad[7] = 0;
    EXPECT_EQ("the key frame has no size", parse(bad));
    bad.assign(good.begin(), good.begin() + 2);
    EXPECT_EQ("the frame is shorter than its tag", parse(bad));
    bad.assign(good.begin(), good.begin() + 9);
    EXPECT_EQ("the key frame is shorter than its header", parse(bad));
    bad.assign(good.begin(), good.begin() + 20);
    EXPECT_EQ("the first partition is cut short", parse(bad));
}

TEST_F(Vp8ParserTest, RefusesAHeaderLongerThanItsPartition) {
    Bytes bytes = Vp8Frame(true).write();
    const std::uint32_t tag = 1U << 4 | 4U << 5; // four bytes of first partition
    bytes[0] = static_cast<std::uint8_t>(tag);
    bytes[1] = static_cast<std::uint8_t>(tag >> 8);
    EXPECT_EQ("the frame header is cut short", parse(bytes));
}

TEST_F(Vp8ParserTest, EveryElementOfAnInterFrame) {
    ASSERT_EQ("", parse(Vp8Frame(true)));
    Vp8Frame frame(false);
    FrameHeader& want = frame.header;
    want.segmentation = {true, true, true, true, {127, -127, 0, 5}, {63, -63, 1, 0}, {0, 255, 77}};
    want.loop_filter = {true, 63, 7, true, true, {63, -63, 0, 2}, {-1, 4, 0, -12}};
    want.quant = {127, -15, 15, 0, 3, -4};
    want.refresh_golden = want.refresh_last = false;
    want.refresh_alternate = true;
    want.copy_to_golden = BufferCopy::Other;
    want.sign_bias_golden = true;
    want.mb_no_coeff_skip = true;
    want.prob_skip_false = 201;
    want.prob_intra = 1;
    want.prob_last = 2;
    want.prob_golden = 3;
    want.probabilities.coefficients[0][0][0][0] = 1;
    want.probabilities.coefficients[3][7][2][10] = 0;
    want.probabilities.motion[1][18] = 1; // written as 0 (section 17.2)
    want.probabilities.motion[0][0] = 254;
    want.probabilities.y_mode = {9, 8, 7, 6};
    want.probabilities.uv_mode = {5, 4, 3};
    ASSERT_EQ("", parse(frame));
    EXPECT_TRUE(header_.segmentation.enabled && header_.segmentation.update_map && header_.segmentation.absolute);
    EXPECT_EQ(want.segmentation.quantizer, header_.segmentation.quantizer);
    EXPECT_EQ(want.segmentation.loop_filter, header_.segmentation.loop_filter);
    EXPECT_EQ(want.segmentation.probabilities, header_.segmentation.probabilities);
    EXPECT_TRUE(header_.loop_filter.simple);
    EXPECT_EQ(63, header_.loop_filter.level);
    EXPECT_EQ(7, header_.loop_filter.sharpness);
    EXPECT_EQ(want.loop_filter.reference_delta, header_.loop_filter.reference_delta);
    EXPECT_EQ(want.loop_filter.mode_delta, header_.loop_filter.mode_delta);
    EXPECT_EQ(127, header_.quant.y_ac_qi);
    EXPECT_EQ(-15, header_.quant.y_dc_delta);
    EXPECT_EQ(15, header_.quant.y2_dc_delta);
    EXPECT_EQ(0, header_.quant.y2_ac_delta);
    EXPECT_EQ(3, header_.quant.uv_dc_delta);
    EXPECT_EQ(-4, header_.quant.uv_ac_delta);
    EXPECT_FALSE(header_.refresh_golden || header_.refresh_last);
    EXPECT_TRUE(header_.refresh_alternate && header_.sign_bias_golden && !header_.sign_bias_alternate);
    EXPECT_EQ(BufferCopy::Other, header_.copy_to_golden);
    EXPECT_EQ(201, header_.prob_skip_false);
    EXPECT_EQ(1, header_.prob_intra);
    EXPECT_EQ(2, header_.prob_last);
    EXPECT_EQ(3, header_.prob_golden);
    EXPECT_EQ(want.probabilities.coefficients, header_.probabilities.coefficients);
    EXPECT_EQ(want.probabilities.motion, header_.probabilities.motion);
    EXPECT_EQ(want.probabilities.y_mode, header_.probabilities.y_mode);
    EXPECT_EQ(want.probabilities.uv_mode, header_.probabilities.uv_mode);
}

TEST_F(Vp8ParserTest, CoderStateBehindTheHeader) {
    for (std::uint8_t level = 0; level < 64; ++level) {
        Vp8Frame frame(true);
        frame.header.loop_filter.level = level;
        frame.header.quant.y_dc_delta = static_cast<std::int8_t>(level % 16);
        ASSERT_EQ("", parse(frame.write()));
        EXPECT_EQ(frame.header_bits, header_.coder.header_bits);
        EXPECT_EQ(frame.range, header_.coder.range);
        EXPECT_EQ((8 - frame.header_bits % 8) % 8, header_.coder.bit_count);
    }
}

TEST_F(Vp8ParserTest, PartitionsTakeWhatIsLeft) {
    Vp8Frame frame(true);
    frame.header.partitions = 4;
    frame.partition_size = {70000, 0, 3, 9};
    const Bytes good = frame.write();
    ASSERT_EQ("", parse(good));
    EXPECT_EQ(4, header_.partitions);
    EXPECT_EQ((std::array<std::uint32_t, 8>{70000, 0, 3, 9}), header_.partition_size);
    Bytes bad(good.begin(), good.end() - 10);
    EXPECT_EQ("a DCT partition is cut short", parse(bad));
    bad.assign(good.begin(), good.begin() + 10 + header_.tag.first_part_size + 8);
    EXPECT_EQ("the sizes of the DCT partitions are cut off", parse(bad));
}

TEST_F(Vp8ParserTest, EntropyIsKeptOnlyWhenItSaysSo) {
    ASSERT_EQ("", parse(Vp8Frame(true)));
    EXPECT_EQ(key_frame_y_mode_probabilities, header_.probabilities.y_mode);
    Vp8Frame once(false);
    once.refresh_entropy_probs = false;
    once.header.probabilities.coefficients[1][2][1][4] = 33;
    once.header.probabilities.y_mode = {1, 2, 3, 4};
    ASSERT_EQ("", parse(once));
    EXPECT_EQ(33, header_.probabilities.coefficients[1][2][1][4]);
    ASSERT_EQ("", parse(Vp8Frame(false)));
    EXPECT_EQ(default_coefficient_probabilities, header_.probabilities.coefficients);
    EXPECT_EQ(default_y_mode_probabilities, header_.probabilities.y_mode);

    Vp8Frame kept = once;
    kept.refresh_entropy_probs = true;
    ASSERT_EQ("", parse(kept));
    Vp8Frame after(false);
    after.before = after.header.probabilities = kept.header.probabilities;
    ASSERT_EQ("", parse(after));
    EXPECT_EQ(33, header_.probabilities.coefficients[1][2][1][4]);
    EXPECT_EQ(4, header_.probabilities.y_mode[3]);
    ASSERT_EQ("", parse(Vp8Frame(true)));
    EXPECT_EQ(default_coefficient_probabilities, header_.probabilities.coefficients);
}

TEST_F(Vp8ParserTest, SegmentsAndDeltasStayUntilAKeyFrame) {
    Vp8Frame key(true);
    key.header.segmentation = {true, true, true, false, {1, 2, 3, 4}, {5, 6, 7, 8}, {10, 20, 30}};
    key.header.loop_filter.delta_enabled = key.header.loop_filter.delta_update = true;
    key.header.loop_filter.reference_delta = {2, 0, -2, -2};
    ASSERT_EQ("", parse(key));
    Vp8Frame next(false);
    next.header.segmentation.enabled = true;
    next.header.loop_filter.delta_enabled = true;
    ASSERT_EQ("", parse(next));
    EXPECT_EQ((std::array<std::int8_t, 4>{1, 2, 3, 4}), header_.segmentation.quantizer);
    EXPECT_EQ((std::array<std::int8_t, 4>{2, 0, -2, -2}), header_.loop_filter.reference_delta);
    EXPECT_FALSE(header_.segmentation.update_map || header_.segmentation.update_data);
    EXPECT_FALSE(header_.loop_filter.delta_update);
    // An update writes 0 where there is no value, but leaves loop filter deltas without one as they are (9.3).
    next.header.segmentation.update_data = true;
    next.header.segmentation.quantizer = {0, 9, 0, 0};
    next.header.loop_filter.delta_update = true;
    next.header.loop_filter.reference_delta = {0, 7, 0, 0};
    ASSERT_EQ("", parse(next));
    EXPECT_EQ((std::array<std::int8_t, 4>{0, 9, 0, 0}), header_.segmentation.quantizer);
    EXPECT_EQ((std::array<std::int8_t, 4>{2, 7, -2, -2}), header_.loop_filter.reference_delta);
    ASSERT_EQ("", parse(Vp8Frame(true)));
    EXPECT_EQ((std::array<std::int8_t, 4>{}), header_.segmentation.quantizer);
    EXPECT_EQ((std::array<std::int8_t, 4>{}), header_.loop_filter.reference_delta);
}

} // namespace
} // namespace v4l2play::vp8
