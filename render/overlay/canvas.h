// A page for imgui to lay out, and what it drew as shapes.
#pragma once

#include <memory>

#include <imgui.h>

#include "render/overlay/drawing.h"
#include "render/overlay/letter_font.h"

namespace v4l2play {

/// Shapes of what imgui drew. Rectangles and letters, which are nearly all of it, are told from triangles.
void collect_shapes(const ImDrawData& data, Drawing& drawing);

/// Everything imgui needs, in a context of its own: no window system, no files, no mouse.
class Canvas {
  public:
    /// `scale`: pixels for one unit of length, in which sizes of letters are given.
    explicit Canvas(float scale);
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    [[nodiscard]] float scale() const { return scale_; }
    [[nodiscard]] ImFont* small() const { return small_; }
    [[nodiscard]] ImFont* normal() const { return normal_; }
    [[nodiscard]] ImFont* large() const { return large_; }

    /// A new page of that many pixels; what is drawn with imgui until `end` is on it.
    void begin(std::uint32_t width, std::uint32_t height);
    /// Valid until the next page.
    const Drawing& end();

  private:
    const float scale_;
    LetterAtlas letters_;
    ImFont* small_;
    ImFont* normal_;
    ImFont* large_;
    std::unique_ptr<ImGuiContext, void (*)(ImGuiContext*)> context_;
    Drawing drawing_;
};

} // namespace v4l2play
