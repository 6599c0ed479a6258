#include "render/slow_output.h"

#include <algorithm>
#include <deque>

#include "decoder/kernel.h"
#include "render/forwarding_output.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds usual_period = second / 60;

class SlowOutput final : public ForwardingOutput {
  public:
    SlowOutput(std::unique_ptr<Output> inner, unsigned refreshes)
        : ForwardingOutput(std::move(inner))
        , refreshes_(refreshes) {}

    /// After the first frame not before that was shown: without it nobody knows when the second is due.
    [[nodiscard]] bool ready() const override { return queue_.size() <= refreshes_ && presented_ == answered_; }
    [[nodiscard]] VblankTiming timing() const override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    std::optional<OutputEvent> next_event() override;
    [[nodiscard]] Nanoseconds next_timeout() const override;
    Result<> dispatch() override;
    void stop() override;

  private:
    struct Delayed {
        Frame frame; ///< its slot held by Hold::Presenter
        Nanoseconds at = 0;
        Nanoseconds target = 0;
    };
    [[nodiscard]] Nanoseconds delay() const;
    Result<> hand_on();

    bool presented_ = false; ///< anything
    bool answered_ = false;  ///< what became of it
    const unsigned refreshes_;
    std::deque<Delayed> queue_;
    std::deque<OutputEvent> events_; ///< of frames that `inner` never saw
};

Nanoseconds SlowOutput::delay() const {
    const Nanoseconds period = inner().timing().period;
    return refreshes_ * (period > 0 ? period : usual_period);
}

/// What is presented now appears that much later.
VblankTiming SlowOutput::timing() const {
    VblankTiming timing = inner().timing();
    timing.last_time -= refreshes_ * timing.period;
    timing.lead += refreshes_;
    return timing;
}

Result<> SlowOutput::present(Frame& frame, Nanoseconds target) {
    if (!ready()) return fail(EBUSY, "frames are waiting", "present");
    auto slot = frame.slot.pool().export_to_presenter(frame.slot);
    if (!slot) return fail(std::move(slot).error());
    frame.slot = std::move(*slot);
    presented_ = true;
    queue_.push_back({std::move(frame), system_kernel().now() + delay(), target == 0 ? 0 : target + delay()});
    return hand_on();
}

Result<> SlowOutput::hand_on() {
    while (!queue_.empty() && queue_.front().at <= system_kernel().now() && inner().ready()) {
        V4L2PLAY_TRY(inner().present(queue_.front().frame, queue_.front().target));
        queue_.pop_front();
    }
    return {};
}

std::optional<OutputEvent> SlowOutput::next_event() {
    if (events_.empty()) {
        auto event = inner().next_event();
        answered_ = answered_ || event.has_value();
        return event;
    }
    std::optional<OutputEvent> event(std::move(events_.front()));
    events_.pop_front();
    return event;
}

/// While `inner` is not ready its own events wake us.
Nanoseconds SlowOutput::next_timeout() const {
    const Nanoseconds its_own = inner().next_timeout();
    if (queue_.empty() || !inner().ready()) return its_own;
    return its_own == no_time ? queue_.front().at : std::min(its_own, queue_.front().at);
}

Result<> SlowOutput::dispatch() {
    V4L2PLAY_TRY(inner().dispatch());
    return hand_on();
}

void SlowOutput::stop() {
    for (Delayed& delayed : queue_) {
        events_.emplace_back(FrameDiscarded{delayed.frame.id, delayed.frame.serial, "stopped"});
        delayed.frame.slot.reset();
        events_.emplace_back(FrameReleased{delayed.frame.id, delayed.frame.serial, 0});
    }
    queue_.clear();
    inner().stop();
}

} // namespace

std::unique_ptr<Output> create_slow_output(std::unique_ptr<Output> inner, unsigned refreshes) {
    return std::make_unique<SlowOutput>(std::move(inner), refreshes);
}

} // namespace v4l2play
