#include "decoder/stateful/stateful_machine.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/patience.h"
#include "decoder/stateful/stateful_decoder.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds soft_limit = 500 * millisecond;
constexpr Nanoseconds hard_limit = 3 * second;
// How long a driver may take to announce a format before it is taken for one that starts with the right one.
constexpr Nanoseconds announcement_limit = 200 * millisecond;

} // namespace

V4l2Fourcc stateful_fourcc(CodecId codec) {
    switch (codec) {
    case CodecId::H264:
        return V4l2Fourcc{V4L2_PIX_FMT_H264};
    case CodecId::Hevc:
        return V4l2Fourcc{V4L2_PIX_FMT_HEVC};
    case CodecId::Vp8:
        return V4l2Fourcc{V4L2_PIX_FMT_VP8};
    case CodecId::Vp9:
        return V4l2Fourcc{V4L2_PIX_FMT_VP9};
    case CodecId::Av1:
        return V4l2Fourcc{v4l2_fourcc('A', 'V', '0', '1')};
    case CodecId::Mpeg2:
        return V4l2Fourcc{V4L2_PIX_FMT_MPEG2};
    case CodecId::Fwht:
        return V4l2Fourcc{V4L2_PIX_FMT_FWHT};
    default:
        return {};
    }
}

Result<std::unique_ptr<Decoder>> create_stateful_decoder(Kernel& kernel, const DecoderDevice& device,
                                                         const DecoderConfig& config, Nanoseconds teardown_limit) {
    return StatefulDecoder::create(kernel, device, config, teardown_limit);
}

StatefulDecoder::StatefulDecoder(Kernel& kernel, const DecoderDevice& device, const DecoderConfig& config,
                                 Nanoseconds teardown_limit)
    : kernel_(kernel)
    , device_(device)
    , config_(config)
    , teardown_limit_(teardown_limit) {}

Result<std::unique_ptr<Decoder>> StatefulDecoder::create(Kernel& kernel, const DecoderDevice& device,
                                                         const DecoderConfig& config, Nanoseconds teardown_limit) {
    std::unique_ptr<StatefulDecoder> decoder(new StatefulDecoder(kernel, device, config, teardown_limit));
    V4L2PLAY_TRY(decoder->open());
    return decoder;
}

Result<> StatefulDecoder::open() {
    const V4l2Fourcc coded = stateful_fourcc(config_.stream.codec);
    const CodedFormat* format = coded == V4l2Fourcc{} ? nullptr : device_.find_format(coded);
    if (device_.stateless || format == nullptr)
        return fail(ENOTSUP, fmt::format("{} does not decode {}", device_.name(), config_.stream.codec_name),
                    "ENUM_FMT");
    if (config_.stream.codec == CodecId::Av1 && config_.stream.operating_point != 0)
        return fail(ENOTSUP, fmt::format("{} has no choice of operating points", device_.name()), "V4L2");
    const FrameSizes& sizes = format->sizes;
    const auto width = static_cast<std::uint32_t>(std::max(config_.stream.width, 0));
    const auto height = static_cast<std::uint32_t>(std::max(config_.stream.height, 0));
    if (sizes.maximum_width != 0 && (width > sizes.maximum_width || height > sizes.maximum_height))
        return fail(ENOTSUP,
                    fmt::format("{}x{} is too large for {}, which takes {}x{}", width, height, device_.name(),
                                sizes.maximum_width, sizes.maximum_height),
                    "ENUM_FRAMESIZES");
    V4L2PLAY_TRY(check_.configure(config_.stream));
    V4L2PLAY_TRY(stream_.configure(config_.stream));
    const int epoll = kernel_.epoll_create();
    if (epoll < 0) return fail(-epoll, "cannot wait for the device", "epoll_create");
    epoll_ = UniqueFd(kernel_, epoll);
    auto waker = Waker::create(kernel_);
    if (!waker) return fail(waker.error());
    waker_ = std::move(*waker);
    if (const int error = kernel_.epoll_add(epoll, waker_->fd(), EPOLLIN | EPOLLET, stateful_waker_event); error < 0)
        return fail(-error, "cannot wait for the device", "epoll_ctl");
    V4L2PLAY_TRY(open_context());
    return check_.sequence() == nullptr ? Result<>{} : context_->check(*check_.sequence());
}

