// The decoding half of a fake device: takes requests in order, checks them, and finishes them when their time comes.
#pragma once

#include <optional>

#include "tests/fakes/fake_controls.h"
#include "tests/fakes/fake_queue.h"

namespace v4l2play::fakes {

class FakeEngine {
  public:
    FakeEngine(FakeWorld& world, FakeDecoder& decoder, FakeControls& controls, FakeQueue& output, FakeQueue& capture)
        : world_(world)
        , turns_(world.turns[&decoder])
        , decoder_(decoder)
        , controls_(controls)
        , output_(output)
        , capture_(capture) {}

    /// Starts and finishes what can be, up to now. True when a queue changed.
    bool run();
    /// Finishes the running phase now.
    bool complete_one();
    [[nodiscard]] Nanoseconds next_event() const;
    /// STREAMOFF of a queue: what runs ends here.
    void cancel(bool capture);
    /// Gives a held CAPTURE buffer back (V4L2_DEC_CMD_FLUSH).
    bool release_held();
    /// Whether a request that is queued or running refers to the picture of `timestamp`.
    [[nodiscard]] bool is_referenced(std::uint64_t timestamp) const;

  private:
    struct Job {
        unsigned output = 0;
        unsigned capture = 0;
        Nanoseconds first_phase = no_time; ///< the OUTPUT buffer goes back
        Nanoseconds end = no_time;         ///< no_time: never
        bool output_returned = false;
        bool error = false;
        bool empty = false;
        bool hold = false;
        std::shared_ptr<FakeRequest> request;
        std::vector<std::uint64_t> references;
    };
    [[nodiscard]] bool has_request() const;
    [[nodiscard]] bool is_ready() const;
    bool start();
    bool step(bool forced);
    void check(const FakePicture& picture) const;
    FakePicture record(const FakeBuffer& source, const Job& job) const;
    void return_output();
    void finish();

    FakeWorld& world_;
    FakeTurns& turns_;
    FakeDecoder& decoder_;
    FakeControls& controls_;
    FakeQueue& output_;
    FakeQueue& capture_;
    std::optional<Job> job_;
    std::optional<unsigned> held_; ///< CAPTURE buffer that waits for more of its picture
};

} // namespace v4l2play::fakes
