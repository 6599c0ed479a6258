#include "render/kms/kms_output.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "decoder/log.h"
#include "render/kms/arranger.h"
#include "render/kms/await_screen.h"
#include "render/kms/card_memory.h"
#include "render/kms/clone_output.h"
#include "render/kms/flip_queue.h"
#include "render/kms/hotplug.h"
#include "render/kms/mode.h"
#include "render/kms/overlay_layer.h"
#include "render/kms/refusal.h"
#include "render/kms/session.h"
#include "render/kms/vblank.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds flip_limit = 3 * second; // a display that has not flipped by then will not
constexpr Nanoseconds busy_pause = millisecond;
constexpr Nanoseconds recovery_pause = second / 2;
constexpr Nanoseconds look_pause = second;
constexpr Nanoseconds look_grace = second / 10; // by then a flip has woken us, where frames are shown
constexpr Nanoseconds landing_pause = second / 50;
constexpr Nanoseconds long_pause = 3 * second; // between looks at a display that is said to be away

class KmsOutput final : public Output {
  public:
    /// `device` and `seat`: null when they are another output's, which lives longer.
    KmsOutput(Kernel& kernel, std::unique_ptr<Seat> seat, std::unique_ptr<KmsDevice> device,
              std::unique_ptr<Screen> screen, const KmsOptions& options);
    KmsOutput(const KmsOutput&) = delete;
    KmsOutput& operator=(const KmsOutput&) = delete;
    ~KmsOutput() override { stop(); }

    [[nodiscard]] std::vector<FormatModifier> formats() const override { return formats_; }
    [[nodiscard]] unsigned slots_held() const override { return 3; }
    [[nodiscard]] bool ready() const override { return lost_ || gone_ || (!queue_.waiting() && !queue_.flying()); }
    [[nodiscard]] VblankTiming timing() const override;
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    [[nodiscard]] bool takes_fences() const override {
        return arranger_.planned() && arranger_.current().plane->in_fence_fd.writable();
    }
    std::optional<OutputEvent> next_event() override { return queue_.next_event(); }
    [[nodiscard]] int fd() const override { return session_.fd(); }
    [[nodiscard]] Nanoseconds next_timeout() const override;
    Result<> dispatch() override;
    void stop() override;
    [[nodiscard]] Rect screen() const override { return {0, 0, screen_->size().width, screen_->size().height}; }
    [[nodiscard]] bool compromises() const override { return arranger_.compromises(); }
    [[nodiscard]] Rect overlay_area() const override;
    std::optional<OverlayBuffer> acquire_overlay(std::uint32_t width, std::uint32_t height) override {
        return overlay_.acquire({width, height}, screen_->size());
    }
    void show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) override {
        overlay_.show(overlay, x, y, screen_->size());
        time_overlay();
    }
    void hide_overlay() override {
        overlay_.hide();
        time_overlay();
    }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel) override {
        return create_card_memory(kernel, card());
    }
    Result<std::unique_ptr<SlotAllocator>> create_own_memory(Kernel& kernel) override {
        return create_dumb_memory(kernel, card());
    }
    [[nodiscard]] OutputDescription description() const override;

  private:
    [[nodiscard]] int card() const { return screen_->device().fd(); }
    Result<> light();
    Result<> fit_mode(const FrameFormat& format, const FrameInfo& info, std::uint32_t framebuffer);
    void time_overlay();
    void commit_overlay(Nanoseconds now);
    int place(const Scene& scene);
    int start_flip(const HeldFrame& frame);
    void commit_waiting(Nanoseconds now);
    void on_commit(int error, Nanoseconds& retry_at, Nanoseconds now);
    void lose(int error, const char* what);
    void stand_aside();
    [[nodiscard]] const char* why_unseen() const {
        return session_.active() ? "the display is gone" : "another session has the display";
    }
    void follow_session(bool busy);
    void recover();
    bool end_flip();
    void look_for_display(Nanoseconds now);
    void go_away(const Error& why);
    void come_back();
    Result<> take_flips(Nanoseconds now);
    void on_flip(const drm_event_vblank& event, Nanoseconds now);
    void drop_old_framebuffers();
    void wait_for_flip();

    Kernel& kernel_;
    HotplugMonitor hotplug_;
    KmsSession session_; // first in, last out: it has lent the card, and the picture goes before the text comes
    std::unique_ptr<KmsDevice> device_;
    std::unique_ptr<Screen> screen_;
    FramebufferCache framebuffers_;
    OverlayLayer overlay_;
    Arranger arranger_;
    FlipQueue queue_;
    std::vector<FormatModifier> formats_;
    VblankClock clock_;

    std::uint32_t generation_ = 0; ///< of the pool that is configured
    FrameInfo info_;
    PlanePlan placed_; ///< the arrangement that the last accepted commit has; plane null = none of ours
    bool old_generations_ = false;
    bool fitted_ = false; ///< whether the mode is to be another one has been thought about

    bool overlay_flying_ = false;      ///< a commit that is the overlay's alone is in flight
    Nanoseconds overlay_at_ = no_time; ///< when the overlay stops waiting for a frame
    Nanoseconds video_time_ = 0;       ///< of the last flip of the video
    Nanoseconds last_interval_ = 0;    ///< between the last two
    Nanoseconds video_interval_ = 0;   ///< the shorter of the last two of these

    std::uint64_t commits_ = 0; ///< travels with each commit, so that its event is known
    Nanoseconds commit_at_ = no_time;
    Nanoseconds deadline_ = no_time; ///< for the flip in flight, or for the end of EBUSY
    Nanoseconds look_at_ = 0;
    Nanoseconds looked_at_ = 0; ///< at a display that is away
    bool told_ = false;         ///< of a change, and has not looked yet
    bool gone_ = false;         ///< the display is not connected
    bool lost_ = false;         ///< commits fail
    bool dead_ = false;         ///< there is no card any more
    Nanoseconds recover_at_ = 0;
};

