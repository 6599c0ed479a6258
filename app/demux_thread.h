// The thread that reads the container ahead of the decoder.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "app/channel.h"
#include "app/demuxer.h"

namespace v4l2play {

/// The item starts over: everything before it is to come out first.
struct LoopSeam {};
/// Nothing comes any more. `problem` is empty when the file was read to its end.
struct EndOfItem {
    std::string problem;
    std::uint32_t serial = 0;
};
using DemuxItem = std::variant<AccessUnit, LoopSeam, EndOfItem>;
using DemuxChannel = Channel<DemuxItem>;

struct SeekRequest {
    Nanoseconds time = 0; ///< as the units' time stamps count it
    SeekMode mode = SeekMode::Exact;
    std::uint32_t serial = 0; ///< of what comes from there on
};

/// Reads `demuxer` into `channel` until the end; blocks while the channel is full. With `loop` it starts over, and time
/// stamps go on rising: the next round starts where the last picture ended.
class DemuxThread {
  public:
    DemuxThread(Demuxer& demuxer, DemuxChannel& channel, bool loop);
    DemuxThread(const DemuxThread&) = delete;
    DemuxThread& operator=(const DemuxThread&) = delete;
    /// Closes the channel and joins.
    ~DemuxThread();

    /// Goes on from another place, also after the end. What is queued is thrown away. The latest request wins.
    void seek(const SeekRequest& request);

  private:
    void run();
    /// A request, at once or (`wait`) when one comes; nothing when none is there, or all is over.
    std::optional<SeekRequest> take_request(bool wait);
    void serve(const SeekRequest& request);
    bool finish(EndOfItem end);
    bool push_unit(AccessUnit unit);
    bool start_over();

    Demuxer& demuxer_;
    DemuxChannel& channel_;
    const bool loop_;
    Nanoseconds offset_ = 0;
    Nanoseconds round_ = 0; ///< length of the round so far
    std::uint32_t serial_ = 0;
    unsigned clears_ = 0; ///< of the channel, when the latest request was taken
    std::mutex mutex_;
    std::condition_variable asked_;
    std::optional<SeekRequest> request_; ///< under the mutex
    bool over_ = false;                  ///< under the mutex
    std::thread thread_;
};

} // namespace v4l2play
