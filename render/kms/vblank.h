// Arithmetic on vblanks. No device, no clock of its own.
#pragma once

#include <cstdint>

#include "render/output.h"

namespace v4l2play {

/// When to commit a frame so that it appears at the vblank nearest to `target`, but not before the next one: a time in
/// the refresh period before that vblank, or `now` when that is the period we are in (or too late, or nothing is known
/// of the display's clock).
[[nodiscard]] Nanoseconds commit_time(const VblankTiming& timing, Nanoseconds target, Nanoseconds now);

/// The 64-bit number of the vblank that the kernel numbers `sequence` (32 bits, and starting anew when a driver resets
/// its counter), at `time`.
[[nodiscard]] std::uint64_t extend_sequence(const VblankTiming& timing, std::uint32_t sequence, Nanoseconds time);

/// The display's clock as the kernel tells it, gone on with over interruptions: while a display is off its vblanks are
/// not counted, and the first ones after that may be numbered anew and lie anywhere between those that were expected.
/// The number of a vblank is such that number times period never leaves the time by more than half a period, however
/// often that happens.
class VblankClock {
  public:
    VblankClock() = default;
    /// Goes on from what another one has told last. (With a variable rate outputs tell no period: the mode has one.)
    explicit VblankClock(const VblankTiming& before);
    /// Vblanks come at another rate from now on.
    void set_refresh(const Rational& refresh);
    /// The display was off: the next vblank follows no other.
    void interrupt() { interrupted_ = timing_.last_time != 0; }
    /// The vblank that the kernel numbers `sequence` was at `time`.
    void see(std::uint32_t sequence, Nanoseconds time);
    [[nodiscard]] const VblankTiming& timing() const { return timing_; }

  private:
    VblankTiming timing_;
    std::uint32_t offset_ = 0; ///< of our numbers from the kernel's
    bool interrupted_ = false;
    double carry_ = 0; ///< vblanks by which the numbers are behind the time, after all interruptions
};

} // namespace v4l2play
