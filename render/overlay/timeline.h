// What the slots did in the last seconds, and what came of the frames: the model of the slot timeline.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "decoder/slot.h"
#include "render/overlay/recent.h"

namespace v4l2play {

/// A slot was in one state from `begin` until `end`.
struct SlotSpan {
    SlotState state = SlotState::Free;
    Nanoseconds begin = 0;
    Nanoseconds end = 0;
};
struct DecodeSample {
    Nanoseconds time = 0;     ///< when the picture was there
    Nanoseconds duration = 0; ///< since its slot was taken
};
struct QueueSample {
    Nanoseconds time = 0;
    unsigned frames = 0; ///< decoded, and waiting for their turn
};
struct VblankSample {
    Nanoseconds target = 0;
    Nanoseconds time = 0; ///< when it was on the screen
    int late = 0;         ///< vblanks after its target; negative: before
};
struct DropSample {
    Nanoseconds time = 0;
    const char* why = "";
};
struct DropTally {
    const char* why = "";
    std::uint64_t count = 0;
};

/// Times are CLOCK_MONOTONIC. Takes no memory per frame after a while. Watches a pool only while it is `on`.
class Timeline {
  public:
    static constexpr Nanoseconds window = 2 * second;

    ~Timeline() { watch(nullptr); }

    /// Forgets everything but the pool.
    void clear();
    /// Slots are those of `pool` from now on; null for none. The pool may go away.
    void watch(const std::shared_ptr<SlotPool>& pool);
    void queued(const QueueSample& sample) { queue_.push(sample); }
    void shown(const VblankSample& sample) { vblanks_.push(sample); }
    /// `why` must stay: a literal.
    void dropped(const DropSample& sample, std::uint64_t count = 1);
    /// Takes in what the slots did until now.
    void update();

    [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }
    /// Calls `use(SlotSpan)` for what slot `lane` did between two times, oldest first.
    template <class Use>
    void for_each_span(std::size_t lane, Nanoseconds from, Nanoseconds to, Use use) const;
    /// Slots in each state now.
    [[nodiscard]] std::array<unsigned, 4> count_states() const;
    [[nodiscard]] const SlotStatistics& slots() const { return slots_; }
    [[nodiscard]] const Recent<DecodeSample>& decodes() const { return decodes_; }
    [[nodiscard]] const Recent<QueueSample>& queue() const { return queue_; }
    [[nodiscard]] const Recent<VblankSample>& vblanks() const { return vblanks_; }
    [[nodiscard]] const Recent<DropSample>& drops() const { return drops_; }
    [[nodiscard]] const std::vector<DropTally>& tallies() const { return tallies_; }

  private:
    struct Change {
        Nanoseconds time = 0;
        SlotState to = SlotState::Free;
    };
    static constexpr std::size_t changes_kept = 256; // of one slot
    static constexpr std::size_t samples_kept = 512;
    static constexpr std::size_t transitions_kept = 4096; // between two updates

    void take(const SlotTransition& transition);
    void add_lanes(const SlotPool& pool);

    std::weak_ptr<SlotPool> pool_;
    std::vector<Recent<Change>> lanes_;
    std::vector<SlotTransition> transitions_; // kept for its memory
    SlotStatistics slots_;
    Recent<DecodeSample> decodes_{samples_kept};
    Recent<QueueSample> queue_{samples_kept};
    Recent<VblankSample> vblanks_{samples_kept};
    Recent<DropSample> drops_{samples_kept};
    std::vector<DropTally> tallies_;
};

template <class Use>
void Timeline::for_each_span(std::size_t lane, Nanoseconds from, Nanoseconds to, Use use) const {
    const Recent<Change>& changes = lanes_[lane];
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const Nanoseconds end = i + 1 < changes.size() ? changes[i + 1].time : to;
        const SlotSpan span{changes[i].to, std::max(changes[i].time, from), std::min(end, to)};
        if (span.begin < span.end) use(span);
    }
}

} // namespace v4l2play