/// A stream whose container tells nothing is looked at here, before the driver sees any of it.
Result<> StatefulDecoder::check_start(const AccessUnit& unit) {
    if (check_.sequence() != nullptr) return {};
    V4L2PLAY_TRY(check_.look_at(unit));
    return check_.sequence() == nullptr ? Result<>{} : context_->check(*check_.sequence());
}

Result<> StatefulDecoder::open_context() {
    auto context = StatefulContext::create({kernel_, device_, config_, stream_, epoll_.get(), waker_.get()});
    if (!context) return fail(std::move(context).error());
    context_ = std::move(*context);
    start_ = true;
    any_sent_ = false;
    quiet_since_ = 0;
    return {};
}

DecoderDescription StatefulDecoder::description() const {
    return {"stateful", device_.driver, fmt::format("{} ({})", device_.card, device_.bus_info), "whole stream"};
}

Result<SendStatus> StatefulDecoder::send(AccessUnit& unit) {
    if (failure_) return fail(*failure_);
    if (drained_) start_again();
    advance();
    if (failure_ || ending_ != Ending::No) return SendStatus::Full;
    if (has_to_skip(unit)) {
        drop(waiting_reason_, "waiting for a key frame");
        unit = {};
        return SendStatus::Accepted;
    }
    if (context_ == nullptr)
        if (auto opened = open_context(); !opened) {
            fail_with(std::move(opened).error());
            return fail(*failure_);
        }
    if (auto checked = check_start(unit); !checked) {
        fail_with(std::move(checked).error());
        return SendStatus::Full;
    }
    if (wants_other_format(unit)) {
        ending_ = Ending::Asked;
        renegotiates_ = true;
        advance();
        return SendStatus::Full;
    }
    return submit(unit);
}

/// Drivers tell nothing of light, and not all of colours. It holds for the pictures of the next format: the first, or
/// the one that the driver announces when it comes to this unit.
void StatefulDecoder::learn_from(const AccessUnit& unit) {
    if (const auto looked = check_.look_at(unit); !looked) log_debug("stateful", "{}", looked.error().what);
    const SequenceInfo* sequence = check_.sequence();
    if (sequence == nullptr) return;
    config_.stream.color = sequence->info.color;
    config_.stream.hdr = sequence->info.hdr;
    config_.stream.sample_aspect = sequence->info.sample_aspect;
}

/// Pictures before `unit` have to come out first: their buffers go.
bool StatefulDecoder::wants_other_format(const AccessUnit& unit) {
    if (!offered_ || !context_->has_capture() || !stream_.starts_anew(unit)) return false;
    if (context_->would_change(*offered_)) return true;
    config_.output_formats = *std::exchange(offered_, std::nullopt);
    return false;
}

/// After a loss the driver would make something of pictures that refer to lost ones.
bool StatefulDecoder::has_to_skip(const AccessUnit& unit) {
    const bool key = stream_.is_key(unit);
    keys_known_ |= key; // containers that never say where one can begin are not waited for
    if (key || !keys_known_) waits_for_key_ = false;
    return waits_for_key_;
}

Result<SendStatus> StatefulDecoder::submit(AccessUnit& unit) {
    const auto bytes = unit.payload.bytes();
    const std::size_t needed = stream_.size(bytes, start_);
    if (needed == 0) { // a frame that the encoder left out: the driver has no way to be told
        unit = {};
        return SendStatus::Accepted;
    }
    if (!context_->fits(needed))
        if (auto grown = context_->grow(needed); !grown) {
            drop(DropReason::Malformed, grown.error().what);
            unit = {};
            return SendStatus::Accepted;
        }
    const FrameId id = last_id_ + 1;
    const int error = context_->submit(id, bytes, start_);
    if (error == -EAGAIN) return SendStatus::Full;
    if (error < 0) {
        replace_context(DropReason::DeviceError, fmt::format("the device refuses a unit: {}", error_text(-error)),
                        -error);
        return SendStatus::Full;
    }
    last_id_ = id;
    const bool key = stream_.is_key(unit);
    tickets_[id % most_tickets] = {id, unit.pts, unit.duration, unit.serial, unit.discard, key, false};
    if (key) learn_from(unit);
    start_ = false;
    any_sent_ = true;
    unit = {};
    return SendStatus::Accepted;
}