KmsOutput::KmsOutput(Kernel& kernel, std::unique_ptr<Seat> seat, std::unique_ptr<KmsDevice> device,
                     std::unique_ptr<Screen> screen, const KmsOptions& options)
    : kernel_(kernel)
    , hotplug_(kernel, screen->device().path())
    , session_(kernel, std::move(seat), options, screen->device().fd(), hotplug_.fd(), device != nullptr)
    , device_(std::move(device))
    , screen_(std::move(screen))
    , framebuffers_(screen_->device())
    , overlay_(screen_->device())
    , arranger_(*screen_, options.rotation)
    , formats_(offered_formats(screen_->planes()))
    , clock_(options.before) {
    clock_.set_refresh(refresh_rate(screen_->mode()));
    look_at_ = kernel_.now() + look_pause;
    if (screen_->lacks_variable_refresh())
        log_warning("kms", "{} has no variable refresh rate: --vrr changes nothing", screen_->connector().name);
}

/// With a variable refresh rate the mode's own is only the fastest.
VblankTiming KmsOutput::timing() const {
    VblankTiming timing = clock_.timing();
    if (screen_->variable_refresh()) timing.period = 0;
    return timing;
}

Result<> KmsOutput::light() {
    if (screen_->is_lit()) return {};
    V4L2PLAY_TRY(screen_->light());
    clock_.set_refresh(refresh_rate(screen_->mode()));
    clock_.interrupt();
    placed_ = {};
    arranger_.forget();
    overlay_.take_off();
    screen_->tell_vblank(clock_);
    return {};
}

