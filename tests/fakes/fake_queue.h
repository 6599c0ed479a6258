// One buffer queue, with the rules of videobuf2.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "decoder/v4l2/uapi.h"
#include "tests/fakes/fake_format.h"
#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

class FakeRequest;

struct FakeBuffer {
    enum class State { Dequeued, InRequest, Queued, Done, Removed };
    State state = State::Dequeued;
    std::vector<std::shared_ptr<FakeMemory>> planes;
    std::uint64_t timestamp = 0; ///< ns
    std::uint32_t bytes_used = 0;
    std::uint32_t sequence = 0;
    bool hold = false;
    bool error = false;
    bool empty = false;                   ///< nothing was written
    std::shared_ptr<FakeRequest> request; ///< OUTPUT: the request that it is in
    std::uint64_t content = 0;            ///< CAPTURE: timestamp of the picture in the memory; 0 none
};

/// A dmabuf that shares the memory of one plane.
class FakeDmabuf final : public FakeFile {
  public:
    explicit FakeDmabuf(std::shared_ptr<FakeMemory> memory)
        : memory_(std::move(memory)) {}
    [[nodiscard]] const char* kind() const override { return "dmabuf"; }
    std::shared_ptr<FakeMemory> memory(std::size_t length, std::int64_t offset) override;

  private:
    std::shared_ptr<FakeMemory> memory_;
};

class FakeQueue {
  public:
    FakeQueue(FakeWorld& world, FakeDecoder& decoder, bool capture)
        : world_(world)
        , decoder_(decoder)
        , capture_(capture) {}

    int request_buffers(v4l2_requestbuffers& wanted, const FakeFormat& format);
    int create_buffers(v4l2_create_buffers& wanted, const FakeFormat& format);
    int remove_buffers(const v4l2_remove_buffers& wanted);
    int query(v4l2_buffer& out) const;
    int export_buffer(v4l2_exportbuffer& wanted);
    /// What QBUF refuses for any buffer: wrong index, memory or planes, or not dequeued.
    int check(const v4l2_buffer& buffer) const;
    int dequeue(v4l2_buffer& out);
    int stream_on();
    void stream_off();

    /// Hands a buffer to the driver.
    void push(unsigned index);
    void finish(unsigned index, bool error);
    [[nodiscard]] std::shared_ptr<FakeMemory> memory(std::size_t length, std::int64_t offset) const;

    [[nodiscard]] bool busy() const;
    [[nodiscard]] bool streaming() const { return streaming_; }
    [[nodiscard]] bool any_in_flight() const;
    [[nodiscard]] bool any_done() const { return !done_.empty(); }

    std::vector<FakeBuffer> buffers;
    std::deque<unsigned> queued; ///< waiting for the driver, oldest first

  private:
    [[nodiscard]] bool is_there(unsigned index) const {
        return index < buffers.size() && buffers[index].state != FakeBuffer::State::Removed;
    }
    [[nodiscard]] unsigned find_room(unsigned count) const;
    void allocate(unsigned first, unsigned count, const std::array<std::uint32_t, 4>& sizes, unsigned planes);
    void describe(const FakeBuffer& buffer, unsigned index, v4l2_buffer& out) const;
    [[nodiscard]] std::uint32_t capabilities() const;
    [[nodiscard]] std::uint32_t offset(unsigned index, unsigned plane) const;

    FakeWorld& world_;
    FakeDecoder& decoder_;
    bool capture_;
    bool streaming_ = false;
    std::deque<unsigned> done_;
};

} // namespace v4l2play::fakes
