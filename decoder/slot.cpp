#include "decoder/slot.h"

#include <algorithm>
#include <atomic>

#include "decoder/log.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
std::atomic<std::uint32_t> next_generation{1};

/// The arrows of the drawing in slot.h.
constexpr bool is_legal(SlotState from, SlotState to) {
    switch (to) {
    case SlotState::InDecode:
        return from == SlotState::Free;
    case SlotState::Decoded:
        return from == SlotState::InDecode;
    case SlotState::Exported:
        return from == SlotState::Decoded;
    case SlotState::Free:
        return from != SlotState::Free;
    }
    return false;
}

} // namespace

const char* to_string(SlotState state) {
    switch (state) {
    case SlotState::Free:
        return "FREE";
    case SlotState::InDecode:
        return "IN_DECODE";
    case SlotState::Decoded:
        return "DECODED";
    case SlotState::Exported:
        return "EXPORTED";
    }
    return "?";
}

SlotRef::SlotRef(SlotRef&& other) noexcept
    : pool_(std::move(other.pool_))
    , index_(other.index_)
    , hold_(other.hold_) {}

SlotRef& SlotRef::operator=(SlotRef&& other) noexcept {
    if (this != &other) {
        reset();
        pool_ = std::move(other.pool_);
        index_ = other.index_;
        hold_ = other.hold_;
    }
    return *this;
}

void SlotRef::reset() {
    if (pool_ == nullptr) return;
    pool_->give_back(index_, hold_);
    pool_.reset();
}

SlotKey SlotRef::key() const { return {pool_->generation(), index_}; }

SlotRef SlotRef::also(Hold hold) const {
    pool_->take(index_, hold);
    return {pool_, index_, hold};
}

bool SlotPool::Slot::held() const {
    return std::any_of(holds.begin(), holds.end(), [](std::uint16_t count) { return count != 0; });
}

SlotPool::SlotPool(Kernel& kernel, const FrameFormat& format)
    : kernel_(kernel)
    , format_(format)
    , generation_(next_generation.fetch_add(1))
    , first_free_(none)
    , last_free_(none) {}

std::shared_ptr<SlotPool> SlotPool::create(Kernel& kernel, const FrameFormat& format, std::vector<SlotMemory> slots) {
    std::shared_ptr<SlotPool> pool(new SlotPool(kernel, format));
    for (SlotMemory& memory : slots) pool->add(std::move(memory));
    return pool;
}

void SlotPool::add(SlotMemory memory) {
    const std::lock_guard lock(mutex_);
    memory_.push_back(std::make_unique<SlotMemory>(std::move(memory)));
    slots_.push_back({});
    slots_.back().since = kernel_.now();
    push_free(static_cast<std::uint32_t>(slots_.size() - 1));
    statistics_.count = static_cast<unsigned>(slots_.size());
}

/// The arrow that is not in the drawing exists where somebody has asked for it.
bool SlotPool::is_allowed(SlotState from, SlotState to) const {
    const bool forced = from == SlotState::Exported && to == SlotState::InDecode && unsafe_release_ != 0;
    return forced || is_legal(from, to);
}

/// Every change of state, and nothing else changes one. Called with the lock held.
bool SlotPool::transition(std::uint32_t index, SlotState to, const char* caller) {
    Slot& slot = slots_[index];
    if (!is_allowed(slot.state, to)) {
        ++statistics_.illegal;
        log_error("slot", "{}.{}: {} refused: it is {}, which does not lead to {}", generation_, index, caller,
                  to_string(slot.state), to_string(to));
        return false;
    }
    // To be decoded takes time, to be handed on does not.
    const bool decoding = to == SlotState::InDecode || to == SlotState::Decoded;
    const Nanoseconds now = decoding ? kernel_.now() : kernel_.recently();
    if (slot.state == SlotState::Exported) {
        --statistics_.exported;
        statistics_.longest_export = std::max(statistics_.longest_export, now - slot.since);
    }
    if (to == SlotState::Exported)
        statistics_.maximum_exported = std::max(statistics_.maximum_exported, ++statistics_.exported);
    if (to == SlotState::InDecode) slot.acquired = now;
    slot.state = to;
    slot.since = now;
    if (!recorded_.empty()) recorded_[recorded_count_++ % recorded_.size()] = {now, index, to};
    return true;
}

void SlotPool::push_free(std::uint32_t index) {
    slots_[index].next_free = none;
    (first_free_ == none ? first_free_ : slots_[last_free_].next_free) = index;
    last_free_ = index;
    ++free_count_;
}

