#include "decoder/v4l2/format.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "decoder/v4l2/queue.h"
#include "decoder/v4l2/quirks.h"

namespace v4l2play {
namespace {

PixelFormat pixels(std::uint32_t fourcc, std::uint32_t width, std::uint32_t height,
                   std::initializer_list<PlaneFormat> planes) {
    PixelFormat format{V4l2Fourcc{fourcc}, width, height, static_cast<std::uint8_t>(planes.size()), {}};
    std::copy(planes.begin(), planes.end(), format.plane.begin());
    return format;
}

TEST(V4l2Format, Nv12ContiguousTakesTheDriversPitchAndHeight) {
    // Hantro: motion vectors behind the picture make sizeimage larger.
    const auto format = to_frame_format(pixels(V4L2_PIX_FMT_NV12, 1920, 1088, {{1920, 3655712}}));
    ASSERT_TRUE(format);
    EXPECT_EQ(format->fourcc, fourcc_nv12);
    EXPECT_EQ(format->modifier, modifier_linear);
    EXPECT_EQ(format->memory_planes, 1);
    EXPECT_EQ(format->components, 2);
    EXPECT_EQ(format->layout[0], (ComponentLayout{0, 0, 1920}));
    EXPECT_EQ(format->layout[1], (ComponentLayout{0, 1920 * 1088, 1920}));
    EXPECT_EQ(format->memory_size[0], 3655712u);
}

TEST(V4l2Format, PlanarChromaHasHalfThePitch) {
    const auto format = to_frame_format(pixels(V4L2_PIX_FMT_YUV420, 640, 480, {{704, 704 * 480 * 3 / 2}}));
    ASSERT_TRUE(format);
    EXPECT_EQ(format->fourcc, fourcc_yuv420);
    EXPECT_EQ(format->components, 3);
    EXPECT_EQ(format->layout[1], (ComponentLayout{0, 704 * 480, 352}));
    EXPECT_EQ(format->layout[2], (ComponentLayout{0, 704 * 480 + 352 * 240, 352}));
}

TEST(V4l2Format, FullHeightChromaOf422) {
    const auto format = to_frame_format(pixels(V4L2_PIX_FMT_NV16, 64, 32, {{64, 64 * 64}}));
    ASSERT_TRUE(format);
    EXPECT_EQ(format->layout[1], (ComponentLayout{0, 64 * 32, 64}));
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV16, 64, 32, {{64, 64 * 63}})));
    const auto planar = to_frame_format(pixels(V4L2_PIX_FMT_YUV422P, 64, 32, {{64, 64 * 64}}));
    ASSERT_TRUE(planar);
    EXPECT_EQ(planar->layout[2], (ComponentLayout{0, 64 * 32 + 32 * 32, 32}));
}

TEST(V4l2Format, MemoryPlanesOfTheirOwn) {
    const auto nv12 = to_frame_format(pixels(V4L2_PIX_FMT_NV12M, 640, 480, {{640, 307200}, {768, 184320}}));
    ASSERT_TRUE(nv12);
    EXPECT_EQ(nv12->fourcc, fourcc_nv12);
    EXPECT_EQ(nv12->memory_planes, 2);
    EXPECT_EQ(nv12->layout[1], (ComponentLayout{1, 0, 768}));
    EXPECT_EQ(nv12->memory_size[1], 184320u);
    const auto planar =
        to_frame_format(pixels(V4L2_PIX_FMT_YUV420M, 640, 480, {{640, 307200}, {320, 76800}, {320, 76800}}));
    ASSERT_TRUE(planar);
    EXPECT_EQ(planar->layout[2], (ComponentLayout{2, 0, 320}));
}

TEST(V4l2Format, TenBits) {
    const auto p010 = to_frame_format(pixels(V4L2_PIX_FMT_P010, 640, 480, {{1280, 1280 * 720}}));
    ASSERT_TRUE(p010);
    EXPECT_EQ(p010->bit_depth, 10);
    EXPECT_EQ(p010->layout[1].offset, 1280u * 480);
    // Four pixels in five bytes.
    const auto nv15 = to_frame_format(pixels(V4L2_PIX_FMT_NV15, 1920, 1088, {{2400, 2400 * 1632}}));
    ASSERT_TRUE(nv15);
    EXPECT_EQ(nv15->fourcc, fourcc_nv15);
    EXPECT_EQ(nv15->layout[1], (ComponentLayout{0, 2400 * 1088, 2400}));
}

