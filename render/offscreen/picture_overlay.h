// An overlay without a display: three buffers in plain memory, one of which may be on show above saved pictures.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "render/convert.h"
#include "render/output.h"

namespace v4l2play {

class PictureOverlay {
  public:
    /// As `Output::acquire_overlay`.
    OverlayBuffer acquire(std::uint32_t width, std::uint32_t height);
    void show(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y);
    void hide() { shown_.reset(); }
    /// Draws what is on show over `image`; what is outside is cut off.
    void blend_over(RgbImage& image) const;

  private:
    struct Shown {
        OverlayBuffer buffer;
        std::uint32_t x;
        std::uint32_t y;
    };
    std::array<std::vector<std::uint32_t>, 3> buffers_;
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    unsigned first_index_ = 0; ///< of the buffers of this size
    unsigned next_ = 0;        ///< which of the three is drawn in
    std::optional<Shown> shown_;
};

} // namespace v4l2play
