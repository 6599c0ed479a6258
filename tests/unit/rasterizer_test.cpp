// Known pixels: what is covered, what is cut off, what is blended, and that shared edges are drawn once.
#include "render/overlay/rasterizer.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

constexpr std::array<std::uint8_t, 6> texels{255, 128, 0, 64, 255, 1};

class RasterizerTest : public testing::Test {
  protected:
    RasterizerTest() {
        drawing_.texture = {texels.data(), 3, 2};
        block_ = {pixels_.data(), 20, {10, 5, 30, 15}};
    }

    std::uint32_t& at(std::int32_t x, std::int32_t y) {
        return pixels_[static_cast<std::size_t>((y - 5) * 20 + x - 10)];
    }
    unsigned drawn() const {
        return static_cast<unsigned>(std::count_if(pixels_.begin(), pixels_.end(), [](auto p) { return p != 0; }));
    }
    void fill(const Box& box, Rgba color) { draw_shape(drawing_, {box, Shape::Kind::Fill, color, 0, 0, 0}, block_); }
    void triangle(Vertex a, Vertex b, Vertex c) {
        drawing_.triangles.push_back({a, b, c});
        const Shape shape{{-1000, -1000, 1000, 1000},
                          Shape::Kind::Triangle,
                          0,
                          0,
                          0,
                          static_cast<std::uint32_t>(drawing_.triangles.size() - 1)};
        draw_shape(drawing_, shape, block_);
    }

    Drawing drawing_;
    std::array<std::uint32_t, 200> pixels_{};
    PixelBlock block_;
};

Vertex corner(float x, float y, Rgba color = rgba(255, 255, 255, 255)) { return {x, y, 0.5F, 0.5F, color}; }

TEST(Blending, RoundsToNearest) {
    EXPECT_EQ(premultiplied(rgba(255, 128, 0, 255), 255), 0xffff8000U);
    EXPECT_EQ(premultiplied(rgba(255, 255, 255, 128), 255), 0x80808080U);
    EXPECT_EQ(premultiplied(rgba(255, 255, 255, 128), 128), 0x40404040U);
    EXPECT_EQ(premultiplied(rgba(255, 0, 0, 255), 0), 0U);
    EXPECT_EQ(blend_over(0xff102030, 0), 0xff102030U);
    EXPECT_EQ(blend_over(0xff102030, 0xff405060), 0xff405060U);
    for (std::uint32_t under = 0; under < 256; ++under)
        for (std::uint32_t alpha = 0; alpha < 256; ++alpha) {
            const std::uint32_t result = blend_over(under * 0x01010101U, alpha << 24);
            ASSERT_EQ(result & 0xff, static_cast<std::uint32_t>(std::lround(under * (255 - alpha) / 255.0)));
            ASSERT_LE(result & 0xff, result >> 24) << "stays premultiplied";
        }
}

TEST_F(RasterizerTest, FillIsClipped) {
    fill({8, 3, 12, 7}, rgba(255, 0, 0));
    EXPECT_EQ(drawn(), 4U);
    EXPECT_EQ(at(10, 5), 0xffff0000U);
    EXPECT_EQ(at(11, 6), 0xffff0000U);
    EXPECT_EQ(at(12, 6), 0U);
    fill({28, 14, 100, 100}, rgba(0, 0, 255, 128));
    EXPECT_EQ(at(29, 14), 0x80000080U);
    EXPECT_EQ(drawn(), 6U);
    fill({30, 5, 40, 15}, rgba(1, 2, 3));
    fill({15, 9, 15, 12}, rgba(1, 2, 3));
    EXPECT_EQ(drawn(), 6U) << "outside, and empty";
}

TEST_F(RasterizerTest, FillBlends) {
    fill({10, 5, 11, 6}, rgba(255, 255, 255));
    fill({10, 5, 11, 6}, rgba(0, 0, 0, 128));
    EXPECT_EQ(at(10, 5), 0xff7f7f7fU);
}

