#include "app/playback.h"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

/// The longest that the first frame stays while frames gather behind it.
constexpr Nanoseconds priming_limit = 400 * millisecond;

/// So long a decoder may be late before it is taken for one that is too slow.
constexpr Nanoseconds slow_limit = second / 2;

/// How long after a vblank a commit for the next may still wait for something better to show.
constexpr Nanoseconds patience(Nanoseconds period) { return period / 4; }

/// Frames that came before such an end are shown yet.
bool decoder_ended(Ended ended) {
    return ended == Ended::Failed || ended == Ended::DeviceFailed || ended == Ended::Unsupported;
}

Key key_of(OutputKey key) {
    switch (key) {
    case OutputKey::Quit:
        return Key::Quit;
    case OutputKey::Pause:
        return Key::Pause;
    case OutputKey::Back:
        return Key::Back;
    case OutputKey::Forward:
        return Key::Forward;
    case OutputKey::FarBack:
        return Key::FarBack;
    case OutputKey::FarForward:
        return Key::FarForward;
    case OutputKey::Stats:
        return Key::Stats;
    }
    return Key::Other;
}

const char* drop_reason(Cause cause, bool ideal) {
    if (ideal) return "faster than the display";
    switch (cause) {
    case Cause::Decoder:
        return "too late: decoder";
    case Cause::Starvation:
        return "too late: no free slot";
    case Cause::Output:
        return "too late: output";
    case Cause::Scheduler:
    case Cause::None:
        break;
    }
    return "too late";
}

} // namespace

Playback::Playback(Stage& stage, FrameChannel& frames, DemuxThread& demux_thread, std::function<void()> offer_formats,
                   const StreamInfo& stream, Nanoseconds duration, ItemReport& report)
    : stage_(stage)
    , frames_(frames)
    , demux_thread_(demux_thread)
    , offer_formats_(std::move(offer_formats))
    , frame_rate_(stream.frame_rate)
    , rotation_(static_cast<unsigned>(stream.rotation))
    , duration_(duration)
    , report_(report) {
    at_hand_.reserve(2);
    stage_.scheduler.set_patient(false);
    stage_.ledger.begin(report.pacing);
}

Ended Playback::run() {
    now_ = system_kernel().now();
    for (;;) {
        if (const auto ended = turn()) return *ended;
        sleep(wake_at_);
    }
}

/// Does everything that can be done now; leaves in `wake_at_` when there is more to do by the clock.
std::optional<Ended> Playback::turn() {
    wake_at_ = no_time;
    for (;;) {
        take_output_events();
        if (failure_ && !decoder_ended(*failure_)) return failure_;
        take_frames(frames_at_hand);
        if (failure_ && at_hand_.empty()) return failure_;
        if (!output_ready() || (paused_ && !show_one_)) return std::nullopt;
        if (at_hand_.empty()) return finish_up();
        if (!show_next() && failure_ != Ended::Broken && !refused_) return std::nullopt;
        draw_statistics(); // who is late never sleeps
        now_ = system_kernel().now();
    }
}

bool Playback::output_ready() {
    const bool ready = stage_.output.ready();
    if (ready && !was_ready_) {
        // Since the vblank that made it so, however long after that we were told; it may have come unannounced.
        const VblankTiming timing = stage_.output.timing();
        ready_since_ = now_;
        if (timing.period > 0)
            ready_since_ -= std::max<Nanoseconds>(ready_since_ - timing.last_time, 0) % timing.period;
    }
    was_ready_ = ready;
    return ready;
}

void Playback::take_output_events() {
    while (auto event = stage_.output.next_event()) {
        if (const auto* shown = std::get_if<FrameShown>(&*event)) on_shown(*shown);
        if (const auto* discarded = std::get_if<FrameDiscarded>(&*event)) on_discarded(*discarded);
        if (const auto* released = std::get_if<FrameReleased>(&*event))
            stage_.ledger.released(*released, now_, stage_.output.timing().period);
        if (const auto* pressed = std::get_if<KeyPressed>(&*event))
            if (const auto ended = obey(key_of(pressed->key))) failure_ = ended;
        if (std::holds_alternative<FormatsChanged>(*event)) offer_formats_();
        if (auto* lost = std::get_if<OutputLost>(&*event)) {
            report_.error = std::move(lost->error);
            failure_ = Ended::OutputLost;
        }
    }
}

