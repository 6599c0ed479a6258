#include "app/player.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <system_error>

#include <sys/resource.h>

#include <fmt/format.h>

#include "app/console.h"
#include "app/decode_thread.h"
#include "app/decoder_factory.h"
#include "app/demux_thread.h"
#include "app/demuxer.h"
#include "app/event_loop.h"
#include "app/fallback.h"
#include "app/notice.h"
#include "app/output_factory.h"
#include "app/playback.h"
#include "app/report.h"
#include "app/statistics.h"
#include "decoder/base_name.h"
#include "decoder/log.h"
#include "decoder/patience.h"
#include "decoder/software/software_decoder.h"
#include "render/slow_output.h"

namespace v4l2play {
namespace {

constexpr std::size_t units_ahead = 64;
constexpr std::size_t units_low = 16;
/// A driver that takes longer to give its buffers back has hung.
constexpr Nanoseconds teardown_limit = 3 * second;

int count_open_fds() { return static_cast<int>(system_kernel().list_directory("/proc/self/fd").size()); }

Nanoseconds cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) { return time.tv_sec * second + time.tv_usec * Nanoseconds{1000}; };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

/// What another try says again is known.
void add_once(std::vector<std::string>& reasons, std::string reason) {
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(std::move(reason));
}

double rate_of(Rational rate) { return static_cast<double>(rate.num) / static_cast<double>(rate.den); }

/// After one go through an item, or a part of it. `accounted`: frames whose end is known.
void count_expected(const Playback& playback, std::uint64_t units, std::optional<std::uint64_t> promised,
                    std::uint64_t accounted, FrameCounts& frames) {
    if (!playback.was_whole()) {
        frames.expected += accounted;
        return;
    }
    // Durations are rounded.
    const std::uint64_t missing = promised.value_or(0) > units + 1 ? *promised - units : 0;
    frames.expected += units + missing;
    frames.not_in_file += missing;
}

void count_decoded(std::uint64_t decoded, std::uint64_t presented, FrameCounts& frames) {
    frames.decoded += decoded;
    frames.not_wanted += decoded - std::min(presented, decoded);
}

/// Whether the device refused the first picture, and nothing after it could be decoded without that one.
bool took_nothing(ItemReport& report) {
    const auto refused = report.frames.not_decoded[static_cast<std::size_t>(DropReason::DeviceError)];
    if (report.frames.presented() > 0 || refused == 0) return false;
    report.error = {EIO, fmt::format("{} took no picture of it", report.decoder.driver), "decode"};
    return true;
}

/// What decodes one item. In one piece, because a thread that hangs in the driver goes on using all of it.
struct Pipeline {
    Pipeline(std::unique_ptr<Decoder> made, Waker& frames_waker)
        : decoder(std::move(made)) {
        frames.set_consumer_waker(&frames_waker);
    }

    std::unique_ptr<Decoder> decoder;
    DemuxChannel units{units_ahead, units_low};
    FrameChannel frames{frame_queue, 1};
    DecodeThread decode_thread{*decoder, units, frames};
};

/// What a decoder leaves to the next one.
struct Remains {
    std::optional<FormatModifier> refused; ///< that the output would not show
    Losses::Counts lost{};                 ///< behind the last frame shown
};

/// Another decoder goes on, and has what was lost behind the last frame shown, and the rest of the file, again.
void take_back(const Losses::Counts& lost, const FrameCounts& before, FrameCounts& frames) {
    for (std::size_t i = 0; i < lost.size(); ++i) frames.not_decoded[i] -= lost[i];
    frames.expected = before.expected + frames.accounted() - before.accounted();
    frames.not_in_file = before.not_in_file;
}

class Player {
  public:
    Player(const Options& options, Nanoseconds program_start)
        : options_(options)
        , program_start_(program_start)
        , status_(!options.quiet) {}

    int run();