TEST_F(RasterizerTest, StampTakesTexels) {
    draw_shape(drawing_, {{9, 5, 12, 7}, Shape::Kind::Stamp, rgba(255, 0, 0), 0, 0, 0}, block_);
    EXPECT_EQ(at(10, 5), 0x80800000U) << "the second texel: the first is cut off";
    EXPECT_EQ(at(11, 5), 0U) << "not covered";
    EXPECT_EQ(at(10, 6), 0xffff0000U);
    EXPECT_EQ(at(11, 6), 0x01010000U);
    EXPECT_EQ(drawn(), 3U);
    pixels_.fill(0);
    draw_shape(drawing_, {{10, 5, 20, 15}, Shape::Kind::Stamp, rgba(255, 0, 0), 2, 1, 0}, block_);
    EXPECT_EQ(drawn(), 1U) << "beyond the texture is nothing";
    draw_shape(drawing_, {{10, 5, 20, 15}, Shape::Kind::Stamp, rgba(255, 0, 0), -100, -100, 0}, block_);
    EXPECT_EQ(drawn(), 1U);
}

TEST_F(RasterizerTest, TriangleCoversPixelCentres) {
    // The half of a square above its diagonal, with either direction of turning.
    for (const bool turned : {false, true}) {
        pixels_.fill(0);
        const Vertex a = corner(10, 5), b = corner(14, 5), c = corner(10, 9);
        turned ? triangle(a, c, b) : triangle(a, b, c);
        for (std::int32_t y = 5; y < 10; ++y)
            for (std::int32_t x = 10; x < 15; ++x)
                EXPECT_EQ(at(x, y) != 0, x - 10 + y - 5 < 3) << x << ' ' << y << (turned ? " turned" : "");
    }
}

TEST_F(RasterizerTest, DegenerateAndFarTriangles) {
    triangle(corner(10, 5), corner(20, 10), corner(30, 15));
    triangle(corner(12, 7), corner(12, 7), corner(12, 7));
    EXPECT_EQ(drawn(), 0U);
    triangle(corner(-3e9F, -3e9F), corner(3e9F, -3e9F), corner(0, 3e9F));
    EXPECT_EQ(drawn(), 200U);
}

TEST_F(RasterizerTest, ColoursBetweenCorners) {
    triangle(corner(10, 5, rgba(0, 0, 0)), corner(42, 5, rgba(255, 0, 0)), corner(10, 37, rgba(0, 0, 255)));
    EXPECT_EQ(at(10, 5) >> 16 & 0xff, 4U) << "half a pixel of 32";
    EXPECT_EQ(at(26, 5) >> 16 & 0xff, 131U);
    EXPECT_EQ(at(10, 13) & 0xff, 68U);
    EXPECT_EQ(at(18, 13) >> 24, 255U);
}

TEST_F(RasterizerTest, TrianglesTakeTexels) {
    const auto textured = [](float x, float y) { return Vertex{x, y, x - 10, y - 5, rgba(255, 255, 255)}; };
    triangle(textured(10, 5), textured(30, 5), textured(10, 25));
    EXPECT_EQ(at(10, 5), 0xffffffffU);
    EXPECT_EQ(at(11, 5), 0x80808080U);
    EXPECT_EQ(at(12, 5), 0U);
    EXPECT_EQ(at(10, 6), 0x40404040U);
    EXPECT_EQ(drawn(), 5U);
}

TEST_F(RasterizerTest, SharedEdgesAreDrawnOnce) {
    // Fans of half-transparent triangles round a point: every pixel is that of one layer, none of two, none of nothing.
    std::minstd_rand random(7);
    std::uniform_real_distribution<float> x(12, 28), y(6, 14);
    for (int round = 0; round < 300; ++round) {
        pixels_.fill(0);
        // Every other round on pixel centres, where ties are.
        const bool ties = round % 2 == 0;
        const auto placed = [ties](float value) { return ties ? std::floor(value) + 0.5F : value; };
        const Rgba half = rgba(255, 255, 255, 128);
        const Vertex middle = corner(placed(x(random)), placed(y(random)), half);
        const std::array<Vertex, 4> around{corner(0, 0, half), corner(40, 0, half), corner(40, 20, half),
                                           corner(0, 20, half)};
        for (std::size_t i = 0; i < around.size(); ++i) triangle(middle, around[i], around[(i + 1) % around.size()]);
        for (const std::uint32_t pixel : pixels_) ASSERT_EQ(pixel, 0x80808080U) << "round " << round;
    }
}

} // namespace
} // namespace v4l2play
