#include "render/kms/clone_output.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

constexpr std::size_t usual_frames = 32; // so that steady playback allocates nothing

unsigned bit_of(std::size_t clone) { return 2U << clone; }

/// The same picture with a hold of its own.
Frame copy_of(const Frame& frame, const SlotRef& slot) {
    Frame copy;
    copy.id = frame.id;
    copy.slot = slot.also(Hold::Queue);
    copy.info = frame.info;
    copy.pts = frame.pts;
    copy.duration = frame.duration;
    copy.serial = frame.serial;
    return copy;
}

} // namespace

CloneOutput::CloneOutput(std::vector<std::unique_ptr<Output>> outputs)
    : ForwardingOutput(std::move(outputs.front())) {
    for (std::size_t i = 1; i < outputs.size(); ++i) clones_.push_back({std::move(outputs[i]), {}, 0});
    held_.reserve(usual_frames);
}

std::vector<FormatModifier> CloneOutput::formats() const {
    std::vector<FormatModifier> formats = inner().formats();
    for (const Clone& clone : clones_) {
        const std::vector<FormatModifier> others = clone.output->formats();
        std::erase_if(formats, [&](const FormatModifier& format) {
            return std::find(others.begin(), others.end(), format) == others.end();
        });
    }
    return formats;
}

unsigned CloneOutput::slots_held() const {
    unsigned slots = inner().slots_held();
    for (const Clone& clone : clones_) slots += clone.output->slots_held() + 1;
    return slots;
}

Result<> CloneOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    V4L2PLAY_TRY(inner().configure(pool, info));
    for (Clone& clone : clones_) V4L2PLAY_TRY(clone.output->configure(pool, info));
    return {};
}

Result<> CloneOutput::present(Frame& frame, Nanoseconds target) {
    const SlotRef slot = frame.slot.also(Hold::Queue);
    Frame copy = copy_of(frame, slot);
    V4L2PLAY_TRY(inner().present(frame, target));
    held_.push_back({copy.id, copy.serial, bit_of(clones_.size()) - 1, 0, true});
    for (std::size_t i = 0; i < clones_.size(); ++i) {
        drop_next(i);
        clones_[i].next = copy_of(copy, slot);
        clones_[i].target = target;
        hand_on(i);
    }
    return {};
}

/// One that cannot show it, though it said that it could, goes without.
void CloneOutput::hand_on(std::size_t clone) {
    Clone& to = clones_[clone];
    if (!to.next.slot || !to.output->ready()) return;
    const Result<> presented = to.output->present(to.next, to.target);
    if (presented) return;
    log_warning("kms", "{}: {}", to.output->description().connector, presented.error().what);
    drop_next(clone);
}

/// It was never read there.
void CloneOutput::drop_next(std::size_t clone) {
    Frame& next = clones_[clone].next;
    if (!next.slot) return;
    next.slot.reset();
    let_go({next.id, next.serial, 1}, bit_of(clone));
}

/// The oldest of that name: identities begin anew with each item.
void CloneOutput::let_go(const FrameReleased& event, unsigned bit) {
    const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& held) {
        return held.id == event.id && held.serial == event.serial && (held.by & bit) != 0;
    });
    if (found == held_.end()) return;
    found->by &= ~bit;
    found->timed = found->timed && event.time != 0;
    found->released = std::max(found->released, event.time);
}

void CloneOutput::take_clone_events() {
    for (std::size_t i = 0; i < clones_.size(); ++i)
        while (const auto event = clones_[i].output->next_event())
            if (const auto* released = std::get_if<FrameReleased>(&*event)) let_go(*released, bit_of(i));
}

/// A frame that nobody has any more.
std::optional<FrameReleased> CloneOutput::take_released() {
    const auto found = std::find_if(held_.begin(), held_.end(), [](const Held& held) { return held.by == 0; });
    if (found == held_.end()) return std::nullopt;
    const FrameReleased event{found->id, found->serial, found->timed ? found->released : 0};
    held_.erase(found);
    return event;
}

std::optional<OutputEvent> CloneOutput::next_event() {
    take_clone_events();
    for (;;) {
        if (const auto released = take_released()) return OutputEvent(*released);
        std::optional<OutputEvent> event = inner().next_event();
        const auto* released = event ? std::get_if<FrameReleased>(&*event) : nullptr;
        if (released == nullptr) return event;
        let_go(*released, 1);
    }
}

Nanoseconds CloneOutput::next_timeout() const {
    Nanoseconds earliest = inner().next_timeout();
    for (const Clone& clone : clones_)
        if (const Nanoseconds time = clone.output->next_timeout(); time != no_time)
            earliest = earliest == no_time ? time : std::min(earliest, time);
    return earliest;
}

Result<> CloneOutput::dispatch() {
    V4L2PLAY_TRY(inner().dispatch());
    for (std::size_t i = 0; i < clones_.size(); ++i) {
        V4L2PLAY_TRY(clones_[i].output->dispatch());
        hand_on(i);
    }
    return {};
}

void CloneOutput::stop() {
    for (std::size_t i = 0; i < clones_.size(); ++i) {
        drop_next(i);
        clones_[i].output->stop();
    }
    inner().stop();
}

OutputDescription CloneOutput::description() const {
    OutputDescription description = inner().description();
    for (const Clone& clone : clones_) {
        const OutputDescription other = clone.output->description();
        description.clones.push_back(
            fmt::format("{} {}{}{}", other.connector, other.mode, other.plane.empty() ? "" : ", ", other.plane));
    }
    return description;
}

} // namespace v4l2play
