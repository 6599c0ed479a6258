// Plays access units through a decoder on the fake kernel, in virtual time, with a presenter that keeps frames.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "decoder/decoder.h"
#include "tests/fakes/fake_kernel.h"

namespace v4l2play::fakes {

/// Bytes of one access unit, and when it is to be shown.
struct TestUnit {
    std::vector<std::uint8_t> bytes;
    Nanoseconds pts = 0;
};

/// What came out for one frame.
struct PlayedFrame {
    FrameId id = 0;
    Nanoseconds pts = 0;
    bool corrupt = false;
    std::uint32_t coded_width = 0;
    DrmFourcc fourcc{};
};

class Playback {
  public:
    explicit Playback(FakeKernel& kernel);
    ~Playback();
    Playback(const Playback&) = delete;
    Playback& operator=(const Playback&) = delete;

    /// How long the presenter shows a frame, and how many it keeps at once.
    Nanoseconds period = 0;
    unsigned shown_at_once = 2;

    /// Sends all of `units` and drains. False when the decoder failed, or did not come to an end.
    bool play(Decoder& decoder, const std::vector<TestUnit>& units);
    /// Sends what it can of `units` until `frames` frames are out, without draining.
    bool play_until(Decoder& decoder, const std::vector<TestUnit>& units, std::size_t frames);
    /// Shows what is due, waits for the device for at most 10 ms, and takes what came out.
    void turn(Decoder& decoder);
    /// Lets go of all frames.
    void release_all();

    std::vector<PlayedFrame> frames;
    std::vector<std::shared_ptr<SlotPool>> pools;
    std::vector<PicturesDropped> dropped;
    bool drained = false;
    std::optional<Error> failure;
    std::string faults; ///< what the decoder did wrong, one a line

    [[nodiscard]] unsigned dropped_for(DropReason reason) const;

  private:
    struct Held {
        Frame frame;
        SlotRef presenter; ///< empty while it waits for its turn
    };
    void take_events(Decoder& decoder);
    void take(Frame frame);
    void show();
    void check_reuse(std::uint64_t content);

    FakeKernel& kernel_;
    std::deque<Held> queue_; ///< waiting to be shown
    std::deque<Held> shown_; ///< oldest first
    Nanoseconds next_show_ = 0;
};

} // namespace v4l2play::fakes
