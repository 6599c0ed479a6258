#include "render/offscreen/picture_overlay.h"

#include <algorithm>

namespace v4l2play {
namespace {

/// One channel of a premultiplied pixel over one of an opaque one.
std::uint8_t over(std::uint32_t pixel, unsigned shift, std::uint8_t under) {
    const std::uint32_t rest = 255 - (pixel >> 24);
    return static_cast<std::uint8_t>(std::min(255U, (pixel >> shift & 0xff) + (under * rest + 127) / 255));
}

} // namespace

OverlayBuffer PictureOverlay::acquire(std::uint32_t width, std::uint32_t height) {
    if (width != width_ || height != height_) {
        hide();
        for (auto& buffer : buffers_) buffer.assign(std::size_t{width} * height, 0);
        width_ = width;
        height_ = height;
        first_index_ += static_cast<unsigned>(buffers_.size());
    }
    OverlayBuffer buffer;
    buffer.pixels = reinterpret_cast<std::byte*>(buffers_[next_].data());
    buffer.pitch = width * 4;
    buffer.width = width;
    buffer.height = height;
    buffer.index = first_index_ + next_;
    return buffer;
}

void PictureOverlay::show(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) {
    shown_ = {overlay, x, y};
    next_ = (next_ + 1) % static_cast<unsigned>(buffers_.size());
}

void PictureOverlay::blend_over(RgbImage& image) const {
    if (!shown_ || shown_->x >= image.width || shown_->y >= image.height) return;
    const std::uint32_t width = std::min(width_, image.width - shown_->x);
    const std::uint32_t height = std::min(height_, image.height - shown_->y);
    for (std::uint32_t y = 0; y < height; ++y) {
        const void* pixels = shown_->buffer.pixels; // aligned as pixels are
        const auto* pixel = static_cast<const std::uint32_t*>(pixels) + std::size_t{y} * width_;
        std::uint8_t* under = image.row(shown_->y + y) + 3 * std::size_t{shown_->x};
        for (std::uint32_t x = 0; x < width; ++x, ++pixel, under += 3)
            for (unsigned i = 0; i < 3; ++i) under[i] = over(*pixel, 16 - 8 * i, under[i]);
    }
}

} // namespace v4l2play
