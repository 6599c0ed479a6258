#include "render/slow_output.h"

#include <algorithm>
#include <deque>

#include "decoder/kernel.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds usual_period = second / 60;

class SlowOutput final : public Output {
  public:
    SlowOutput(std::unique_ptr<Output> inner, unsigned refreshes)
        : inner_(std::move(inner))
        , refreshes_(refreshes) {}

    [[nodiscard]] std::vector<FormatModifier> formats() const override { return inner_->formats(); }
    [[nodiscard]] unsigned slots_held() const override { return inner_->slots_held(); }
    /// After the first frame not before that was shown: without it nobody knows when the second is due.
    [[nodiscard]] bool ready() const override { return queue_.size() <= refreshes_ && presented_ == answered_; }
    [[nodiscard]] VblankTiming timing() const override;
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override {
        return inner_->configure(pool, info);
    }
    Result<> present(Frame& frame, Nanoseconds target) override;
    std::optional<OutputEvent> next_event() override;
    [[nodiscard]] int fd() const override { return inner_->fd(); }
    [[nodiscard]] Nanoseconds next_timeout() const override;
    Result<> dispatch() override;
    void stop() override;
    [[nodiscard]] Rect overlay_area() const override { return inner_->overlay_area(); }
    std::optional<OverlayBuffer> acquire_overlay(std::uint32_t width, std::uint32_t height) override {
        return inner_->acquire_overlay(width, height);
    }
    void show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) override {
        inner_->show_overlay(overlay, x, y);
    }
    void hide_overlay() override { inner_->hide_overlay(); }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel) override {
        return inner_->create_memory(kernel);
    }
    [[nodiscard]] OutputDescription description() const override { return inner_->description(); }

  private:
    struct Delayed {
        Frame frame; ///< its slot held by Hold::Presenter
        Nanoseconds at = 0;
        Nanoseconds target = 0;
    };
    [[nodiscard]] Nanoseconds delay() const;
    Result<> hand_on();

    std::unique_ptr<Output> inner_;
    bool presented_ = false; ///< anything
    bool answered_ = false;  ///< what became of it
    const unsigned refreshes_;
    std::deque<Delayed> queue_;
    std::deque<OutputEvent> events_; ///< of frames that `inner_` never saw
};

Nanoseconds SlowOutput::delay() const {
    const Nanoseconds period = inner_->timing().period;
    return refreshes_ * (period > 0 ? period : usual_period);
}

/// What is presented now appears that much later.
VblankTiming SlowOutput::timing() const {
    VblankTiming timing = inner_->timing();
    timing.last_time -= refreshes_ * timing.period;
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
    while (!queue_.empty() && queue_.front().at <= system_kernel().now() && inner_->ready()) {
        V4L2PLAY_TRY(inner_->present(queue_.front().frame, queue_.front().target));
        queue_.pop_front();
    }
    return {};
}

std::optional<OutputEvent> SlowOutput::next_event() {
    if (events_.empty()) {
        auto event = inner_->next_event();
        answered_ = answered_ || event.has_value();
        return event;
    }
    std::optional<OutputEvent> event(std::move(events_.front()));
    events_.pop_front();
    return event;
}

/// While `inner_` is not ready its own events wake us.
Nanoseconds SlowOutput::next_timeout() const {
    const Nanoseconds inner = inner_->next_timeout();
    if (queue_.empty() || !inner_->ready()) return inner;
    return inner == no_time ? queue_.front().at : std::min(inner, queue_.front().at);
}

Result<> SlowOutput::dispatch() {
    V4L2PLAY_TRY(inner_->dispatch());
    return hand_on();
}

void SlowOutput::stop() {
    for (Delayed& delayed : queue_) {
        events_.emplace_back(FrameDiscarded{delayed.frame.id, delayed.frame.serial, "stopped"});
        delayed.frame.slot.reset();
        events_.emplace_back(FrameReleased{delayed.frame.id, delayed.frame.serial, 0});
    }
    queue_.clear();
    inner_->stop();
}

} // namespace

std::unique_ptr<Output> create_slow_output(std::unique_ptr<Output> inner, unsigned refreshes) {
    return std::make_unique<SlowOutput>(std::move(inner), refreshes);
}

} // namespace v4l2play
