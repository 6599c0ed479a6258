// One context on a stateless device, set up for one sequence: takes pictures, gives back finished ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decoder/decoder.h"
#include "decoder/request/bitstream_pool.h"
#include "decoder/request/capture_slots.h"
#include "decoder/request/codec_controls.h"
#include "decoder/request/device_setup.h"
#include "decoder/request/request_pool.h"
#include "decoder/slot.h"
#include "decoder/v4l2/queue.h"

namespace v4l2play {

// Data of the decoder's epoll events: what it is in the upper half, an index in the lower.
constexpr std::uint64_t waker_event = std::uint64_t{1} << 32;
constexpr std::uint64_t video_event = std::uint64_t{2} << 32;
constexpr std::uint64_t request_event = std::uint64_t{3} << 32;

/// What a context is made from. All must outlive it.
struct ContextNeeds {
    Kernel& kernel;
    const DecoderDevice& device;
    CodecControls& controls;
    const DecoderConfig& config;
    int media_fd;
    int epoll_fd;
    Waker* waker; ///< told when a slot becomes FREE; `set_waker` changes it
};

/// How a picture's CAPTURE buffer came back.
enum class Outcome : std::uint8_t {
    Good,
    Partial, ///< some of its parts were never sent: no fault of the device
    Failed,  ///< the device flagged it (V4L2_BUF_FLAG_ERROR), or took it for another picture
    Empty,   ///< without payload: what is in the buffer is an older picture
    Damaged, ///< refers to a picture that is not good
    Remnant, ///< Partial and Damaged; was counted when its parts were dropped
};

struct FinishedPicture {
    FrameId id = 0;
    Outcome outcome = Outcome::Good;
};

/// Three pools and three completions, none of which implies another: a request is complete (and can be used again), an
/// OUTPUT buffer comes back (the bitstream buffer is idle), a CAPTURE buffer comes back (the slot is DECODED).
///
/// A completed request is taken as a *hint* that there is something to dequeue on both queues, so that in the steady
/// state every DQBUF finds a buffer; the video descriptor's events catch what the hint misses.
class DeviceContext {
  public:
    static Result<std::unique_ptr<DeviceContext>> create(const ContextNeeds& needs, const SequenceInfo& sequence);
    DeviceContext(const DeviceContext&) = delete;
    DeviceContext& operator=(const DeviceContext&) = delete;

    /// Null before what may never come back, since the slots outlive whoever is to be woken then.
    void set_waker(Waker* waker) { slots_.set_waker(waker); }
    /// Where pictures are decoded into now.
    [[nodiscard]] const std::shared_ptr<SlotPool>& pool() const { return slots_.pool(); }
    [[nodiscard]] const std::string& terms() const { return terms_; }
    [[nodiscard]] bool can_hold() const;

    /// Whether a context for these formats of the output would have another pixel format.
    [[nodiscard]] bool would_change(const SequenceInfo& sequence, std::span<const FormatModifier> formats) const;

    /// Whether the driver would decode the picture with reference picture sets of those before it.
    [[nodiscard]] bool keeps_old_sets(const Picture& picture) const;

    /// More slots for a sequence that differs in `dpb_slots` alone; at any time. On failure nothing has changed.
    Result<> add_slots(const SequenceInfo& sequence);
    /// More slots than a sequence that differs in `dpb_slots` alone needs, by so many that it matters.
    [[nodiscard]] bool has_too_many_slots(const SequenceInfo& sequence) const;
    /// Fewer slots for it, in a pool of their own; at any time. On failure nothing has changed.
    Result<> remove_slots(const SequenceInfo& sequence);
    /// Slots of another size, while pictures in the old ones can still be referred to; the context must be idle and
    /// have no spare buffer. On failure the context is of no more use, but after EBUSY, which most drivers answer since
    /// buffers are allocated: some take it without OUTPUT streaming (`stop_output`; it is started again here).
    Result<> change_size(const SequenceInfo& sequence);
    [[nodiscard]] bool has_spare() const { return static_cast<bool>(spare_); }
    /// What `change_size` waits for has come (EAGAIN: frames of older slots are still shown).
    [[nodiscard]] bool may_change_size() const { return slots_.any_idle_pool(); }

    // --- what stops a queue, and with a driver that hangs never comes back: nothing but the kernel and what is the
    // context's own is used ---

    /// A buffer that is queued with the old size would be filled with the next picture.
    Result<> take_back_spare();
    Result<> stop_output();
    /// Larger bitstream buffers, for parts of `needed` bytes; `can_grow` must be true.
    Result<> grow_bitstreams(std::size_t needed) { return bitstreams_.grow(needed); }

    // --- submission: a picture is begun, then sent in one or more parts ---

