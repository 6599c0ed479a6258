// Lettering of our own for pictures: a line font, drawn smooth at any size, so that no font file is needed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "render/convert.h"

namespace v4l2play {

struct RgbColor {
    std::uint8_t r = 0;
    std::uint8_t g = 0;
    std::uint8_t b = 0;
};

struct TextStyle {
    double size = 12; ///< height of figures and capitals in pixels
    RgbColor color;
    double weight = 0.11; ///< of the lines, in `size`s
};

/// Pixels from the first letter's left edge to the last one's right edge. `text` is UTF-8; characters that the font
/// does not have count, and are drawn, as boxes. Figures are all of one width.
double text_width(std::string_view text, const TextStyle& style);

/// Writes `text` on `image` from `x` on; `baseline` is the lower edge of figures. What is outside is cut off.
void draw_text(RgbImage& image, std::string_view text, double x, double baseline, const TextStyle& style);

/// `text`, or when it is wider than `width` its beginning and end with an ellipsis between them.
std::string shortened(std::string_view text, double width, const TextStyle& style);

/// `over` on top of `image` at (x, y), covering `share` (0..1) of the pixel. Pixels outside are ignored.
void blend(RgbImage& image, std::int64_t x, std::int64_t y, RgbColor over, double share);

} // namespace v4l2play