  private:
    Result<> set_up();
    bool play_list();
    void play_item(const std::string& file, ItemReport& report);
    Ended play_with_fallback(Demuxer& demuxer, ItemReport& report);
    Ended play_once(Demuxer& demuxer, std::unique_ptr<Decoder> decoder, ItemReport& report, Nanoseconds& position,
                    const Fallback& fallback, Remains& remains);
    [[nodiscard]] std::vector<FormatModifier> formats(const Fallback& fallback, bool hardware) const;
    void take_down(std::unique_ptr<Pipeline> pipeline, const ItemReport& report);
    Result<OpenedDecoder> open(const Demuxer& demuxer, const Fallback& fallback);
    void announce(const Demuxer& demuxer, const ItemReport& report);
    [[nodiscard]] bool may_use_software() const;
    void settle(Ended ended, ItemReport& report);
    void check_requirements(const ItemReport& report);
    [[nodiscard]] int exit_code() const;
    int finish();

    const Options& options_;
    const Nanoseconds program_start_;
    StatusLine status_;
    std::unique_ptr<Signals> signals_;
    std::unique_ptr<Keyboard> keyboard_;
    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<Waker> frames_waker_;
    std::unique_ptr<Output> output_;
    Scheduler scheduler_;
    Ledger ledger_;
    std::optional<Statistics> statistics_;
    std::optional<Stage> stage_;
    Report report_;
    int fds_at_start_ = 0;
    bool stop_ = false;
    bool signalled_ = false;
    bool requirement_broken_ = false;
    bool bad_usage_ = false;
    bool display_lost_ = false;
    bool decoder_fault_ = false;
    bool report_lost_ = false;   ///< or the ledger
    bool software_helps_ = true; ///< there is a software decoder for the stream
    bool left_behind_ = false;   ///< a thread is in a driver and does not come back
};

/// The output, and everything that the main thread waits for.
Result<> Player::set_up() {
    auto signals = Signals::create();
    if (!signals) return fail(std::move(signals).error());
    signals_ = std::move(*signals);
    auto loop = EventLoop::create();
    if (!loop) return fail(std::move(loop).error());
    loop_ = std::move(*loop);
    auto waker = Waker::create(system_kernel());
    if (!waker) return fail(std::move(waker).error());
    frames_waker_ = std::move(*waker);
    if (!options_.ledger.empty()) {
        auto file = LedgerFile::create(options_.ledger);
        bad_usage_ = !file;
        if (!file) return fail(std::move(file).error());
        ledger_.set_file(std::move(*file));
    }
    auto opened = open_output(options_);
    if (!opened) {
        signalled_ = opened.error().code == EINTR;
        (options_.output == OutputChoice::Offscreen ? bad_usage_ : display_lost_) = true;
        return fail(std::move(opened).error());
    }
    output_ = std::move(opened->output);
    if (options_.slow_output != 0) output_ = create_slow_output(std::move(output_), options_.slow_output);
    for (const std::string& reason : opened->reasons) notice(options_, fmt::format("output: {}", reason));
    keyboard_ = std::make_unique<Keyboard>();
    V4L2PLAY_TRY(loop_->watch(signals_->fd(), Source::Signals));
    V4L2PLAY_TRY(loop_->watch(frames_waker_->fd(), Source::Frames, true));
    if (keyboard_->fd() >= 0) V4L2PLAY_TRY(loop_->watch(keyboard_->fd(), Source::Keyboard));
    if (output_->fd() >= 0) V4L2PLAY_TRY(loop_->watch(output_->fd(), Source::Output));
    scheduler_.set_free_running(!options_.clock || options_.output == OutputChoice::Null);
    statistics_.emplace(*output_);
    stage_.emplace(Stage{options_, *loop_, *output_, scheduler_, *signals_, *keyboard_, status_, *frames_waker_,
                         ledger_, *statistics_, program_start_, 0});
    if (options_.stats)
        if (auto shown = statistics_->toggle(); !shown) complain(shown.error().what);
    return {};
}

int Player::run() {
    fds_at_start_ = count_open_fds();
    for (const std::string& file : options_.files) report_.items.emplace_back().file = file;
    if (!options_.report.empty())
        if (auto possible = check_report(options_.report); !possible) {
            complain(fmt::format("cannot write the report {}: {}", options_.report, possible.error().what));
            return exit_usage;
        }
    if (auto ready = set_up(); !ready) {
        complain(ready.error().what);
        return finish();
    }
    while (play_list() && options_.loop && !stop_) {
    }
    return finish();
}

/// One round through the list; false when nothing in it could be played.
bool Player::play_list() {
    bool any = false;
    // A list that loops adds to the same reports: memory does not grow with the rounds.
    for (std::size_t i = 0; i < options_.files.size() && !stop_; ++i) {
        play_item(options_.files[i], report_.items[i]);
        any = any || report_.items[i].result != ItemResult::Failed;
    }
    return any;
}

/// What the output takes, without what it offered and then refused.
std::vector<FormatModifier> Player::formats(const Fallback& fallback, bool hardware) const {
    std::vector<FormatModifier> formats = offered_formats(*output_, hardware && !options_.require_zero_copy);
    fallback.remove_refused(formats);
    return formats;
}

Result<OpenedDecoder> Player::open(const Demuxer& demuxer, const Fallback& fallback) {
    DecoderConfig config;
    config.stream = demuxer.stream();
    config.output_formats = formats(fallback, false);
    config.hardware_formats = formats(fallback, true);
    config.output_needs_dmabuf = !output_->formats().empty();
    config.presenter_slots = output_->slots_held();
    config.queue_slots = frame_queue + frames_at_hand;
    // Before it comes to copying, or to software: a GPU may know what a decoder makes.
    const auto find_formats = [&] {
        return output_->find_drawn_formats() ? formats(fallback, true) : std::vector<FormatModifier>{};
    };
    return open_decoder(options_, config, output_.get(), fallback.tried(), system_kernel(), find_formats);
}

void Player::announce(const Demuxer& demuxer, const ItemReport& report) {
    const StreamInfo& stream = demuxer.stream();
    const OutputDescription output = output_->description();
    std::string size = stream.width > 0 ? fmt::format(" {}x{}", stream.width, stream.height) : "";
    if (stream.frame_rate.num > 0) size += fmt::format(", {:.3f} fps", rate_of(stream.frame_rate));
    notice(options_, fmt::format("{}: {}{}{}", report.file, stream.codec_name, size,
                                 demuxer.info().duration == no_time
                                     ? ""
                                     : fmt::format(", {:.1f} s", static_cast<double>(demuxer.info().duration) / 1e9)));
    for (const std::string& reason : report.reasons) notice(options_, fmt::format("  {}", reason));
    notice(options_, fmt::format("  decoder: {}, {}{}{}", report.decoder.kind, report.decoder.driver,
                                 report.decoder.mode.empty() ? "" : ", ", report.decoder.mode));
    notice(options_, fmt::format("  output:  {}{}{}{}{}", output.kind, output.device.empty() ? "" : " ", output.device,
                                 output.connector.empty() ? "" : ", " + output.connector,
                                 output.mode.empty() ? "" : ", " + output.mode));
    for (const std::string& clone : output.clones) notice(options_, fmt::format("           the same on {}", clone));
}

void Player::play_item(const std::string& file, ItemReport& report) {
    report.finish();
    report.reasons.clear();
    auto demuxer = Demuxer::open(file);
    report.startup.opened = system_kernel().now() - program_start_;
    if (!demuxer) {
        report.result = ItemResult::Failed;
        report.error = std::move(demuxer).error();
        complain(fmt::format("{}: {}", file, report.error.what));
        return;
    }
    report.codec = (*demuxer)->stream().codec_name;
    software_helps_ = has_software_decoder((*demuxer)->stream());
    report.profile = (*demuxer)->stream().profile_name;
    report.frame_rate = (*demuxer)->stream().frame_rate;
    const Nanoseconds cpu_before = cpu_time();
    settle(play_with_fallback(**demuxer, report), report);
    if (report.frames.shown > 0)
        report.cpu_us_per_frame =
            static_cast<double>(cpu_time() - cpu_before) / 1000.0 / static_cast<double>(report.frames.shown);
    check_requirements(report);
}

bool Player::may_use_software() const { return options_.decoder == DecoderChoice::Auto && !options_.require_hw; }

/// Plays with the first decoder that takes the stream; when that gives the stream up half-way, another goes on.
Ended Player::play_with_fallback(Demuxer& demuxer, ItemReport& report) {
    Nanoseconds position = options_.start;
    Fallback fallback(may_use_software());
    bool device_failed = false;
    for (;;) {
        // What a decoder that gave up had read is read again.
        if (position > 0 || fallback.again()) {
            if (auto sought = demuxer.seek(position); !sought) {
                report.error = std::move(sought).error();
                return Ended::Failed;
            }
        }
        auto opened = open(demuxer, fallback);
        if (!opened) {
            requirement_broken_ = requirement_broken_ || (options_.require_hw && opened.error().code == ENOTSUP);
            report.error = std::move(opened).error();
            device_failed = device_failed || is_device_fault(report.error.code);
            return device_failed && !may_use_software() ? Ended::DeviceFailed : Ended::Failed;
        }
        for (std::string& reason : opened->reasons) add_once(report.reasons, std::move(reason));
        report.decoder = opened->decoder->description();
        report.startup.decoder_ready = system_kernel().now() - program_start_;
        output_->set_title(base_name(report.file));
        announce(demuxer, report);
        statistics_->begin(report);
        Remains remains;
        const FrameCounts before = report.frames;
        const std::string device = opened->device;
        const Ended ended = play_once(demuxer, std::move(opened->decoder), report, position, fallback, remains);
        const bool drawn = ended == Ended::Unsupported && is_no_common_format(report.error) &&
                           output_->find_drawn_formats(); // as when it was opened
        if (drawn)
            fallback.ask_again();
        else if (!fallback.goes_on(ended, device, opened->any_other, remains.refused))
            return ended;
        take_back(remains.lost, before, report.frames);
        if (drawn) continue;
        device_failed = device_failed || ended == Ended::DeviceFailed;
        add_once(report.reasons, fmt::format("{}: {}", report.decoder.driver, report.error.what));
    }
}

Ended Player::play_once(Demuxer& demuxer, std::unique_ptr<Decoder> decoder, ItemReport& report, Nanoseconds& position,
                        const Fallback& fallback, Remains& remains) {
    scheduler_.set_rate(demuxer.stream().frame_rate, demuxer.stream().time_base);
    // One file loops inside its own decoder; a list is played again from the start.
    const bool loop = options_.loop && options_.files.size() == 1;
    std::unique_ptr<Pipeline> pipeline;
    std::optional<DemuxThread> demux_thread;
    try {
        pipeline = std::make_unique<Pipeline>(std::move(decoder), *frames_waker_);
        demux_thread.emplace(demuxer, pipeline->units, loop);
    } catch (const std::system_error& error) {
        report.error = {error.code().value(),
                        fmt::format("no thread is left for it ({}): allow this user more", error.code().message()),
                        "clone"};
        return Ended::Failed;
    }
    const std::uint64_t before = report.frames.accounted();
    const std::uint64_t presented = report.frames.presented();
    const Nanoseconds from = position;
    const auto offer_formats = [&] {
        pipeline->decode_thread.offer_formats(formats(fallback, report.decoder.is_hardware()));
    };
    Playback playback(*stage_, pipeline->frames, *demux_thread, offer_formats, demuxer.stream(),
                      demuxer.info().duration, report);
    Ended ended = playback.run();
    if (ended == Ended::Finished && took_nothing(report)) ended = Ended::DeviceFailed;
    count_expected(playback, pipeline->decode_thread.counters().units.load(), demuxer.promised_frames(from),
                   report.frames.accounted() - before, report.frames);
    count_decoded(pipeline->decode_thread.counters().decoded.load(), report.frames.presented() - presented,
                  report.frames);
    if (playback.position() != no_time) position = playback.position() + 1;
    remains = {playback.refused(), playback.lost_behind()};
    demux_thread.reset();
    take_down(std::move(pipeline), report);
    return ended;
}

/// The picture on the screen, the next item and the end of the program do not wait for a driver that hangs.
void Player::take_down(std::unique_ptr<Pipeline> pipeline, const ItemReport& report) {
    bool ended = pipeline->decode_thread.stop(teardown_limit);
    if (ended)
        ended = destroy_within(teardown_limit, std::move(pipeline));
    else
        (void)pipeline.release(); // the thread goes on using it
    if (ended) return;
    log_error("play", "{} does not come back from the end of decoding: it is left alone", report.decoder.driver);
    left_behind_ = true;
}

void Player::settle(Ended ended, ItemReport& report) {
    status_.clear();
    const bool finished = ended == Ended::Finished;
    report.result = finished ? ItemResult::Played : ItemResult::Failed;
    if (ended == Ended::Quit || ended == Ended::Signalled) report.result = ItemResult::Interrupted;
    if (finished && report.frames.shown == 0) {
        report.result = ItemResult::Failed;
        const bool started_behind = options_.start > 0 && report.frames.expected == 0;
        report.error = {EBADMSG,
                        started_behind
                            ? "it ends before --start: give an earlier time"
                            : "no picture in it could be decoded: copy it again, or it is damaged at its source",
                        "decode"};
    }
    stop_ = ended == Ended::Quit || ended == Ended::Signalled || ended == Ended::OutputLost;
    signalled_ = signalled_ || ended == Ended::Signalled;
    display_lost_ = display_lost_ || ended == Ended::OutputLost;
    const bool hardware = report.decoder.is_hardware();
    const bool stream_at_fault = report.error.code == ENOTSUP || report.error.code == EBADMSG;
    const bool device_at_fault = ended == Ended::DeviceFailed && hardware && !stream_at_fault;
    if (device_at_fault && software_helps_ && report.error.what.find("--decoder=software") == std::string::npos)
        report.error.what += "; --decoder=software does without it";
    decoder_fault_ = decoder_fault_ || device_at_fault;
    requirement_broken_ = requirement_broken_ || (ended == Ended::Unsupported && options_.require_hw);
    if (report.result == ItemResult::Failed) complain(fmt::format("{}: {}", report.file, report.error.what));
}

void Player::check_requirements(const ItemReport& report) {
    if (!options_.require_zero_copy || report.frames.shown == 0 || report.path == OutputPath::Plane) return;
    requirement_broken_ = true;
    complain(fmt::format("{}: --require-zero-copy is broken: the path was {}", report.file, to_string(report.path)));
}

int Player::exit_code() const {
    std::size_t failed = 0, not_played = 0;
    bool any_shown = false;
    for (const ItemReport& item : report_.items) {
        failed += item.result == ItemResult::Failed ? 1U : 0U;
        not_played += item.result == ItemResult::NotPlayed ? 1U : 0U;
        any_shown = any_shown || item.frames.shown > 0;
    }
    if (bad_usage_) return exit_usage;
    if (signalled_) return exit_signal;
    if (display_lost_) return exit_no_display;
    if (requirement_broken_) return exit_requirement_broken;
    if (left_behind_) return exit_decoder_fault;
    if (decoder_fault_) return exit_decoder_fault;
    if (failed + not_played == report_.items.size() && !any_shown) return exit_nothing_played;
    const bool lost = report_lost_ || !report_.output.error.empty();
    return failed > 0 || lost ? exit_some_failed : exit_played;
}

int Player::finish() {
    if (output_ != nullptr) {
        output_->stop();
        report_.output = output_->description();
        while (auto event = output_->next_event())
            if (const auto* released = std::get_if<FrameReleased>(&*event))
                ledger_.released(*released, system_kernel().now(), output_->timing().period);
        report_.unreleased = ledger_.held();
    }
    for (ItemReport& item : report_.items) {
        item.finish();
        if (item.slots.early_reuse != 0)
            ledger_.blame(item.slots.first_early, item.slots.first_early_time, item.pacing);
    }
    if (auto written = ledger_.finish(); !written) {
        complain(fmt::format("cannot write the ledger {}: {}", options_.ledger, written.error().what));
        report_lost_ = true;
    }
    stage_.reset();
    statistics_.reset();
    output_.reset();
    if (left_behind_)
        (void)frames_waker_.release();
    else
        frames_waker_.reset();
    loop_.reset();
    signals_.reset();
    keyboard_.reset(); // the terminal echoes again
    for (const ItemReport& item : report_.items)
        if (item.frames.shown > 0) notice(options_, summary(item));
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    report_.peak_memory_kib = usage.ru_maxrss;
    report_.open_fds = count_open_fds() - fds_at_start_;
    report_.exit_code = exit_code();
    if (!options_.report.empty())
        if (auto written = write_report(report_, options_.report); !written) {
            complain(fmt::format("cannot write the report {}: {}", options_.report, written.error().what));
            report_lost_ = true;
            report_.exit_code = exit_code();
        }
    // Nothing that is destroyed at exit may be missed by a thread that comes back after all.
    if (left_behind_) {
        std::fflush(nullptr);
        std::_Exit(report_.exit_code);
    }
    return report_.exit_code;
}

} // namespace

int play(const Options& options, Nanoseconds program_start) { return Player(options, program_start).run(); }

} // namespace v4l2play
