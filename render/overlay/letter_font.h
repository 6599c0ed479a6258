// The lettering of our pictures as fonts of imgui: no font file, and crisp at any size.
#pragma once

#include <vector>

#include <imgui.h>

namespace v4l2play {

/// Fonts with ASCII and · × – … →.
class LetterAtlas {
  public:
    LetterAtlas();

    /// A font whose figures and capitals are `size` pixels high, drawn with lines of `weight` sizes.
    ImFont* add(int size, double weight);
    /// Draws the glyphs of all fonts. Nothing may be added any more.
    void build();
    [[nodiscard]] ImFontAtlas* get() { return &atlas_; }

  private:
    struct Glyph {
        int rectangle; ///< imgui's
        char32_t letter;
        int size;
        double weight;
    };
    void add_glyph(ImFont* font, char32_t letter, int size, double weight);
    void draw(const Glyph& glyph);

    ImFontAtlas atlas_;
    std::vector<Glyph> glyphs_;
};

} // namespace v4l2play
