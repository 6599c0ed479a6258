#include "render/overlay/pen.h"

namespace v4l2play {
namespace {

constexpr std::string_view ellipsis = "\u2026";

} // namespace

/// In pieces, so that no triangle is larger than a corner.
void Pen::rounded(float left, float top, float right, float bottom, float radius, Rgba color) {
    fill(left + radius, top, right - radius, bottom, color);
    fill(left, top + radius, left + radius, bottom - radius, color);
    fill(right - radius, top + radius, right, bottom - radius, color);
    const auto corner = [&](float x, float y, float center_x, float center_y) {
        list_.PushClipRect(ImVec2(x, y), ImVec2(x + radius, y + radius));
        list_.AddCircleFilled(ImVec2(center_x, center_y), radius, color);
        list_.PopClipRect();
    };
    corner(left, top, left + radius, top + radius);
    corner(right - radius, top, right - radius, top + radius);
    corner(left, bottom - radius, left + radius, bottom - radius);
    corner(right - radius, bottom - radius, right - radius, bottom - radius);
}

float Pen::write(const ImFont* font, float left, float top, Rgba color, std::string_view text) {
    left = std::round(left);
    // Figures begin a sixth of a line below its top (see LetterAtlas).
    const float line_top = std::round(top - font->FontSize / 6);
    list_.AddText(font, font->FontSize, ImVec2(left, line_top), color, text.data(), text.data() + text.size());
    return left + width(font, text);
}

void Pen::write_within(const ImFont* font, float left, float top, float right, Rgba color, std::string_view text) {
    if (left + width(font, text) <= right) {
        write(font, left, top, color, text);
        return;
    }
    const float room = right - left - width(font, ellipsis);
    const char* end = text.data();
    font->CalcTextSizeA(font->FontSize, room, 0, text.data(), text.data() + text.size(), &end);
    left = write(font, left, top, color, {text.data(), static_cast<std::size_t>(end - text.data())});
    write(font, left, top, color, ellipsis);
}

} // namespace v4l2play