Result<> KmsOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    queue_.discard_waiting("its format was replaced");
    screen_->set_colors(info);
    V4L2PLAY_TRY(light());
    const Result<std::uint32_t> framebuffer = framebuffers_.get(*pool, 0);
    if (!framebuffer) return fail(ENOTSUP, framebuffer.error().what, framebuffer.error().where);
    V4L2PLAY_TRY(arranger_.plan(pool->format(), info, *framebuffer));
    V4L2PLAY_TRY(fit_mode(pool->format(), info, *framebuffer));
    arranger_.tell();
    for (std::uint32_t i = 1; i < pool->count(); ++i)
        if (const auto other = framebuffers_.get(*pool, i); !other) return fail(other.error());
    old_generations_ = old_generations_ || (generation_ != 0 && generation_ != pool->generation());
    generation_ = pool->generation();
    info_ = info;
    return {};
}

/// Only before anything is shown: displays take seconds to change, and a list of files would flicker.
Result<> KmsOutput::fit_mode(const FrameFormat& format, const FrameInfo& info, std::uint32_t framebuffer) {
    if (std::exchange(fitted_, true) || !arranger_.lacks_scaling()) return {};
    Size picture{info.visible.width, info.visible.height};
    if (arranger_.current().geometry.sideways()) std::swap(picture.width, picture.height);
    const Result<bool> changed = screen_->fit_mode(picture);
    if (!changed || !*changed) return changed ? Result<>() : fail(changed.error());
    V4L2PLAY_TRY(light());
    return arranger_.plan(format, info, framebuffer);
}

Result<> KmsOutput::present(Frame& frame, Nanoseconds target) {
    if (!ready()) return fail(EBUSY, "a flip is pending", "present");
    if (!lost_ && !screen_->is_lent()) stand_aside(); // who shares the card is told by nobody
    if (lost_ || gone_) look_for_display(kernel_.now());
    if (lost_ && !gone_) recover();
    if (lost_ || gone_) {
        queue_.discard({std::move(frame.slot), frame.id, frame.serial, 0}, why_unseen());
        return {};
    }
    SlotPool& pool = frame.slot.pool();
    if (pool.generation() != generation_ || !(frame.info == info_))
        V4L2PLAY_TRY(configure(pool.shared_from_this(), frame.info));
    const Result<std::uint32_t> framebuffer = framebuffers_.get(pool, frame.slot.index());
    if (!framebuffer) return fail(framebuffer.error());
    Result<SlotRef> slot = pool.export_to_presenter(frame.slot);
    if (!slot) return fail(std::move(slot).error());

    queue_.wait({std::move(*slot), frame.id, frame.serial, *framebuffer, std::move(frame.acquire_fence)});
    frame.slot.reset();
    const Nanoseconds now = kernel_.recently();
    commit_at_ = commit_time(clock_.timing(), target, now);
    deadline_ = no_time;
    if (commit_at_ <= now) commit_waiting(now);
    return {};
}

/// Puts the arrangement on the screen; steps down when the driver's tests had promised too much.
int KmsOutput::place(const Scene& scene) {
    const bool other_colors = !screen_->colors_told();
    const int error = screen_->show(scene, ++commits_);
    if (error == 0) {
        if (other_colors) clock_.interrupt(); // the mode may be set anew for them
        placed_ = scene.video;
        overlay_.fly();
    }
    if (!is_refusal(error) || !arranger_.step_down(scene, error)) return error;
    Scene lower = arranger_.scene(scene.framebuffer, overlay_.wanted());
    lower.in_fence = scene.in_fence;
    return place(lower);
}

int KmsOutput::start_flip(const HeldFrame& frame) {
    Scene scene = arranger_.scene(frame.framebuffer, overlay_.wanted());
    scene.in_fence = frame.acquire_fence.get();
    if (!(placed_ == scene.video) || overlay_.changed() || !screen_->colors_told()) return place(scene);
    const int error = screen_->flip(frame.framebuffer, scene.in_fence, ++commits_);
    return is_refusal(error) ? place(scene) : error;
}

