#include "render/wayland/wayland_output.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>

#include "decoder/log.h"
#include "render/attempt.h"
#include "render/picture_copier.h"
#include "render/wayland/better_format.h"
#include "render/wayland/commit_answers.h"
#include "render/wayland/commit_ledger.h"
#include "render/wayland/presentation_clock.h"
#include "render/wayland/protocols.h"
#include "render/wayland/readers.h"
#include "render/wayland/scanout_trial.h"
#include "render/wayland/session.h"
#include "render/wayland/title.h"
#include "render/wayland/visibility.h"

namespace v4l2play {
namespace {

// A commit that is not answered by then is one that nobody can see.
constexpr Nanoseconds answer_limit = second / 4;
constexpr Nanoseconds answer_periods = 3;      ///< for that, beside the lead, while pictures follow upon each other
constexpr std::size_t most_owed = 16;          ///< answers of a hidden window: some give them when it is seen again
constexpr Nanoseconds idle_pause = second / 4; ///< without a commit, after which a compositor may have to begin anew
constexpr Nanoseconds full_socket_pause = millisecond;
constexpr Nanoseconds overlay_pause = second / 20; ///< that an overlay waits for a frame to go with
constexpr Nanoseconds pause_limit = 3 * second;    ///< without a frame: paused
constexpr Nanoseconds hoarding_limit = second;
constexpr Nanoseconds reconnect_pause = second / 4;
constexpr Nanoseconds attempt_pause = second / 100;  ///< after which one under way is looked at
constexpr Nanoseconds release_limit = second / 10;   ///< for the compositor to give up what was taken off
constexpr Nanoseconds drawing_limit = second;        ///< no GPU takes as long for a picture
constexpr unsigned overlays_of_a_session = 1U << 20; // so that no two buffers have one number
// One on the screen, one about to be, one that is drawn from.
constexpr unsigned usual_holds = 3;

using SessionAttempt = Attempt<std::unique_ptr<Session>>;

class WaylandOutput final : public Output,
                            public AnswerListener,
                            public BufferCache::Listener,
                            public WindowKeyboard::Listener {
  public:
    WaylandOutput(Kernel& kernel, const WaylandOptions& options, UniqueFd epoll);
    WaylandOutput(const WaylandOutput&) = delete;
    WaylandOutput& operator=(const WaylandOutput&) = delete;
    ~WaylandOutput() override;

    Result<> connect();

    [[nodiscard]] std::vector<FormatModifier> formats() const override { return formats_; }
    [[nodiscard]] std::vector<FormatModifier> drawn_formats() const override { return copied_formats(); }
    [[nodiscard]] unsigned slots_held() const override { return usual_holds + 1; }
    [[nodiscard]] bool ready() const override;
    [[nodiscard]] VblankTiming timing() const override { return clock_.timing(); }
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    [[nodiscard]] bool takes_fences() const override { return takes_fences_ && !copying_; }
    std::optional<OutputEvent> next_event() override { return ledger_.next_event(); }
    [[nodiscard]] int fd() const override { return epoll_.get(); }
    [[nodiscard]] Nanoseconds next_timeout() const override;
    Result<> dispatch() override;
    void stop() override;
    void set_title(std::string_view name) override;
    [[nodiscard]] bool compromises() const override { return copying_; }
    [[nodiscard]] Rect overlay_area() const override;
    std::optional<OverlayBuffer> acquire_overlay(std::uint32_t width, std::uint32_t height) override;
    void show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) override;
    void hide_overlay() override;
    [[nodiscard]] OutputDescription description() const override;

