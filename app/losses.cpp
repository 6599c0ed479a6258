#include "app/losses.h"

#include <algorithm>

namespace v4l2play {
namespace {

bool is_before(Nanoseconds a, Nanoseconds b) { return b != no_time && (a == no_time || a < b); }

} // namespace

void Losses::frame(Nanoseconds pts, Nanoseconds shown) {
    behind_ = pts;
    std::erase_if(losses_, [&](const Loss& loss) { return is_before(loss.behind, shown); });
}

void Losses::lost(DropReason reason, std::uint64_t count) {
    if (losses_.empty() || losses_.back().behind != behind_) losses_.push_back({behind_, {}});
    losses_.back().counts[static_cast<std::size_t>(reason)] += count;
}

void Losses::move(Nanoseconds position) {
    losses_.clear();
    behind_ = position;
}

Losses::Counts Losses::after(Nanoseconds shown) const {
    Counts counts{};
    for (const Loss& loss : losses_)
        for (std::size_t i = 0; i < counts.size() && !is_before(loss.behind, shown); ++i) counts[i] += loss.counts[i];
    return counts;
}

} // namespace v4l2play
