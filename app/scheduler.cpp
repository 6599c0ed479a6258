#include "app/scheduler.h"

#include <algorithm>
#include <cmath>

namespace v4l2play {
namespace {

constexpr Nanoseconds longest_lag = second / 2;
constexpr double lock_tolerance = 200e-6;
constexpr std::int64_t largest_denominator = 12;
/// No output takes more frames ahead; what says so is from before vblanks were numbered anew.
constexpr std::int64_t most_ahead = 8;

/// ⌊a/b⌋ for b > 0.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

constexpr std::int64_t round_div(std::int64_t a, std::int64_t b) { return floor_div(2 * a + b, 2 * b); }

/// A commit is sent this long after the vblank before its own: surely after it, and with most of the period left.
constexpr Nanoseconds after_vblank(Nanoseconds period) { return period / 8; }

/// The vblank that a commit made at `now` reaches.
std::int64_t next_vblank(const VblankTiming& timing, Nanoseconds now) {
    return static_cast<std::int64_t>(timing.last_sequence) +
           std::max<std::int64_t>(0, floor_div(now - timing.last_time, timing.period)) + 1;
}

/// The first frame of a timeline: at once, if it is certain which vblank that is. Displays that are behind may have a
/// deadline anywhere in the period; what is early in it makes it.
Plan plan_first(const VblankTiming& timing, Nanoseconds now) {
    if (timing.lead == 0 || timing.period <= 0 || timing.last_time == 0) return {};
    const Nanoseconds early = after_vblank(timing.period);
    const Nanoseconds since = now - timing.last_time - early;
    const Nanoseconds too_late = since - floor_div(since, timing.period) * timing.period;
    if (too_late <= early) return {};
    return {Plan::Action::Wait, now - too_late + timing.period};
}

/// Not the same one, measured again: compositors tell nanoseconds that tremble.
bool is_another_rate(const Rational& before, const Rational& now) {
    if (before.num <= 0 || before.den <= 0 || now.num <= 0 || now.den <= 0) return false;
    const double ratio = static_cast<double>(now.num) / static_cast<double>(now.den) * static_cast<double>(before.den) /
                         static_cast<double>(before.num);
    return std::abs(ratio - 1) > lock_tolerance;
}

Nanoseconds time_of(const VblankTiming& timing, std::int64_t vblank) {
    return timing.last_time + (vblank - static_cast<std::int64_t>(timing.last_sequence)) * timing.period;
}

} // namespace

void Scheduler::set_rate(Rational rate, Rational tick) {
    rate_ = rate.positive() && rate.num / rate.den < 1000 ? rate : Rational{0, 1};
    // Two stamps, each rounded by up to half a tick either way.
    tolerance_ = tick.den > 0 ? std::min<Nanoseconds>(second * tick.num / tick.den + 1000, 2 * millisecond) : 0;
    ratio_refresh_ = {0, 0};
    forget_anchor();
}

/// Finds p/q with the smallest q that ρ is within tolerance of.
void Scheduler::lock_ratio(const VblankTiming& timing) {
    if (ratio_refresh_.num == timing.refresh.num && ratio_refresh_.den == timing.refresh.den) return;
    if (anchored_ && timing.period > 0 && is_another_rate(ratio_refresh_, timing.refresh)) change_units(timing);
    ratio_refresh_ = timing.refresh;
    ratio_ = {0, 0};
    if (rate_.num == 0 || timing.refresh.num <= 0 || timing.refresh.den <= 0) return;
    const double ratio = static_cast<double>(timing.refresh.num) / static_cast<double>(timing.refresh.den) *
                         static_cast<double>(rate_.den) / static_cast<double>(rate_.num);
    for (std::int64_t q = 1; q <= largest_denominator; ++q) {
        const auto p = static_cast<std::int64_t>(std::llround(ratio * static_cast<double>(q)));
        if (p > 0 && std::abs(static_cast<double>(p) / static_cast<double>(q) - ratio) <= lock_tolerance * ratio) {
            ratio_ = {p, q};
            return;
        }
    }
}

/// Another mode: vblanks are counted on, and are longer or shorter from here. The frame shown last keeps its time.
void Scheduler::change_units(const VblankTiming& timing) {
    const std::int64_t since = round_div(timing.last_time - shown_time_, timing.period);
    anchor_pts_ = shown_pts_;
    anchor_time_ = shown_time_;
    anchor_sequence_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(timing.last_sequence) - since);
}

