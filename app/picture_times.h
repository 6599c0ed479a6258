// When pictures are shown whose container tells only when they are decoded (elementary streams, AVI), or tells it of
// some of them (program streams).
#pragma once

#include "decoder/access_unit.h"
#include "decoder/ring.h"

namespace v4l2play {

/// Decoding takes as long as showing, so the n-th picture shown has the n-th time at which one is decoded. A unit of
/// such a stream has a `dts` and no `pts`; one with neither is the second field of a frame. Where some have a `pts`,
/// the others follow the picture before them.
class PictureTimes {
  public:
    /// Units come before their pictures. A unit before the place that is sought is decoded like any other: which
    /// picture that makes, its order of display tells. False when it makes no picture of its own.
    bool sent(AccessUnit& unit);
    /// The next picture in the order of display: gives it its time. False when it lies before the place sought.
    bool stamp(Nanoseconds& pts);
    /// So many pictures will not come.
    void lost(unsigned count);
    /// Another place: what was sent comes no more.
    void restart();

  private:
    Ring<Nanoseconds> times_{64};
    bool timed_ = false;          ///< the container tells when they are shown
    bool counted_ = false;        ///< it tells when they are decoded
    Nanoseconds from_ = no_time;  ///< no picture before it is shown
    Nanoseconds shown_ = no_time; ///< time of the last picture
    Nanoseconds step_ = 0;        ///< from the one before it
    Nanoseconds period_ = 0;      ///< how long a picture is shown, as the container has it; 0 unknown
};

} // namespace v4l2play
