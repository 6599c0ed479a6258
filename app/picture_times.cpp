#include "app/picture_times.h"

#include <algorithm>
#include <utility>

namespace v4l2play {
namespace {

/// More than any decoder holds. Pictures that it leaves out without a word must not make the queue grow for ever.
constexpr std::size_t most_inside = 63;

} // namespace

bool PictureTimes::sent(AccessUnit& unit) {
    timed_ = timed_ || unit.pts != no_time;
    if (timed_ && unit.duration > 0) period_ = unit.duration;
    if (timed_ && unit.shown_from != no_time) {
        from_ = unit.shown_from;
        unit.discard = false;
    }
    if (timed_ || unit.dts == no_time) return timed_ || !counted_;
    counted_ = true;
    if (times_.size() == most_inside) times_.pop();
    times_.push(unit.dts);
    if (std::exchange(unit.discard, false)) from_ = unit.dts + 1;
    return true;
}

bool PictureTimes::stamp(Nanoseconds& pts) {
    if (!timed_ && !times_.empty())
        pts = times_.pop();
    else if ((!timed_ || pts == no_time) && shown_ != no_time)
        pts = shown_ + (period_ > 0 ? period_ : step_);
    if (pts == no_time || (!timed_ && !counted_)) return true;
    if (shown_ != no_time) step_ = std::max<Nanoseconds>(pts - shown_, 0);
    shown_ = pts;
    return from_ == no_time || pts >= from_;
}

void PictureTimes::lost(unsigned count) {
    for (; count > 0 && !times_.empty(); --count) times_.pop();
}

void PictureTimes::restart() {
    times_.clear();
    from_ = shown_ = no_time;
}

} // namespace v4l2play
