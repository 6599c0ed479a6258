#include "render/offscreen/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "render/lettering.h"
#include "tests/unit/plain_frame.h"

namespace v4l2play {
namespace {

RgbImage image_of(std::uint32_t width, std::uint32_t height, RgbColor color) {
    RgbImage image;
    image.resize(width, height);
    for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
        image.pixels[i] = color.r;
        image.pixels[i + 1] = color.g;
        image.pixels[i + 2] = color.b;
    }
    return image;
}

std::size_t count_pixels(const RgbImage& image, RgbColor color) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < image.pixels.size(); i += 3)
        count += image.pixels[i] == color.r && image.pixels[i + 1] == color.g && image.pixels[i + 2] == color.b;
    return count;
}

TEST(Shrink, OneColourStays) {
    const RgbImage from = image_of(37, 23, {200, 3, 255});
    RgbImage to;
    for (const auto& [width, height] :
         {std::pair{10U, 7U}, std::pair{1U, 1U}, std::pair{37U, 23U}, std::pair{50U, 9U}}) {
        shrink(from, width, height, to);
        ASSERT_EQ(to.pixels.size(), std::size_t{width} * height * 3);
        EXPECT_EQ(count_pixels(to, {200, 3, 255}), std::size_t{width} * height);
    }
}

TEST(Shrink, SameSizeIsTheSame) {
    RgbImage from = image_of(5, 4, {});
    std::iota(from.pixels.begin(), from.pixels.end(), std::uint8_t{100});
    RgbImage to;
    shrink(from, 5, 4, to);
    EXPECT_EQ(from.pixels, to.pixels);
}

TEST(Shrink, EveryPixelCountsByItsArea) {
    // 3 columns to 2: each new one is a whole old one and half of the middle one.
    RgbImage from = image_of(3, 1, {});
    for (unsigned k = 0; k < 3; ++k) from.pixels[3 + k] = 240;
    RgbImage to;
    shrink(from, 2, 1, to);
    const double expected = std::sqrt(240.0 * 240.0 / 3);
    for (const std::uint8_t value : to.pixels) EXPECT_EQ(value, std::lround(expected));
    // And the same standing up.
    std::swap(from.width, from.height);
    shrink(from, 1, 2, to);
    for (const std::uint8_t value : to.pixels) EXPECT_EQ(value, std::lround(expected));
}

TEST(MediaTime, Text) {
    EXPECT_EQ(media_time_text(3200 * millisecond), "00:00:03.200");
    EXPECT_EQ(media_time_text(0), "00:00:00.000");
    EXPECT_EQ(media_time_text(100 * 3600 * second + 59 * 60 * second + 59 * second + 999 * millisecond),
              "100:59:59.999");
    EXPECT_EQ(media_time_text(-40 * millisecond), "-00:00:00.040");
    EXPECT_EQ(media_time_text(no_time), "--:--:--.---");
}

class Sheet : public testing::Test {
  protected:
    /// Shows `count` frames; answers the most thumbnails that were ever kept.
    std::size_t show(ContactSheet& sheet, std::uint64_t count, const RgbImage& picture) {
        std::size_t most = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            sheet.add(frame_, i, sheet.wants(i) ? &picture : nullptr);
            most = std::max(most, sheet.collected());
        }
        return most;
    }

    std::shared_ptr<SlotPool> pool_ = plain_pool(plain_format(fourcc_nv12, 64, 36), 1);
    Frame frame_ = plain_frame(pool_, 1);
};

TEST_F(Sheet, MemoryIsBounded) {
    const RgbImage picture = image_of(16, 9, {});
    for (const unsigned wanted : {1U, 4U, 24U}) {
        ContactSheet sheet("", wanted);
        EXPECT_LE(show(sheet, 5000, picture), 2 * wanted + 1);
        EXPECT_EQ(sheet.chosen().size(), wanted);
    }
}

TEST_F(Sheet, SpreadEvenly) {
    const RgbImage picture = image_of(16, 9, {});
    for (const std::uint64_t count : {24U, 25U, 48U, 49U, 50U, 97U, 240U, 1000U, 4321U}) {
        ContactSheet sheet("", 24);
        show(sheet, count, picture);
        const auto chosen = sheet.chosen();
        ASSERT_EQ(chosen.size(), 24U) << count;
        const double ideal = static_cast<double>(count) / 24;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            EXPECT_LT(chosen[i], count);
            EXPECT_TRUE(i == 0 || chosen[i] > chosen[i - 1]) << count;
            EXPECT_LE(std::abs(static_cast<double>(chosen[i]) - ideal * static_cast<double>(i)), 1.5 * ideal + 1)
                << count << " frames, thumbnail " << i;
        }
    }
}

