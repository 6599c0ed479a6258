// An overlay that changes by chance, and says where.
#pragma once

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "render/output.h"

namespace v4l2play {

class OverlayModel {
  public:
    OverlayModel(std::uint32_t width, std::uint32_t height) { resize(width, height); }

    void resize(std::uint32_t width, std::uint32_t height) {
        if (width == width_ && height == height_) return;
        width_ = width;
        height_ = height;
        pixels_.assign(std::size_t{width} * height, 0);
    }
    /// Another rectangle is of another colour.
    void change(std::minstd_rand& random) {
        const auto x = static_cast<std::uint32_t>(random() % width_),
                   y = static_cast<std::uint32_t>(random() % height_);
        changed_ = {x, y, 1 + static_cast<std::uint32_t>(random() % (width_ - x)),
                    1 + static_cast<std::uint32_t>(random() % (height_ - y))};
        const auto color = static_cast<std::uint32_t>(random());
        for (std::uint32_t row = y; row < y + changed_.height; ++row)
            std::fill_n(pixels_.begin() + row * std::ptrdiff_t{width_} + x, changed_.width, color);
    }
    /// All of it: buffers have what they had at some time.
    void draw(OverlayBuffer& buffer) const {
        for (std::uint32_t row = 0; row < height_; ++row)
            std::memcpy(buffer.pixels + std::size_t{row} * buffer.pitch, &pixels_[std::size_t{row} * width_],
                        std::size_t{width_} * 4);
        buffer.damage = changed_;
    }

    [[nodiscard]] std::uint32_t width() const { return width_; }
    [[nodiscard]] std::uint32_t height() const { return height_; }
    [[nodiscard]] const std::vector<std::uint32_t>& pixels() const { return pixels_; }
    /// By the last change.
    [[nodiscard]] const Rect& changed() const { return changed_; }

  private:
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::vector<std::uint32_t> pixels_;
    Rect changed_;
};

} // namespace v4l2play