  private:
    void on_presented(Commit& commit, const Presentation& presentation) override;
    void on_discarded(Commit& commit) override;
    void on_frame(Commit& commit) override;
    [[nodiscard]] Nanoseconds to_monotonic(Nanoseconds time) const override {
        return session_->connection().to_monotonic(time, kernel_.now());
    }
    void on_release(Commit& commit) override;
    void on_wish(WindowKeyboard::Wish wish) override;
    void follow_formats(Nanoseconds now);
    [[nodiscard]] const FormatModifier* format_in_use() const {
        return generation_ == 0 || copying_ ? nullptr : &format_;
    }
    void choose_surface();
    Result<> choose_copying(const FrameFormat& format);
    Result<> commit(Frame& frame, Nanoseconds target, Nanoseconds now);
    Result<> commit_copy(Frame& frame, Nanoseconds target, Nanoseconds now);
    void pass_on(const UniqueFd& fence, const SlotRef& slot);
    void show(Commit& commit, wl_buffer* buffer, Nanoseconds target, Nanoseconds now);
    [[nodiscard]] Nanoseconds next_commit() const;
    [[nodiscard]] Nanoseconds hidden_at() const;
    [[nodiscard]] bool is_held_back() const;
    [[nodiscard]] Result<> unseen(Frame& frame);
    void set_time(Nanoseconds target, Nanoseconds now);
    void flush();
    void lose(Error error);
    void drop_session(const char* why);
    void take_session(std::unique_ptr<Session> session);
    void reconnect();
    void give_up_on_answers(Nanoseconds now);
    void watch_holds(Nanoseconds now);
    void take_readers();
    void commit_overlay(Nanoseconds now);
    bool wait_for_releases(Nanoseconds limit);
    [[nodiscard]] OutputDescription describe() const;

    Kernel& kernel_;
    WaylandOptions options_; ///< with the title of now
    const UniqueFd epoll_;   ///< what the loop waits for: the connection, and the readers of released slots
    CommitLedger ledger_;
    Readers readers_;
    PresentationClock clock_;
    std::unique_ptr<Session> session_; ///< null while there is no compositor
    std::vector<FormatModifier> formats_;
    BetterFormat better_;
    ScanoutTrial trial_;

    std::uint32_t generation_ = 0; ///< of the pool that is configured
    FormatModifier format_;        ///< its
    bool copying_ = false;         ///< what is in it
    bool takes_fences_ = true;     ///< as far as was tried
    unsigned most_held_ = 0;       ///< with more held than that, the decoder has none
    unsigned held_seen_ = 0;       ///< with the last commit to a window that was not hidden
    FrameInfo info_;
    Nanoseconds committed_ = no_time; ///< the last commit
    bool resumed_ = false;            ///< that one came after a pause
    bool idle_ = false;               ///< a long one
    Nanoseconds flush_at_ = no_time;
    Nanoseconds dispatch_at_ = no_time; ///< after imports: events that were read on the way wait, and wake nobody
    Nanoseconds overlay_at_ = no_time;  ///< when the overlay gets a commit of its own
    unsigned first_overlay_ = 0;        ///< number of this session's first overlay buffer
    Nanoseconds hoarding_since_ = no_time;
    bool hoarding_told_ = false;
    bool playing_ = false; ///< as far as one can see
    Visibility visibility_;
    bool lost_told_ = false;
    OutputPath path_ = OutputPath::None;
    Nanoseconds lost_at_ = no_time;
    Nanoseconds reconnect_at_ = no_time;
    std::unique_ptr<SessionAttempt> attempt_; ///< under way
    bool given_up_ = false;                   ///< the compositor does not come back
    Error loss_;
    OutputDescription description_; ///< as of the last session
};

WaylandOutput::WaylandOutput(Kernel& kernel, const WaylandOptions& options, UniqueFd epoll)
    : kernel_(kernel)
    , options_(options)
    , epoll_(std::move(epoll))
    , readers_(kernel, epoll_.get()) {}

WaylandOutput::~WaylandOutput() {
    stop();
    drop_session("stopped");
    // Nobody would wake us after this; a GPU's job takes milliseconds.
    for (Nanoseconds end = kernel_.now() + second; !readers_.empty() && kernel_.now() < end; take_readers())
        kernel_.poll(-1, 0, millisecond);
}

Result<> WaylandOutput::connect() {
    auto session = Session::open(kernel_, options_, epoll_.get(), *this, *this, nullptr);
    if (!session) return fail(std::move(session).error());
    take_session(std::move(*session));
    return {};
}

void WaylandOutput::take_session(std::unique_ptr<Session> session) {
    session_ = std::move(session);
    formats_ = session_->formats().for_decoders();
    first_overlay_ += overlays_of_a_session;
    generation_ = 0;
    held_seen_ = 0;
    playing_ = false;
    trial_ = {};
    hoarding_told_ = false;
    clock_.forget_lead();
    visibility_ = {};
    lost_told_ = false;
}

/// The way to the screen has changed. All that was imported can be shown; what is to come may be better.
void WaylandOutput::follow_formats(Nanoseconds now) {
    if (session_->take_format_change() && !session_->connection().must_copy()) {
        formats_ = session_->formats().for_decoders();
        better_.note_change(now);
        const std::string text = session_->scanout_text(format_in_use());
        log_info("wayland", "the compositor's formats have changed; {}", text.empty() ? "none is scanned out" : text);
    }
    if (better_.take(now, session_->formats(), format_in_use())) ledger_.tell(FormatsChanged{});
}

Result<> WaylandOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    if (session_ == nullptr) return {};
    const bool rgb = pool->format().fourcc == fourcc_xrgb;
    V4L2PLAY_TRY(choose_copying(pool->format()));
    if (!copying_) {
        dispatch_at_ = kernel_.now();
        if (auto imported = session_->buffers().import(*pool); !imported) {
            if (imported.error().code == ENOTSUP) return imported;
            lose(std::move(imported).error());
            return {};
        }
        session_->buffers().keep_only(pool->generation());
    }
    generation_ = pool->generation();
    format_ = {pool->format().fourcc, pool->format().modifier};
    most_held_ = std::max(pool->count(), 2U) - 1;
    info_ = info;
    if (rgb || copying_)
        session_->window()->set_rgb_picture(info);
    else
        session_->window()->set_picture(info, {pool->format().coded_width, pool->format().coded_height});
    return {};
}