/// How many frames `elapsed` are, when they lie on the grid of the rate.
std::optional<std::int64_t> Scheduler::frame_index(Nanoseconds elapsed) const {
    if (rate_.num == 0) return std::nullopt;
    // In 128 bits: days of nanoseconds times a rate like 60000/1001 need them; 32-bit machines have none, so in
    // doubles, whose 53 bits tell frames apart for years.
    const double frames = static_cast<double>(elapsed) * static_cast<double>(rate_.num) /
                          (static_cast<double>(second) * static_cast<double>(rate_.den));
    const double index = std::round(frames);
    const double error = std::abs(frames - index) * static_cast<double>(second) * static_cast<double>(rate_.den) /
                         static_cast<double>(rate_.num);
    if (error > static_cast<double>(tolerance_)) return std::nullopt;
    return static_cast<std::int64_t>(index);
}

std::int64_t Scheduler::due_vblank(Nanoseconds pts, const VblankTiming& timing) const {
    const auto index = frame_index(pts - anchor_pts_);
    if (index && locked()) return floor_div(2 * *index * ratio_.num + 1, 2 * ratio_.den);
    Nanoseconds elapsed = pts - anchor_pts_;
    if (index)
        elapsed =
            static_cast<Nanoseconds>(std::llround(static_cast<double>(*index) * static_cast<double>(second) *
                                                  static_cast<double>(rate_.den) / static_cast<double>(rate_.num)));
    return round_div(elapsed, timing.period);
}

double Scheduler::ideal_vblank(Nanoseconds origin, Nanoseconds pts, const VblankTiming& timing) const {
    const auto period = static_cast<double>(timing.period);
    const auto index = frame_index(pts - origin);
    if (!index) return static_cast<double>(pts - origin) / period;
    const auto frames = static_cast<double>(*index);
    if (locked()) return frames * static_cast<double>(ratio_.num) / static_cast<double>(ratio_.den);
    return frames * static_cast<double>(second) * static_cast<double>(rate_.den) / static_cast<double>(rate_.num) /
           period;
}

double Scheduler::ideal_tolerance(Nanoseconds origin, Nanoseconds pts, const VblankTiming& timing) const {
    if (frame_index(pts - origin)) return locked() ? 0 : 1.0 / static_cast<double>(timing.period);
    return static_cast<double>(tolerance_) / static_cast<double>(timing.period);
}

Plan Scheduler::plan(Nanoseconds pts, Nanoseconds next_pts, const VblankTiming& timing, Nanoseconds now) {
    lock_ratio(timing);
    if (free_running_ || pts == no_time) return {};
    if (!anchored_) return plan_first(timing, now);
    return timing.period > 0 ? plan_vblank(pts, next_pts, timing, now) : plan_time(pts, next_pts, now);
}

/// The vblank that a frame presented at `now` reaches: each has one of its own.
std::int64_t Scheduler::reachable_vblank(const VblankTiming& timing, Nanoseconds now) const {
    const std::int64_t next = next_vblank(timing, now);
    const auto free = static_cast<std::int64_t>(free_vblank_);
    return free - next <= most_ahead ? std::max(next, free) : next;
}

/// Too far behind to catch up: the frame sets the anchor anew.
bool Scheduler::give_up_on(Nanoseconds lag) {
    if (lag <= (patient_ ? 0 : longest_lag)) return false;
    if (lag > longest_lag) ++stalls_;
    forget_anchor();
    return true;
}

