#include "render/overlay/letter_font.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "render/lettering.h"

namespace v4l2play {
namespace {

constexpr std::array<char32_t, 5> beyond_ascii{U'\u00b7', U'\u00d7', U'\u2013', U'\u2026', U'\u2192'};
// Heights in sizes: from a line's top to its figures, and from their lower edge to the end of tails.
constexpr double above = 0.3;
constexpr double below = 0.4;
constexpr double line_height = 1.8;

/// Letters up to U+FFFF.
std::string utf8(char32_t letter) {
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    if (letter < 0x80) return {byte(letter)};
    if (letter < 0x800) return {byte(0xc0 | letter >> 6), byte(0x80 | (letter & 0x3f))};
    return {byte(0xe0 | letter >> 12), byte(0x80 | (letter >> 6 & 0x3f)), byte(0x80 | (letter & 0x3f))};
}

int pixels(double length) { return static_cast<int>(std::lround(length)); }

} // namespace

LetterAtlas::LetterAtlas() { atlas_.Flags |= ImFontAtlasFlags_NoMouseCursors | ImFontAtlasFlags_NoBakedLines; }

ImFont* LetterAtlas::add(int size, double weight) {
    static constexpr ImWchar only_space[] = {' ', ' ', 0};
    ImFontConfig config;
    config.SizePixels = static_cast<float>(pixels(line_height * size));
    config.GlyphRanges = only_space; // imgui's own font lends its name, not its letters
    config.OversampleH = config.OversampleV = 1;
    ImFont* font = atlas_.AddFontDefault(&config);
    for (char32_t letter = U' '; letter <= U'~'; ++letter) add_glyph(font, letter, size, weight);
    for (const char32_t letter : beyond_ascii) add_glyph(font, letter, size, weight);
    return font;
}

/// Advances are whole pixels, so that every glyph falls on whole pixels and is not resampled.
void LetterAtlas::add_glyph(ImFont* font, char32_t letter, int size, double weight) {
    const TextStyle style{static_cast<double>(size), {}, weight};
    const double gap = text_width("||", style);
    const double width = text_width(utf8(letter), style);
    const int advance = pixels(letter == U' ' ? 0.45 * size : width + gap + 0.05 * size);
    const int margin = pixels(gap / 2);
    const int rectangle = atlas_.AddCustomRectFontGlyph(
        font, static_cast<ImWchar>(letter), static_cast<int>(std::ceil(width)) + 2 * margin + 1,
        pixels((above + 1 + below) * size), static_cast<float>(advance), ImVec2(static_cast<float>(-margin), 0));
    glyphs_.push_back({rectangle, letter, size, weight});
}

void LetterAtlas::build() {
    atlas_.Build();
    for (const Glyph& glyph : glyphs_) draw(glyph);
}

void LetterAtlas::draw(const Glyph& glyph) {
    const ImFontAtlasCustomRect& place = *atlas_.GetCustomRectByIndex(glyph.rectangle);
    const TextStyle style{static_cast<double>(glyph.size), {255, 255, 255}, glyph.weight};
    RgbImage image;
    image.resize(place.Width, place.Height);
    image.pixels.assign(image.pixels.size(), 0);
    draw_text(image, utf8(glyph.letter), pixels(text_width("||", style) / 2), pixels((above + 1) * glyph.size), style);
    for (std::uint32_t y = 0; y < image.height; ++y)
        for (std::uint32_t x = 0; x < image.width; ++x)
            atlas_.TexPixelsAlpha8[(place.Y + y) * static_cast<std::size_t>(atlas_.TexWidth) + place.X + x] =
                image.row(y)[3 * std::size_t{x}];
}

} // namespace v4l2play
