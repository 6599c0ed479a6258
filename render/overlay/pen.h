// Rectangles and text on an imgui draw list, in units of length instead of pixels.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "render/overlay/canvas.h"

namespace v4l2play {

class Pen {
  public:
    explicit Pen(const Canvas& canvas)
        : canvas_(canvas)
        , list_(*ImGui::GetWindowDrawList()) {}

    /// Units to whole pixels.
    [[nodiscard]] float px(float units) const { return std::round(units * canvas_.scale()); }
    [[nodiscard]] const Canvas& canvas() const { return canvas_; }

    // From here on everything is in pixels.

    void fill(float left, float top, float right, float bottom, Rgba color) {
        list_.AddRectFilled(ImVec2(left, top), ImVec2(right, bottom), color);
    }
    void rounded(float left, float top, float right, float bottom, float radius, Rgba color);
    /// At least a pixel wide.
    void bar(float left, float top, float right, float bottom, Rgba color) {
        left = std::round(left);
        fill(left, std::round(top), std::max(std::round(right), left + 1), std::round(bottom), color);
    }

    [[nodiscard]] static float width(const ImFont* font, std::string_view text) {
        return font->CalcTextSizeA(font->FontSize, 1e6F, 0, text.data(), text.data() + text.size()).x;
    }
    /// `top` is the upper edge of figures. Returns where the text ends.
    float write(const ImFont* font, float left, float top, Rgba color, std::string_view text);
    void write_right(const ImFont* font, float right, float top, Rgba color, std::string_view text) {
        write(font, right - width(font, text), top, color, text);
    }
    /// The text's beginning as far as there is room, then an ellipsis.
    void write_within(const ImFont* font, float left, float top, float right, Rgba color, std::string_view text);

  private:
    const Canvas& canvas_;
    ImDrawList& list_;
};

/// Formats into memory of its own, without an allocation; what is too long is cut.
class Text {
  public:
    template <class... T>
    explicit Text(fmt::format_string<T...> format, T&&... values) {
        size_ = std::min(fmt::format_to_n(text_, sizeof text_, format, std::forward<T>(values)...).size, sizeof text_);
    }
    operator std::string_view() const { return {text_, size_}; }

  private:
    char text_[160];
    std::size_t size_;
};

} // namespace v4l2play