// The samples of 4 x 4 pixels in the kernel's documentation of NV12, NV21, NV16 and what they are with an M.
/// Of 4 x 4 pixels, in pixfmt-nv12.rst, pixfmt-nv16.rst, pixfmt-yuv420.rst and those of several memory planes.
TEST(V4l2Format, TheDocumentationsSampleImages) {
    const auto nv12 = to_frame_format(pixels(V4L2_PIX_FMT_NV12, 4, 4, {{4, 24}}));
    ASSERT_TRUE(nv12);
    EXPECT_EQ(nv12->fourcc, fourcc_nv12);
    EXPECT_EQ(nv12->layout[0], (ComponentLayout{0, 0, 4}));
    EXPECT_EQ(nv12->layout[1], (ComponentLayout{0, 16, 4}));
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV12, 4, 4, {{4, 23}})));
    const auto nv12m = to_frame_format(pixels(V4L2_PIX_FMT_NV12M, 4, 4, {{4, 16}, {4, 8}}));
    ASSERT_TRUE(nv12m);
    EXPECT_EQ(nv12m->layout[1], (ComponentLayout{1, 0, 4}));
    const auto nv16 = to_frame_format(pixels(V4L2_PIX_FMT_NV16, 4, 4, {{4, 32}}));
    ASSERT_TRUE(nv16);
    EXPECT_EQ(nv16->layout[1], (ComponentLayout{0, 16, 4}));
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV16, 4, 4, {{4, 31}})));
    const auto yuv420 = to_frame_format(pixels(V4L2_PIX_FMT_YUV420, 4, 4, {{4, 24}}));
    ASSERT_TRUE(yuv420);
    EXPECT_EQ(yuv420->layout[1], (ComponentLayout{0, 16, 2}));
    EXPECT_EQ(yuv420->layout[2], (ComponentLayout{0, 20, 2}));
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_YUV420, 4, 4, {{4, 23}})));
    const auto yuv420m = to_frame_format(pixels(V4L2_PIX_FMT_YUV420M, 4, 4, {{4, 16}, {2, 4}, {2, 4}}));
    ASSERT_TRUE(yuv420m);
    EXPECT_EQ(yuv420m->layout[2], (ComponentLayout{2, 0, 2}));
    const auto nv21 = to_frame_format(pixels(V4L2_PIX_FMT_NV21, 4, 4, {{4, 24}}));
    ASSERT_TRUE(nv21);
    EXPECT_EQ(nv21->fourcc, fourcc_nv21);
    EXPECT_EQ(nv21->layout[1], (ComponentLayout{0, 16, 4}));
    const auto nv21m = to_frame_format(pixels(V4L2_PIX_FMT_NV21M, 4, 4, {{4, 16}, {4, 8}}));
    ASSERT_TRUE(nv21m);
    EXPECT_EQ(nv21m->fourcc, fourcc_nv21);
    EXPECT_EQ(nv21m->layout[0], (ComponentLayout{0, 0, 4}));
    EXPECT_EQ(nv21m->layout[1], (ComponentLayout{1, 0, 4}));
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV21M, 4, 4, {{4, 16}, {4, 7}})));
    const auto nv16m = to_frame_format(pixels(V4L2_PIX_FMT_NV16M, 4, 4, {{4, 16}, {4, 16}}));
    ASSERT_TRUE(nv16m);
    EXPECT_EQ(to_string(nv16m->fourcc), "NV16");
    EXPECT_EQ(nv16m->memory_planes, 2);
    EXPECT_EQ(nv16m->layout[1], (ComponentLayout{1, 0, 4}));
    // As many chroma lines as luma lines.
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV16M, 4, 4, {{4, 16}, {4, 15}})));
}

TEST(V4l2Format, TenBitsOf422HaveAllChromaLines) {
    // Four pixels in five bytes: 1920 are 2400.
    const auto nv20 = to_frame_format(pixels(V4L2_PIX_FMT_NV20, 1920, 1088, {{2400, 2 * 2400 * 1088}}));
    ASSERT_TRUE(nv20);
    EXPECT_EQ(to_string(nv20->fourcc), "NV20");
    EXPECT_EQ(nv20->bit_depth, 10);
    EXPECT_EQ(nv20->layout[0], (ComponentLayout{0, 0, 2400}));
    EXPECT_EQ(nv20->layout[1], (ComponentLayout{0, 2400 * 1088, 2400}));
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV20, 1920, 1088, {{2400, 2400 * 1632}})));
}

