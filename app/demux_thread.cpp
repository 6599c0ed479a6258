#include "app/demux_thread.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decoder/log.h"

namespace v4l2play {
namespace {

/// The length of a round on the grid of the frame rate: rounded stamps must not shift each round a little.
Nanoseconds on_grid(Nanoseconds length, Rational rate) {
    if (rate.num <= 0 || rate.den <= 0) return length;
    const double period = static_cast<double>(second) * static_cast<double>(rate.den) / static_cast<double>(rate.num);
    const double aligned = std::round(static_cast<double>(length) / period) * period;
    return std::abs(aligned - static_cast<double>(length)) < 2.0 * millisecond ? static_cast<Nanoseconds>(aligned)
                                                                               : length;
}

} // namespace

DemuxThread::DemuxThread(Demuxer& demuxer, DemuxChannel& channel, bool loop)
    : demuxer_(demuxer)
    , channel_(channel)
    , loop_(loop)
    , thread_([this] { run(); }) {}

DemuxThread::~DemuxThread() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    asked_.notify_one();
    channel_.close();
    thread_.join();
}

void DemuxThread::seek(const SeekRequest& request) {
    {
        // One step for the thread: it must not have pushed anything of the new place before the old is thrown away.
        const std::lock_guard lock(mutex_);
        request_ = request;
        channel_.clear();
    }
    asked_.notify_one();
}

std::optional<SeekRequest> DemuxThread::take_request(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) asked_.wait(lock, [this] { return over_ || request_; });
    clears_ = channel_.clears();
    return std::exchange(request_, std::nullopt);
}

void DemuxThread::serve(const SeekRequest& request) {
    serial_ = request.serial;
    if (auto sought = demuxer_.seek(std::max<Nanoseconds>(request.time - offset_, 0), request.mode); !sought)
        log_warning("demux", "{}", sought.error().what);
}

bool DemuxThread::push_unit(AccessUnit unit) {
    const Nanoseconds frame = unit.duration > 0 ? unit.duration : 0;
    const Nanoseconds time = unit.pts == no_time ? unit.dts : unit.pts;
    if (time != no_time && !unit.discard) round_ = std::max(round_, time + frame);
    if (unit.pts != no_time) unit.pts += offset_;
    if (unit.dts != no_time) unit.dts += offset_;
    unit.serial = serial_;
    return channel_.push(DemuxItem(std::move(unit)), clears_);
}

bool DemuxThread::start_over() {
    if (!loop_ || round_ == 0) return false;
    if (auto sought = demuxer_.seek(0); !sought) {
        log_warning("demux", "cannot loop: {}", sought.error().what);
        return false;
    }
    offset_ += on_grid(round_, demuxer_.stream().frame_rate);
    round_ = 0;
    return channel_.push(DemuxItem(LoopSeam{}), clears_);
}

/// False when all is over; true after a seek, which may come long after the end.
bool DemuxThread::finish(EndOfItem end) {
    end.serial = serial_;
    if (!channel_.push(DemuxItem(std::move(end)), clears_)) return false;
    const auto request = take_request(true);
    if (request) serve(*request);
    return request.has_value();
}

void DemuxThread::run() {
    for (;;) {
        if (const auto request = take_request(false)) serve(*request);
        auto unit = demuxer_.read();
        if (unit && *unit) {
            if (!push_unit(std::move(**unit))) return;
            continue;
        }
        if (unit && start_over()) continue;
        EndOfItem end;
        if (!unit)
            end.problem = unit.error().what;
        else if (demuxer_.truncated())
            end.problem = truncated_file;
        if (!finish(std::move(end))) return;
    }
}

} // namespace v4l2play
