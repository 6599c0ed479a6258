// Time: integer nanoseconds everywhere, so that nothing drifts or loses precision however long the playback.
#pragma once

#include <cstdint>
#include <limits>

namespace v4l2play {

/// A point on CLOCK_MONOTONIC, or a duration, or media time from the start of the item; in nanoseconds.
using Nanoseconds = std::int64_t;

constexpr Nanoseconds no_time = std::numeric_limits<Nanoseconds>::min();
constexpr Nanoseconds millisecond = 1'000'000;
constexpr Nanoseconds second = 1'000'000'000;

struct Rational {
    std::int64_t num = 0;
    std::int64_t den = 1;
    bool operator==(const Rational&) const = default;
};

} // namespace v4l2play