/// Playback goes on though nobody sees it: in a hidden window, or while the compositor is away.
void Playback::on_discarded(const FrameDiscarded& discarded) {
    ++report_.frames.dropped_by_output;
    stage_.statistics.dropped(discarded.why);
    const LedgerEntry* entry = stage_.ledger.discarded(discarded);
    if (entry == nullptr || discarded.serial != serial_) return;
    position_ = entry->pts;
    stage_.scheduler.unseen(position_, stage_.output.timing(), now_);
}

/// Where a frame belongs, where there is a clock and a display that has one.
IdealPlace Playback::place_of(Nanoseconds pts, const VblankTiming& timing) const {
    if (!stage_.options.clock || timing.period == 0 || pts == no_time || first_pts_ == no_time) return {};
    return {stage_.scheduler.ideal_vblank(first_pts_, pts, timing),
            stage_.scheduler.ideal_tolerance(first_pts_, pts, timing), timing.period};
}

void Playback::on_shown(const FrameShown& shown) {
    const LedgerEntry* waiting = stage_.ledger.find(shown);
    if (waiting == nullptr) {
        (void)stage_.ledger.shown(shown, 0, {}); // of the item before
        return;
    }
    const Nanoseconds pts = waiting->pts;
    if (first_pts_ == no_time) first_pts_ = pts;
    const VblankTiming timing = stage_.output.timing();
    const bool here = shown.serial == serial_; // one from before a seek says nothing about where we are now
    const std::int64_t moved = stage_.scheduler.follow(timing);
    if (moved != 0) stage_.ledger.move(moved, timing.period);
    std::int64_t late = 0;
    if (here) {
        position_ = pts;
        late = stage_.scheduler.shown(pts, shown.sequence, shown.time, timing);
    }
    // After a stall the scheduler has forgotten when it was due.
    if (waiting->due_vblank != 0) late = static_cast<std::int64_t>(shown.sequence - waiting->due_vblank);
    const LedgerEntry& entry = *stage_.ledger.shown(shown, late, here ? place_of(pts, timing) : IdealPlace{});
    // The display is behind. To know that was waited for, and the next frame's time may have gone by: the clock starts
    // with that.
    if (here && moved > 0 && stage_.ledger.on_the_way() == 0) primed_ = false;
    if (late > 0) {
        ++report_.frames.late;
        log_debug("play", "frame {} was shown {} vblanks late: {}", shown.id, late, to_string(entry.cause));
    }
    if (timing.period > 0 && report_.frames.shown > 0)
        ++report_.holds[static_cast<std::int64_t>(shown.sequence - stage_.last_sequence)];
    stage_.last_sequence = shown.sequence;
    note_path(shown.path, entry.copied);
    if (++report_.frames.shown == 1) report_.startup.first_flip = shown.time - stage_.program_start;
    stage_.statistics.shown(shown, entry.due, late, report_);
}

/// The farthest from zero copy that any frame went.
void Playback::note_path(OutputPath path, bool copied) {
    if (copied && path != OutputPath::None) path = OutputPath::Copied;
    report_.path = std::max(report_.path, path);
}

/// Arms the waker only when there is nothing to show: frames that come early wake nobody.
void Playback::take_frames(std::size_t wanted) {
    for (bool armed = false; at_hand_.size() < wanted && !no_more_frames_;) {
        if (auto item = frames_.try_pop()) {
            take_item(std::move(*item));
        } else {
            if (armed || !at_hand_.empty()) return;
            stage_.frames_waker.arm();
            armed = waited_ = true;
            starved_ = !report_.pools.empty() && report_.pools.back()->free_count() == 0;
        }
    }
}

void Playback::take_item(DecodeItem item) {
    if (auto* frame = std::get_if<Frame>(&item)) return take_frame(std::move(*frame));
    if (auto* changed = std::get_if<PoolChanged>(&item)) {
        report_.format = changed->pool->format();
        report_.slot_terms = changed->terms;
        report_.use(changed->pool);
        changed->pool->set_unsafe_release(stage_.options.unsafe_release);
        stage_.statistics.use(changed->pool, report_);
        log_info("play", "{} slots of {} {}x{}: {}", changed->pool->count(), to_string(report_.format.fourcc),
                 report_.format.coded_width, report_.format.coded_height, changed->terms);
    } else if (auto* dropped = std::get_if<PicturesDropped>(&item)) {
        report_.frames.not_decoded[static_cast<std::size_t>(dropped->reason)] += dropped->count;
        losses_.lost(dropped->reason, dropped->count);
        stage_.statistics.dropped(to_string(dropped->reason), dropped->count);
        if (!dropped->why.empty())
            log(dropped->reason == DropReason::DeviceError ? LogLevel::Error : LogLevel::Warning, "decode",
                "{}: {} ({})", report_.file, dropped->why, to_string(dropped->reason));
    } else if (auto* failed = std::get_if<DecoderFailed>(&item)) {
        report_.error = std::move(failed->error);
        failure_ = report_.error.code == ENOTSUP ? Ended::Unsupported : Ended::DeviceFailed;
        no_more_frames_ = true;
    } else if (auto* end = std::get_if<EndOfFrames>(&item)) {
        if (end->serial != serial_) return;
        no_more_frames_ = to_the_end_ = true;
        if (end->problem.empty()) return;
        report_.error = {EBADMSG, std::move(end->problem), "read"};
        failure_ = Ended::Failed;
    }
}