/// What the compositor takes as it is goes as it is. RGB has been drawn for that.
Result<> WaylandOutput::choose_copying(const FrameFormat& format) {
    const bool taken = session_->connection().formats().modifier_for({format.fourcc, format.modifier}).has_value();
    const bool before =
        std::exchange(copying_, !taken && format.fourcc != fourcc_xrgb && session_->copies() != nullptr);
    if (!copying_) return {};
    V4L2PLAY_TRY(check_copied(format));
    session_->buffers().leave_explicit_sync();
    if (!before && !session_->connection().must_copy())
        log_warning("wayland", "the compositor takes no {}; frames are copied", to_string(format.fourcc));
    return {};
}

/// While the window is hidden no answer is waited for.
bool WaylandOutput::ready() const {
    if (session_ == nullptr || (ledger_.unanswered() == 0 && !visibility_.hidden())) return true;
    const Nanoseconds next = next_commit();
    return next == no_time ? visibility_.hidden() : kernel_.recently() >= next;
}

/// When a commit may follow those that are not answered yet; no_time: when they are. One commit a refresh, or the
/// second would replace the first unseen; and no more ahead than the compositor takes to show them. The first after a
/// pause is waited for: a compositor that was idle may take longer to begin than to go on.
Nanoseconds WaylandOutput::next_commit() const {
    const bool enough = ledger_.unanswered() > 1 + clock_.most_lead() || (resumed_ && clock_.lead() == 0);
    return enough && !visibility_.hidden() ? no_time : clock_.next_period(committed_);
}

/// When the window is to be taken for hidden, if no answer comes before. Soon, while pictures follow upon each other:
/// what the compositor has got last is what is seen first when it is shown again. After a pause it may take its time.
Nanoseconds WaylandOutput::hidden_at() const {
    if (visibility_.hidden() || ledger_.unanswered() == 0) return no_time;
    const Nanoseconds periods = (answer_periods + clock_.most_lead()) * clock_.timing().period;
    return ledger_.unanswered_since() + (idle_ || periods <= 0 ? answer_limit : periods);
}

/// While the window is hidden its compositor is given one buffer more than it had when it was seen, if that is not the
/// usual handful: who keeps them all must not starve the decoder.
bool WaylandOutput::is_held_back() const {
    return visibility_.hidden() && ledger_.held() >= std::max(std::min(slots_held(), most_held_), held_seen_ + 1);
}

