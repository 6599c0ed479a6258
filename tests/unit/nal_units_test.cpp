#include "decoder/codec/nal_units.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <vector>

namespace v4l2play {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Units = std::vector<Bytes>;

Units all(NalUnits& units) {
    Units found;
    while (const auto nal = units.next()) found.emplace_back(nal->begin(), nal->end());
    return found;
}

Units split(const Bytes& bytes, unsigned length_size) {
    NalUnits units(bytes, length_size);
    return all(units);
}

TEST(FindStartCode, AtEveryPlace) {
    for (std::size_t size = 0; size < 12; ++size) {
        EXPECT_EQ(find_start_code(Bytes(size, 0)), size);
        EXPECT_EQ(find_start_code(Bytes(size, 1)), size);
        for (std::size_t at = 0; at + 3 <= size; ++at) {
            Bytes bytes(size, 0xff);
            bytes[at] = bytes[at + 1] = 0;
            bytes[at + 2] = 1;
            EXPECT_EQ(find_start_code(bytes), at);
        }
    }
}

TEST(FindStartCode, EqualsTheObviousSearch) {
    std::mt19937 random(3);
    for (int round = 0; round < 20000; ++round) {
        Bytes bytes(random() % 30);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % 3);
        bytes.shrink_to_fit();
        std::size_t at = 0;
        while (at + 3 <= bytes.size() && !(bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 1)) ++at;
        if (at + 3 > bytes.size()) at = bytes.size();
        ASSERT_EQ(find_start_code(bytes), at) << round;
    }
}

TEST(NalUnits, AnnexB) {
    EXPECT_EQ(split({0, 0, 0, 1, 0x67, 5, 0, 0, 1, 0x68, 6}, 0), (Units{{0x67, 5}, {0x68, 6}}));
    EXPECT_EQ(split({0, 0, 1, 0x67, 5, 0, 0, 0, 0, 0, 1, 0x68, 0, 0}, 0), (Units{{0x67, 5}, {0x68}}))
        << "trailing zeros belong to no unit";
    EXPECT_EQ(split({7, 7, 0, 0, 1, 0x67}, 0), (Units{{0x67}})) << "bytes before the first start code";
    EXPECT_EQ(split({0, 0, 1, 0, 0, 1, 0, 0, 1, 9}, 0), (Units{{9}})) << "empty units";
    EXPECT_EQ(split({1, 2, 3}, 0), Units{});
    EXPECT_EQ(split({0, 0, 1}, 0), Units{});
    EXPECT_EQ(split({}, 0), Units{});
}

TEST(NalUnits, LengthPrefixed) {
    EXPECT_EQ(split({2, 0x67, 5, 1, 0x68}, 1), (Units{{0x67, 5}, {0x68}}));
    EXPECT_EQ(split({0, 2, 0x67, 5, 0, 0, 0, 1, 0x68}, 2), (Units{{0x67, 5}, {0x68}})) << "one is empty";
    EXPECT_EQ(split({0, 0, 0, 2, 0x67, 5, 0, 0, 0, 1, 0x68}, 4), (Units{{0x67, 5}, {0x68}}));
    EXPECT_EQ(split(Bytes{}, 4), Units{});
}

TEST(NalUnits, StartCodesInsideALength) {
    EXPECT_EQ(split({0, 0, 0, 9, 0x6e, 1, 0, 0, 0, 1, 0x65, 2, 3, 0, 0, 0, 1, 0x41}, 4),
              (Units{{0x6e, 1}, {0x65, 2, 3}, {0x41}}));
}

TEST(NalUnits, LengthOutOfTheUnit) {
    const std::vector<std::pair<Bytes, unsigned>> bad{{{1, 9, 3, 1, 2}, 1},
                                                      {{0, 1, 9, 0}, 2},
                                                      {{0, 0, 0, 1, 9, 0xff, 0xff, 0xff, 0xff, 5}, 4},
                                                      {{0, 0, 0, 1, 9, 0, 0, 0}, 4}};
    for (const auto& [bytes, length_size] : bad) {
        NalUnits units(bytes, length_size);
        EXPECT_EQ(all(units), Units{{9}}) << "what fits is there";
        EXPECT_TRUE(units.malformed());
        EXPECT_FALSE(units.next());
        EXPECT_TRUE(units.malformed());
    }
    const Bytes good{1, 9};
    NalUnits units(good, 1);
    all(units);
    EXPECT_FALSE(units.malformed());
}

const Bytes avcc{1, 100, 0, 31, 0xff, 0xe2, 0, 2, 0x67, 1, 0, 1, 0x67, 1, 0, 3, 0x68, 2, 3, 0xfd, 0xf8, 0xf8, 0};

TEST(AvcConfiguration, ReadsParameterSets) {
    auto configuration = parse_avc_configuration(avcc);
    ASSERT_TRUE(configuration);
    EXPECT_EQ(configuration->length_size, 4U);
    EXPECT_EQ(all(configuration->parameter_sets[0]), (Units{{0x67, 1}, {0x67}}));
    EXPECT_EQ(all(configuration->parameter_sets[1]), (Units{{0x68, 2, 3}}));
}

TEST(AvcConfiguration, LengthSizes) {
    for (unsigned size = 1; size <= 4; ++size) {
        const Bytes bytes{1, 66, 0, 10, static_cast<std::uint8_t>(0xfc | (size - 1)), 0xe0, 0};
        const auto configuration = parse_avc_configuration(bytes);
        ASSERT_TRUE(configuration);
        EXPECT_EQ(configuration->length_size, size);
    }
}

TEST(AvcConfiguration, TruncatedAnywhere) {
    constexpr std::size_t end = 19; // of the parameter sets
    for (std::size_t size = 1; size < end; ++size) {
        const Bytes cut(avcc.begin(), avcc.begin() + static_cast<std::ptrdiff_t>(size));
        const auto configuration = parse_avc_configuration(cut);
        ASSERT_FALSE(configuration) << size;
        EXPECT_EQ(configuration.error().code, EBADMSG);
    }
    EXPECT_TRUE(parse_avc_configuration(std::span(avcc).first(end)));
}

TEST(AvcConfiguration, AnnexBAndNothing) {
    const Bytes annex_b{0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2};
    auto configuration = parse_avc_configuration(annex_b);
    ASSERT_TRUE(configuration);
    EXPECT_EQ(configuration->length_size, 0U);
    EXPECT_EQ(all(configuration->parameter_sets[0]), (Units{{0x67, 1}, {0x68, 2}}));
    EXPECT_EQ(all(configuration->parameter_sets[1]), Units{});
    const auto nothing = parse_avc_configuration({});
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->length_size, 0U);
    EXPECT_FALSE(parse_avc_configuration(Bytes{0, 0, 0, 0}));
    EXPECT_FALSE(parse_avc_configuration(Bytes{9, 0, 0, 1, 0x67}));
}

} // namespace
} // namespace v4l2play
