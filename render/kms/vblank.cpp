#include "render/kms/vblank.h"

#include <algorithm>
#include <cmath>

#include "render/kms/mode.h"

namespace v4l2play {

Nanoseconds commit_time(const VblankTiming& timing, Nanoseconds target, Nanoseconds now) {
    if (timing.period <= 0 || timing.last_time == 0) return now;
    // Vblanks since the last one that is known.
    const std::int64_t next = (now - timing.last_time) / timing.period + 1;
    const std::int64_t wanted = (target - timing.last_time + timing.period / 2) / timing.period;
    if (wanted <= next) return now;
    // Past the preceding vblank by enough that neither drift nor rounding puts us before it.
    const Nanoseconds margin = timing.period / 16;
    return timing.last_time + (wanted - 1) * timing.period + margin;
}

std::uint64_t extend_sequence(const VblankTiming& timing, std::uint32_t sequence, Nanoseconds time) {
    if (timing.last_time == 0) return sequence;
    const auto step = static_cast<std::int32_t>(sequence - static_cast<std::uint32_t>(timing.last_sequence));
    if (step >= 0) return timing.last_sequence + static_cast<std::uint32_t>(step);
    const Nanoseconds period = std::max<Nanoseconds>(timing.period, 1);
    return timing.last_sequence +
           static_cast<std::uint64_t>(std::max<Nanoseconds>(1, (time - timing.last_time + period / 2) / period));
}

VblankClock::VblankClock(const VblankTiming& before)
    : timing_(before) {
    timing_.period = refresh_period(before.refresh);
    interrupt();
}

void VblankClock::set_refresh(const Rational& refresh) {
    if (refresh.num == timing_.refresh.num && refresh.den == timing_.refresh.den) return;
    timing_.refresh = refresh;
    timing_.period = refresh_period(refresh);
    carry_ = 0;
}

void VblankClock::see(std::uint32_t sequence, Nanoseconds time) {
    if (interrupted_ && time <= timing_.last_time) return; // from before
    if (interrupted_ && timing_.period > 0) {
        const double passed =
            static_cast<double>(time - timing_.last_time) / static_cast<double>(timing_.period) + carry_;
        const double whole = std::max(1.0, std::round(passed));
        carry_ = passed - whole;
        timing_.last_sequence += static_cast<std::uint64_t>(whole);
        offset_ = static_cast<std::uint32_t>(timing_.last_sequence) - sequence;
    } else {
        timing_.last_sequence = extend_sequence(timing_, sequence + offset_, time);
    }
    interrupted_ = false;
    timing_.last_time = time;
}

} // namespace v4l2play