void Playback::take_frame(Frame frame) {
    if (frame.serial != serial_) return; // from before a seek
    if (report_.frames.corrupt + report_.frames.shown + presented_total_ == 0 && report_.startup.first_frame == 0)
        report_.startup.first_frame = now_ - stage_.program_start;
    if (frame.corrupt) ++report_.frames.corrupt;
    losses_.frame(frame.pts, position_);
    frame.info.rotation = rotation_;
    at_hand_.push_back(std::move(frame));
}

bool Playback::enough_frames() const { return stage_.options.frames && presented_total_ >= *stage_.options.frames; }

/// False when the next frame has to wait, or nothing can be shown any more (`failure_`).
bool Playback::show_next() {
    if (enough_frames()) {
        to_the_end_ = false;
        at_hand_.clear();
        no_more_frames_ = true;
        return true;
    }
    const Frame& next = at_hand_.front(); // stays in its place when another comes: there is room
    if (!configure_output(next)) return false;
    if (!primed()) return false;
    Plan plan = stage_.scheduler.plan(next.pts, no_time, stage_.output.timing(), now_);
    if (plan.late && !stage_.scheduler.patient()) {
        take_frames(2);
        if (at_hand_.size() > 1) plan = stage_.scheduler.plan(next.pts, at_hand_[1].pts, stage_.output.timing(), now_);
        if (at_hand_.size() == 1 && successor_may_come(plan)) return false;
    }
    switch (plan.action) {
    case Plan::Action::Wait:
        wake_at_ = plan.when;
        return false;
    case Plan::Action::Drop:
        drop_next(plan);
        return true;
    case Plan::Action::Show:
        return present(plan);
    }
    return false;
}

/// Far behind, with the queue used up: its successor is due as well, and may come in time for this very vblank. Without
/// a little patience every vblank would show one frame of the past, and playback catch up by one queue a vblank only.
bool Playback::successor_may_come(const Plan& plan) {
    const VblankTiming timing = stage_.output.timing();
    const Frame& next = at_hand_.front();
    if (timing.period == 0 || no_more_frames_ || paused_ || plan.action != Plan::Action::Show) return false;
    const Nanoseconds until = plan.target - timing.period + patience(timing.period);
    const Plan with_successor = stage_.scheduler.plan(next.pts, end_of(next.pts), timing, now_);
    if (now_ >= until || with_successor.action != Plan::Action::Drop) return false;
    stage_.frames_waker.arm();
    take_frames(2); // it may have come meanwhile
    wake_at_ = at_hand_.size() > 1 ? now_ : until;
    return true;
}

/// The first frame is shown at once, the clock may start with the second: when the queue is full, so that a decoder
/// that is barely fast enough, and gives frames out in bursts, has something in hand. One that had not filled it by the
/// time of the first flip is not let run dry later either: it is woken for every free place.
bool Playback::primed() {
    if (primed_ || first_shown_ == no_time || !stage_.options.clock) return true;
    if (!frames_.primed() && !no_more_frames_ && now_ < first_shown_ + priming_limit) {
        frames_.set_low_water(frames_.capacity() - 1);
        stage_.frames_waker.arm();
        wake_at_ = first_shown_ + priming_limit;
        if (!frames_.primed()) return false;
    }
    primed_ = true;
    if (stage_.scheduler.plan(at_hand_.front().pts, no_time, stage_.output.timing(), now_).late) start_timeline();
    return true;
}