std::uint32_t SlotPool::pop_free() {
    const std::uint32_t index = first_free_;
    first_free_ = slots_[index].next_free;
    --free_count_;
    return index;
}

/// Of those that nobody but the presenter has; none unless this is wanted.
std::uint32_t SlotPool::longest_exported() const {
    std::uint32_t oldest = none;
    if (unsafe_release_ == 0 || statistics_.exported < unsafe_release_) return oldest;
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        const auto hold = [&](Hold kind) { return slots_[i].holds[static_cast<std::size_t>(kind)]; };
        if (slots_[i].state != SlotState::Exported ||
            hold(Hold::Request) + hold(Hold::Reference) + hold(Hold::Queue) != 0)
            continue;
        if (oldest == none || slots_[i].since < slots_[oldest].since) oldest = i;
    }
    return oldest;
}

void SlotPool::set_unsafe_release(unsigned exported) {
    const std::lock_guard lock(mutex_);
    unsafe_release_ = exported;
}

SlotRef SlotPool::acquire() {
    const std::lock_guard lock(mutex_);
    const std::uint32_t index = first_free_ != none ? pop_free() : longest_exported();
    if (index == none) {
        ++statistics_.exhausted;
        return {};
    }
    const bool early = slots_[index].held();
    transition(index, SlotState::InDecode, "acquire");
    if (early && statistics_.early_reuse++ == 0) {
        statistics_.first_early = {generation_, index};
        statistics_.first_early_time = slots_[index].acquired;
    }
    ++statistics_.acquired;
    ++slots_[index].holds[static_cast<std::size_t>(Hold::Request)];
    return {shared_from_this(), index, Hold::Request};
}

Result<> SlotPool::finish_decode(const SlotRef& slot) {
    const std::lock_guard lock(mutex_);
    if (!transition(slot.index_, SlotState::Decoded, "finish_decode"))
        return fail(EINVAL, "slot is not in decode", "finish_decode");
    return {};
}

Result<SlotRef> SlotPool::export_to_presenter(const SlotRef& slot) {
    const std::lock_guard lock(mutex_);
    const Slot& known = slots_[slot.index_];
    // A slot that was taken from the presenter, to be decoded into, is still with it.
    const bool taken = unsafe_release_ != 0 && known.state == SlotState::InDecode &&
                       known.holds[static_cast<std::size_t>(Hold::Presenter)] != 0;
    const bool again = known.state == SlotState::Exported || taken;
    if (!again && !transition(slot.index_, SlotState::Exported, "export_to_presenter"))
        return fail(EINVAL, "slot is not decoded", "export_to_presenter");
    ++slots_[slot.index_].holds[static_cast<std::size_t>(Hold::Presenter)];
    return SlotRef(shared_from_this(), slot.index_, Hold::Presenter);
}

void SlotPool::take(std::uint32_t index, Hold hold) {
    const std::lock_guard lock(mutex_);
    ++slots_[index].holds[static_cast<std::size_t>(hold)];
}

void SlotPool::give_back(std::uint32_t index, Hold hold) {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[index];
    --slot.holds[static_cast<std::size_t>(hold)];
    if (slot.held() || !transition(index, SlotState::Free, "give_back")) return;
    push_free(index);
    if (waker_ != nullptr) waker_->wake();
}

void SlotPool::set_waker(Waker* waker) {
    const std::lock_guard lock(mutex_);
    waker_ = waker;
}

const SlotMemory& SlotPool::memory(std::uint32_t index) const {
    const std::lock_guard lock(mutex_);
    return *memory_[index];
}

unsigned SlotPool::count() const {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(slots_.size());
}

unsigned SlotPool::free_count() const {
    const std::lock_guard lock(mutex_);
    return free_count_;
}

SlotSnapshot SlotPool::snapshot(std::uint32_t index) const {
    const std::lock_guard lock(mutex_);
    const Slot& slot = slots_[index];
    return {slot.state, slot.since, slot.acquired, slot.holds};
}

SlotStatistics SlotPool::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

void SlotPool::record_transitions(std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    recorded_.assign(capacity, {});
    recorded_count_ = taken_count_ = 0;
}

void SlotPool::take_transitions(std::vector<SlotTransition>& to) {
    const std::lock_guard lock(mutex_);
    if (recorded_count_ - taken_count_ > recorded_.size()) taken_count_ = recorded_count_ - recorded_.size();
    while (taken_count_ != recorded_count_) to.push_back(recorded_[taken_count_++ % recorded_.size()]);
}

} // namespace v4l2play
