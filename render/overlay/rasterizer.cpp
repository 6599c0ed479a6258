#include "render/overlay/rasterizer.h"

#include <algorithm>
#include <cmath>

namespace v4l2play {
namespace {

/// value · share / 255, rounded to nearest; exact for 0..255 each.
constexpr std::uint32_t scaled(std::uint32_t value, std::uint32_t share) {
    const std::uint32_t product = value * share + 128;
    return (product + (product >> 8)) >> 8;
}

constexpr std::uint32_t channel(Rgba color, unsigned index) { return color >> 8 * index & 0xff; }

std::uint32_t texel(const Texture& texture, std::int32_t u, std::int32_t v) {
    if (u < 0 || v < 0 || u >= texture.width || v >= texture.height) return 0;
    return texture.texels[std::ptrdiff_t{v} * texture.width + u];
}

void fill(const Box& box, std::uint32_t color, const PixelBlock& block) {
    for (std::int32_t y = box.top; y < box.bottom; ++y) {
        std::uint32_t* pixel = block.at(box.left, y);
        std::uint32_t* const end = pixel + (box.right - box.left);
        if (color >> 24 == 255)
            std::fill(pixel, end, color);
        else
            for (; pixel != end; ++pixel) *pixel = blend_over(*pixel, color);
    }
}

void stamp(const Texture& texture, const Shape& shape, const Box& box, const PixelBlock& block) {
    for (std::int32_t y = box.top; y < box.bottom; ++y) {
        std::uint32_t* pixel = block.at(box.left, y);
        for (std::int32_t x = box.left; x < box.right; ++x, ++pixel) {
            const std::uint32_t cover = texel(texture, shape.u + x - shape.box.left, shape.v + y - shape.box.top);
            if (cover != 0) *pixel = blend_over(*pixel, premultiplied(shape.color, cover));
        }
    }
}

// Corners are snapped to 1/256 of a pixel; from there on everything about edges is exact.
constexpr std::int64_t subpixels = 256;
/// Farther outside nothing can be seen, and products stay inside 64 bits.
constexpr float farthest = 1 << 20;

std::int64_t snapped(float position) {
    return std::llround(std::clamp(position, -farthest, farthest) * static_cast<float>(subpixels));
}

/// The line from one corner to another: positive on its right (y points down), where the triangle is.
struct Edge {
    Edge(const Vertex& from, const Vertex& to)
        : x(snapped(from.x))
        , y(snapped(from.y))
        , dx(snapped(to.x) - x)
        , dy(snapped(to.y) - y) {}

    /// Twice the area, in subpixels, of the triangle that the line makes with the pixel's centre.
    [[nodiscard]] std::int64_t at(std::int32_t pixel_x, std::int32_t pixel_y) const {
        const std::int64_t px = pixel_x * subpixels + subpixels / 2;
        const std::int64_t py = pixel_y * subpixels + subpixels / 2;
        return dx * (py - y) - dy * (px - x);
    }
    /// Whether pixels right on it belong to the triangle: on left and upper edges.
    [[nodiscard]] bool owns() const { return dy < 0 || (dy == 0 && dx > 0); }

    std::int64_t x, y, dx, dy;
};

/// What is between three corners, at the shares that they have in a point.
struct Mix {
    const std::array<const Vertex*, 3>& corners;
    std::array<float, 3> shares;

    [[nodiscard]] float of(float Vertex::*what) const {
        return corners[0]->*what * shares[0] + corners[1]->*what * shares[1] + corners[2]->*what * shares[2];
    }
    [[nodiscard]] Rgba color() const {
        if (corners[0]->color == corners[1]->color && corners[0]->color == corners[2]->color) return corners[0]->color;
        Rgba mixed = 0;
        for (unsigned i = 0; i < 4; ++i) {
            float value = 0.5F;
            for (unsigned k = 0; k < 3; ++k) value += static_cast<float>(channel(corners[k]->color, i)) * shares[k];
            mixed |= static_cast<Rgba>(std::clamp(value, 0.0F, 255.0F)) << 8 * i;
        }
        return mixed;
    }
};

void triangle(const Texture& texture, const std::array<Vertex, 3>& given, const Box& box, const PixelBlock& block) {
    std::array<const Vertex*, 3> corners{&given[0], &given[1], &given[2]};
    const Edge first(given[0], given[1]), last(given[0], given[2]);
    const std::int64_t area = first.dx * last.dy - first.dy * last.dx;
    if (area == 0) return;
    if (area < 0) std::swap(corners[1], corners[2]);
    // Edge i is opposite to corner i.
    const std::array<Edge, 3> edges{Edge(*corners[1], *corners[2]), Edge(*corners[2], *corners[0]),
                                    Edge(*corners[0], *corners[1])};
    const float whole = 1 / static_cast<float>(std::abs(area));
    for (std::int32_t y = box.top; y < box.bottom; ++y) {
        std::uint32_t* pixel = block.at(box.left, y);
        for (std::int32_t x = box.left; x < box.right; ++x, ++pixel) {
            Mix mix{corners, {}};
            bool inside = true;
            for (unsigned i = 0; i < 3 && inside; ++i) {
                const std::int64_t value = edges[i].at(x, y);
                inside = value > 0 || (value == 0 && edges[i].owns());
                mix.shares[i] = static_cast<float>(value) * whole;
            }
            if (!inside) continue;
            const std::uint32_t cover = texel(texture, static_cast<std::int32_t>(std::floor(mix.of(&Vertex::u))),
                                              static_cast<std::int32_t>(std::floor(mix.of(&Vertex::v))));
            if (cover != 0) *pixel = blend_over(*pixel, premultiplied(mix.color(), cover));
        }
    }
}

} // namespace

std::uint32_t premultiplied(Rgba color, std::uint32_t coverage) {
    const std::uint32_t alpha = scaled(channel(color, 3), coverage);
    return alpha << 24 | scaled(channel(color, 0), alpha) << 16 | scaled(channel(color, 1), alpha) << 8 |
           scaled(channel(color, 2), alpha);
}

void draw_shape(const Drawing& drawing, const Shape& shape, const PixelBlock& block) {
    const Box box = intersection(shape.box, block.place);
    if (box.empty()) return;
    switch (shape.kind) {
    case Shape::Kind::Fill:
        return fill(box, premultiplied(shape.color, 255), block);
    case Shape::Kind::Stamp:
        return stamp(drawing.texture, shape, box, block);
    case Shape::Kind::Triangle:
        return triangle(drawing.texture, drawing.triangles[shape.triangle], box, block);
    }
}

} // namespace v4l2play
