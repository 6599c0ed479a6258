// Which slot is where on its way over the screen, and what is told of it. No device, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/slot.h"
#include "render/output.h"

namespace v4l2play {

/// A frame that the output has taken.
struct HeldFrame {
    SlotRef slot; ///< the presenter's hold
    FrameId id = 0;
    std::uint32_t serial = 0;
    std::uint32_t framebuffer = 0;
    UniqueFd acquire_fence = {}; ///< until its commit has been accepted; none: the picture is complete
};

/// At most three frames: one that waits for its moment, one whose flip is in flight, one on the screen.
///
///     waiting ──flown──► flying ──landed──► shown ──the next one landed──► released
///
/// A frame's memory is read until the flip to the next has completed; that is the only moment at which a slot is let
/// go while the display runs.
class FlipQueue {
  public:
    FlipQueue();

    void wait(HeldFrame frame);
    /// The commit of the waiting frame has been accepted.
    void fly();
    /// The flip in flight has completed: FrameShown for it, FrameReleased for its predecessor. `msc`: the driver's
    /// number. Drivers that stamp a flip with the beginning of scan-out may name a time after `now`.
    void land(Nanoseconds time, std::uint64_t sequence, std::uint64_t msc = 0, Nanoseconds now = INT64_MAX);
    /// The waiting frame will not be shown: FrameDiscarded, and its slot is free.
    void discard_waiting(const char* why);
    void discard(HeldFrame frame, const char* why);
    /// Nothing is scanned out any more. A flip that never completed counts as discarded.
    void take_off(const char* why);
    /// What is no frame's affair, in its order among the others.
    void tell(OutputEvent event) { events_.push_back(std::move(event)); }

    [[nodiscard]] const HeldFrame* waiting() const { return waiting_ ? &*waiting_ : nullptr; }
    [[nodiscard]] const HeldFrame* flying() const { return flying_ ? &*flying_ : nullptr; }
    [[nodiscard]] const HeldFrame* shown() const { return shown_ ? &*shown_ : nullptr; }

    std::optional<OutputEvent> next_event();

  private:
    std::optional<HeldFrame> waiting_;
    std::optional<HeldFrame> flying_;
    std::optional<HeldFrame> shown_;
    void release(std::optional<HeldFrame>& frame, Nanoseconds time);

    std::vector<OutputEvent> events_; ///< read from `first_event_`; cleared when read to the end
    std::size_t first_event_ = 0;
};

} // namespace v4l2play
