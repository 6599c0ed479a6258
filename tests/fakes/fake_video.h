// An open video node: one memory-to-memory context.
#pragma once

#include <memory>

#include "tests/fakes/fake_controls.h"
#include "tests/fakes/fake_engine.h"
#include "tests/fakes/fake_format.h"
#include "tests/fakes/fake_queue.h"
#include "tests/fakes/fake_request.h"

namespace v4l2play::fakes {

class FakeContext final : public FakeFile, public std::enable_shared_from_this<FakeContext> {
  public:
    FakeContext(FakeWorld& world, FakeDecoder& decoder, bool blocking)
        : world_(world)
        , decoder_(decoder)
        , blocking_(blocking)
        , formats_(decoder)
        , controls_(world, decoder)
        , output_(world, decoder, false)
        , capture_(world, decoder, true)
        , engine_(world, decoder, controls_, output_, capture_) {}

    [[nodiscard]] const char* kind() const override { return "video device"; }
    int ioctl(unsigned long request, void* argument) override;
    std::uint32_t poll(std::uint32_t wanted) override;
    std::shared_ptr<FakeMemory> memory(std::size_t length, std::int64_t offset) override;
    void released() override;

    // What requests ask of it.
    int queue_request(FakeRequest& request, unsigned buffer);
    void return_buffer(unsigned index);

    /// Time of the next thing that happens by itself; no_time when nothing will.
    [[nodiscard]] Nanoseconds next_event() const { return decoder_.gone ? no_time : engine_.next_event(); }
    /// Does what is due. True when something was.
    bool run() { return kick(); }
    /// Finishes the running picture (or its first phase) now. False when none runs.
    bool complete_one();

  private:
    int buffer_ioctl(unsigned long request, void* argument);
    int control_ioctl(unsigned long request, void* argument);
    int set_controls(v4l2_ext_controls& list, bool get);
    int describe(v4l2_capability& out) const;
    int set_format(v4l2_format& format, bool set);
    int create_buffers(v4l2_create_buffers& wanted);
    int queue(v4l2_buffer& buffer);
    int queue_output(v4l2_buffer& buffer);
    int queue_capture(const v4l2_buffer& buffer);
    int decoder_command(const v4l2_decoder_cmd& command);
    int stream_off(std::uint32_t type);
    int dequeue(v4l2_buffer& out);
    void check_reuse(unsigned index);
    /// Lets the device go on, and wakes who waits if it did.
    bool kick();
    FakeQueue* queue_of(std::uint32_t type);

    FakeWorld& world_;
    FakeDecoder& decoder_;
    bool blocking_;
    FakeFormats formats_;
    FakeControls controls_;
    FakeQueue output_;
    FakeQueue capture_;
    FakeEngine engine_;
};

} // namespace v4l2play::fakes