Result<> WaylandOutput::unseen(Frame& frame) {
    ledger_.discard(frame, "the window is hidden");
    return {};
}

Result<> WaylandOutput::present(Frame& frame, Nanoseconds target) {
    if (!ready()) return fail(EBUSY, "the last frame has not been shown yet", "present");
    const Nanoseconds now = kernel_.recently();
    SlotPool& pool = frame.slot.pool();
    if (session_ != nullptr && (pool.generation() != generation_ || !(frame.info == info_)))
        V4L2PLAY_TRY(configure(pool.shared_from_this(), frame.info));
    if (session_ == nullptr) {
        ledger_.discard(frame, "the compositor is away");
        return {};
    }
    if (is_held_back()) return unseen(frame);
    session_->window()->refresh(); // by a commit of its own, before anything is said of the frame's
    choose_surface();
    return copying_ ? commit_copy(frame, target, now) : commit(frame, target, now);
}

/// A new surface has a new overlay, whose buffers are other memory.
void WaylandOutput::choose_surface() {
    const FormatModifier* format = format_in_use();
    const bool possible =
        format != nullptr && session_->window()->fills_screen() && session_->formats().scans_out(*format);
    const bool whole = trial_.choose(possible);
    if (!session_->set_whole(whole)) return;
    first_overlay_ += overlays_of_a_session;
    log_debug("wayland", "the picture is {}", whole ? "the window itself from now on" : "upon the window again");
}

/// The slot is free as soon as it is copied.
Result<> WaylandOutput::commit_copy(Frame& frame, Nanoseconds target, Nanoseconds now) {
    auto buffer = session_->copies()->copy(frame);
    if (!buffer && buffer.error().code == EBUSY && visibility_.hidden()) return unseen(frame);
    if (!buffer) return fail(std::move(buffer).error());
    Commit& commit = ledger_.add(std::move(frame.slot), frame, now);
    ledger_.released(commit, now);
    show(commit, *buffer, target, now);
    return {};
}

/// Commits the buffer and asks what becomes of it.
void WaylandOutput::show(Commit& commit, wl_buffer* buffer, Nanoseconds target, Nanoseconds now) {
    commit.hidden = visibility_.hidden();
    if (!commit.hidden) held_seen_ = ledger_.held();
    if (commit.hidden && ledger_.owed() >= most_owed)
        ledger_.unseen(commit, "the window is hidden");
    else
        ask_for_answer(session_->connection().globals(), session_->window()->surface(), commit, *this);
    set_time(target, now);
    session_->window()->set_playing(playing_ = true);
    session_->window()->show(buffer);
    overlay_at_ = no_time;
    resumed_ = committed_ == no_time || now - committed_ > 2 * clock_.timing().period;
    commit.idle = idle_ = committed_ == no_time || now - committed_ > idle_pause;
    committed_ = now;
    flush();
}

Result<> WaylandOutput::commit(Frame& frame, Nanoseconds target, Nanoseconds now) {
    SlotPool& pool = frame.slot.pool();
    const std::size_t known = session_->buffers().size();
    const Result<ImportedBuffer*> buffer = session_->buffers().get(pool, frame.slot.index());
    if (session_->buffers().size() != known) dispatch_at_ = now;
    if (!buffer) {
        if (buffer.error().code == ENOTSUP) return fail(buffer.error());
        lose(buffer.error());
        ledger_.discard(frame, "the compositor is away");
        return {};
    }
    Result<SlotRef> slot = pool.export_to_presenter(frame.slot);
    if (!slot) return fail(std::move(slot).error());
    pass_on(frame.acquire_fence, *slot);
    Commit& commit = ledger_.add(std::move(*slot), frame, now);
    frame.slot.reset();
    if (auto expected = session_->buffers().expect_release(**buffer, commit); !expected) {
        ledger_.unseen(commit, "the compositor is away");
        ledger_.released(commit, now);
        lose(std::move(expected).error());
        return {};
    }
    show(commit, (*buffer)->proxy.get(), target, now);
    return {};
}

