#include "render/wayland/presentation_clock.h"

#include <algorithm>

namespace v4l2play {
namespace {

constexpr unsigned longest_lead = 3; // more is a compositor that stalls, not one that plans

} // namespace

VblankTiming PresentationClock::timing() const {
    VblankTiming timing = timing_;
    timing.last_time -= static_cast<Nanoseconds>(lead_) * timing.period;
    return timing;
}

std::uint64_t PresentationClock::presented(Nanoseconds committed, Nanoseconds time, Nanoseconds period) {
    const Nanoseconds elapsed = time - timing_.last_time;
    const Nanoseconds step = period > 0 ? period : timing_.period;
    if (timing_.last_time == 0)
        timing_.last_sequence = 1;
    else if (elapsed > 0)
        timing_.last_sequence +=
            step > 0 ? static_cast<std::uint64_t>(std::max<Nanoseconds>((elapsed + step / 2) / step, 1)) : 1;
    timing_.last_time = std::max(time, timing_.last_time);
    if (timing_.period != period) {
        timing_.period = period;
        timing_.refresh = period > 0 ? Rational{second, period} : Rational{};
        count_ = lead_ = 0;
    }
    if (period > 0) learn(time - committed);
    return timing_.last_sequence;
}

void PresentationClock::learn(Nanoseconds latency) {
    const Nanoseconds periods = std::clamp<Nanoseconds>(latency / timing_.period, 0, longest_lead);
    latencies_[count_++ % latencies_.size()] = static_cast<std::uint8_t>(periods);
    if (count_ >= latencies_.size()) lead_ = *std::min_element(latencies_.begin(), latencies_.end());
}

Nanoseconds PresentationClock::next_period(Nanoseconds now) const {
    if (timing_.period <= 0 || timing_.last_time == 0) return no_time;
    const Nanoseconds since = (now - timing_.last_time) % timing_.period;
    const Nanoseconds margin = timing_.period / 16; // past the vblank for sure
    return now - since + (since < 0 ? 0 : timing_.period) + margin;
}

} // namespace v4l2play
