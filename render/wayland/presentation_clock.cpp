#include "render/wayland/presentation_clock.h"

#include <algorithm>
#include <cstdlib>

namespace v4l2play {
namespace {

constexpr Nanoseconds surely_behind = 2; // nobody takes so much longer because it was idle
constexpr unsigned longest_lead = 3;     // more is a compositor that stalls, not one that plans
constexpr Nanoseconds trembling = 5000;  // 200 ppm: the same rate, measured again

} // namespace

VblankTiming PresentationClock::timing() const {
    VblankTiming timing = timing_;
    timing.last_time -= static_cast<Nanoseconds>(lead_) * timing.period;
    timing.lead = lead_;
    return timing;
}

unsigned PresentationClock::most_lead() const { return count_ == 0 ? longest_lead : lead_; }

std::uint64_t PresentationClock::presented(Nanoseconds committed, Nanoseconds time, Nanoseconds next, bool idle) {
    const Nanoseconds elapsed = time - timing_.last_time;
    const Nanoseconds step = next > 0 ? next : timing_.period;
    if (timing_.last_time == 0)
        timing_.last_sequence = 1;
    else if (elapsed > 0)
        timing_.last_sequence +=
            step > 0 ? static_cast<std::uint64_t>(std::max<Nanoseconds>((elapsed + step / 2) / step, 1)) : 1;
    timing_.last_time = std::max(time, timing_.last_time);
    if (timing_.period != next) {
        if (std::abs(timing_.period - next) > next / trembling) forget_lead();
        timing_.period = next;
        timing_.refresh = next > 0 ? Rational{second, next} : Rational{};
    }
    if (next > 0) learn(time - committed, idle);
    return timing_.last_sequence;
}

void PresentationClock::learn(Nanoseconds latency, bool idle) {
    const Nanoseconds periods = std::clamp<Nanoseconds>(latency / timing_.period, 0, longest_lead);
    if (idle ? periods < surely_behind : latency % timing_.period < timing_.period / 2) return;
    latencies_[count_++ % latencies_.size()] = static_cast<std::uint8_t>(periods);
    const std::size_t known = std::min<std::size_t>(count_, latencies_.size());
    const auto [least, most] = std::minmax_element(latencies_.data(), latencies_.data() + known);
    if (count_ < latencies_.size() || *least > lead_)
        lead_ = *least;
    else if (*most < lead_)
        lead_ = *most;
}

Nanoseconds PresentationClock::next_period(Nanoseconds now) const {
    if (timing_.period <= 0 || timing_.last_time == 0) return no_time;
    const Nanoseconds since = (now - timing_.last_time) % timing_.period;
    const Nanoseconds margin = timing_.period / 16; // past the vblank for sure
    return now - since + (since < 0 ? 0 : timing_.period) + margin;
}

} // namespace v4l2play