void StatefulDecoder::drop(DropReason reason, std::string_view why, unsigned count) {
    const bool repeated = last_drop_ == why;
    if (!repeated) last_drop_ = why;
    // Many in a row become one event.
    if (repeated && !events_.empty())
        if (auto* last = std::get_if<PicturesDropped>(&events_.back()); last != nullptr && last->reason == reason) {
            last->count += count;
            return;
        }
    events_.push(PicturesDropped{reason, count, repeated ? std::string() : last_drop_});
}

void StatefulDecoder::drain() {
    renegotiates_ = false; // then nothing comes that could be in another format
    if (ending_ != Ending::No || failure_) return;
    ending_ = Ending::Asked;
    advance();
}

void StatefulDecoder::flush() {
    if (failure_) return;
    ending_ = Ending::No;
    renegotiates_ = false;
    for (std::size_t left = events_.size(); left > 0; --left) {
        DecoderEvent event = events_.pop();
        if (!std::holds_alternative<Frame>(event) && !std::holds_alternative<Drained>(event))
            events_.push(std::move(event));
    }
    start_again();
}

/// The driver forgets what it has of the stream. Units have to begin with a key frame then.
void StatefulDecoder::start_again() {
    first_wanted_ = last_id_ + 1;
    waits_for_key_ = start_ = true;
    any_sent_ = drained_ = false;
    waiting_reason_ = DropReason::BeforeRandomAccess;
    quiet_since_ = 0;
    if (context_ == nullptr) return;
    const std::shared_ptr<SlotPool> pool = context_->pool();
    const auto flushed =
        call_within(teardown_limit_, context_, [](StatefulContext& context) { return context.flush(); });
    if (!flushed) {
        if (pool != nullptr) pool->set_waker(nullptr);
        return fail_with(hung("STREAMOFF"));
    }
    if (*flushed < 0)
        replace_context(DropReason::DeviceError, fmt::format("the device does not flush: {}", error_text(-*flushed)),
                        -*flushed);
}

std::optional<DecoderEvent> StatefulDecoder::next_event() {
    if (events_.empty()) return std::nullopt;
    return events_.pop();
}

void StatefulDecoder::advance() {
    if (failure_) return;
    if (context_ == nullptr || (!any_sent_ && ending_ != Ending::No)) {
        if (ending_ != Ending::No) finish_drain();
        return;
    }
    const bool ended = context_->has_capture() && context_->ended();
    if (context_->source_changed() && (ended || !context_->has_capture())) {
        // Without a unit there is nothing yet that the driver could have found its format in.
        if (any_sent_) change_capture();
    } else if (ended && ending_ == Ending::Stopping) {
        finish_drain();
    } else if (ended && !drained_ && context_->restart() < 0) {
        replace_context(DropReason::DeviceError, "the device stopped by itself", EIO);
    } else if (!context_->has_capture() && ending_ == Ending::Asked && context_->units_in_flight() == 0) {
        finish_drain(); // the driver has seen everything and found nothing
    }
    if (failure_ || context_ == nullptr || !context_->has_capture()) return;
    if (ending_ == Ending::Asked) {
        ending_ = Ending::Stopping;
        if (const int error = context_->stop(); error < 0 && error != -EBUSY)
            log_warning("stateful", "{} does not drain: {}", device_.name(), error_text(-error));
    }
    if (const int error = context_->refill(); error < 0)
        replace_context(DropReason::DeviceError, fmt::format("the device takes no buffer: {}", error_text(-error)),
                        -error);
}

/// The driver has given out what it had. A format that cannot be had after all leaves the old one.
void StatefulDecoder::take_offer() {
    start_ = true;
    const auto before = std::exchange(config_.output_formats, *std::exchange(offered_, std::nullopt));
    auto changed = restart_capture();
    if (!changed && context_ != nullptr) {
        log_info("stateful", "not in the format that the output would rather have: {}", changed.error().what);
        config_.output_formats = before;
        changed = restart_capture();
    }
    if (!changed) fail_with(std::move(changed).error());
}