void KmsOutput::commit_waiting(Nanoseconds now) {
    if (overlay_flying_) return; // its event comes first
    const int error = start_flip(*queue_.waiting());
    if (error == 0) queue_.fly();
    on_commit(error, commit_at_, now);
}

/// What became of a commit: in flight, to be tried again at `retry_at`, or the display is lost.
void KmsOutput::on_commit(int error, Nanoseconds& retry_at, Nanoseconds now) {
    if (error == -EBUSY) {
        retry_at = now + busy_pause;
        if (deadline_ == no_time) deadline_ = now + flip_limit;
        return;
    }
    retry_at = no_time;
    const bool taken = error == -EACCES || error == -EPERM;
    if (taken && screen_->has_seat()) return stand_aside(); // the seat is about to tell
    if (error != 0) return lose(-error, taken ? "another program has taken the display" : std::strerror(-error));
    overlay_at_ = no_time;
    deadline_ = now + flip_limit;
}

Rect KmsOutput::overlay_area() const {
    const CrtcPlanes& planes = screen_->planes();
    return planes.overlays.empty() && planes.cursors.empty() ? Rect{} : screen();
}

/// A commit of its own must not take the vblank of a frame: frames come as fast as the last three did (the first after
/// a pause or a seek comes late, and the next does not), and when none has come for a while, none will soon.
void KmsOutput::time_overlay() {
    constexpr Nanoseconds late = second / 20;
    if (!overlay_.changed() || queue_.shown() == nullptr || overlay_at_ != no_time) return;
    if (queue_.waiting() || queue_.flying() || overlay_flying_) return; // asked again when that has landed
    const Nanoseconds next_frame = video_time_ + video_interval_;
    const Nanoseconds now = kernel_.now();
    overlay_at_ = now + 3 * clock_.timing().period < next_frame ? now : std::max(now, next_frame + late);
}

void KmsOutput::commit_overlay(Nanoseconds now) {
    overlay_at_ = no_time;
    if (queue_.waiting() || queue_.flying() || overlay_flying_ || lost_) return; // a frame takes it along
    const HeldFrame* shown = queue_.shown();
    const bool complete = placed_.plane != nullptr && !overlay_.changed();
    if (complete || shown == nullptr || shown->slot.key().generation != generation_) return;
    const int error = start_flip(*shown);
    overlay_flying_ = error == 0;
    on_commit(error, overlay_at_, now);
}

/// Whatever is on the screen stays held: only `stop`, or the flip if it comes yet, tells that it is not read any more.
void KmsOutput::lose(int error, const char* what) {
    const std::string connector = screen_->connector().name;
    const bool revoked = error == ENOENT && screen_->device().is_revoked();
    if (revoked) what = "the lease was taken back";
    log_error("kms", "{} is lost: {}", connector, what);
    stand_aside();
    const bool for_good = error == ENODEV || revoked;
    dead_ = dead_ || for_good;
    if (for_good) queue_.tell(OutputLost{{error, fmt::format("{}: {}", connector, what), "DRM_IOCTL_MODE_ATOMIC"}});
}

void KmsOutput::stand_aside() {
    lost_ = true;
    commit_at_ = overlay_at_ = deadline_ = no_time;
    recover_at_ = kernel_.now() + recovery_pause;
    queue_.discard_waiting(why_unseen());
}

/// The clock goes on while another session has the display; what is due when it comes back is shown then.
void KmsOutput::follow_session(bool busy) {
    if (!session_.dispatch(busy)) return;
    log_info("kms", "{} is {}", screen_->connector().name, session_.active() ? "ours again" : "another session's now");
    if (!session_.active()) return stand_aside();
    recover_at_ = look_at_ = 0;
    recover();
}

/// A flip that never completes. Once a commit that waits has turned the display off, nothing is read any more.
bool KmsOutput::end_flip() {
    if (screen_->turn_off() != 0) return false;
    queue_.take_off("its flip never completed");
    overlay_.take_off();
    overlay_flying_ = false;
    return true;
}

