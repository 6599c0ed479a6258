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
constexpr Nanoseconds answer_pause = second / 50; ///< after which a lender may have answered

/// Where in the machine a card is: "0000:00:02.0", "fe4b0000.display-subsystem". Empty where sysfs does not tell.
std::string place_of(const std::string& card) {
    std::error_code error;
    const auto name = std::filesystem::path(card).filename();
    return std::filesystem::read_symlink("/sys/class/drm" / name / "device", error).filename();
}

class LastingOutput final : public Output {
  public:
    LastingOutput(const KmsOptions& options, bool lend, std::unique_ptr<CardLender> lender, Kernel& kernel)
        : kernel_(kernel)
        , options_(options)
        , lend_(lend)
        , lender_(std::move(lender))
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
    [[nodiscard]] bool is_gone(const Error& error);
    /// Whether `done` has failed because the card is gone; then we know.
    bool went_in(const Result<>& done);
    [[nodiscard]] int watch() const;
    void go_away();
    void look();
    /// The options for the card that was lost, where it is now; empty while it is not there.
    [[nodiscard]] Result<std::optional<KmsOptions>> find_card() const;

    Kernel& kernel_;
    const KmsOptions options_;
    const bool lend_;
    const std::unique_ptr<CardLender> lender_; ///< null: cards are found by their place
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
    card_ = std::move(*opened);
    if (const int error = watch(); error != 0) {
        card_.reset();
        return fail(-error, fmt::format("cannot wait for the display: {}", std::strerror(-error)), "epoll_ctl");
    }
    formats_ = card_->formats();
    slots_held_ = card_->slots_held();
    place_ = place_of(card_->description().card);
    return {};
}

int LastingOutput::watch() const {
    if (!wait_) return 0;
    const int error = kernel_.epoll_add(wait_.get(), card_->fd(), EPOLLIN, 0);
    return error != 0 || lender_ == nullptr ? error : kernel_.epoll_add(wait_.get(), lender_->fd(), EPOLLIN, 0);
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
    if (lender_ != nullptr) {
        if (wait_) kernel_.epoll_remove(wait_.get(), lender_->fd());
        lender_->give_back();
    }
    look_at_ = kernel_.now() + (lender_ == nullptr ? reopen_pause : 0);
}

Result<std::optional<KmsOptions>> LastingOutput::find_card() const {
    KmsOptions options = options_;
    options.wait = false; // here
    options.before = timing_;
    if (lender_ != nullptr) {
        Result<std::string> lent = lender_->ask_again();
        if (!lent) return fail(std::move(lent).error());
        options.card = std::move(*lent);
        return options.card.empty() ? std::nullopt : std::optional(options);
    }
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
    look_at_ = kernel_.now() + (lender_ == nullptr ? reopen_pause : answer_pause);
    const Result<std::optional<KmsOptions>> options = find_card();
    if (!options) {
        look_at_ = no_time;
        return events_.push_back(OutputLost{options.error()});
    }
    if (!*options) return;
    if (const Result<> opened = open(**options); !opened) {
        if (lender_ != nullptr) lender_->give_back();
        look_at_ = kernel_.now() + reopen_pause;
        return log_debug("kms", "{}", opened.error().what);
    }
    look_at_ = no_time;
    events_.emplace_back(FormatsChanged{});
    log_info("kms", "{} is back", card_->description().device);
}

/// Of a card that was taken back there is no object left, or whatever a driver makes of that.
bool LastingOutput::is_gone(const Error& error) {
    return error.code == ENODEV || (lender_ != nullptr && (error.code == ENOENT || !lender_->check()));
}

bool LastingOutput::went_in(const Result<>& done) {
    if (done || !is_gone(done.error())) return false;
    go_away();
    return true;
}

Result<> LastingOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    if (card_ == nullptr) return {};
    Result<> configured = card_->configure(pool, info);
    return went_in(configured) ? Result<>() : configured;
}

/// The card's own error comes as an event or from `dispatch` as well; until then the frame is as good as unseen.
Result<> LastingOutput::present(Frame& frame, Nanoseconds target) {
    if (card_ != nullptr) {
        Result<> presented = card_->present(frame, target);
        if (!went_in(presented)) return presented;
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
        if (lost == nullptr || !is_gone(lost->error)) return event;
        go_away();
    }
}

Result<> LastingOutput::dispatch() {
    if (card_ == nullptr) {
        if (look_at_ != no_time && kernel_.now() >= look_at_) look();
        return {};
    }
    if (const Result<> lent = lender_ == nullptr ? Result<>() : lender_->check(); !lent) {
        log_error("kms", "{} is lost: {}", card_->description().connector, lent.error().what);
        go_away();
        return {};
    }
    Result<> dispatched = card_->dispatch();
    return went_in(dispatched) ? Result<>() : dispatched;
}

void LastingOutput::stop() {
    if (card_ != nullptr) card_->stop();
}

} // namespace

Result<std::unique_ptr<Output>> create_lasting_kms_output(const KmsOptions& options, bool lend, Kernel& kernel) {
    auto output = std::make_unique<LastingOutput>(options, lend, nullptr, kernel);
    V4L2PLAY_TRY(output->open(options));
    return output;
}

Result<std::unique_ptr<Output>> create_lent_kms_output(const KmsOptions& options, std::unique_ptr<CardLender> lender,
                                                       Kernel& kernel) {
    auto output = std::make_unique<LastingOutput>(options, false, std::move(lender), kernel);
    V4L2PLAY_TRY(output->open(options));
    return output;
}

} // namespace v4l2play