bool Playback::configure_output(const Frame& frame) {
    const std::uint32_t generation = frame.slot.pool().generation();
    if (generation == configured_generation_ && frame.info == configured_info_) return true;
    if (auto configured = stage_.output.configure(frame.slot.pool().shared_from_this(), frame.info); !configured) {
        report_.error = std::move(configured).error();
        failure_ = Ended::Broken;
        if (report_.error.code != ENOTSUP) return false;
        // Not what the output takes after all: another format, or another decoder, may do.
        failure_ = Ended::Unsupported;
        refused_ = FormatModifier{frame.slot.pool().format().fourcc, frame.slot.pool().format().modifier};
        at_hand_.clear();
        no_more_frames_ = true;
        return false;
    }
    configured_generation_ = generation;
    configured_info_ = frame.info;
    now_ = system_kernel().now(); // that may take long
    report_.info = frame.info;
    return true;
}

/// Whose fault it is that the next frame is late. What follows a late frame is late for the same reason, unless it has
/// one of its own.
Cause Playback::blame(const Plan& plan) const {
    if (waited_) return starved_ ? Cause::Starvation : Cause::Decoder;
    if (last_cause_ != Cause::None) return last_cause_;
    return ready_since_ > plan.due - stage_.output.timing().period / 2 ? Cause::Output : Cause::Scheduler;
}

/// `late`: why the frame is that comes now; None when it is not. A decoder that was late, and has not filled the queue
/// for so long, will be again: from then on every frame is shown when it comes, until the queue is full.
void Playback::watch_pace(Cause late) {
    const bool slow = late == Cause::Decoder || late == Cause::Starvation;
    const bool full = frames_.size() == frames_.capacity();
    if (full)
        late_since_ = no_time;
    else if (slow && late_since_ == no_time)
        late_since_ = now_;
    const bool was_patient = stage_.scheduler.patient();
    const bool patient = !full && (was_patient || (slow && now_ - late_since_ > slow_limit));
    if (patient == was_patient) return;
    log_debug("play", "the decoder {}", patient ? "is too slow: it is waited for" : "keeps up again");
    stage_.scheduler.set_patient(patient);
}

bool Playback::present(const Plan& plan) {
    Frame& frame = at_hand_.front();
    LedgerEntry entry = Ledger::entry_of(frame, now_);
    entry.due = plan.due;
    entry.due_vblank = plan.due_vblank;
    // Not late yet, but whoever was may have left too little of the period for the display to take it.
    if (plan.late || waited_ || last_cause_ != Cause::None) entry.cause = blame(plan);
    entry.first = begins_;
    const VblankTiming timing = stage_.output.timing();
    auto presented = stage_.output.present(frame, plan.target);
    if (!presented && presented.error().code == EBUSY) return false; // asked again at the next event
    if (!presented) {
        report_.error = std::move(presented).error();
        failure_ = Ended::Broken;
        return false;
    }
    stage_.ledger.add(entry);
    stage_.scheduler.presented(entry.pts, timing, entry.presented);
    last_pts_ = entry.pts;
    last_due_ = plan.due_vblank;
    last_cause_ = plan.late ? entry.cause : Cause::None;
    watch_pace(last_cause_);
    waited_ = begins_ = show_one_ = false;
    if (first_shown_ == no_time) first_shown_ = entry.presented;
    ++presented_total_;
    at_hand_.erase(at_hand_.begin());
    return true;
}

/// Two frames that belong to one vblank: the display is too slow for the second, and nobody is late.
void Playback::drop_next(const Plan& plan) {
    const bool ideal = plan.due_vblank != 0 && plan.due_vblank == last_due_;
    ++(ideal ? report_.frames.dropped_ideal : report_.frames.dropped_late);
    if (!ideal) watch_pace(last_cause_ = blame(plan));
    stage_.ledger.dropped(last_cause_, ideal);
    stage_.statistics.dropped(drop_reason(last_cause_, ideal));
    waited_ = false;
    at_hand_.erase(at_hand_.begin());
}

Nanoseconds Playback::end_of(Nanoseconds pts) const {
    const bool known = frame_rate_.positive();
    return pts + (known ? second * frame_rate_.den / frame_rate_.num : 40 * millisecond);
}

/// After the last frame was presented: it stays for its own duration.
std::optional<Ended> Playback::finish_up() {
    if (!no_more_frames_) return std::nullopt;
    if (stage_.ledger.on_the_way() != 0) return std::nullopt; // still on its way to the screen
    if (last_pts_ == no_time) return Ended::Finished;
    const Plan plan = stage_.scheduler.plan(end_of(last_pts_), no_time, stage_.output.timing(), now_);
    if (plan.action != Plan::Action::Wait) return Ended::Finished;
    wake_at_ = plan.when;
    return std::nullopt;
}

