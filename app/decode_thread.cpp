#include "app/decode_thread.h"

#include "decoder/log.h"

namespace v4l2play {

DecodeThread::DecodeThread(Decoder& decoder, DemuxChannel& units, FrameChannel& frames)
    : decoder_(decoder)
    , units_(units)
    , frames_(frames) {
    units_.set_consumer_waker(&decoder.waker());
    frames_.set_producer_waker(&decoder.waker());
    thread_ = std::thread([this] { run(); });
}

bool DecodeThread::stop(Nanoseconds limit) {
    stop_.store(true);
    frames_.close();
    decoder_.waker().signal();
    return done_.wait_for(limit);
}

DecodeThread::~DecodeThread() {
    if (!stop_.load()) stop(0);
    thread_.join();
    units_.set_consumer_waker(nullptr);
    frames_.set_producer_waker(nullptr);
    if (pool_ != nullptr) pool_->set_waker(nullptr);
}

void DecodeThread::run() {
    while (!stop_.load() && !failed_) {
        const bool handed = hand_out();
        const bool fed = feed();
        if (!handed && !fed && !failed_) sleep();
    }
    // What is parked may hold slots and must not outlive the decoder's own thread.
    item_.reset();
    unit_.reset();
    done_.raise();
}

/// Decoder events into the frame queue; true when something moved.
bool DecodeThread::hand_out() {
    bool moved = false;
    while (!failed_) {
        if (item_) {
            if (!frames_.try_push(*item_)) return moved;
            failed_ = std::holds_alternative<DecoderFailed>(*item_);
            if (failed_ || std::holds_alternative<EndOfFrames>(*item_)) frames_.finish();
            item_.reset();
            moved = true;
        }
        if (failed_ || !take_event()) return moved;
    }
    return moved;
}

bool DecodeThread::take_event() {
    auto event = decoder_.next_event();
    if (!event) return false;
    if (std::holds_alternative<Drained>(*event)) {
        on_drained();
        return true;
    }
    if (auto* frame = std::get_if<Frame>(&*event)) {
        if (!times_.stamp(frame->pts)) return true;
        counters_.decoded.fetch_add(1, std::memory_order_relaxed);
        item_.emplace(std::move(*frame));
    } else if (auto* changed = std::get_if<PoolChanged>(&*event)) {
        pool_ = changed->pool;
        item_.emplace(std::move(*changed));
    } else if (auto* dropped = std::get_if<PicturesDropped>(&*event)) {
        times_.lost(dropped->count);
        item_.emplace(std::move(*dropped));
    } else if (auto* failed = std::get_if<DecoderFailed>(&*event)) {
        item_.emplace(std::move(*failed));
    }
    return true;
}

void DecodeThread::on_drained() {
    draining_ = false;
    times_.restart();
    if (end_) item_.emplace(EndOfFrames{std::move(end_->problem), end_->serial});
    end_.reset();
}

void DecodeThread::flush(std::uint32_t serial) {
    serial_ = serial;
    draining_ = false;
    end_.reset();
    times_.restart();
    decoder_.flush();
}

/// Units into the decoder; true when something moved.
bool DecodeThread::feed() {
    if (failed_ || draining_ || item_) return false;
    if (unit_) return send_unit();
    auto item = units_.try_pop();
    if (!item) return false;
    take_item(std::move(*item));
    return true;
}

void DecodeThread::offer_formats(std::vector<FormatModifier> formats) {
    const std::lock_guard lock(offer_mutex_);
    offer_ = std::move(formats);
    offered_.store(true);
}

void DecodeThread::pass_offer_on() {
    if (!offered_.exchange(false)) return;
    const std::lock_guard lock(offer_mutex_);
    decoder_.offer_formats(offer_);
}

void DecodeThread::take_item(DemuxItem item) {
    pass_offer_on();
    if (auto* unit = std::get_if<AccessUnit>(&item)) {
        if (unit->serial != serial_) flush(unit->serial);
        unit_.emplace(std::move(*unit));
        const bool wanted = !unit_->discard;
        if (times_.sent(*unit_) && wanted) counters_.units.fetch_add(1, std::memory_order_relaxed);
        send_unit();
        return;
    }
    if (auto* end = std::get_if<EndOfItem>(&item)) {
        if (end->serial != serial_) flush(end->serial);
        end_.emplace(std::move(*end));
    }
    draining_ = true;
    decoder_.drain();
}

bool DecodeThread::send_unit() {
    auto sent = decoder_.send(*unit_);
    if (!sent) {
        item_.emplace(DecoderFailed{std::move(sent).error()});
        return true;
    }
    if (*sent == SendStatus::Full) return false;
    unit_.reset();
    return true;
}

/// Arms first and looks once more afterwards, so that nothing which comes in between is slept through.
void DecodeThread::sleep() {
    decoder_.waker().arm();
    // While enough frames are queued, a slot that becomes FREE is no reason to wake up: it can wait for the next.
    const bool well_ahead = frames_.size() > frames_.low_water();
    if (pool_ != nullptr) pool_->set_waker(well_ahead ? nullptr : &decoder_.waker());
    const bool moved = stop_.load() || hand_out() || feed();
    if (!moved) {
        auto dispatched = decoder_.dispatch(-1);
        if (!dispatched && !item_) item_.emplace(DecoderFailed{std::move(dispatched).error()});
    }
    decoder_.waker().disarm();
}

} // namespace v4l2play