TEST(V4l2Format, MediaTekTilesOf16By32) {
    constexpr std::uint64_t tile = (std::uint64_t{0x0b} << 56) | 1;
    // Luma in tiles of 16 x 32 and chroma in tiles of 16 x 16, in memory of their own; 1080 lines are 1088 of whole
    // tiles.
    const auto mm21 = to_frame_format(pixels(V4L2_PIX_FMT_MM21, 1920, 1088, {{1920, 2088960}, {1920, 1044480}}));
    ASSERT_TRUE(mm21);
    EXPECT_EQ(mm21->fourcc, fourcc_nv12);
    EXPECT_EQ(mm21->modifier, tile);
    EXPECT_EQ(mm21->bit_depth, 8);
    EXPECT_EQ(mm21->layout[0], (ComponentLayout{0, 0, 1920}));
    EXPECT_EQ(mm21->layout[1], (ComponentLayout{1, 0, 1920}));
    // Ten bits: 16 x 32 pixels in 640 bytes; the low bits are with each tile (T) or with each line of it (R).
    const struct {
        std::uint32_t fourcc;
        std::uint64_t layout;
    } tens[]{{V4L2_PIX_FMT_MT2110T, 0x10000}, {V4L2_PIX_FMT_MT2110R, 0x20000}};
    for (const auto& ten : tens) {
        const auto format = to_frame_format(pixels(ten.fourcc, 1920, 1088, {{2400, 2611200}, {2400, 1305600}}));
        ASSERT_TRUE(format);
        EXPECT_EQ(format->fourcc, fourcc_nv15);
        EXPECT_EQ(format->modifier, tile | ten.layout);
        EXPECT_EQ(format->bit_depth, 10);
        EXPECT_EQ(format->layout[1], (ComponentLayout{1, 0, 2400}));
        EXPECT_FALSE(to_frame_format(pixels(ten.fourcc, 1920, 1088, {{2400, 2611200}, {2400, 1305599}})));
    }
}

TEST(V4l2Format, SandColumnsCarryTheirHeightInTheModifier) {
    // 1920 x 1080: 15 columns of 128 bytes with 1632 rows each, 1088 of them luma.
    const auto nc12 = to_frame_format(pixels(V4L2_PIX_FMT_NV12_COL128, 1920, 1088, {{1632, 1920 * 1632}}));
    ASSERT_TRUE(nc12);
    EXPECT_EQ(nc12->fourcc, fourcc_nv12);
    EXPECT_EQ(nc12->modifier, (std::uint64_t{7} << 56) | (1632u << 8) | 4);
    EXPECT_EQ(nc12->layout[0], (ComponentLayout{0, 0, 1920}));
    EXPECT_EQ(nc12->layout[1], (ComponentLayout{0, 128 * 1088, 1920}));
    // Ten bits: 96 pixels per column, so 20 columns.
    const auto nc30 = to_frame_format(pixels(V4L2_PIX_FMT_NV12_10_COL128, 1920, 1088, {{1632, 2560 * 1632}}));
    ASSERT_TRUE(nc30);
    EXPECT_EQ(to_string(nc30->fourcc), "P030");
    EXPECT_EQ(nc30->layout[0].pitch, 2560u);
}

TEST(V4l2Format, SandColumnsInMemoryOfTheirOwnHaveTheirHeightsAsPitches) {
    // As rpi-hevc-dec gives them, and vc4 then shows them: 0x0700000000000004, pitches of 1080 and 540.
    const auto nc12 =
        to_frame_format(pixels(V4L2_PIX_FMT_NV12MT_COL128, 1920, 1080, {{1920, 1920 * 1080}, {1920, 1920 * 1080 / 2}}));
    ASSERT_TRUE(nc12);
    EXPECT_EQ(nc12->fourcc, fourcc_nv12);
    EXPECT_EQ(nc12->modifier, (std::uint64_t{7} << 56) | 4);
    EXPECT_EQ(nc12->memory_planes, 2);
    EXPECT_EQ(nc12->layout[0], (ComponentLayout{0, 0, 1080}));
    EXPECT_EQ(nc12->layout[1], (ComponentLayout{1, 0, 540}));
    // Ten bits: 20 columns of 96 pixels.
    const auto nc30 =
        to_frame_format(pixels(V4L2_PIX_FMT_NV12MT_10_COL128, 1920, 1080, {{2560, 2560 * 1080}, {2560, 2560 * 540}}));
    ASSERT_TRUE(nc30);
    EXPECT_EQ(to_string(nc30->fourcc), "P030");
    EXPECT_EQ(nc30->bit_depth, 10);
    for (const std::uint32_t less : {0U, 1U})
        EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12MT_10_COL128, 1920, 1080,
                                         {{2560, 2560 * 1080 - less}, {2560, 2560 * 540 - 1 + less}}))
                      .error()
                      .code,
                  EINVAL);
}

