#include "render/overlay/timeline.h"

#include <string_view>

namespace v4l2play {
namespace {

/// More reasons than there are; what a program could make up without end does not take memory without end.
constexpr std::size_t most_reasons = 16;

} // namespace

void Timeline::watch(const std::shared_ptr<SlotPool>& pool) {
    if (const auto old = pool_.lock()) old->record_transitions(0);
    pool_ = pool;
    lanes_.clear();
    slots_ = {};
    if (pool == nullptr) return;
    pool->record_transitions(transitions_kept);
    add_lanes(*pool);
    slots_ = pool->statistics();
}

/// Lanes for slots that have none yet, beginning with what they do now.
void Timeline::add_lanes(const SlotPool& pool) {
    while (lanes_.size() < pool.count()) {
        const SlotSnapshot now = pool.snapshot(static_cast<std::uint32_t>(lanes_.size()));
        lanes_.emplace_back(changes_kept).push({now.since, now.state});
    }
}

void Timeline::update() {
    const auto pool = pool_.lock();
    if (pool == nullptr) return;
    add_lanes(*pool);
    slots_ = pool->statistics();
    transitions_.clear();
    pool->take_transitions(transitions_);
    for (const SlotTransition& transition : transitions_) take(transition);
}

void Timeline::take(const SlotTransition& transition) {
    if (transition.index >= lanes_.size()) return;
    Recent<Change>& lane = lanes_[transition.index];
    if (transition.time < lane.back().time || transition.to == lane.back().to) return; // the lane began with it
    if (lane.back().to == SlotState::InDecode && transition.to == SlotState::Decoded)
        decodes_.push({transition.time, transition.time - lane.back().time});
    lane.push({transition.time, transition.to});
}

void Timeline::dropped(const DropSample& sample, std::uint64_t count) {
    drops_.push(sample);
    const auto same = [&](const DropTally& tally) { return std::string_view(tally.why) == sample.why; };
    const auto found = std::find_if(tallies_.begin(), tallies_.end(), same);
    if (found != tallies_.end())
        found->count += count;
    else if (tallies_.size() < most_reasons)
        tallies_.push_back({sample.why, count});
}

void Timeline::clear() {
    decodes_.clear();
    queue_.clear();
    vblanks_.clear();
    drops_.clear();
    tallies_.clear();
}

std::array<unsigned, 4> Timeline::count_states() const {
    std::array<unsigned, 4> counts{};
    for (const Recent<Change>& lane : lanes_) ++counts[static_cast<std::size_t>(lane.back().to)];
    return counts;
}

} // namespace v4l2play