/// To the compositor, who waits for it; where it cannot be told, we do, and are given no more.
void WaylandOutput::pass_on(const UniqueFd& fence, const SlotRef& slot) {
    if (!fence) return;
    const SlotMemory& memory = slot.pool().memory(slot.index());
    const Result<> passed = session_->buffers().set_acquire_fence(kernel_, memory, fence);
    if (passed) return;
    log_info("wayland", "the compositor cannot wait for what is drawn ({})", passed.error().what);
    takes_fences_ = false;
    kernel_.poll(fence.get(), POLLIN, drawing_limit);
}

/// Neither replaced unseen nor early, where the compositor can see to that. The clock that targets are planned by is
/// ahead by the lead; half a period before is late enough to be that vblank's and early enough not to miss it.
void WaylandOutput::set_time(Nanoseconds target, Nanoseconds now) {
    SurfaceHints& hints = session_->window()->hints();
    if (!visibility_.hidden()) hints.queue();
    const VblankTiming timing = clock_.timing();
    if (timing.period <= 0 || target <= now || target > now + second) return;
    if (session_->connection().presentation_clock() != CLOCK_MONOTONIC) return;
    hints.set_time(target + static_cast<Nanoseconds>(clock_.lead()) * timing.period - timing.period / 2);
}

void WaylandOutput::flush() {
    if (session_ == nullptr) return;
    flush_at_ = session_->connection().flush() ? kernel_.recently() + full_socket_pause : no_time;
}

void WaylandOutput::on_presented(Commit& commit, const Presentation& presentation) {
    visibility_.seen();
    if (!session_->window()->overlay().is_shown()) trial_.note(presentation.scanned_out);
    path_ = presentation.scanned_out ? OutputPath::Plane : OutputPath::Composited;
    if (copying_) path_ = OutputPath::Copied;
    // When one was shown that waited until somebody looked says nothing of how early to commit.
    const Nanoseconds committed = commit.hidden ? presentation.time : commit.time;
    const std::uint64_t sequence = clock_.presented(committed, presentation.time, presentation.period, commit.idle);
    ledger_.shown(commit, presentation.time, sequence, path_, presentation.msc);
}

void WaylandOutput::on_discarded(Commit& commit) {
    visibility_.discarded();
    ledger_.unseen(commit, "the compositor did not show it");
}

/// Without presentation feedback: it has been drawn, and when is anyone's guess.
void WaylandOutput::on_frame(Commit& commit) {
    visibility_.seen();
    path_ = copying_ ? OutputPath::Copied : OutputPath::Composited;
    const Nanoseconds now = kernel_.now();
    ledger_.shown(commit, now, clock_.presented(commit.time, now, 0), path_);
}

void WaylandOutput::on_release(Commit& commit) {
    hoarding_since_ = no_time; // it may keep many, and does let go
    const SlotMemory& memory = commit.slot.pool().memory(commit.slot.index());
    if (Readers::has_left(memory))
        ledger_.released(commit, kernel_.recently());
    else
        readers_.wait_for(commit);
}

void WaylandOutput::on_wish(WindowKeyboard::Wish wish) {
    constexpr OutputKey keys[] = {OutputKey::Quit,    OutputKey::Pause,      OutputKey::Back, OutputKey::Forward,
                                  OutputKey::FarBack, OutputKey::FarForward, OutputKey::Stats};
    if (wish != WindowKeyboard::Wish::Fullscreen) return ledger_.tell(KeyPressed{keys[static_cast<int>(wish)]});
    if (session_ != nullptr && session_->window() != nullptr) session_->window()->toggle_fullscreen();
}

void WaylandOutput::take_readers() {
    while (Commit* commit = readers_.next_done()) ledger_.released(*commit, kernel_.recently());
}

Nanoseconds WaylandOutput::next_timeout() const {
    if (session_ == nullptr) return given_up_ ? no_time : reconnect_at_;
    Nanoseconds next = dispatch_at_;
    const auto sooner = [&](Nanoseconds time) {
        if (time != no_time && (next == no_time || time < next)) next = time;
    };
    sooner(flush_at_);
    sooner(overlay_at_);
    sooner(better_.due());
    if (playing_) sooner(committed_ + pause_limit);
    if (!hoarding_told_ && hoarding_since_ != no_time) sooner(hoarding_since_ + hoarding_limit);
    sooner(hidden_at());
    if (ledger_.unanswered() != 0) sooner(ledger_.unanswered_since() + answer_limit);
    if (!ready()) sooner(next_commit());
    return next;
}

