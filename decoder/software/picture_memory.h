// The slots that libavcodec decodes into: which exist, which it has, and when there are too few.
//
// How many
// --------
// A pool begins with as many slots as the stream is expected to need: references, pictures in decode (one per frame
// thread), frames queued, frames with the output, and one. The first two are libavcodec's *share*. When it holds more
// than its share (the estimate was low, or it fills gaps in a damaged stream), the pool grows slot by slot, up to
// `maximum_slots` and `maximum_pool_bytes`. It does not grow because frames are shown late: that is back-pressure, and
// `has_room` says so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "decoder/decoder.h"
#include "decoder/slot.h"
#include "decoder/slot_memory.h"

struct AVCodecContext;
struct AVFrame;
struct AVBufferPool;

namespace v4l2play {

class PictureMemory {
  public:
    static constexpr unsigned maximum_slots = 64;
    static constexpr std::size_t maximum_pool_bytes = std::size_t{sizeof(void*) > 4 ? 1024 : 384} << 20;

    /// `waker` is told of FREE slots; it and `kernel` must outlive this.
    PictureMemory(Kernel& kernel, std::unique_ptr<SlotAllocator> allocator, Waker& waker, const DecoderConfig& config);
    PictureMemory(const PictureMemory&) = delete;
    PictureMemory& operator=(const PictureMemory&) = delete;
    /// After libavcodec has given everything back; frames that others hold live on.
    ~PictureMemory();

    void set_frame_threads(unsigned threads) { frame_threads_ = threads; }
    [[nodiscard]] const std::string& description() const { return allocator_->description(); }

    /// The output shows these from now on. Pictures are as they are asked for one by one: the next has another layout
    /// than the one before, if need be, and refers to it all the same.
    void offer_formats(const std::vector<FormatModifier>& formats);

    /// True when libavcodec can decode pictures of this AVPixelFormat into slots that the output takes.
    [[nodiscard]] bool is_direct(int pixel_format) const;
    /// AVCodecContext::get_buffer2: a slot for libavcodec, on any thread, until it frees the buffer. Negative AVERROR.
    int provide(AVCodecContext& codec, AVFrame& frame);
    /// The same in plain memory, laid out as a slot would be: for pictures that are to be copied. AVERROR(ENOTSUP) when
    /// there are no slots of such a kind.
    int provide_plain(AVCodecContext& codec, AVFrame& frame);
    /// True when libavcodec may take `pictures` more slots without waiting, as far as that can be arranged now. Also
    /// true when waiting could not help.
    bool has_room(unsigned pictures);

    /// The slot that libavcodec decoded `frame` into, now held by Hold::Queue as well; empty when its samples do not
    /// lie in a slot as the slot's format says.
    SlotRef slot_of(const AVFrame& frame);
    /// For pictures that libavcodec made elsewhere: a slot with a copy of `frame`, converted where the output needs it,
    /// held by Hold::Queue; an empty one when there is no FREE slot yet. ENOTSUP, EFBIG, ENOMEM.
    Result<SlotRef> copy_of(const AVFrame& frame);

    /// How the pool of `slot` came to its size.
    std::string terms_of(const SlotRef& slot) const;
    /// Why `provide` refused; fatal for the stream. Empty when it did not.
    std::optional<Error> failure() const;

  private:
    struct Pool;
    struct Loan;
    struct FreePool {
        void operator()(AVBufferPool* pool) const;
    };

    Result<Pool*> pool_for(const FrameFormat& format, unsigned references);
    Result<Pool*> pool_for_copies(const FrameFormat& format);
    Result<std::unique_ptr<Pool>> make_pool(const FrameFormat& format, unsigned references, unsigned in_decode);
    SlotRef acquire_or_wait(std::unique_lock<std::mutex>& lock, Pool& pool);
    bool grow(Pool& pool);
    void retire();
    int refuse(Error error);
    int lend(Pool& pool, SlotRef slot, AVFrame& frame);
    void finish(Loan& loan);
    Loan* find(const AVFrame& frame) const;
    static void give_back(void* loan, std::uint8_t* data);

    Kernel& kernel_;
    std::unique_ptr<SlotAllocator> allocator_;
    Waker& waker_;
    const unsigned queue_slots_;
    const unsigned presenter_slots_;
    unsigned frame_threads_ = 0;

    mutable std::mutex mutex_; ///< guards what follows; never held while waiting
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Pool>> pools_; ///< the current one last; older ones while libavcodec has slots of them
    std::unique_ptr<Pool> copies_;             ///< for `copy_of`
    std::unique_ptr<AVBufferPool, FreePool> plain_; ///< for `provide_plain`
    std::size_t plain_bytes_ = 0;                   ///< of each of its buffers
    std::vector<FormatModifier> output_formats_;
    std::optional<Error> failure_;
};

} // namespace v4l2play
