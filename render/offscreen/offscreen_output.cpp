#include "render/offscreen/offscreen_output.h"

#include "decoder/kernel.h"
#include "render/offscreen/picture_writer.h"

namespace v4l2play {
namespace {

class OffscreenOutput final : public Output {
  public:
    OffscreenOutput(const char* kind, bool clock, std::unique_ptr<PictureWriter> pictures)
        : kind_(kind)
        , clock_(clock)
        , pictures_(std::move(pictures)) {
        events_.reserve(4); // a frame shown, one released; the last one released by `stop`
    }
    ~OffscreenOutput() override { stop(); }

    [[nodiscard]] std::vector<FormatModifier> formats() const override { return {}; }
    [[nodiscard]] unsigned slots_held() const override { return 2; } // on show, and the one that replaces it
    [[nodiscard]] bool ready() const override { return events_.empty(); }
    [[nodiscard]] VblankTiming timing() const override { return {}; }
    Result<> configure(const std::shared_ptr<SlotPool>&, const FrameInfo& info) override {
        picture_ = {0, 0, info.visible.width, info.visible.height};
        return {};
    }
    Result<> present(Frame& frame, Nanoseconds target) override;
    std::optional<OutputEvent> next_event() override;
    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] Nanoseconds next_timeout() const override { return no_time; }
    Result<> dispatch() override { return {}; }
    void stop() override;

    /// Of the pictures that are saved: nobody sees an overlay otherwise.
    [[nodiscard]] Rect overlay_area() const override {
        return pictures_ != nullptr && pictures_->saves_every_frame() ? picture_ : Rect{};
    }
    std::optional<OverlayBuffer> acquire_overlay(std::uint32_t width, std::uint32_t height) override {
        return overlay_.acquire(width, height);
    }
    void show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) override {
        overlay_.show(overlay, x, y);
    }
    void hide_overlay() override { overlay_.hide(); }

    [[nodiscard]] OutputDescription description() const override {
        OutputDescription description;
        description.kind = kind_;
        if (pictures_ != nullptr) description.error = pictures_->error();
        return description;
    }

  private:
    void release_shown();

    const char* kind_;
    const bool clock_;
    const std::unique_ptr<PictureWriter> pictures_; // may be null
    PictureOverlay overlay_;
    Rect picture_;

    // What is on show, and the presenter's hold on its slot.
    SlotRef slot_;
    FrameId id_ = 0;
    std::uint32_t serial_ = 0;

    std::uint64_t frames_shown_ = 0;
    std::vector<OutputEvent> events_;
    std::size_t events_taken_ = 0;
};

Result<> OffscreenOutput::present(Frame& frame, Nanoseconds target) {
    if (!ready()) return fail(EBUSY, "events are waiting", "present");
    auto slot = frame.slot.pool().export_to_presenter(frame.slot);
    if (!slot) return fail(std::move(slot).error());
    const Nanoseconds time = clock_ && target != 0 ? target : system_kernel().now();
    const std::uint64_t number = frames_shown_++;
    if (pictures_ != nullptr) pictures_->add(frame, number, overlay_);
    events_.emplace_back(FrameShown{frame.id, frame.serial, time, number, OutputPath::None});
    release_shown();
    slot_ = std::move(*slot);
    id_ = frame.id;
    serial_ = frame.serial;
    return {};
}

void OffscreenOutput::release_shown() {
    if (!slot_) return;
    const Nanoseconds now = system_kernel().now();
    slot_.reset();
    events_.emplace_back(FrameReleased{id_, serial_, now});
}

std::optional<OutputEvent> OffscreenOutput::next_event() {
    if (events_taken_ == events_.size()) return std::nullopt;
    std::optional<OutputEvent> event = std::move(events_[events_taken_++]);
    if (events_taken_ == events_.size()) {
        events_.clear();
        events_taken_ = 0;
    }
    return event;
}

void OffscreenOutput::stop() {
    release_shown();
    if (pictures_ != nullptr) pictures_->finish();
}

} // namespace

Result<std::unique_ptr<Output>> create_offscreen_output(const OffscreenOptions& options) {
    std::unique_ptr<PictureWriter> pictures;
    if (!options.screenshots.empty() || !options.contact_sheet.empty()) {
        auto created = PictureWriter::create(options);
        if (!created) return fail(std::move(created).error());
        pictures = std::move(*created);
    }
    return std::make_unique<OffscreenOutput>("offscreen", options.clock, std::move(pictures));
}

std::unique_ptr<Output> create_null_output() { return std::make_unique<OffscreenOutput>("null", false, nullptr); }

} // namespace v4l2play
