#include "app/pacing.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace v4l2play {
namespace {

constexpr std::size_t exact = 64;
/// Of additions and products that doubles round.
constexpr double slack = 1e-6;

/// Above `exact`, four bins an octave.
std::size_t bin_of(std::uint64_t value) {
    if (value < exact) return value;
    const auto octave = static_cast<std::size_t>(std::bit_width(value) - 1); // 6 for 64..127
    return exact + 4 * (octave - 6) + (value >> (octave - 2) & 3);
}

/// The largest value of a bin.
std::uint64_t last_of(std::size_t bin) {
    if (bin < exact) return bin;
    const std::size_t octave = 6 + (bin - exact) / 4;
    return ((std::uint64_t{5} + (bin - exact) % 4) << (octave - 2)) - 1;
}

std::uint64_t total(const std::array<std::uint64_t, causes>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

} // namespace

void Histogram::add(std::int64_t value) {
    value = std::max<std::int64_t>(value, 0);
    ++bins_[std::min(bin_of(static_cast<std::uint64_t>(value)), bins_.size() - 1)];
    ++count_;
    maximum_ = std::max(maximum_, value);
}

std::int64_t Histogram::percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bin = 0; bin < bins_.size() && count_ != 0; ++bin) {
        seen += bins_[bin];
        if (seen >= std::max<std::uint64_t>(wanted, 1))
            return std::min(static_cast<std::int64_t>(last_of(bin)), maximum_);
    }
    return maximum_;
}

void CadenceMeter::begin(double due, std::uint64_t vblank) {
    begun_ = true;
    first_due_ = due;
    first_vblank_ = vblank;
    lowest_ = 0;
    highest_ = 1;
}

bool CadenceMeter::take(double due, std::uint64_t vblank, double tolerance) {
    if (!begun_) {
        begin(due, vblank);
        return true;
    }
    const double phase = static_cast<double>(static_cast<std::int64_t>(vblank - first_vblank_)) - (due - first_due_);
    lowest_ = std::max(lowest_, phase - tolerance);
    highest_ = std::min(highest_, phase + 1 + tolerance);
    if (lowest_ < highest_ - slack) return true;
    begin(due, vblank);
    return false;
}

const char* to_string(Cause cause) {
    switch (cause) {
    case Cause::None:
        return "none";
    case Cause::Decoder:
        return "decoder";
    case Cause::Starvation:
        return "starvation";
    case Cause::Output:
        return "output";
    case Cause::Scheduler:
        return "scheduler";
    }
    return "?";
}

std::string complaints(const Pacing& pacing) {
    std::string text;
    const auto add = [&](std::uint64_t count, const char* what) {
        if (count != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
    };
    add(pacing.content_violations, "overwritten while shown");
    add(pacing.order_violations, "out of order");
    add(pacing.cadence_errors, "breaks of cadence");
    add(total(pacing.repeated), "vblanks repeated");
    for (std::size_t i = 0; i < causes; ++i)
        if (pacing.repeated[i] + pacing.dropped[i] != 0)
            text += fmt::format(" ({}: {})", to_string(static_cast<Cause>(i)), pacing.repeated[i] + pacing.dropped[i]);
    if (pacing.starvation != 0) text += fmt::format(", {} ms without a slot", pacing.starvation / millisecond);
    return text;
}

} // namespace v4l2play