void StatefulDecoder::change_capture() {
    if (auto changed = restart_capture(); !changed) return fail_with(std::move(changed).error());
    // Stopping CAPTURE has ended the drain, too.
    if (ending_ == Ending::Stopping) ending_ = Ending::Asked;
}

/// The context is gone when the driver does not come back from it.
Result<> StatefulDecoder::restart_capture() {
    const std::shared_ptr<SlotPool> pool = context_->pool();
    const auto stopped = call_within(teardown_limit_, context_, [](StatefulContext& context) {
        context.stop_capture();
        return true;
    });
    if (!stopped) {
        if (pool != nullptr) pool->set_waker(nullptr);
        return tl::unexpected(hung("STREAMOFF"));
    }
    V4L2PLAY_TRY(context_->start_capture());
    events_.push(PoolChanged{context_->pool(), context_->terms()});
    return {};
}

void StatefulDecoder::finish_drain() {
    ending_ = Ending::No;
    any_sent_ = false;
    if (std::exchange(renegotiates_, false)) return take_offer();
    drained_ = true;
    if (troubles_.nothing_but()) return fail_with({EIO, fmt::format("{} decoded no picture", device_.name()), "DQBUF"});
    events_.push(Drained{});
}

Result<> StatefulDecoder::dispatch(Nanoseconds timeout) {
    std::array<epoll_event, 4> events;
    if (failure_) { // nothing will happen: the caller waits for something of its own
        (void)kernel_.epoll_wait(epoll_.get(), events, timeout);
        return {};
    }
    const bool waiting = is_waiting();
    if (waiting) {
        const Nanoseconds limit = context_->has_capture() ? soft_limit : announcement_limit;
        if (timeout < 0 || timeout > limit) timeout = limit;
    }
    if (context_ != nullptr && context_->has_capture()) {
        // Armed first, looked at then: a slot that is given back in between is not missed.
        waker_->arm();
        if (context_->wants_slots()) timeout = 0;
    }
    const int count = kernel_.epoll_wait(epoll_.get(), events, timeout);
    waker_->disarm();
    if (count < 0) return fail(-count, "cannot wait for the device", "epoll_wait");
    if (context_ != nullptr) {
        for (int i = 0; i < count; ++i) context_->note_event(events[static_cast<std::size_t>(i)]);
        const int error = context_->collect();
        take_decoded();
        if (error < 0 && context_ != nullptr)
            replace_context(DropReason::DeviceError, fmt::format("the device has failed: {}", error_text(-error)),
                            -error);
    }
    if (waiting) check_watchdog(count == 0, timeout);
    advance();
    return {};
}

void StatefulDecoder::take_decoded() {
    for (DecodedSlot decoded; context_ != nullptr && context_->next_decoded(decoded);) give_out(decoded);
}

/// Neither the picture nor what may refer to it is shown: the last good one stays until the next key frame, which may
/// be with the driver already. Streams that do not tell their key frames go on at once.
void StatefulDecoder::lose_picture(const Ticket& ticket, const char* cause) {
    drop(DropReason::DeviceError, ticket.pts == no_time ? fmt::format("picture {}: {}", ticket.id, cause)
                                                        : fmt::format("picture {} at {:.3f} s: {}", ticket.id,
                                                                      static_cast<double>(ticket.pts) / 1e9, cause));
    last_lost_ = ticket.id;
    trusted_again_ = ticket.id + 1;
    while (keys_known_ && trusted_again_ <= last_id_ && !tickets_[trusted_again_ % most_tickets].key) ++trusted_again_;
    if (trusted_again_ > last_id_) {
        waits_for_key_ = true;
        waiting_reason_ = DropReason::MissingReference;
    }
    if (troubles_.add()) fail_with({EIO, fmt::format("{} fails too often", device_.name()), "DQBUF"});
}

