// Arithmetic on vblanks. Pure functions.
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

} // namespace v4l2play
