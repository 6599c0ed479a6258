// The display's clock as a compositor's presentation feedback tells it. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "render/output.h"

namespace v4l2play {

/// Numbers the refreshes and learns how early a commit has to be made.
///
/// A commit made in the refresh period before a vblank is on the screen at that vblank with compositors that draw late
/// in the period. Others take what is there at its beginning, and show it a period later: every frame would be late by
/// one. So the number of whole periods that commits took is watched, of those that were made early in a period: others
/// may have missed their compositor's deadline. Their minimum, the compositor's `lead`, is taken off the clock that the
/// scheduler plans by: it then asks for each frame as many periods earlier. Once it is known only eight of one mind
/// change it.
class PresentationClock {
  public:
    /// What to plan by: `last_time` is earlier than the vblank `last_sequence` by the lead.
    [[nodiscard]] VblankTiming timing() const;
    /// A commit made at `committed` was on the screen at `time`. `next`: how long until a refresh can be; 0 = unknown
    /// or variable. `idle`: the compositor had nothing to do before, which it may take longer to begin with. Answers
    /// the refresh's number, counted by time: each output of a compositor has numbers of its own.
    std::uint64_t presented(Nanoseconds committed, Nanoseconds time, Nanoseconds next, bool idle = false);
    /// Another compositor: vblanks are counted on.
    void forget_lead() { count_ = lead_ = 0; }
    [[nodiscard]] unsigned lead() const { return lead_; }
    /// Refreshes that the screen may be behind, as far as is known.
    [[nodiscard]] unsigned most_lead() const;
    /// The first moment after `now` at which a commit does not replace one made at `now`.
    [[nodiscard]] Nanoseconds next_period(Nanoseconds now) const;

  private:
    void learn(Nanoseconds latency, bool idle);

    VblankTiming timing_;
    std::array<std::uint8_t, 8> latencies_{}; ///< whole periods of the last commits
    unsigned count_ = 0;
    unsigned lead_ = 0;
};

} // namespace v4l2play
