// Where a time is drawn. As on an oscilloscope, the trace stands still and a cursor sweeps over it, so that what was
// drawn stays where it is: only what is at the cursor changes, and the rest costs nothing and can be read at leisure.
#pragma once

#include "decoder/nanoseconds.h"

namespace v4l2play {

class TimeAxis {
  public:
    /// `window` of time is drawn on `width` pixels from `left` on; seen is what was until `now`, but for a gap before
    /// the cursor where the oldest gives way.
    TimeAxis(float left, float width, Nanoseconds window, Nanoseconds now)
        : left_(left)
        , width_(width)
        , window_(window)
        , now_(now) {}

    [[nodiscard]] float left() const { return left_; }
    [[nodiscard]] float right() const { return left_ + width_; }
    [[nodiscard]] float cursor() const { return at(now_); }
    [[nodiscard]] Nanoseconds now() const { return now_; }
    /// The oldest time that is seen.
    [[nodiscard]] Nanoseconds oldest() const { return now_ - window_ + window_ / 32; }
    [[nodiscard]] bool sees(Nanoseconds time) const { return time >= oldest() && time <= now_; }

    [[nodiscard]] float at(Nanoseconds time) const {
        return left_ + width_ * static_cast<float>(time % window_) / static_cast<float>(window_);
    }
    /// Calls `draw(from, to)` with the one or two stretches of the axis that a span of time covers, as far as it is
    /// seen.
    template <class Draw>
    void for_each_stretch(Nanoseconds begin, Nanoseconds end, Draw draw) const {
        begin = begin < oldest() ? oldest() : begin;
        end = end > now_ ? now_ : end;
        if (begin >= end) return;
        if (begin / window_ == end / window_) return draw(at(begin), at(end));
        draw(at(begin), right());
        if (end % window_ != 0) draw(left_, at(end));
    }

  private:
    float left_;
    float width_;
    Nanoseconds window_;
    Nanoseconds now_;
};

} // namespace v4l2play
