// What has been given to the compositor, what it said of it, and what is told of that. No Wayland call, no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "decoder/slot.h"
#include "render/output.h"
#include "render/wayland/proxy.h"

namespace v4l2play {

class AnswerListener;

/// One frame, committed once. Two things become of it, in any order: it is *answered* (shown, or never on the screen),
/// and its buffer is *released*. The entry is used again after both.
struct Commit {
    SlotRef slot; ///< the presenter's hold, until the compositor has released the buffer
    FrameId id = 0;
    std::uint32_t serial = 0;
    Nanoseconds time = 0;    ///< when it was made
    std::uint64_t order = 0; ///< how many had been shown then
    bool idle = false;       ///< none was for long before
    bool hidden = false;     ///< nobody looked
    bool answered = true;
    bool held = false;
    Proxy<struct wp_presentation_feedback> feedback;
    Proxy<wl_callback> frame; ///< where there is no presentation feedback
    AnswerListener* owner = nullptr;
};

class CommitLedger {
  public:
    CommitLedger();

    /// The entry keeps its address until it is answered and released.
    Commit& add(SlotRef slot, const Frame& frame, Nanoseconds now);
    void shown(Commit& commit, Nanoseconds time, std::uint64_t sequence, OutputPath path, std::uint64_t msc = 0);
    /// It will not be shown.
    void unseen(Commit& commit, const char* why);
    /// Nobody reads the buffer any more, from `now` on.
    void released(Commit& commit, Nanoseconds now);
    /// The answers that are owed are given up; holds stay.
    void forget_answers(const char* why);
    /// The answers to what was committed at `time` and before take too long. One that comes yet changes nothing, but is
    /// heard: somebody looks again.
    void give_up_on_answers(Nanoseconds time, const char* why);

    /// A frame that never was committed.
    void discard(Frame& frame, const char* why);
    void tell(OutputEvent event) { events_.push_back(std::move(event)); }
    std::optional<OutputEvent> next_event();

    [[nodiscard]] unsigned unanswered() const { return unanswered_; }
    /// When the first of those was committed; no_time: there is none.
    [[nodiscard]] Nanoseconds unanswered_since() const;
    /// Answers that may come, those that were given up among them.
    [[nodiscard]] std::size_t owed() const;
    [[nodiscard]] unsigned held() const { return held_; }
    /// Buffers that the compositor has forgotten: they are held though so many pictures were shown since that nobody
    /// can be at work on them. (Not by time: while playback is paused, or nobody looks, nothing takes their place.)
    [[nodiscard]] unsigned lost() const;

  private:
    void tell_unseen(Commit& commit, const char* why);

    std::vector<std::unique_ptr<Commit>> commits_;
    unsigned unanswered_ = 0;
    unsigned held_ = 0;
    std::uint64_t shown_ = 0;
    std::vector<OutputEvent> events_; ///< read from `first_event_`; cleared when read to the end
    std::size_t first_event_ = 0;
};

} // namespace v4l2play