    /// A bitstream buffer and a request are idle.
    [[nodiscard]] bool can_submit() const { return bitstreams_.any_idle() && requests_.any_idle(); }
    /// Bytes that part `index` needs in its bitstream buffer.
    [[nodiscard]] std::size_t bitstream_size(const Picture& picture, unsigned index) const;
    /// Bytes that a bitstream buffer takes.
    [[nodiscard]] std::size_t bitstream_capacity() const { return bitstreams_.capacity(); }
    /// No bitstream buffer is in use, so that they can grow.
    [[nodiscard]] bool can_grow() const { return bitstreams_.borrowed() == 0 && requests_.queued() == 0; }

    /// A FREE slot to decode into; empty when there is none.
    SlotRef acquire_slot();
    /// Takes over the holds on the target. The slot's picture is in flight from the first part on. Returns the index of
    /// the slot's buffer, by which it is called below.
    std::uint32_t begin(FrameId id, SlotRef target);
    /// The picture in `target` refers to the one in `reference`: holds it until the picture is finished.
    void refer(std::uint32_t target, const SlotRef& reference);
    /// Sends part `index`; `can_submit` must be true. 0 or -errno; on failure nothing of this part is in flight.
    int submit(const Picture& picture, unsigned index, std::uint32_t target, bool hold);
    /// Takes back a picture of which no part was sent.
    void cancel(std::uint32_t target);
    /// Some part of it could not be sent, and no more will be.
    void cut_short(std::uint32_t target);

    // --- completion ---

    /// An event of the epoll set. The buffers are collected by `collect`.
    void note_event(const epoll_event& event);
    /// Dequeues what is there. 0, or -errno when the device has failed as a whole.
    int collect();
    /// The next finished picture, in the order of their return; false when there is none.
    bool next_finished(FinishedPicture& out);
    /// Something has completed since the last call.
    bool take_progress() { return std::exchange(progress_, false); }

    /// Nothing is queued on the device.
    [[nodiscard]] bool idle() const { return pictures_ == 0 && bitstreams_.borrowed() == 0 && requests_.queued() == 0; }
    /// Something is to come from the device without anything more being sent.
    [[nodiscard]] bool is_working() const {
        return outputs_ > 0 || requests_.queued() != 0 || pictures_ > (held_ == nobody ? 0U : 1U);
    }
    /// Before waiting for the end: makes the driver give back a CAPTURE buffer that it holds for a part that will not
    /// come.
    void release_held();

  private:
    /// What a slot is used for at the moment.
    struct Use {
        FrameId id = 0; ///< 0: not in flight
        SlotRef target;
        std::vector<SlotRef> references;
        bool queued = false;             ///< as a CAPTURE buffer
        Outcome outcome = Outcome::Good; ///< of the picture in it
    };

    DeviceContext(const ContextNeeds& needs, VideoDevice device);
    Result<> set_up(const SequenceInfo& sequence);
    Result<> fit(SlotCount& slots, std::uint64_t slot_size, unsigned there = 0);
    Result<DeviceFormats> set_formats(const SequenceInfo& sequence);
    void note_slots(const SlotCount& wanted);
    Result<> start();
    int send(const Picture& picture, unsigned index, std::uint32_t target, bool hold, unsigned bitstream,
             unsigned request);
    [[nodiscard]] std::size_t counted_padding(const Picture& picture, unsigned index) const;
    int dequeue_outputs();
    int dequeue_captures();
    void finish(const DequeuedBuffer& buffer);
    [[nodiscard]] Outcome judge(const DequeuedBuffer& buffer, const Use& use) const;

    const ContextNeeds needs_;
    VideoDevice device_;
    Queue output_;
    Queue capture_;
    BitstreamPool bitstreams_;
    RequestPool requests_;
    CaptureSlots slots_;
    std::string terms_;
    std::uint32_t quirks_ = 0;
    static constexpr std::uint32_t nobody = UINT32_MAX;
    void close_held();

    std::vector<Use> uses_;       ///< by V4L2 buffer index
    SlotRef spare_;               ///< queued for a picture that failed: the next picture gets it
    std::uint32_t held_ = nobody; ///< buffer of the picture of which more parts are to come
    unsigned pictures_ = 0;       ///< in flight
    unsigned outputs_ = 0;        ///< OUTPUT buffers in flight
    std::uint32_t video_events_ = 0;
    int output_hints_ = 0;  ///< completed requests less dequeued OUTPUT buffers
    int capture_hints_ = 0; ///< completed pictures less dequeued CAPTURE buffers
    bool progress_ = false;
    int fault_ = 0; ///< -errno: cannot go on
    std::vector<FinishedPicture> finished_;
    std::size_t next_finished_ = 0;
};

} // namespace v4l2play
