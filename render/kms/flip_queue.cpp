#include "render/kms/flip_queue.h"

#include <algorithm>
#include <utility>

namespace v4l2play {
namespace {

constexpr std::size_t usual_events = 16; // so that steady playback allocates nothing

} // namespace

FlipQueue::FlipQueue() { events_.reserve(usual_events); }

void FlipQueue::wait(HeldFrame frame) { waiting_ = std::move(frame); }

void FlipQueue::fly() {
    flying_ = std::exchange(waiting_, std::nullopt);
    flying_->acquire_fence.reset();
}

void FlipQueue::land(Nanoseconds time, std::uint64_t sequence, std::uint64_t msc, Nanoseconds now) {
    if (!flying_) return;
    events_.emplace_back(FrameShown{flying_->id, flying_->serial, time, sequence, OutputPath::Plane, msc});
    release(shown_, std::min(time, now));
    shown_ = std::exchange(flying_, std::nullopt);
}

/// The hold goes first: whoever reads the event may rely on it.
void FlipQueue::release(std::optional<HeldFrame>& frame, Nanoseconds time) {
    if (!frame) return;
    frame->slot.reset();
    events_.emplace_back(FrameReleased{frame->id, frame->serial, time});
    frame.reset();
}

void FlipQueue::discard(HeldFrame frame, const char* why) {
    frame.slot.reset();
    events_.emplace_back(FrameDiscarded{frame.id, frame.serial, why});
    events_.emplace_back(FrameReleased{frame.id, frame.serial, 0});
}

void FlipQueue::discard_waiting(const char* why) {
    if (waiting_) discard(*std::exchange(waiting_, std::nullopt), why);
}

void FlipQueue::take_off(const char* why) {
    discard_waiting(why);
    if (flying_) discard(*std::exchange(flying_, std::nullopt), why);
    release(shown_, 0);
}

std::optional<OutputEvent> FlipQueue::next_event() {
    if (first_event_ == events_.size()) return std::nullopt;
    std::optional<OutputEvent> event(std::move(events_[first_event_++]));
    if (first_event_ == events_.size()) {
        events_.clear();
        first_event_ = 0;
    }
    return event;
}

} // namespace v4l2play
