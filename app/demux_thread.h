// The thread that reads the container ahead of the decoder.
#pragma once

#include <memory>
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
};
using DemuxItem = std::variant<AccessUnit, LoopSeam, EndOfItem>;
using DemuxChannel = Channel<DemuxItem>;

/// Reads `demuxer` into `channel` until the end; blocks while the channel is full. With `loop` it starts over, and time
/// stamps go on rising: the next round starts where the last picture ended.
class DemuxThread {
  public:
    DemuxThread(Demuxer& demuxer, DemuxChannel& channel, bool loop);
    DemuxThread(const DemuxThread&) = delete;
    DemuxThread& operator=(const DemuxThread&) = delete;
    /// Closes the channel and joins.
    ~DemuxThread();

  private:
    void run();
    bool push_unit(AccessUnit unit);
    bool start_over();

    Demuxer& demuxer_;
    DemuxChannel& channel_;
    const bool loop_;
    Nanoseconds offset_ = 0;
    Nanoseconds round_ = 0; ///< length of the round so far
    std::thread thread_;
};

} // namespace v4l2play