Plan Scheduler::plan_vblank(Nanoseconds pts, Nanoseconds next_pts, const VblankTiming& timing, Nanoseconds now) {
    const std::int64_t anchor = static_cast<std::int64_t>(anchor_sequence_);
    const std::int64_t due = anchor + due_vblank(pts, timing);
    const std::int64_t reachable = reachable_vblank(timing, now);
    const auto number = static_cast<std::uint64_t>(due);
    if (due > next_vblank(timing, now))
        return {Plan::Action::Wait, time_of(timing, due - 1) + after_vblank(timing.period), 0};
    if (!give_up_on((reachable - due) * timing.period) && next_pts != no_time &&
        anchor + due_vblank(next_pts, timing) <= reachable) {
        return {Plan::Action::Drop, 0, 0, time_of(timing, due), number};
    }
    return {Plan::Action::Show, 0, time_of(timing, reachable), time_of(timing, due), number, due < reachable};
}

Plan Scheduler::plan_time(Nanoseconds pts, Nanoseconds next_pts, Nanoseconds now) {
    const Nanoseconds due = anchor_time_ + (pts - anchor_pts_);
    if (due > now) return {Plan::Action::Wait, due, due};
    if (!give_up_on(now - due) && next_pts != no_time && anchor_time_ + (next_pts - anchor_pts_) <= now) {
        return {Plan::Action::Drop, 0, 0, due};
    }
    return {Plan::Action::Show, 0, due, due, 0, due + millisecond < now};
}

void Scheduler::presented(Nanoseconds pts, const VblankTiming& timing, Nanoseconds now) {
    begun_ = true;
    if (free_running_ || pts == no_time || timing.period <= 0 || timing.last_time == 0) return;
    const std::int64_t vblank = reachable_vblank(timing, now);
    newest_pts_ = pts;
    free_vblank_ = static_cast<std::uint64_t>(vblank) + 1;
    if (anchored_) return;
    anchored_ = guessed_ = true;
    lead_ = timing.lead;
    anchor_pts_ = pts;
    anchor_sequence_ = static_cast<std::uint64_t>(vblank);
    anchor_time_ = time_of(timing, vblank);
}

std::int64_t Scheduler::follow(const VblankTiming& timing) {
    if (!anchored_) return 0;
    const std::int64_t moved = static_cast<std::int64_t>(timing.lead) - static_cast<std::int64_t>(lead_);
    lead_ = timing.lead;
    anchor_sequence_ += static_cast<std::uint64_t>(moved);
    free_vblank_ += static_cast<std::uint64_t>(moved);
    return moved;
}

std::int64_t Scheduler::shown(Nanoseconds pts, std::uint64_t sequence, Nanoseconds time, const VblankTiming& timing) {
    if (pts != no_time) {
        shown_pts_ = pts;
        shown_time_ = time;
        if (pts == newest_pts_) free_vblank_ = sequence + 1;
    }
    if (!begun_ || (guessed_ && pts != anchor_pts_)) return 0; // of the timeline before
    if (!anchored_ || guessed_) {
        anchored_ = pts != no_time;
        guessed_ = false;
        lead_ = timing.lead;
        anchor_pts_ = pts;
        anchor_time_ = time;
        anchor_sequence_ = sequence;
        return 0;
    }
    if (timing.period == 0 || pts == no_time || free_running_) return 0;
    return static_cast<std::int64_t>(sequence - anchor_sequence_) - due_vblank(pts, timing);
}

void Scheduler::unseen(Nanoseconds pts, const VblankTiming& timing, Nanoseconds now) {
    if (anchored_ && !guessed_) return;
    const auto vblank = timing.period > 0 ? static_cast<std::uint64_t>(next_vblank(timing, now) - 1) : 0;
    (void)shown(pts, vblank, now, timing);
}

} // namespace v4l2play