TEST_F(Sheet, FewFramesAllOfThem) {
    const RgbImage picture = image_of(16, 9, {});
    ContactSheet sheet("", 24);
    EXPECT_TRUE(sheet.empty());
    show(sheet, 3, picture);
    EXPECT_EQ(sheet.chosen(), (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST_F(Sheet, PicturesKeepTheirColours) {
    ContactSheet sheet("title", 24);
    const RgbColor colors[] = {{250, 10, 20}, {20, 250, 10}, {10, 20, 250}, {240, 240, 20}, {20, 240, 240}};
    for (std::uint64_t i = 0; i < 5; ++i) {
        const RgbImage picture = image_of(1280, 720, colors[i]);
        sheet.add(frame_, i, &picture);
    }
    RgbImage drawn;
    sheet.draw(drawn);
    for (const RgbColor color : colors) {
        const std::size_t count = count_pixels(drawn, color);
        EXPECT_GT(count, 320U * 180U * 99 / 100);
        EXPECT_LT(count, 320U * 180U) << "corners are round";
    }
}

TEST_F(Sheet, PixelsAreSeenInTheirAspect) {
    const RgbColor color{250, 10, 20};
    const RgbImage picture = image_of(720, 576, color);
    frame_.info.sample_aspect = {64, 45};
    ContactSheet wide("", 1);
    wide.add(frame_, 0, &picture);
    RgbImage drawn;
    wide.draw(drawn);
    EXPECT_NEAR(static_cast<double>(count_pixels(drawn, color)), 320 * 180, 150);
    for (const Rational nonsense : {Rational{0, 1}, Rational{1, 0}, Rational{-4, 3}}) {
        frame_.info.sample_aspect = nonsense;
        ContactSheet square("", 1);
        square.add(frame_, 0, &picture);
        square.draw(drawn);
        EXPECT_NEAR(static_cast<double>(count_pixels(drawn, color)), 320 * 256, 150);
    }
}

TEST_F(Sheet, AnySizeCanBeDrawn) {
    for (const auto& [width, height] :
         {std::pair{1U, 1U}, std::pair{4096U, 1U}, std::pair{1U, 4096U}, std::pair{720U, 1280U}}) {
        const RgbImage picture = image_of(width, height, {250, 10, 20});
        ContactSheet sheet(std::string(5000, 'W'), 2);
        sheet.add(frame_, 0, &picture);
        sheet.add(frame_, 1, &picture);
        RgbImage drawn;
        sheet.draw(drawn);
        EXPECT_LT(drawn.width, 1000U);
        EXPECT_GT(drawn.width, 0U);
    }
}

constexpr TextStyle style{40, {255, 255, 255}, 0.11};

/// Every letter leaves ink, and none outside its own place.
TEST(Lettering, LettersStayInTheirPlaces) {
    for (char letter = '!'; letter <= '~'; ++letter) {
        RgbImage image = image_of(120, 120, {});
        const std::string text(1, letter);
        draw_text(image, text, 20, 80, style);
        const double right = 20 + text_width(text, style);
        std::size_t ink = 0;
        for (std::uint32_t y = 0; y < image.height; ++y)
            for (std::uint32_t x = 0; x < image.width; ++x) {
                if (image.row(y)[3 * x] == 0) continue;
                ++ink;
                EXPECT_TRUE(x >= 16 && x <= right + 4) << letter << " at x " << x;
                EXPECT_TRUE(y >= 80 - 44 - 4 && y <= 80 + 12 + 4) << letter << " at y " << y;
            }
        EXPECT_GT(ink, 8U) << letter;
    }
}

TEST(Lettering, LettersDiffer) {
    std::vector<std::vector<std::uint8_t>> seen;
    for (char letter = ' '; letter <= '~'; ++letter) {
        RgbImage image = image_of(80, 100, {});
        draw_text(image, std::string(1, letter), 20, 70, style);
        EXPECT_EQ(std::count(seen.begin(), seen.end(), image.pixels), 0) << letter;
        seen.push_back(std::move(image.pixels));
    }
}

TEST(Lettering, FiguresAreOfOneWidth) {
    const double zero = text_width("0", style);
    for (const char* figure : {"1", "2", "3", "4", "5", "6", "7", "8", "9"})
        EXPECT_DOUBLE_EQ(text_width(figure, style), zero);
    EXPECT_EQ(text_width("", style), 0);
}

TEST(Lettering, AnyBytesAreText) {
    RgbImage image = image_of(200, 60, {});
    std::string bytes;
    for (int byte = 1; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
    draw_text(image, bytes, -50, 40, style);
    for (const char* cut : {"\xe2\x80", "\xf0", "\xc3", "\xff\xfe", "\x80"}) {
        EXPECT_GT(text_width(cut, style), 0);
        draw_text(image, cut, 190, 55, style);
    }
    // One box for one character, however many bytes it has.
    EXPECT_DOUBLE_EQ(text_width("\u00e9", style), text_width("\u6f22", style));
}

TEST(Lettering, ShortenedFits) {
    const std::string name = "a very long file name with \u00fcmlauts and more.part2.mkv";
    EXPECT_EQ(shortened(name, 1e6, style), name);
    for (double width = 0; width < text_width(name, style); width += 37) {
        const std::string text = shortened(name, width, style);
        EXPECT_LE(text_width(text, style), width);
        if (width > 400) {
            EXPECT_TRUE(text.starts_with("a very")) << text;
            EXPECT_TRUE(text.ends_with("mkv")) << text;
        }
    }
}

} // namespace
} // namespace v4l2play
