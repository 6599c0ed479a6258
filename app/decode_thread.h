// The thread that feeds a decoder and hands its frames on.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "app/channel.h"
#include "app/demux_thread.h"
#include "app/picture_times.h"
#include "decoder/decoder.h"
#include "decoder/patience.h"

namespace v4l2play {

/// The last thing that comes out. `problem` is empty when all is well.
struct EndOfFrames {
    std::string problem;
    std::uint32_t serial = 0;
};
using DecodeItem = std::variant<Frame, PoolChanged, PicturesDropped, DecoderFailed, EndOfFrames>;
using FrameChannel = Channel<DecodeItem>;

struct DecodeCounters {
    std::atomic<std::uint64_t> units{0};   ///< access units taken, without those to be discarded
    std::atomic<std::uint64_t> decoded{0}; ///< frames that came out
};

/// Feeds `decoder` from `units`, fills `frames`; sleeps only in the decoder's dispatch. When all frame places are taken
/// it sleeps until the queue has fallen to its low-water mark, so that it is woken once for several frames. A unit with
/// another serial is from another place: everything inside is flushed.
class DecodeThread {
  public:
    DecodeThread(Decoder& decoder, DemuxChannel& units, FrameChannel& frames);
    DecodeThread(const DecodeThread&) = delete;
    DecodeThread& operator=(const DecodeThread&) = delete;
    /// Joins; `stop` has been called and was true, or is now waited for without a limit.
    ~DecodeThread();

    /// Stops, whatever is left undone. False when the thread, which may be in the driver, has not ended within `limit`:
    /// then neither this object nor the decoder and the channels may be destroyed.
    bool stop(Nanoseconds limit);

    /// What the output can show has changed (Decoder::offer_formats). From any thread.
    void offer_formats(std::vector<FormatModifier> formats);

    [[nodiscard]] const DecodeCounters& counters() const { return counters_; }

  private:
    void run();
    bool hand_out();
    bool take_event();
    bool feed();
    bool send_unit();
    void take_item(DemuxItem item);
    void pass_offer_on();
    void on_drained();
    void flush(std::uint32_t serial);
    void sleep();

    Decoder& decoder_;
    DemuxChannel& units_;
    FrameChannel& frames_;
    DecodeCounters counters_;
    std::atomic<bool> stop_{false};
    std::optional<AccessUnit> unit_; ///< parked: the decoder was full
    std::optional<DecodeItem> item_; ///< parked: the frame queue was full
    std::shared_ptr<SlotPool> pool_;
    std::optional<EndOfItem> end_;
    PictureTimes times_;
    std::uint32_t serial_ = 0;
    bool draining_ = false;
    bool failed_ = false; ///< the decoder is over
    std::mutex offer_mutex_;
    std::vector<FormatModifier> offer_; ///< under the mutex
    std::atomic<bool> offered_{false};  ///< and the decoder does not know yet
    DoneFlag done_;
    std::thread thread_;
};

} // namespace v4l2play