Result<> WaylandOutput::dispatch() {
    const Nanoseconds now = kernel_.now(); // whatever the caller has waited in
    dispatch_at_ = no_time;
    if (session_ == nullptr) {
        reconnect();
    } else if (auto dispatched = session_->dispatch(); !dispatched) {
        lose(std::move(dispatched).error());
    }
    take_readers();
    if (session_ == nullptr) return {};
    Window& window = *session_->window();
    follow_formats(now);
    if (window.is_suspended()) visibility_.hide();
    if (window.take_close()) ledger_.tell(KeyPressed{OutputKey::Quit});
    if (window.refresh()) overlay_at_ = no_time;
    commit_overlay(now);
    if (playing_ && now >= committed_ + pause_limit) window.set_playing(playing_ = false);
    give_up_on_answers(now);
    watch_holds(now);
    flush();
    return {};
}

/// Playback's clock goes on though nobody looks: compositors answer for what they show, and for nothing else.
void WaylandOutput::give_up_on_answers(Nanoseconds now) {
    if (const Nanoseconds at = hidden_at(); at != no_time && now >= at) visibility_.hide();
    ledger_.give_up_on_answers(now - answer_limit, "the window is hidden");
}

/// A compositor that releases nothing starves the decoder. It is named; taking a buffer from it is no cure. So is one
/// that has lost some.
void WaylandOutput::watch_holds(Nanoseconds now) {
    if (const unsigned lost = ledger_.lost(); lost > 0 && !std::exchange(lost_told_, true))
        log_warning("wayland", "the compositor at {} does not release all buffers: {} of pictures long gone so far",
                    session_->connection().peer(), lost);
    if (ledger_.held() <= std::min(slots_held(), most_held_)) {
        hoarding_since_ = no_time;
    } else if (hoarding_since_ == no_time) {
        hoarding_since_ = now;
    } else if (now >= hoarding_since_ + hoarding_limit && !std::exchange(hoarding_told_, true)) {
        log_warning("wayland", "the compositor at {} holds {} buffers and releases none: the decoder has to wait",
                    session_->connection().peer(), ledger_.held());
    }
}

void WaylandOutput::lose(Error error) {
    const bool wait = options_.reconnect_limit > 0;
    log_warning("wayland", "{}{}", error.what,
                wait ? fmt::format(": playing on unseen, and waiting {} s for it", options_.reconnect_limit / second)
                     : "");
    loss_ = std::move(error);
    drop_session("the compositor is away");
    lost_at_ = kernel_.now();
    reconnect_at_ = lost_at_ + reconnect_pause;
    given_up_ = options_.reconnect_limit == 0;
    if (given_up_) ledger_.tell(OutputLost{loss_});
}

/// Nobody is left who could show or release anything; the fences of jobs that were under way are waited for.
void WaylandOutput::drop_session(const char* why) {
    if (session_ == nullptr) return;
    ledger_.forget_answers(why);
    visibility_ = {};
    if (session_->window() != nullptr) description_ = describe();
    kernel_.epoll_remove(epoll_.get(), session_->connection().fd());
    std::vector<Commit*> orphans;
    for (const auto& buffer : session_->buffers().buffers())
        if (Commit* commit = std::exchange(buffer->commit, nullptr)) orphans.push_back(commit);
    session_.reset();
    flush_at_ = overlay_at_ = no_time;
    for (Commit* orphan : orphans) on_release(*orphan);
}

