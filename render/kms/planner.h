// Where a picture goes on the screen, in pixels. Pure functions.
#pragma once

#include <cstdint>

#include "decoder/format.h"
#include "render/fit.h"
#include "render/yuv.h"

namespace v4l2play {

/// A part of a framebuffer and where it appears.
struct PlaneGeometry {
    Rect source;
    Rect destination;      ///< from the top left of the screen
    unsigned rotation = 0; ///< of the picture, clockwise: 0, 90, 180, 270
    bool operator==(const PlaneGeometry&) const = default;

    /// Rows become columns.
    [[nodiscard]] bool sideways() const { return rotation % 180 != 0; }
    [[nodiscard]] bool scaled() const {
        const Size shown = sideways() ? Size{source.height, source.width} : Size{source.width, source.height};
        return !(shown == Size{destination.width, destination.height});
    }
};

/// The largest part of `rect` that starts and ends on whole chroma samples: never a pixel from outside.
[[nodiscard]] Rect align_inside(const Rect& rect, Subsampling chroma);

/// `visible` scaled to the screen, as `fit` of render/fit.h does.
[[nodiscard]] PlaneGeometry fit(const Rect& visible, Rational sample_aspect, Subsampling chroma, Size screen);

/// `visible` pixel for pixel, centred; what is larger than the screen loses its edges.
[[nodiscard]] PlaneGeometry centre(const Rect& visible, Subsampling chroma, Size screen);

/// What a geometry for a screen that stands on its side becomes on the screen: `rotation` is 0, 90, 180 or 270.
[[nodiscard]] PlaneGeometry rotate(PlaneGeometry geometry, unsigned rotation);
/// The screen as a picture that is rotated by so much sees it.
[[nodiscard]] Size rotate(Size screen, unsigned rotation);

} // namespace v4l2play