TEST(V4l2Format, AfbcIsOneComponent) {
    const std::uint64_t afbc = std::uint64_t{8} << 56;
    const struct {
        std::uint32_t fourcc;
        const char* drm;
        std::uint64_t modifier;
        std::uint8_t depth;
        std::uint32_t pitch; // 12 or 15 bits a pixel
    } rows[]{
        {V4L2_PIX_FMT_AFBC_YUV420_16x16_SPLIT, "YU08", afbc | 0x61, 8, 2880},
        {V4L2_PIX_FMT_AFBC_YUV420_32x8, "YU08", afbc | 0x42, 8, 2880},
        {V4L2_PIX_FMT_AFBC_YUV420_16x16_10_SPLIT, "YU10", afbc | 0x61, 10, 3600},
        {V4L2_PIX_FMT_AFBC_YUV420_32x8_10, "YU10", afbc | 0x42, 10, 3600},
    };
    for (const auto& row : rows) {
        // 120 x 68 blocks (60 x 136 of the other shape): as many headers of 16 bytes, then 384 or 512 bytes for each.
        const std::uint32_t size = 8160 * (16 + (row.depth == 8 ? 384 : 512));
        const auto format = to_frame_format(pixels(row.fourcc, 1920, 1088, {{row.pitch, size}}));
        ASSERT_TRUE(format);
        EXPECT_EQ(to_string(format->fourcc), row.drm);
        EXPECT_EQ(format->modifier, row.modifier);
        EXPECT_EQ(format->bit_depth, row.depth);
        EXPECT_EQ(format->components, 1);
        EXPECT_EQ(format->layout[0], (ComponentLayout{0, 0, row.pitch}));
    }
}

TEST(V4l2Format, TilesWithoutANameAreKnownAndNeverShown) {
    for (const std::uint32_t fourcc : {V4L2_PIX_FMT_NV12_4L4, V4L2_PIX_FMT_NV15_4L4, V4L2_PIX_FMT_P010_4L4}) {
        const FormatFacts* facts = find_format(V4l2Fourcc{fourcc});
        ASSERT_NE(facts, nullptr);
        EXPECT_FALSE(can_be_shown(*facts));
        EXPECT_FALSE(is_same_format(*facts, {fourcc_nv12, modifier_linear}));
        EXPECT_EQ(to_frame_format(pixels(fourcc, 640, 480, {{640, 1 << 20}})).error().code, ENOTSUP);
    }
}

/// As cedrus computes them (cedrus_prepare_format): luma of 1088 rows, chroma of half of that rounded up to 64.
TEST(V4l2Format, SunxiTilesAlignLumaTo32Rows) {
    const auto format = to_frame_format(pixels(V4L2_PIX_FMT_NV12_32L32, 1920, 1088, {{1920, 1920 * 1632}}));
    ASSERT_TRUE(format);
    EXPECT_EQ(format->modifier, (std::uint64_t{9} << 56) | 1);
    EXPECT_EQ(format->layout[1].offset, 1920u * 1088);
    // 1056 rows are an odd number of tiles: 528 of chroma are 544 of whole ones.
    const auto odd = to_frame_format(pixels(V4L2_PIX_FMT_NV12_32L32, 1920, 1056, {{1920, 1920 * (1056 + 544)}}));
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->layout[1].offset, 1920u * 1056);
    EXPECT_FALSE(to_frame_format(pixels(V4L2_PIX_FMT_NV12_32L32, 1920, 1056, {{1920, 1920 * (1056 + 528)}})));
}

