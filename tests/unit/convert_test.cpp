#include "render/convert.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "tests/unit/plain_frame.h"

namespace v4l2play {
namespace {

struct Rgb {
    int r;
    int g;
    int b;
};

constexpr Rgb test_colors[] = {{0, 0, 0},       {255, 255, 255}, {255, 0, 0},   {0, 255, 0},
                               {0, 0, 255},     {255, 255, 0},   {0, 255, 255}, {255, 0, 255},
                               {128, 128, 128}, {200, 90, 30},   {12, 60, 180}, {1, 2, 3}};

/// RGB to Y'CbCr straight from the definition (H.273, 8.3), by the weights of red and blue.
Ycc encode(Rgb color, double red, double blue, bool full, unsigned depth) {
    const double r = color.r / 255.0, g = color.g / 255.0, b = color.b / 255.0;
    const double y = red * r + (1 - red - blue) * g + blue * b;
    const double cb = (b - y) / (2 * (1 - blue));
    const double cr = (r - y) / (2 * (1 - red));
    const double unit = 1U << (depth - 8);
    const double top = 256 * unit - 1;
    const auto stored = [&](double value) {
        return static_cast<unsigned>(std::lround(std::fmin(std::fmax(value, 0), top)));
    };
    if (full) return {stored(y * top), stored(cb * top + 128 * unit), stored(cr * top + 128 * unit)};
    return {stored((219 * y + 16) * unit), stored((224 * cb + 128) * unit), stored((224 * cr + 128) * unit)};
}

void expect_pixel(const RgbImage& image, std::uint32_t x, std::uint32_t y, Rgb wanted, int tolerance) {
    const std::uint8_t* pixel = image.row(y) + std::size_t{x} * 3;
    EXPECT_LE(std::abs(pixel[0] - wanted.r), tolerance) << "red at " << x << ',' << y << " is " << int{pixel[0]};
    EXPECT_LE(std::abs(pixel[1] - wanted.g), tolerance) << "green at " << x << ',' << y << " is " << int{pixel[1]};
    EXPECT_LE(std::abs(pixel[2] - wanted.b), tolerance) << "blue at " << x << ',' << y << " is " << int{pixel[2]};
}

struct Standard {
    std::uint8_t matrix;
    double red;
    double blue;
};
constexpr Standard standards[] = {{1, 0.2126, 0.0722}, {5, 0.299, 0.114}, {6, 0.299, 0.114},
                                  {4, 0.30, 0.11},     {7, 0.212, 0.087}, {9, 0.2627, 0.0593}};

TEST(RgbMatrix, ColoursComeBack) {
    for (const Standard& standard : standards)
        for (const bool full : {false, true})
            for (const unsigned depth : {8U, 10U, 12U})
                for (const Rgb color : test_colors) {
                    const Ycc in = encode(color, standard.red, standard.blue, full, depth);
                    const RgbMatrix matrix = make_rgb_matrix(standard.matrix, full, depth);
                    const int samples[3] = {static_cast<int>(in.y), static_cast<int>(in.cb), static_cast<int>(in.cr)};
                    const int wanted[3] = {color.r, color.g, color.b};
                    for (unsigned k = 0; k < 3; ++k) {
                        std::int64_t sum = matrix.bias[k];
                        for (unsigned i = 0; i < 3; ++i) sum += std::int64_t{matrix.weight[k][i]} * samples[i];
                        // With 8-bit samples one step of chroma is up to 2.2 steps of blue.
                        const int tolerance = depth == 8 ? 2 : 1;
                        EXPECT_LE(std::abs(static_cast<int>(sum >> matrix.shift) - wanted[k]), tolerance)
                            << "matrix " << int{standard.matrix} << " full " << full << " depth " << depth;
                    }
                }
}

TEST(RgbMatrix, SumsFitThirtyTwoBits) {
    for (const std::uint8_t code : {0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 14})
        for (const bool full : {false, true})
            for (const unsigned depth : {8U, 10U, 12U}) {
                const RgbMatrix matrix = make_rgb_matrix(static_cast<std::uint8_t>(code), full, depth);
                const std::int64_t top = (1 << depth) - 1;
                for (unsigned k = 0; k < 3; ++k) {
                    std::int64_t sum = std::llabs(matrix.bias[k]);
                    for (unsigned i = 0; i < 3; ++i) sum += std::llabs(matrix.weight[k][i] * top);
                    EXPECT_LT(sum, INT32_MAX);
                }
            }
}

TEST(EffectiveMatrix, UnspecifiedGoesByHeight) {
    EXPECT_EQ(effective_matrix({}, 719), 6);
    EXPECT_EQ(effective_matrix({}, 720), 1);
    ColorDescription told;
    told.matrix = 9;
    EXPECT_EQ(effective_matrix(told, 2160), 9);
    told.matrix = 6;
    EXPECT_EQ(effective_matrix(told, 1080), 6);
}

class Formats : public testing::TestWithParam<DrmFourcc> {};

/// Every format, at odd sizes: the colours of 2x2 blocks come out where they were painted, within 1.
TEST_P(Formats, BlocksOfColour) {
    const FrameFormat format = plain_format(GetParam(), 13, 7);
    const auto pool = plain_pool(format, 1);
    Frame frame = plain_frame(pool, 1);
    frame.info.color.matrix = 1;
    const bool gray = find_pixel_layout(GetParam())->chroma == PixelLayout::Chroma::None;
    const auto color_at = [&](std::uint32_t x, std::uint32_t y) {
        const Rgb color = test_colors[(x / 2 + y / 2 * 5) % std::size(test_colors)];
        return gray ? Rgb{color.g, color.g, color.g} : color;
    };
    for (std::uint32_t y = 0; y < 7; ++y)
        for (std::uint32_t x = 0; x < 13; ++x)
            paint(frame, x, y, encode(color_at(x, y), 0.2126, 0.0722, false, format.bit_depth));

    PictureConverter converter(system_kernel());
    RgbImage image;
    ASSERT_TRUE(converter.convert(frame, image));
    ASSERT_EQ(image.width, 13U);
    ASSERT_EQ(image.height, 7U);
    for (std::uint32_t y = 0; y < 7; ++y)
        for (std::uint32_t x = 0; x < 13; ++x) expect_pixel(image, x, y, color_at(x, y), format.bit_depth == 8 ? 2 : 1);
}

INSTANTIATE_TEST_SUITE_P(All, Formats,
                         testing::Values(fourcc_nv12, fourcc_nv21, fourcc_nv16, fourcc_nv15, fourcc_nv20, fourcc_p010,
                                         fourcc_yuv420, fourcc_yuv422, fourcc_yuv444, fourcc_s010, fourcc_s012,
                                         fourcc_s210, fourcc_s212, fourcc_s410, fourcc_s412, fourcc_r8),
                         [](const auto& name) { return to_string(name.param); });

TEST(PictureConverter, ColoursWithinOne) {
    // BT.601 limited, values that 8 bits hold exactly enough: the primaries of test signals.
    const auto pool = plain_pool(plain_format(fourcc_nv12, 4, 2), 1);
    Frame frame = plain_frame(pool, 1);
    paint(frame, 0, 0, {81, 90, 240});
    paint(frame, 1, 1, {81, 90, 240});
    paint(frame, 2, 0, {235, 128, 128});
    paint(frame, 3, 1, {16, 128, 128});
    PictureConverter converter(system_kernel());
    RgbImage image;
    ASSERT_TRUE(converter.convert(frame, image));
    expect_pixel(image, 0, 0, {254, 0, 0}, 1);
    expect_pixel(image, 1, 1, {254, 0, 0}, 1);
    expect_pixel(image, 2, 0, {255, 255, 255}, 0);
    expect_pixel(image, 3, 1, {0, 0, 0}, 0);
}

TEST(PictureConverter, FullRange) {
    const auto pool = plain_pool(plain_format(fourcc_yuv420, 2, 2), 1);
    Frame frame = plain_frame(pool, 1);
    paint_all(frame, {16, 128, 128});
    frame.info.color.full_range = true;
    PictureConverter converter(system_kernel());
    RgbImage image;
    ASSERT_TRUE(converter.convert(frame, image));
    expect_pixel(image, 1, 1, {16, 16, 16}, 0);
    frame.info.color.full_range = false;
    ASSERT_TRUE(converter.convert(frame, image));
    expect_pixel(image, 1, 1, {0, 0, 0}, 0);
}

TEST(PictureConverter, IdentityIsGreenBlueRed) {
    const auto pool = plain_pool(plain_format(fourcc_yuv444, 2, 2), 1);
    Frame frame = plain_frame(pool, 1);
    paint_all(frame, {10, 20, 30});
    frame.info.color.matrix = 0;
    frame.info.color.full_range = true;
    PictureConverter converter(system_kernel());
    RgbImage image;
    ASSERT_TRUE(converter.convert(frame, image));
    expect_pixel(image, 0, 1, {30, 10, 20}, 0);
}

/// The crop may start and end inside a chroma block; nothing outside it is seen.
TEST(PictureConverter, OddCrop) {
    for (const DrmFourcc fourcc : {fourcc_nv12, fourcc_yuv420, fourcc_p010, fourcc_nv15}) {
        const FrameFormat format = plain_format(fourcc, 16, 12);
        const auto pool = plain_pool(format, 1);
        Frame frame = plain_frame(pool, 1);
        const unsigned unit = 1U << (format.bit_depth - 8);
        for (std::uint32_t y = 0; y < 12; ++y)
            for (std::uint32_t x = 0; x < 16; ++x)
                paint(frame, x, y, {(16 + 10 * y + x) * unit, (x < 8 ? 90 : 128) * unit, 128 * unit});
        frame.info.visible = {5, 3, 7, 5};
        frame.info.color.full_range = true;
        PictureConverter converter(system_kernel());
        RgbImage image;
        ASSERT_TRUE(converter.convert(frame, image));
        ASSERT_EQ(image.width, 7U);
        ASSERT_EQ(image.height, 5U);
        for (std::uint32_t y = 0; y < 5; ++y)
            for (std::uint32_t x = 0; x < 7; ++x) {
                const int luma = static_cast<int>(16 + 10 * (y + 3) + x + 5);
                const std::uint8_t* pixel = image.row(y) + std::size_t{x} * 3;
                EXPECT_NEAR(pixel[0], luma, 1) << to_string(fourcc);        // no Cr: red is luma
                const int blue = x + 5 < 8 ? std::max(luma - 67, 0) : luma; // 1.772 (90 - 128), BT.601
                EXPECT_NEAR(pixel[2], blue, 1) << to_string(fourcc);
            }
    }
}

TEST(PictureConverter, RefusesWhatItCannotRead) {
    PictureConverter converter(system_kernel());
    RgbImage image;
    const FrameFormat format = plain_format(fourcc_nv12, 16, 16);

    Frame outside = plain_frame(plain_pool(format, 1), 1);
    for (const Rect& visible : {Rect{1, 0, 16, 16}, Rect{0, 8, 16, 9}, Rect{0, 0, 0, 16}, Rect{0, 0, 16, 0},
                                Rect{UINT32_MAX, 0, 2, 2}, Rect{0, 2, 2, UINT32_MAX}}) {
        outside.info.visible = visible;
        const auto converted = converter.convert(outside, image);
        ASSERT_FALSE(converted);
        EXPECT_EQ(converted.error().code, EINVAL);
    }

    FrameFormat tiled = format;
    tiled.modifier = 0x0900000000000001;
    const auto tiled_refused = converter.convert(plain_frame(plain_pool(tiled, 1), 1), image);
    ASSERT_FALSE(tiled_refused);
    EXPECT_EQ(tiled_refused.error().code, ENOTSUP);

    const FrameFormat packed = plain_format(drm_fourcc('Y', 'U', 'Y', 'V'), 16, 16);
    const auto packed_refused = converter.convert(plain_frame(plain_pool(packed, 1), 1), image);
    ASSERT_FALSE(packed_refused);
    EXPECT_EQ(packed_refused.error().code, ENOTSUP);
}

} // namespace
} // namespace v4l2play