void StatefulDecoder::give_out(DecodedSlot& decoded) {
    Ticket& sent = tickets_[decoded.id % most_tickets];
    sent.answered |= sent.id == decoded.id;
    newest_ = std::max(newest_, decoded.id);
    const Ticket ticket = sent;
    SlotRef slot = std::move(decoded.slot);
    if (decoded.id < first_wanted_ && decoded.id != 0) return;
    if (ticket.id != decoded.id || decoded.id == 0) {
        log_error("stateful", "{} gives back picture {}, which it was not sent", device_.name(), decoded.id);
        return;
    }
    if (!slot) return lose_picture(ticket, "the device gave no picture for it");
    if (decoded.corrupt) return lose_picture(ticket, "the device could not decode it (ERROR flag)");
    if (ticket.id > last_lost_ && ticket.id < trusted_again_)
        return drop(DropReason::MissingReference, "follows a picture that the device could not decode");
    troubles_.note_good();
    if (ticket.discard) return;
    Frame frame;
    frame.id = decoded.id;
    frame.info = context_->info();
    frame.pts = ticket.pts;
    frame.duration = ticket.duration;
    frame.serial = ticket.serial;
    frame.slot = slot.also(Hold::Queue);
    events_.push(std::move(frame));
}

/// Something is to come from the device without anything more being sent or given back.
bool StatefulDecoder::is_waiting() const {
    if (context_ == nullptr || !any_sent_) return false;
    if (ending_ != Ending::No && !context_->has_capture()) return true;
    if (ending_ == Ending::No && context_->units_in_flight() == 0) return false;
    return !context_->has_capture() || !context_->starved();
}

/// The clock is asked only after a wait in which nothing was completed.
void StatefulDecoder::check_watchdog(bool waited, Nanoseconds slept) {
    if (context_ == nullptr) return;
    if (context_->take_progress() || !is_waiting()) {
        quiet_since_ = 0;
        quiet_logged_ = false;
        return;
    }
    const Nanoseconds now = kernel_.now();
    if (quiet_since_ == 0) quiet_since_ = waited ? now - slept : now;
    check_quiet(now - quiet_since_);
}

void StatefulDecoder::check_quiet(Nanoseconds quiet) {
    if (!context_->has_capture() && quiet >= announcement_limit && quiet < hard_limit) {
        log_debug("stateful", "{} announces no format: taking the one that it has", device_.name());
        change_capture();
        quiet_since_ = 0;
        return;
    }
    if (quiet >= soft_limit && !std::exchange(quiet_logged_, true))
        log_warning("stateful", "{} has not finished a picture for {} ms", device_.name(), quiet / millisecond);
    if (quiet >= hard_limit)
        replace_context(DropReason::Stalled, fmt::format("the device has stalled for {} s", quiet / second), ETIMEDOUT);
}

/// Units that are with the driver, or whose pictures are. Where none overtakes another, what was sent before the newest
/// picture was not to be shown.
unsigned StatefulDecoder::unanswered() const {
    const CodecId codec = config_.stream.codec;
    const bool reorders = codec == CodecId::H264 || codec == CodecId::Hevc || codec == CodecId::Mpeg2;
    const FrameId first = reorders ? first_wanted_ : std::max(first_wanted_, newest_ + 1);
    return static_cast<unsigned>(std::count_if(tickets_.begin(), tickets_.end(), [&](const Ticket& ticket) {
        return ticket.id >= first && !ticket.answered && !ticket.discard;
    }));
}

/// Gives the context up: what is inside is lost, and a new one is made for the next random-access point.
void StatefulDecoder::replace_context(DropReason reason, std::string_view why, int code) {
    const unsigned lost = unanswered();
    log_error("stateful", "{}: {}", device_.name(), why);
    drop(reason, why, lost);
    const bool closed = close_context();
    first_wanted_ = last_id_ + 1;
    waits_for_key_ = true;
    waiting_reason_ = DropReason::MissingReference;
    quiet_since_ = 0;
    quiet_logged_ = false;
    if (!closed || code == ENODEV || troubles_.add()) fail_with({code, std::string(why), "watchdog"});
}

/// False when the driver does not come back from it: then it is left alone, with its buffers.
bool StatefulDecoder::close_context() {
    if (context_ == nullptr || destroy_within(teardown_limit_, std::move(context_))) return true;
    log_error("stateful", "{} does not come back from closing: it is left alone", device_.name());
    return false;
}

Error StatefulDecoder::hung(const char* call) const {
    return {ETIMEDOUT, fmt::format("{} does not come back from {}: it is left alone", device_.name(), call), call};
}

void StatefulDecoder::fail_with(Error error) {
    failure_ = error;
    close_context();
    events_.push(DecoderFailed{std::move(error)});
}

} // namespace v4l2play
