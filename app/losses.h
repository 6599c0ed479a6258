// Where pictures were lost, for as long as that matters.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "decoder/decoder.h"

namespace v4l2play {

/// Pictures that a decoder did not decode, by the frame that came out before them. When another decoder goes on behind
/// the last frame shown, it has those again that come after that: they are not lost. Times are media times; no_time is
/// before all.
class Losses {
  public:
    using Counts = std::array<std::uint64_t, drop_reasons>;

    /// A frame came out; it will be shown after `shown`, which was shown last.
    void frame(Nanoseconds pts, Nanoseconds shown);
    void lost(DropReason reason, std::uint64_t count);
    /// Playback goes on from another place: what was lost before stays so.
    void move(Nanoseconds position);

    /// What comes after `shown`.
    [[nodiscard]] Counts after(Nanoseconds shown) const;

  private:
    struct Loss {
        Nanoseconds behind = no_time;
        Counts counts{};
    };
    std::vector<Loss> losses_; ///< no more than frames that were not shown yet, and one
    Nanoseconds behind_ = no_time;
};

} // namespace v4l2play