/// Another program may have given the display back, or the driver found its feet. A flip in flight must end first.
void KmsOutput::recover() {
    if (kernel_.now() < recover_at_) return;
    recover_at_ = kernel_.now() + recovery_pause;
    if (!screen_->take_back()) return;
    if ((queue_.flying() || overlay_flying_) && !end_flip()) return;
    if (!light()) return;
    log_info("kms", "{} is back", screen_->connector().name);
    lost_ = false;
    commit_overlay(kernel_.now()); // and with it what was on the screen: playback may be paused
}

/// At once when the kernel tells of a change; also now and then, since it may have told while nobody listened, and a
/// display that is away may come without being told of.
void KmsOutput::look_for_display(Nanoseconds now) {
    const bool due = now >= look_at_;
    if (due || session_.hotplug_told()) told_ = hotplug_.changed() || told_;
    if (!due && !told_) return;
    look_at_ = now + look_pause;
    if (!session_.active()) return;
    const bool told = std::exchange(told_, false);
    if (hotplug_.removed() && !dead_) return lose(ENODEV, "its card is gone");
    if (!told && (!gone_ || now - looked_at_ < long_pause)) return;
    looked_at_ = now;
    const Result<bool> changed = screen_->look_again();
    if (!changed && !gone_) go_away(changed.error());
    if (changed && (gone_ || *changed)) come_back();
}

/// The decoder and the clock go on; frames are discarded until a display is there.
void KmsOutput::go_away(const Error& why) {
    log_warning("kms", "{}: waiting for a display", why.what);
    gone_ = true;
    commit_at_ = overlay_at_ = no_time;
    queue_.discard_waiting("no display is connected");
}

/// The same mode or another one; everything is arranged anew for it.
void KmsOutput::come_back() {
    gone_ = true;
    if (queue_.flying() || overlay_flying_) {
        look_at_ = kernel_.now() + landing_pause; // that flip comes first, or never
        looked_at_ = 0;
        if (!lost_ || !end_flip()) return;
    }
    if (!screen_->take_back()) return;
    const bool was_off = screen_->turn_off() == 0; // also where the mode is the same: the display may have forgotten it
    if (was_off) queue_.take_off("the display was away");
    if (const Result<> lit = light(); !lit) return log_warning("kms", "{}", lit.error().what);
    generation_ = 0; // the next frame is configured for
    old_generations_ = true;
    gone_ = lost_ = false;
    log_info("kms", "{} is back at {}", screen_->connector().name, mode_name(screen_->mode()));
}

Nanoseconds KmsOutput::next_timeout() const {
    Nanoseconds earliest = deadline_;
    const auto consider = [&](Nanoseconds time) {
        if (time != no_time) earliest = earliest == no_time ? time : std::min(earliest, time);
    };
    if (queue_.waiting() && !overlay_flying_) consider(commit_at_);
    consider(overlay_at_);
    consider(look_at_ + look_grace);
    if (screen_->device().has_flip(screen_->crtc())) consider(0); // another screen's output has read it
    return earliest;
}

Result<> KmsOutput::dispatch() {
    const Nanoseconds flipped = clock_.timing().last_time;
    const Nanoseconds now = kernel_.now(); // whatever the caller has waited in
    V4L2PLAY_TRY(take_flips(now));
    follow_session(clock_.timing().last_time != flipped);
    while (const auto key = session_.next_key()) queue_.tell(KeyPressed{*key});
    if (queue_.waiting() && now >= commit_at_) commit_waiting(now);
    if (overlay_at_ != no_time && now >= overlay_at_) commit_overlay(now);
    look_for_display(now);
    if (deadline_ != no_time && now >= deadline_) lose(ETIMEDOUT, "no flip for 3 seconds");
    return {};
}

Result<> KmsOutput::take_flips(Nanoseconds now) {
    KmsDevice& device = screen_->device();
    V4L2PLAY_TRY(device.read_events());
    while (const auto event = device.take_flip(screen_->crtc())) on_flip(*event, now);
    return {};
}

