// What is to be drawn, as simple shapes in painting order. No library's types: what makes a drawing (imgui) and what
// turns it into pixels know only this.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace v4l2play {

/// Whole pixels; right and bottom are the first that do not belong to it.
struct Box {
    std::int32_t left = 0;
    std::int32_t top = 0;
    std::int32_t right = 0;
    std::int32_t bottom = 0;
    bool operator==(const Box&) const = default;
    [[nodiscard]] bool empty() const { return left >= right || top >= bottom; }
};
constexpr Box intersection(const Box& a, const Box& b) {
    return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right), std::min(a.bottom, b.bottom)};
}

/// Red in the lowest byte, then green, blue and alpha; not multiplied with alpha. As imgui's vertices have it.
using Rgba = std::uint32_t;
constexpr Rgba rgba(std::uint8_t r, std::uint8_t g, std::uint8_t b, std::uint8_t a = 255) {
    return Rgba{r} | Rgba{g} << 8 | Rgba{b} << 16 | Rgba{a} << 24;
}

/// A corner of a triangle. Texture coordinates count texels.
struct Vertex {
    float x = 0;
    float y = 0;
    float u = 0;
    float v = 0;
    Rgba color = 0;
};

/// One byte of coverage a texel.
struct Texture {
    const std::uint8_t* texels = nullptr;
    std::int32_t width = 0;
    std::int32_t height = 0;
};

struct Shape {
    enum class Kind : std::uint8_t {
        Fill,     ///< `box` in one colour
        Stamp,    ///< `box` in one colour, as far as the texels say: one a pixel, from (u, v) on
        Triangle, ///< three vertices; colour and texture between them
    };
    Box box; ///< what it may touch: already clipped
    Kind kind = Kind::Fill;
    Rgba color = 0;
    std::int32_t u = 0; ///< Stamp: the texel of `box`'s left top pixel
    std::int32_t v = 0;
    std::uint32_t triangle = 0; ///< Triangle: which of the drawing's
};

/// Made anew for every picture; keeps its memory.
struct Drawing {
    std::vector<Shape> shapes; ///< the first is at the back
    std::vector<std::array<Vertex, 3>> triangles;
    Texture texture;

    void clear() {
        shapes.clear();
        triangles.clear();
    }
};

} // namespace v4l2play
