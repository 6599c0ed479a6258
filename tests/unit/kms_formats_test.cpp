#include "render/kms/formats.h"

#include <cstring>

#include <drm_mode.h>
#include <gtest/gtest.h>

#include "render/yuv.h"

namespace v4l2play {
namespace {

constexpr std::uint64_t afbc = 0x0800000000000041ULL;

/// An IN_FORMATS blob as the kernel lays it out.
class Blob {
  public:
    Blob(std::vector<DrmFourcc> formats, std::vector<drm_format_modifier> modifiers) {
        header_.version = FORMAT_BLOB_CURRENT;
        header_.count_formats = static_cast<std::uint32_t>(formats.size());
        header_.formats_offset = sizeof header_;
        header_.count_modifiers = static_cast<std::uint32_t>(modifiers.size());
        header_.modifiers_offset =
            static_cast<std::uint32_t>((sizeof header_ + formats.size() * sizeof(DrmFourcc) + 7) / 8 * 8);
        bytes_.resize(header_.modifiers_offset + modifiers.size() * sizeof(drm_format_modifier));
        std::memcpy(bytes_.data() + header_.formats_offset, formats.data(), formats.size() * sizeof(DrmFourcc));
        if (!modifiers.empty())
            std::memcpy(bytes_.data() + header_.modifiers_offset, modifiers.data(),
                        modifiers.size() * sizeof(drm_format_modifier));
    }
    std::vector<FormatModifier> parse() {
        std::memcpy(bytes_.data(), &header_, sizeof header_);
        return parse_in_formats(bytes_);
    }

    drm_format_modifier_blob header_{};
    std::vector<std::uint8_t> bytes_;
};

drm_format_modifier entry(std::uint64_t formats, std::uint32_t offset, std::uint64_t modifier) {
    drm_format_modifier result{};
    result.formats = formats;
    result.offset = offset;
    result.modifier = modifier;
    return result;
}

Blob two_formats() { return {{fourcc_nv12, fourcc_p010}, {entry(0b01, 0, afbc), entry(0b11, 0, modifier_linear)}}; }

TEST(InFormats, KeepsTheOrderOfFormatsThenModifiers) {
    const std::vector<FormatModifier> expected{
        {fourcc_nv12, afbc}, {fourcc_nv12, modifier_linear}, {fourcc_p010, modifier_linear}};
    EXPECT_EQ(two_formats().parse(), expected);
}

TEST(InFormats, WindowsCountFromTheirOffset) {
    std::vector<DrmFourcc> formats(130, fourcc_r8);
    formats[64] = fourcc_nv12;
    formats[129] = fourcc_p010;
    Blob blob(formats, {entry(1, 64, modifier_linear), entry(std::uint64_t{1} << 63, 66, afbc)});
    const std::vector<FormatModifier> expected{{fourcc_nv12, modifier_linear}, {fourcc_p010, afbc}};
    EXPECT_EQ(blob.parse(), expected);
}

TEST(InFormats, RefusesBlobsThatEndTooEarly) {
    Blob blob = two_formats();
    ASSERT_EQ(blob.parse().size(), 3U);
    for (std::size_t size = 0; size < blob.bytes_.size(); ++size)
        EXPECT_TRUE(parse_in_formats(std::span(blob.bytes_).first(size)).empty()) << size;
}

TEST(InFormats, RefusesHostileCountsAndOffsets) {
    // The blob has 80 bytes: 24 of header, two formats, two modifiers of 24.
    for (const std::uint32_t hostile : {15U, 1000U, 0x40000000U, 0x40000001U, 0xffffffffU}) {
        Blob formats = two_formats();
        formats.header_.count_formats = hostile;
        EXPECT_TRUE(formats.parse().empty()) << hostile;
        Blob modifiers = two_formats();
        modifiers.header_.count_modifiers = hostile;
        EXPECT_TRUE(modifiers.parse().empty()) << hostile;
    }
    for (const std::uint32_t hostile : {73U, 80U, 81U, 0x80000000U, 0xffffffe0U, 0xffffffffU}) {
        Blob formats = two_formats();
        formats.header_.formats_offset = hostile;
        EXPECT_TRUE(formats.parse().empty()) << hostile;
        Blob modifiers = two_formats();
        modifiers.header_.modifiers_offset = hostile;
        EXPECT_TRUE(modifiers.parse().empty()) << hostile;
    }
}

TEST(InFormats, RefusesOtherVersions) {
    Blob blob = two_formats();
    blob.header_.version = 2;
    EXPECT_TRUE(blob.parse().empty());
}

TEST(InFormats, HostileWindowsNameNothing) {
    Blob blob({fourcc_nv12}, {entry(~std::uint64_t{0}, 0xffffffffU, modifier_linear)});
    EXPECT_TRUE(blob.parse().empty());
}

TEST(Takes, ModifiersMustMatch) {
    const std::vector<FormatModifier> listed{{fourcc_nv12, modifier_linear}};
    EXPECT_TRUE(takes(listed, {fourcc_nv12, modifier_linear}));
    EXPECT_TRUE(takes(listed, {fourcc_nv12, modifier_invalid}));
    EXPECT_FALSE(takes(listed, {fourcc_nv12, afbc}));
    EXPECT_FALSE(takes(listed, {fourcc_p010, modifier_linear}));
}

TEST(Takes, ColumnHeightIsNoPartOfTheLayout) {
    constexpr std::uint64_t sand128 = 0x0700000000000004ULL;
    constexpr std::uint64_t sand128_1632_rows = sand128 | 1632ULL << 8;
    EXPECT_TRUE(takes(std::vector<FormatModifier>{{fourcc_nv12, sand128}}, {fourcc_nv12, sand128_1632_rows}));
    constexpr std::uint64_t sand64 = 0x0700000000000003ULL;
    EXPECT_FALSE(takes(std::vector<FormatModifier>{{fourcc_nv12, sand64}}, {fourcc_nv12, sand128_1632_rows}));
}

TEST(Yuv, KnowsItsSubsampling) {
    EXPECT_EQ(subsampling(fourcc_nv12).y, 2U);
    EXPECT_EQ(subsampling(fourcc_nv16).y, 1U);
    EXPECT_EQ(subsampling(fourcc_nv16).x, 2U);
    EXPECT_EQ(subsampling(fourcc_yuv444).x, 1U);
    EXPECT_TRUE(is_yuv(fourcc_nv15));
    EXPECT_FALSE(is_yuv(drm_fourcc('X', 'R', '2', '4')));
}

} // namespace
} // namespace v4l2play