void KmsOutput::on_flip(const drm_event_vblank& event, Nanoseconds now) {
    if (event.user_data != commits_ || (!queue_.flying() && !overlay_flying_)) return;
    Nanoseconds time = Nanoseconds{event.tv_sec} * second + Nanoseconds{event.tv_usec} * 1000;
    if (time == 0) time = now;
    clock_.see(event.sequence, time);
    deadline_ = no_time;
    lost_ = !session_.active(); // or it was only slow
    overlay_.land();
    if (queue_.flying()) {
        const Nanoseconds interval = time - std::exchange(video_time_, time);
        video_interval_ = std::min(interval, std::exchange(last_interval_, interval));
    }
    overlay_flying_ = false;
    queue_.land(time, clock_.timing().last_sequence, event.sequence, now);
    time_overlay();
    if (old_generations_) drop_old_framebuffers();
}

/// Framebuffers of pools that were replaced, once no plane shows them.
void KmsOutput::drop_old_framebuffers() {
    const std::uint32_t shown = queue_.shown()->slot.key().generation;
    framebuffers_.keep_only(generation_, shown);
    old_generations_ = shown != generation_;
}

void KmsOutput::wait_for_flip() {
    const Nanoseconds limit = kernel_.now() + flip_limit;
    for (Nanoseconds now = kernel_.now(); !dead_ && (queue_.flying() || overlay_flying_) && now < limit;
         now = kernel_.now()) {
        const bool told = screen_->device().has_flip(screen_->crtc());
        if (!told) kernel_.poll(card(), POLLIN, limit - now);
        if (!take_flips(kernel_.now())) return;
    }
}

void KmsOutput::stop() {
    queue_.discard_waiting("stopped");
    wait_for_flip();
    if (const int error = screen_->blank(); error != 0)
        log_debug("kms", "cannot take the picture off ({}); removing its memory", std::strerror(-error));
    // Also what takes planes down that could not be blanked: the kernel turns off whatever shows a framebuffer that
    // goes, and waits for it. From here on nothing reads the slots.
    framebuffers_.clear();
    queue_.take_off("stopped");
    overlay_.take_off();
    overlay_flying_ = false;
    placed_ = {};
    generation_ = 0;
    old_generations_ = false;
    commit_at_ = overlay_at_ = deadline_ = no_time;
    video_time_ = last_interval_ = video_interval_ = 0;
}

OutputDescription KmsOutput::description() const {
    const KmsDevice& device = screen_->device();
    return {.kind = "kms",
            .device = fmt::format("{} ({})", device.path(), device.driver()),
            .card = device.path(),
            .connector = screen_->connector().name,
            .mode = mode_name(screen_->mode()) + (screen_->variable_refresh() ? " and slower" : ""),
            .plane = arranger_.planned() ? arranger_.explain() : "",
            .path = arranger_.planned() ? OutputPath::Plane : OutputPath::None,
            .error = ""};
}

} // namespace

Result<std::unique_ptr<Output>> create_kms_output(const KmsOptions& options, Kernel& kernel,
                                                  std::unique_ptr<Seat> seat) {
    KmsOptions with_seat = options;
    with_seat.seat = seat.get();
    Result<OpenedCard> opened = await_screens(with_seat, kernel);
    if (!opened) return fail(std::move(opened).error());
    std::vector<std::unique_ptr<Output>> outputs;
    outputs.reserve(opened->screens.size());
    for (auto& screen : opened->screens) // the first takes the card and its seat
        outputs.push_back(std::make_unique<KmsOutput>(kernel, std::move(seat), std::move(opened->device),
                                                      std::move(screen), with_seat));
    if (outputs.size() == 1) return std::move(outputs.front());
    return std::make_unique<CloneOutput>(std::move(outputs));
}

} // namespace v4l2play