/// Answers when it wants to be called again at the latest.
Nanoseconds Playback::draw_statistics() {
    if (!stage_.statistics.on()) return no_time;
    const Nanoseconds next =
        stage_.statistics.refresh(report_, frames_.size() + at_hand_.size(), frames_.capacity() + frames_at_hand);
    now_ = system_kernel().now(); // drawing takes a while
    return next;
}

void Playback::sleep(Nanoseconds until) {
    const Nanoseconds redraw = draw_statistics();
    if (!paused_ && redraw != no_time && (until == no_time || redraw < until)) until = redraw;
    const Nanoseconds output_wants = stage_.output.next_timeout();
    if (output_wants != no_time && (until == no_time || output_wants < until)) until = output_wants;
    if (stage_.status.active() && (until == no_time || next_status_ < until))
        until = std::max<Nanoseconds>(next_status_, 0);
    const std::uint32_t ready = stage_.loop.wait(until);
    stage_.frames_waker.disarm();
    const bool output_due = output_wants != no_time && output_wants <= system_kernel().recently();
    if (has(ready, Source::Output) || output_due) {
        if (auto dispatched = stage_.output.dispatch(); !dispatched) {
            report_.error = std::move(dispatched).error();
            failure_ = Ended::OutputLost;
        }
    }
    now_ = system_kernel().recently();
    if (has(ready, Source::Signals) && stage_.signals.take() != 0) failure_ = Ended::Signalled;
    if (has(ready, Source::Keyboard)) {
        if (const auto ended = take_keys()) failure_ = ended;
    }
    if (stage_.status.active()) show_status();
}

std::optional<Ended> Playback::take_keys() {
    const Key key = stage_.keyboard.take();
    if (key == Key::None) stage_.loop.forget(stage_.keyboard.fd()); // the terminal has gone
    return obey(key);
}

std::optional<Ended> Playback::obey(Key key) {
    switch (key) {
    case Key::Quit:
        return Ended::Quit;
    case Key::Pause:
        paused_ = !paused_;
        start_timeline();
        next_status_ = 0;
        return std::nullopt;
    case Key::Back:
        seek_by(-5 * second);
        return std::nullopt;
    case Key::Forward:
        seek_by(5 * second);
        return std::nullopt;
    case Key::FarBack:
        seek_by(-60 * second);
        return std::nullopt;
    case Key::FarForward:
        seek_by(60 * second);
        return std::nullopt;
    case Key::Stats:
        if (auto toggled = stage_.statistics.toggle(); !toggled) log_warning("play", "{}", toggled.error().what);
        return std::nullopt;
    case Key::None:
    case Key::Other:
        return std::nullopt;
    }
    return std::nullopt;
}

/// The next frame is shown as soon as possible, and what follows is counted from there.
void Playback::start_timeline() {
    stage_.scheduler.reset();
    begins_ = true;
    last_cause_ = Cause::None;
    last_due_ = 0;
}

/// The frame on the screen stays there until the first one from the other place comes.
void Playback::seek_by(Nanoseconds distance) {
    position_ = std::max<Nanoseconds>((position_ == no_time ? 0 : position_) + distance, 0);
    ++serial_;
    at_hand_.clear();
    // Emptied before anything of the new place can be in it; not everything in it is a frame.
    while (auto item = frames_.try_pop()) take_item(std::move(*item));
    losses_.move(position_);
    demux_thread_.seek({position_, SeekMode::Exact, serial_});
    start_timeline();
    no_more_frames_ = false;
    primed_ = false;
    first_shown_ = last_pts_ = no_time;
    show_one_ = paused_;
    next_status_ = 0;
}

std::string clock_text(Nanoseconds time) {
    const auto seconds = std::max<Nanoseconds>(time, 0) / second;
    return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void Playback::show_status() {
    if (now_ < next_status_) return;
    next_status_ = now_ + second / 2;
    std::string text = clock_text(position_ == no_time ? 0 : position_);
    if (duration_ != no_time) text += " / " + clock_text(duration_);
    text += fmt::format("  {} shown, {} dropped, {} late  {}  {}", report_.frames.shown, report_.frames.dropped_late,
                        report_.frames.late, to_string(report_.path), paused_ ? "paused" : "");
    stage_.status.show(text);
}

} // namespace v4l2play
