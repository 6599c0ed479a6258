#include "render/kms/lasting_output.h"

#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>

#include <fmt/format.h>

#include "decoder/log.h"
#include "render/kms/hotplug.h"
#include "render/kms/kms_output.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds reopen_pause = second / 2;

/// Where in the machine a card is: "0000:00:02.0", "fe4b0000.display-subsystem". Empty where sysfs does not tell.
std::string place_of(const std::string& card) {
    std::error_code error;
    const auto name = std::filesystem::path(card).filename();
    return std::filesystem::read_symlink("/sys/class/drm" / name / "device", error).filename();
}

class LastingOutput final : public Output {
  public:
    LastingOutput(const KmsOptions& options, bool lend, Kernel& kernel)
        : kernel_(kernel)
        , options_(options)
        , lend_(lend)
        , wait_(kernel, kernel.epoll_create()) {}

    Result<> open(const KmsOptions& options);

    [[nodiscard]] std::vector<FormatModifier> formats() const override { return formats_; }
    [[nodiscard]] unsigned slots_held() const override { return slots_held_; }
    [[nodiscard]] bool ready() const override { return card_ == nullptr || card_->ready(); }
    [[nodiscard]] VblankTiming timing() const override { return card_ == nullptr ? timing_ : card_->timing(); }
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    [[nodiscard]] bool takes_fences() const override { return card_ != nullptr && card_->takes_fences(); }
    std::optional<OutputEvent> next_event() override;
    [[nodiscard]] int fd() const override { return wait_ || card_ == nullptr ? wait_.get() : card_->fd(); }
    [[nodiscard]] Nanoseconds next_timeout() const override {
        return card_ == nullptr ? look_at_ : card_->next_timeout();
    }
    Result<> dispatch() override;
    void stop() override;
    [[nodiscard]] Rect screen() const override { return card_ == nullptr ? screen_ : card_->screen(); }
    [[nodiscard]] bool compromises() const override { return card_ != nullptr && card_->compromises(); }
    [[nodiscard]] Rect overlay_area() const override { return card_ == nullptr ? Rect{} : card_->overlay_area(); }
    std::optional<OverlayBuffer> acquire_overlay(std::uint32_t width, std::uint32_t height) override {
        return card_ == nullptr ? std::nullopt : card_->acquire_overlay(width, height);
    }
    void show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) override {
        if (card_ != nullptr) card_->show_overlay(overlay, x, y);
    }
    void hide_overlay() override {
        if (card_ != nullptr) card_->hide_overlay();
    }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel) override {
        return card_ == nullptr ? create_slot_allocator(kernel, true) : card_->create_memory(kernel);
    }
    Result<std::unique_ptr<SlotAllocator>> create_own_memory(Kernel& kernel) override {
        return card_ == nullptr ? create_slot_allocator(kernel, true) : card_->create_own_memory(kernel);
    }
    [[nodiscard]] OutputDescription description() const override {
        return card_ == nullptr ? description_ : card_->description();
    }

  private:
    void go_away();
    void look();
    /// The options for the card that was lost, where it is now; empty while it is not there.
    [[nodiscard]] std::optional<KmsOptions> find_card() const;

    Kernel& kernel_;
    const KmsOptions options_;
    const bool lend_;
    UniqueFd wait_;                ///< readable with the card there is: what waits for us knows no other descriptor
    std::unique_ptr<Output> card_; ///< null: it is gone
    std::string place_;
    Nanoseconds look_at_ = no_time;
    std::deque<OutputEvent> events_; ///< of frames that no card has seen, and the last ones of one that went
    // What the card said last.
    std::vector<FormatModifier> formats_;
    unsigned slots_held_ = 0;
    VblankTiming timing_;
    Rect screen_;
    OutputDescription description_;
};

