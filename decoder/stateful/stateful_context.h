// One context on a stateful device: units in, decoded slots out, and the driver's announcements in between.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decoder/decoder.h"
#include "decoder/frame.h"
#include "decoder/slot.h"
#include "decoder/stateful/capture_setup.h"
#include "decoder/stateful/coded_stream.h"
#include "decoder/stateful/stream_check.h"
#include "decoder/stateful/unit_buffers.h"
#include "decoder/v4l2/media_device.h"
#include "decoder/v4l2/queue.h"

namespace v4l2play {

// Data of the decoder's epoll events.
constexpr std::uint64_t stateful_waker_event = 1;
constexpr std::uint64_t stateful_video_event = 2;

/// What a context is made from. All must outlive it.
struct StatefulNeeds {
    Kernel& kernel;
    const DecoderDevice& device;
    const DecoderConfig& config;
    const CodedStream& stream;
    int epoll_fd;
    Waker* waker; ///< told when a slot becomes FREE
};

/// A CAPTURE buffer that came back with a picture; its slot is DECODED.
struct DecodedSlot {
    SlotRef slot;
    FrameId id = 0;
    bool corrupt = false;
};

/// All FREE slots are queued with the driver, which picks one for each picture. It may still refer to pictures that it
/// has given back: then it does not write to their buffers, queued or not.
///
/// CAPTURE is set up when the driver has announced the stream's format (`source_changed`), and again when it announces
/// another one and has given back the last picture of the old one (`ended`).
class StatefulContext {
  public:
    static Result<std::unique_ptr<StatefulContext>> create(const StatefulNeeds& needs);
    ~StatefulContext();
    StatefulContext(const StatefulContext&) = delete;
    StatefulContext& operator=(const StatefulContext&) = delete;

    /// ENOTSUP when the driver does not say that it does this sequence.
    [[nodiscard]] Result<> check(const SequenceInfo& sequence) const { return check_sequence(device_, sequence); }

    // --- OUTPUT ---

    [[nodiscard]] bool fits(std::size_t bytes) const { return units_.fits(bytes); }
    Result<> grow(std::size_t bytes) { return units_.grow(bytes); }
    /// 0, -EAGAIN while no buffer is idle, or -errno.
    int submit(FrameId id, std::span<const std::uint8_t> unit, bool start);
    [[nodiscard]] unsigned units_in_flight() const { return units_.borrowed(); }

    // --- CAPTURE ---

    [[nodiscard]] bool has_capture() const { return pool_ != nullptr; }
    Result<> start_capture();
    /// Whether CAPTURE would be set up otherwise for these formats of the output.
    [[nodiscard]] bool would_change(std::span<const FormatModifier> formats) const {
        return would_change_capture(device_, formats);
    }
    /// Gives all buffers up; those of pictures that are held live on in their slots.
    void stop_capture();
    /// There is something for `refill`.
    [[nodiscard]] bool wants_slots() const { return pool_ != nullptr && !ended_ && pool_->free_count() != 0; }
    /// Queues what has become FREE. 0 or -errno.
    int refill();
    /// Too few buffers are queued for the driver to go on.
    [[nodiscard]] bool starved() const { return queued_ < needed_; }
    [[nodiscard]] const std::shared_ptr<SlotPool>& pool() const { return pool_; }
    [[nodiscard]] const std::string& terms() const { return terms_; }
    [[nodiscard]] const FrameInfo& info() const { return info_; }

    // --- the order of things ---

    /// The driver gives out what it has, then it has `ended`. 0 or -errno.
    int stop();
    /// After a stop: goes on. 0 or -errno.
    int restart();
    /// Forgets what is inside (seek).
    int flush();
    /// Another format is in the stream.
    [[nodiscard]] bool source_changed() const { return source_changed_; }
    /// The last picture before a change of format, or before the end, has come.
    [[nodiscard]] bool ended() const { return ended_; }

    // --- completion ---

    void note_event(const epoll_event& event) { noted_ |= event.data.u64 == stateful_video_event; }
    /// Dequeues what is there. 0, or -errno when the device has failed.
    int collect();
    /// The next picture, in display order; false when there is none.
    bool next_decoded(DecodedSlot& out);
    /// Something has completed since the last call.
    bool take_progress() { return std::exchange(progress_, false); }

  private:
    StatefulContext(const StatefulNeeds& needs, VideoDevice device);
    Result<> set_up();
    void subscribe();
    Result<> allocate_slots(const CaptureFormat& format);
    Result<SlotMemory> export_slot(unsigned index, unsigned memory_planes) const;
    void dequeue_events();
    int dequeue_units();
    int dequeue_pictures();
    void take(const DequeuedBuffer& buffer);
    void release_queued();

    const StatefulNeeds needs_;
    VideoDevice device_;
    Queue output_;
    Queue capture_;
    UnitBuffers units_;
    std::shared_ptr<SlotPool> pool_;
    std::string terms_;
    FrameInfo info_;
    std::vector<SlotRef> slots_; ///< queued, by V4L2 index
    unsigned queued_ = 0;
    unsigned needed_ = 0;
    std::vector<DecodedSlot> decoded_;
    std::size_t next_decoded_ = 0;
    bool noted_ = false;
    bool announces_ = true; ///< the driver has source-change events
    bool source_changed_ = false;
    bool ended_ = false;
    bool stopping_ = false;
    bool progress_ = false;
};

} // namespace v4l2play
