#include "render/wayland/commit_ledger.h"

#include <algorithm>
#include <utility>

namespace v4l2play {
namespace {

constexpr std::uint64_t pictures_at_work = 60; // where any compositor has a handful
constexpr std::size_t usual_answers = 16;      // so that steady playback allocates nothing

} // namespace

CommitLedger::CommitLedger() { events_.reserve(usual_answers); }

Commit& CommitLedger::add(SlotRef slot, const Frame& frame, Nanoseconds now) {
    auto free = std::find_if(commits_.begin(), commits_.end(), [](const auto& commit) {
        return commit->answered && !commit->held && commit->feedback == nullptr && commit->frame == nullptr;
    });
    if (free == commits_.end()) free = commits_.insert(free, std::make_unique<Commit>());
    Commit& commit = **free;
    commit.slot = std::move(slot);
    commit.id = frame.id;
    commit.serial = frame.serial;
    commit.time = now;
    commit.order = shown_;
    commit.answered = false;
    commit.held = true;
    ++unanswered_;
    ++held_;
    return commit;
}

void CommitLedger::shown(Commit& commit, Nanoseconds time, std::uint64_t sequence, OutputPath path, std::uint64_t msc) {
    commit.feedback.reset();
    commit.frame.reset();
    ++shown_;
    if (std::exchange(commit.answered, true)) return;
    --unanswered_;
    tell(FrameShown{commit.id, commit.serial, time, sequence, path, msc});
}

void CommitLedger::unseen(Commit& commit, const char* why) {
    commit.feedback.reset();
    commit.frame.reset();
    tell_unseen(commit, why);
}

void CommitLedger::tell_unseen(Commit& commit, const char* why) {
    if (std::exchange(commit.answered, true)) return;
    --unanswered_;
    tell(FrameDiscarded{commit.id, commit.serial, why});
}

/// The hold goes first: whoever reads the event may rely on it.
void CommitLedger::released(Commit& commit, Nanoseconds now) {
    if (!std::exchange(commit.held, false)) return;
    --held_;
    commit.slot.reset();
    tell(FrameReleased{commit.id, commit.serial, now});
}

void CommitLedger::forget_answers(const char* why) {
    for (const auto& commit : commits_) unseen(*commit, why);
}

void CommitLedger::give_up_on_answers(Nanoseconds time, const char* why) {
    for (const auto& commit : commits_)
        if (commit->time <= time) tell_unseen(*commit, why);
}

Nanoseconds CommitLedger::unanswered_since() const {
    Nanoseconds first = no_time;
    for (const auto& commit : commits_)
        if (!commit->answered && (first == no_time || commit->time < first)) first = commit->time;
    return first;
}

std::size_t CommitLedger::owed() const {
    return static_cast<std::size_t>(std::count_if(commits_.begin(), commits_.end(), [](const auto& commit) {
        return commit->feedback != nullptr || commit->frame != nullptr;
    }));
}

unsigned CommitLedger::lost() const {
    return static_cast<unsigned>(std::count_if(commits_.begin(), commits_.end(), [this](const auto& commit) {
        return commit->held && shown_ > commit->order + pictures_at_work;
    }));
}

void CommitLedger::discard(Frame& frame, const char* why) {
    frame.slot.reset();
    tell(FrameDiscarded{frame.id, frame.serial, why});
    tell(FrameReleased{frame.id, frame.serial, 0});
}

std::optional<OutputEvent> CommitLedger::next_event() {
    if (first_event_ == events_.size()) return std::nullopt;
    std::optional<OutputEvent> event(std::move(events_[first_event_++]));
    if (first_event_ == events_.size()) {
        events_.clear();
        first_event_ = 0;
    }
    return event;
}

} // namespace v4l2play