/// One attempt after the other, each in a thread of its own.
void WaylandOutput::reconnect() {
    const Nanoseconds now = kernel_.now();
    if (given_up_ || now < reconnect_at_) return;
    if (attempt_ == nullptr)
        attempt_ = std::make_unique<SessionAttempt>([this, options = options_](const std::atomic<bool>& cancelled) {
            return Session::open(kernel_, options, epoll_.get(), *this, *this, &cancelled);
        });
    if (attempt_->is_done()) {
        auto session = attempt_->take();
        attempt_.reset();
        if (session) {
            take_session(std::move(*session));
            session_->window()->set_title(options_.title); // it may have changed since
            log_info("wayland", "the compositor is back");
            return;
        }
    }
    reconnect_at_ = now + (attempt_ == nullptr ? reconnect_pause : attempt_pause);
    if (now < lost_at_ + options_.reconnect_limit) return;
    attempt_.reset();
    given_up_ = true;
    ledger_.tell(OutputLost{loss_});
}

bool WaylandOutput::wait_for_releases(Nanoseconds limit) {
    const Nanoseconds until = kernel_.now() + limit;
    for (Nanoseconds now = kernel_.now(); session_ != nullptr && ledger_.held() != 0 && now < until;
         now = kernel_.now()) {
        kernel_.poll(epoll_.get(), POLLIN, until - now);
        if (auto dispatched = session_->dispatch(); !dispatched) return false;
        take_readers();
    }
    return ledger_.held() == 0;
}

/// Nothing of ours is shown once the window is gone and the compositor has answered that. Not all release then what
/// they had; those that do are waited for, because a plane may be scanning it out until the next refresh.
void WaylandOutput::stop() {
    attempt_.reset();
    if (session_ == nullptr) return;
    ledger_.forget_answers("stopped");
    description_ = describe();
    session_->close_window();
    const bool answered = session_->connection().roundtrip(release_limit).has_value();
    if (!answered || !wait_for_releases(release_limit))
        log_info("wayland", "the compositor at {} keeps {} buffers of a window that is gone", description_.device,
                 ledger_.held());
    drop_session("stopped");
    given_up_ = true;
}

void WaylandOutput::set_title(std::string_view name) {
    options_.title = window_title(name);
    if (session_ == nullptr) return;
    session_->window()->set_title(options_.title);
    flush();
}

Rect WaylandOutput::overlay_area() const {
    if (session_ == nullptr || !session_->window()->overlay().can_show()) return {};
    const PixelSize area = session_->window()->area();
    return {0, 0, area.width, area.height};
}

std::optional<OverlayBuffer> WaylandOutput::acquire_overlay(std::uint32_t width, std::uint32_t height) {
    if (session_ == nullptr) return std::nullopt;
    auto overlay = session_->window()->overlay().acquire(width, height);
    if (overlay) overlay->index += first_overlay_;
    return overlay;
}

void WaylandOutput::show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) {
    if (session_ == nullptr || !session_->window()->overlay().show(overlay, x, y)) return;
    if (overlay_at_ == no_time) overlay_at_ = kernel_.now() + overlay_pause;
}

void WaylandOutput::hide_overlay() {
    if (session_ == nullptr || !session_->window()->overlay().hide()) return;
    if (overlay_at_ == no_time) overlay_at_ = kernel_.now() + overlay_pause;
}

void WaylandOutput::commit_overlay(Nanoseconds now) {
    if (overlay_at_ == no_time || now < overlay_at_) return;
    session_->window()->commit_overlay();
    overlay_at_ = no_time;
}

OutputDescription WaylandOutput::description() const { return session_ == nullptr ? description_ : describe(); }

OutputDescription WaylandOutput::describe() const {
    OutputDescription description = session_->describe(format_in_use());
    description.path = path_;
    // Where it starves the decoder, no picture comes that could tell: all but the one on the screen.
    const bool starves = hoarding_told_ && hoarding_since_ != no_time && ledger_.held() != 0;
    description.never_released = starves ? ledger_.held() - 1 : ledger_.lost();
    return description;
}

} // namespace

Result<std::unique_ptr<Output>> create_wayland_output(const WaylandOptions& options, Kernel& kernel) {
    const int epoll = kernel.epoll_create();
    if (epoll < 0) return fail(-epoll, "cannot create an epoll descriptor", "epoll_create");
    auto output = std::make_unique<WaylandOutput>(kernel, options, UniqueFd(kernel, epoll));
    V4L2PLAY_TRY(output->connect());
    return output;
}

} // namespace v4l2play