Result<> LastingOutput::open(const KmsOptions& options) {
    auto opened = create_kms_output(options, kernel_, lend_ ? open_seat(kernel_) : nullptr);
    if (!opened) return fail(std::move(opened).error());
    const int error = wait_ ? kernel_.epoll_add(wait_.get(), (*opened)->fd(), EPOLLIN, 0) : 0;
    if (error != 0)
        return fail(-error, fmt::format("cannot wait for the display: {}", std::strerror(-error)), "epoll_ctl");
    card_ = std::move(*opened);
    formats_ = card_->formats();
    slots_held_ = card_->slots_held();
    place_ = place_of(card_->description().card);
    return {};
}

/// Nobody reads the slots of a card that is gone: all of them come back with it.
void LastingOutput::go_away() {
    timing_ = card_->timing();
    screen_ = card_->screen();
    description_ = card_->description();
    log_warning("kms", "{} is gone: playing on without a picture until it is back", description_.device);
    card_->stop();
    while (auto event = card_->next_event())
        if (!std::holds_alternative<OutputLost>(*event)) events_.push_back(std::move(*event));
    if (wait_) kernel_.epoll_remove(wait_.get(), card_->fd());
    card_.reset();
    look_at_ = kernel_.now() + reopen_pause;
}

std::optional<KmsOptions> LastingOutput::find_card() const {
    KmsOptions options = options_;
    options.wait = false; // here
    options.before = timing_;
    const std::vector<std::string> paths = card_paths(kernel_);
    if (place_.empty()) return paths.empty() ? std::nullopt : std::optional(options);
    for (const std::string& path : paths) {
        if (place_of(path) != place_) continue;
        options.card = path;
        return options;
    }
    return std::nullopt;
}

void LastingOutput::look() {
    look_at_ = kernel_.now() + reopen_pause;
    const std::optional<KmsOptions> options = find_card();
    if (!options) return;
    if (const Result<> opened = open(*options); !opened) return log_debug("kms", "{}", opened.error().what);
    look_at_ = no_time;
    events_.emplace_back(FormatsChanged{});
    log_info("kms", "{} is back", card_->description().device);
}

Result<> LastingOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    return card_ == nullptr ? Result<>() : card_->configure(pool, info);
}

/// The card's own error comes as an event or from `dispatch` as well; until then the frame is as good as unseen.
Result<> LastingOutput::present(Frame& frame, Nanoseconds target) {
    if (card_ != nullptr) {
        Result<> presented = card_->present(frame, target);
        if (presented || presented.error().code != ENODEV) return presented;
        go_away();
    }
    frame.slot.reset();
    events_.emplace_back(FrameDiscarded{frame.id, frame.serial, "the card is gone"});
    events_.emplace_back(FrameReleased{frame.id, frame.serial, 0});
    return {};
}

std::optional<OutputEvent> LastingOutput::next_event() {
    for (;;) {
        if (!events_.empty()) {
            OutputEvent event = std::move(events_.front());
            events_.pop_front();
            return event;
        }
        std::optional<OutputEvent> event = card_ == nullptr ? std::nullopt : card_->next_event();
        const auto* lost = event ? std::get_if<OutputLost>(&*event) : nullptr;
        if (lost == nullptr || lost->error.code != ENODEV) return event;
        go_away();
    }
}

Result<> LastingOutput::dispatch() {
    if (card_ == nullptr) {
        if (kernel_.now() >= look_at_) look();
        return {};
    }
    Result<> dispatched = card_->dispatch();
    if (dispatched || dispatched.error().code != ENODEV) return dispatched;
    go_away();
    return {};
}

void LastingOutput::stop() {
    if (card_ != nullptr) card_->stop();
}

} // namespace

Result<std::unique_ptr<Output>> create_lasting_kms_output(const KmsOptions& options, bool lend, Kernel& kernel) {
    auto output = std::make_unique<LastingOutput>(options, lend, kernel);
    V4L2PLAY_TRY(output->open(options));
    return output;
}

} // namespace v4l2play
