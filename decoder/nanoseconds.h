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
    [[nodiscard]] constexpr bool positive() const { return num > 0 && den > 0; }
};

/// As for aspect ratios, of which the stream may tell and the container; 1 when neither does.
constexpr Rational first_positive(Rational a, Rational b) {
    if (a.positive()) return a;
    return b.positive() ? b : Rational{1, 1};
}

} // namespace v4l2play
