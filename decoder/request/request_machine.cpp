#include "decoder/request/request_machine.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/patience.h"
#include "decoder/request/request_decoder.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds soft_limit = 500 * millisecond;
constexpr Nanoseconds hard_limit = 3 * second;

const char* cause_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::Empty:
        return "the device gave it back without a picture in it";
    case Outcome::Damaged:
        return "it refers to a picture that the device could not decode";
    default:
        return "the device could not decode it (ERROR flag)";
    }
}

std::string explain(const PictureRecord& record, Outcome outcome) {
    if (record.frame.pts == no_time) return fmt::format("picture {}: {}", record.frame.id, cause_of(outcome));
    return fmt::format("picture {} at {:.3f} s: {}", record.frame.id, static_cast<double>(record.frame.pts) / 1e9,
                       cause_of(outcome));
}

} // namespace

Result<std::unique_ptr<Decoder>> create_request_decoder(Kernel& kernel, const DecoderDevice& device,
                                                        std::unique_ptr<Codec> codec,
                                                        std::unique_ptr<CodecControls> controls,
                                                        const DecoderConfig& config, Nanoseconds teardown_limit) {
    return RequestDecoder::create(kernel, device, std::move(codec), std::move(controls), config, teardown_limit);
}

RequestDecoder::RequestDecoder(Kernel& kernel, const DecoderDevice& device, std::unique_ptr<Codec> codec,
                               std::unique_ptr<CodecControls> controls, const DecoderConfig& config,
                               Nanoseconds teardown_limit)
    : kernel_(kernel)
    , device_(device)
    , config_(config)
    , teardown_limit_(teardown_limit)
    , codec_(std::move(codec))
    , controls_(std::move(controls)) {
    steps_.reserve(64);
}

Result<std::unique_ptr<Decoder>> RequestDecoder::create(Kernel& kernel, const DecoderDevice& device,
                                                        std::unique_ptr<Codec> codec,
                                                        std::unique_ptr<CodecControls> controls,
                                                        const DecoderConfig& config, Nanoseconds teardown_limit) {
    std::unique_ptr<RequestDecoder> decoder(
        new RequestDecoder(kernel, device, std::move(codec), std::move(controls), config, teardown_limit));
    V4L2PLAY_TRY(decoder->open());
    return decoder;
}

Result<> RequestDecoder::open() {
    const auto width = static_cast<std::uint32_t>(std::max(config_.stream.width, 0));
    const auto height = static_cast<std::uint32_t>(std::max(config_.stream.height, 0));
    V4L2PLAY_TRY(check_device(device_, V4l2Fourcc{controls_->coded_fourcc()}, width, height));
    const int epoll = kernel_.epoll_create();
    if (epoll < 0) return fail(-epoll, "cannot wait for the device", "epoll_create");
    epoll_ = UniqueFd(kernel_, epoll);
    auto waker = Waker::create(kernel_);
    if (!waker) return fail(waker.error());
    waker_ = std::move(*waker);
    if (const int error = kernel_.epoll_add(epoll, waker_->fd(), EPOLLIN | EPOLLET, waker_event); error < 0)
        return fail(-error, "cannot wait for the device", "epoll_ctl");
    auto media = open_media_device(kernel_, device_.media_path);
    if (!media) return fail(media.error());
    media_ = std::move(*media);
    // What the container has told already lets a stream be refused here rather than in the middle of playback.
    if (codec_->sequence() == nullptr) return {};
    sequence_ = *codec_->sequence();
    return open_context();
}

DecoderDescription RequestDecoder::description() const {
    return {"request", device_.driver, fmt::format("{} ({})", device_.card, device_.bus_info), controls_->mode()};
}

Result<SendStatus> RequestDecoder::send(AccessUnit& unit) {
    if (failure_) return fail(*failure_);
    if (!run_steps() || ending_ != Ending::No) {
        give_out();
        return SendStatus::Full;
    }
    unit_ = std::move(unit);
    if (auto parsed = codec_->parse(unit_, steps_); !parsed) {
        end_error_ = std::move(parsed).error();
        ending_ = Ending::Asked;
    }
    run_steps();
    give_out();
    return SendStatus::Accepted;
}

void RequestDecoder::drain() {
    if (ending_ != Ending::No || failure_) return;
    ending_ = Ending::Asked;
    run_steps();
    give_out();
}

void RequestDecoder::flush() {
    if (failure_) return;
    // A sequence that was announced is not announced again.
    for (; next_step_ < steps_.size(); ++next_step_)
        if (steps_[next_step_].kind == Step::Kind::Sequence) sequence_ = *steps_[next_step_].sequence;
    steps_.clear();
    next_step_ = 0;
    next_part_ = 0;
    unit_ = {};
    resynchronise_ = false;
    ending_ = Ending::No;
    codec_->flush(steps_);
    run_steps();
    pictures_.abandon_all();
    for (std::size_t left = events_.size(); left > 0; --left) {
        DecoderEvent event = events_.pop();
        if (!std::holds_alternative<Frame>(event) && !std::holds_alternative<Drained>(event))
            events_.push(std::move(event));
    }
}

std::optional<DecoderEvent> RequestDecoder::next_event() {
    if (events_.empty()) return std::nullopt;
    return events_.pop();
}

bool RequestDecoder::empty() const {
    return next_step_ == steps_.size() && pictures_.all_out() && (context_ == nullptr || context_->idle());
}