TEST(V4l2Format, NonsenseFromADriverIsRefused) {
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12, 640, 480, {{640, 640 * 719}})).error().code, EINVAL);
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12, 640, 480, {{0, 460800}})).error().code, EINVAL);
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12, 0, 480, {{640, 460800}})).error().code, EINVAL);
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12M, 640, 480, {{640, 307200}})).error().code, EINVAL);
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12, 0xffffff00, 0xffffff00, {{0xffffff00, 16}})).error().code,
              EINVAL);
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12_COL128, 1920, 1088, {{1088, 1920 * 1632}})).error().code,
              EINVAL);
    EXPECT_EQ(to_frame_format(pixels(V4L2_PIX_FMT_NV12_16L16, 640, 480, {{640, 460800}})).error().code, ENOTSUP);
}

TEST(V4l2Format, OutputsNameAFormatWithoutItsParameter) {
    const FormatFacts* nc12 = find_format(V4l2Fourcc{V4L2_PIX_FMT_NV12_COL128});
    const FormatFacts* nv12 = find_format(V4l2Fourcc{V4L2_PIX_FMT_NV12});
    ASSERT_TRUE(nc12 != nullptr && nv12 != nullptr);
    const std::uint64_t sand = (std::uint64_t{7} << 56) | 4;
    EXPECT_TRUE(is_same_format(*nc12, {fourcc_nv12, sand}));
    EXPECT_TRUE(is_same_format(*nc12, {fourcc_nv12, sand | (1632 << 8)}));
    EXPECT_FALSE(is_same_format(*nc12, {fourcc_nv12, modifier_linear}));
    EXPECT_TRUE(is_same_format(*nv12, {fourcc_nv12, modifier_linear}));
    EXPECT_TRUE(is_same_format(*nv12, {fourcc_nv12, modifier_invalid}));
    EXPECT_FALSE(is_same_format(*nv12, {fourcc_nv21, modifier_linear}));
}

TEST(Timestamp, FrameIdsSurviveTheSplit) {
    for (const FrameId id : {FrameId{1}, FrameId{999'999}, FrameId{1'000'000}, FrameId{5'000'000'000'123}}) {
        const timeval timestamp = to_timestamp(id);
        EXPECT_LT(timestamp.tv_usec, 1'000'000);
        EXPECT_EQ(to_frame_id(timestamp), id);
    }
    EXPECT_EQ(to_timestamp(1'000'001).tv_sec, 1);
}

TEST(Quirks, AreTakenByDriverAndKernel) {
    EXPECT_EQ(quirks_of("visl", 6 << 16), 0u);
    EXPECT_TRUE(has_quirk(quirks_of("mtk-vcodec-dec", 6 << 16), Quirk::NoInterlaced));
    EXPECT_FALSE(has_quirk(quirks_of("rpi-hevc-dec", 6 << 16 | 12 << 8), Quirk::CountPadding));
    EXPECT_TRUE(has_quirk(quirks_of("rpi-hevc-dec", 6 << 16 | 18 << 8 | 3), Quirk::CountPadding));
    EXPECT_TRUE(has_quirk(quirks_of("rpivid", 6 << 16 | 18 << 8), Quirk::CountPadding)) << "another name of it";
    EXPECT_TRUE(has_quirk(quirks_of("bcm2835-codec", 6 << 16), Quirk::NoInterlaced));
    EXPECT_FALSE(has_quirk(quirks_of("rkvdec", 6 << 16 | 18 << 8), Quirk::NewContextForSets));
    EXPECT_TRUE(has_quirk(quirks_of("rkvdec", 7 << 16), Quirk::NewContextForSets));
    for (const QuirkRow& row : quirk_table()) {
        EXPECT_NE(std::string_view(row.reference), "");
        EXPECT_NE(std::string_view(row.kernels), "");
        const bool bounded = row.since != 0 || row.fixed != 0;
        EXPECT_FALSE(bounded && std::string_view(row.kernels) == "unknown") << row.meaning;
    }
    const auto rows = [](std::string_view driver) {
        return std::count_if(quirk_table().begin(), quirk_table().end(),
                             [&](const QuirkRow& row) { return driver == row.driver; });
    };
    for (const char* driver : {"cedrus", "hantro-vpu", "rkvdec", "rpi-hevc-dec", "mtk-vcodec-dec", "bcm2835-codec"})
        EXPECT_GE(rows(driver), 4) << driver;
}

} // namespace
} // namespace v4l2play