void RequestDecoder::give_out() {
    for (Frame frame; pictures_.next_frame(frame);) events_.push(std::move(frame));
    if (ending_ != Ending::Draining || failure_) return;
    if (!empty()) {
        if (context_ != nullptr && next_step_ == steps_.size()) context_->release_held();
        return;
    }
    ending_ = Ending::No;
    pictures_.drop_all_unclaimed();
    if (troubles_.nothing_but() && !end_error_)
        end_error_ = Error{EIO, fmt::format("{} decoded no picture", device_.name()), "DQBUF"};
    if (end_error_)
        fail_with(*std::exchange(end_error_, std::nullopt));
    else
        events_.push(Drained{});
}

Result<> RequestDecoder::dispatch(Nanoseconds timeout) {
    std::array<epoll_event, 16> events;
    if (failure_) { // nothing will happen: the caller waits for something of its own
        (void)kernel_.epoll_wait(epoll_.get(), events, timeout);
        return {};
    }
    if (waits_for_slot_ || waits_for_room_) {
        // Armed first, looked at then: a slot that is given back in between is not missed.
        waker_->arm();
        if (waits_for_room_ ? context_->may_change_size() : context_->pool()->free_count() != 0) timeout = 0;
    }
    const bool in_flight = context_ != nullptr && !context_->idle();
    if (in_flight && context_->is_working() && (timeout < 0 || timeout > soft_limit)) timeout = soft_limit;
    const int count = kernel_.epoll_wait(epoll_.get(), events, timeout);
    waker_->disarm();
    if (count < 0) return fail(-count, "cannot wait for the device", "epoll_wait");
    if (in_flight) {
        handle({events.data(), static_cast<std::size_t>(count)});
        check_watchdog(count == 0, timeout);
    }
    run_steps();
    give_out();
    return {};
}

void RequestDecoder::handle(std::span<const epoll_event> events) {
    for (const epoll_event& event : events) context_->note_event(event);
    const int error = context_->collect();
    take_finished();
    if (error < 0)
        replace_context(DropReason::DeviceError, fmt::format("the device has failed: {}", error_text(-error)), -error);
    check_troubles();
}

void RequestDecoder::take_finished() {
    for (FinishedPicture picture; context_->next_finished(picture);) {
        PictureRecord* record = pictures_.find(picture.id);
        if (record == nullptr) continue;
        if (picture.outcome == Outcome::Good || picture.outcome == Outcome::Partial) {
            if (picture.outcome == Outcome::Good) troubles_.note_good();
            pictures_.finish(picture.id, picture.outcome == Outcome::Partial);
            continue;
        }
        if (picture.outcome != Outcome::Remnant) note_failure(*record, picture.outcome);
        pictures_.lose(*record);
    }
}

/// Neither the picture nor what refers to it is shown: the last good one stays on the screen. The first picture that is
/// still to be sent and refers to a lost one makes the codec wait for the next random-access point (`decode`); if that
/// is in flight already, or nothing refers to the picture, playback goes on at once. Pictures of before a seek are
/// counted as the device's failures only.
void RequestDecoder::note_failure(const PictureRecord& record, Outcome outcome) {
    const bool consequence = outcome == Outcome::Damaged;
    if (!record.unwanted)
        skip(consequence ? DropReason::MissingReference : DropReason::DeviceError, explain(record, outcome));
    if (!consequence) troubles_.add();
}

void RequestDecoder::check_troubles() {
    if (!troubles_.too_many() || failure_) return;
    fail_with({EIO, fmt::format("{} fails too often", device_.name()), "DQBUF"});
}

/// The clock is asked only after a wait in which nothing was completed.
void RequestDecoder::check_watchdog(bool waited, Nanoseconds slept) {
    if (context_ == nullptr) return;
    if (context_->take_progress() || !context_->is_working()) {
        quiet_since_ = 0;
        quiet_logged_ = false;
        return;
    }
    const Nanoseconds now = kernel_.now();
    if (quiet_since_ == 0) quiet_since_ = waited ? now - slept : now;
    const Nanoseconds quiet = now - quiet_since_;
    if (quiet >= soft_limit && !std::exchange(quiet_logged_, true))
        log_warning("request", "{} has not finished a picture for {} ms", device_.name(), quiet / millisecond);
    if (quiet >= hard_limit)
        replace_context(DropReason::Stalled, fmt::format("the device has stalled for {} s", quiet / second), ETIMEDOUT);
}

void RequestDecoder::replace_context(DropReason reason, std::string_view why, int code) {
    const unsigned lost = pictures_.lose_context();
    log_error("request", "{}: {}; {} pictures are lost", device_.name(), why, lost);
    if (lost != 0) skip(reason, why, lost);
    const bool closed = close_context();
    resynchronise_ = true;
    next_part_ = 0;
    quiet_since_ = 0;
    quiet_logged_ = false;
    if (!closed || code == ENODEV || troubles_.add()) fail_with({code, std::string(why), "watchdog"});
}

/// What is shown, and the thread that decodes, do not wait for a driver that hangs; it keeps its buffers, and another
/// context on it would hang as well.
bool RequestDecoder::close_context() {
    if (context_ == nullptr || destroy_within(teardown_limit_, std::move(context_))) return true;
    log_error("request", "{} does not come back from closing: it is left alone", device_.name());
    return false;
}

void RequestDecoder::fail_with(Error error) {
    failure_ = error;
    pictures_.lose_context();
    close_context();
    steps_.clear();
    next_step_ = 0;
    waits_for_slot_ = waits_for_room_ = false;
    unit_ = {};
    for (Frame frame; pictures_.next_frame(frame);) events_.push(std::move(frame));
    events_.push(DecoderFailed{std::move(error)});
}

} // namespace v4l2play
