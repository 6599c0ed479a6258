#include "decoder/software/picture_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/software/libav_pixels.h"
#include "decoder/software/picture_copy.h"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace v4l2play {
namespace {

constexpr auto longest_wait = std::chrono::seconds(3);
/// Slots that others than libavcodec give back do not signal the condition: look that often.
constexpr auto look_again = std::chrono::milliseconds(5);

/// Pictures that the codec keeps for reference and reordering, as far as it tells before it has decoded any.
unsigned expected_references(const AVCodecContext& codec) {
    const auto reorder = static_cast<unsigned>(std::clamp(codec.has_b_frames, 0, 16));
    const auto told = static_cast<unsigned>(std::clamp(codec.refs, 1, 16));
    switch (codec.codec_id) {
    case AV_CODEC_ID_H264:
        return std::min(told + reorder, 16U);
    case AV_CODEC_ID_HEVC:
        return 5 + reorder;
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
        return 8;
    case AV_CODEC_ID_VP8:
        return 4;
    default:
        return 2 + reorder;
    }
}

std::uint32_t positive(int value) { return static_cast<std::uint32_t>(std::max(value, 0)); }

/// What libavcodec wants for `frame`, before it has decoded it.
Result<FrameFormat> wanted_format(AVCodecContext& codec, const AVFrame& frame) {
    const auto target = choose_target(frame.format, {});
    if (!target) return fail(target.error());
    int width = frame.width;
    int height = frame.height;
    std::array<int, AV_NUM_DATA_POINTERS> alignment{};
    avcodec_align_dimensions2(&codec, &width, &height, alignment.data());
    return lay_out_picture(*target->layout, positive(frame.width), positive(frame.height), positive(width),
                           positive(height), {alignment[0], alignment[1], alignment[2], alignment[3]});
}

void point_into(AVFrame& frame, const FrameFormat& format, std::uint8_t* memory) {
    for (unsigned i = 0; i < format.components; ++i) {
        frame.data[i] = memory + format.layout[i].offset;
        frame.linesize[i] = static_cast<int>(format.layout[i].pitch);
    }
    frame.extended_data = frame.data;
}

bool lies_as_lent(const AVFrame& frame, const FrameFormat& format, const std::uint8_t* memory) {
    if (positive(frame.width) > format.coded_width || positive(frame.height) > format.coded_height) return false;
    for (unsigned i = 0; i < format.components; ++i) {
        if (frame.data[i] != memory + format.layout[i].offset) return false;
        if (frame.linesize[i] != static_cast<int>(format.layout[i].pitch)) return false;
    }
    const auto pixels = from_libav_pixel_format(frame.format);
    return pixels && pixels->layout->fourcc == format.fourcc;
}

} // namespace

/// A slot while libavcodec has it. Reused with the slot: one AVBuffer at a time points to it.
struct PictureMemory::Loan {
    PictureMemory* owner = nullptr;
    Pool* pool = nullptr;
    SlotRef reference;     ///< libavcodec's hold
    bool writing = false;  ///< CPU access has begun and not ended
    bool finished = false; ///< handed out at least once
};

struct PictureMemory::Pool {
    std::shared_ptr<SlotPool> slots;
    std::vector<std::unique_ptr<Loan>> loans; ///< by slot index; each is changed by whoever has the slot
    std::atomic<unsigned> lent{0};
    unsigned references = 0;
    unsigned in_decode = 0;
    unsigned initial = 0;
    unsigned most = 0; ///< slots that the limits allow

    [[nodiscard]] std::size_t slot_bytes() const { return slots->format().memory_size[0]; }
    /// Slots that libavcodec may hold before the pool has to grow for its sake.
    [[nodiscard]] unsigned share() const { return references + in_decode + slots->count() - initial; }
};

PictureMemory::PictureMemory(Kernel& kernel, std::unique_ptr<SlotAllocator> allocator, Waker& waker,
                             const DecoderConfig& config)
    : kernel_(kernel)
    , allocator_(std::move(allocator))
    , waker_(waker)
    , queue_slots_(std::min(config.queue_slots, maximum_slots))
    , presenter_slots_(std::min(config.presenter_slots, maximum_slots))
    , output_formats_(config.output_formats) {}

PictureMemory::~PictureMemory() {
    for (const auto& pool : pools_) pool->slots->set_waker(nullptr);
    if (copies_) copies_->slots->set_waker(nullptr);
}

Result<std::unique_ptr<PictureMemory::Pool>> PictureMemory::make_pool(const FrameFormat& format, unsigned references,
                                                                      unsigned in_decode) {
    auto pool = std::make_unique<Pool>();
    const std::size_t by_memory = maximum_pool_bytes / std::max<std::size_t>(format.memory_size[0], 1);
    pool->most = static_cast<unsigned>(std::clamp<std::size_t>(by_memory, 4, maximum_slots));
    pool->slots = SlotPool::create(kernel_, format, {});
    pool->references = references;
    pool->in_decode = in_decode;
    pool->initial = UINT_MAX;
    const unsigned wanted = std::min(references + in_decode + queue_slots_ + presenter_slots_ + 1, pool->most);
    while (pool->slots->count() < wanted && grow(*pool)) continue;
    pool->initial = pool->slots->count();
    // With less than its references, one in decode and one to show, libavcodec would wait for slots that never come.
    if (pool->initial < std::min(wanted, references + 2))
        return fail(ENOMEM,
                    fmt::format("only {} of {} slots of {} bytes could be allocated", pool->initial, wanted,
                                format.memory_size[0]),
                    "slots");
    pool->slots->set_waker(&waker_);
    return pool;
}

/// One slot more; false when the limits or the system do not allow it.
bool PictureMemory::grow(Pool& pool) {
    if (pool.slots->count() >= pool.most) return false;
    auto memory = allocator_->allocate(pool.slot_bytes());
    if (!memory) {
        log_warning("software", "no further slot: {}", memory.error().what);
        pool.most = pool.slots->count();
        return false;
    }
    auto loan = std::make_unique<Loan>();
    loan->owner = this;
    loan->pool = &pool;
    pool.loans.push_back(std::move(loan));
    pool.slots->add(*std::move(memory));
    if (pool.slots->count() > pool.initial) log_debug("software", "the pool grew to {} slots", pool.slots->count());
    return true;
}

/// The current pool when it has this format, else a new one. Called with the lock held.
Result<PictureMemory::Pool*> PictureMemory::pool_for(const FrameFormat& format, unsigned references) {
    if (!pools_.empty() && pools_.back()->slots->format() == format) return pools_.back().get();
    retire();
    auto pool = make_pool(format, references, 1 + frame_threads_);
    if (!pool) return fail(std::move(pool).error());
    pools_.push_back(*std::move(pool));
    return pools_.back().get();
}

Result<PictureMemory::Pool*> PictureMemory::pool_for_copies(const FrameFormat& format) {
    if (copies_ && copies_->slots->format() == format) return copies_.get();
    auto pool = make_pool(format, 0, 1);
    if (!pool) return fail(std::move(pool).error());
    if (copies_) copies_->slots->set_waker(nullptr);
    copies_ = *std::move(pool);
    return copies_.get();
}

/// Lets go of pools of which libavcodec has no slot any more. Frames of them may still be on screen.
void PictureMemory::retire() {
    std::erase_if(pools_, [](const std::unique_ptr<Pool>& pool) {
        if (pool->lent.load() != 0) return false;
        pool->slots->set_waker(nullptr);
        return true;
    });
}

int PictureMemory::refuse(Error error) {
    log_error("software", "{}", error.what);
    const int code = error.code;
    if (!failure_) failure_ = std::move(error);
    return AVERROR(code);
}

void PictureMemory::offer_formats(const std::vector<FormatModifier>& formats) {
    const std::lock_guard lock(mutex_);
    output_formats_ = formats;
}

bool PictureMemory::is_direct(int pixel_format) const {
    const std::lock_guard lock(mutex_);
    const auto target = choose_target(pixel_format, output_formats_);
    return target && !target->converted;
}

int PictureMemory::provide(AVCodecContext& codec, AVFrame& frame) {
    std::unique_lock lock(mutex_);
    const auto format = wanted_format(codec, frame);
    if (!format) return refuse(format.error());
    const auto pool = pool_for(*format, expected_references(codec));
    if (!pool) return refuse(pool.error());
    SlotRef slot = acquire_or_wait(lock, **pool);
    if (slot) return lend(**pool, std::move(slot), frame);
    log_error("software", "no slot became FREE within 3 s: a picture is lost");
    return AVERROR(ENOMEM);
}

/// Buffers that libavcodec has live on.
void PictureMemory::FreePool::operator()(AVBufferPool* pool) const { av_buffer_pool_uninit(&pool); }

int PictureMemory::provide_plain(AVCodecContext& codec, AVFrame& frame) {
    if (!from_libav_pixel_format(frame.format)) return AVERROR(ENOTSUP);
    const auto format = wanted_format(codec, frame);
    if (!format) return AVERROR(ENOTSUP);
    const std::lock_guard lock(mutex_);
    if (plain_ == nullptr || plain_bytes_ != format->memory_size[0]) {
        plain_bytes_ = format->memory_size[0];
        plain_.reset(av_buffer_pool_init(plain_bytes_, av_buffer_allocz));
    }
    frame.buf[0] = plain_ == nullptr ? nullptr : av_buffer_pool_get(plain_.get());
    if (frame.buf[0] == nullptr) return AVERROR(ENOMEM);
    point_into(frame, *format, frame.buf[0]->data);
    return 0;
}

SlotRef PictureMemory::acquire_or_wait(std::unique_lock<std::mutex>& lock, Pool& pool) {
    const auto deadline = std::chrono::steady_clock::now() + longest_wait;
    do {
        if (pool.slots->free_count() != 0 || grow(pool)) return pool.slots->acquire();
        returned_.wait_for(lock, look_again);
    } while (std::chrono::steady_clock::now() < deadline);
    return {};
}

int PictureMemory::lend(Pool& pool, SlotRef slot, AVFrame& frame) {
    const SlotMemory& memory = pool.slots->memory(slot.index());
    const auto bytes = cpu_bytes(memory);
    Loan& loan = *pool.loans[slot.index()];
    // Read-only for libavcodec means that it must not change the picture once it is decoded: without the mark, codecs
    // which update a picture in place would write into what is on the screen.
    frame.buf[0] = av_buffer_create(bytes.data(), bytes.size(), give_back, &loan, AV_BUFFER_FLAG_READONLY);
    if (frame.buf[0] == nullptr) return AVERROR(ENOMEM);
    point_into(frame, pool.slots->format(), bytes.data());
    begin_cpu_access(kernel_, memory.dmabuf[0].get(), CpuAccess::ReadWrite);
    loan.writing = true;
    loan.finished = false;
    loan.reference = slot.also(Hold::Reference);
    pool.lent.fetch_add(1);
    return 0;
}

/// The last user of a buffer in libavcodec is done with it. On any thread.
void PictureMemory::give_back(void* opaque, std::uint8_t*) {
    Loan& loan = *static_cast<Loan*>(opaque);
    PictureMemory& owner = *loan.owner;
    owner.finish(loan);
    loan.pool->lent.fetch_sub(1);
    // Once the slot is FREE, the loan belongs to whoever takes it next.
    SlotRef reference = std::move(loan.reference);
    reference.reset();
    owner.returned_.notify_all();
}

/// Makes what the CPU has written visible to devices. libavcodec may go on reading.
void PictureMemory::finish(Loan& loan) {
    if (!std::exchange(loan.writing, false)) return;
    end_cpu_access(kernel_, loan.pool->slots->memory(loan.reference.index()).dmabuf[0].get(), CpuAccess::ReadWrite);
}

bool PictureMemory::has_room(unsigned pictures) {
    const std::lock_guard lock(mutex_);
    if (pools_.empty()) return true;
    Pool& pool = *pools_.back();
    for (;;) {
        const unsigned free = pool.slots->free_count();
        if (free >= pictures) return true;
        const unsigned lent = pool.lent.load();
        if (lent + pictures > pool.share() && grow(pool)) continue;
        // Slots that neither are FREE nor belong to libavcodec come back when their frames have been shown.
        return free + lent >= pool.slots->count();
    }
}

PictureMemory::Loan* PictureMemory::find(const AVFrame& frame) const {
    if (frame.buf[0] == nullptr) return nullptr;
    const void* opaque = av_buffer_get_opaque(frame.buf[0]);
    for (const auto& pool : pools_) {
        const auto found = std::find_if(pool->loans.begin(), pool->loans.end(),
                                        [opaque](const auto& loan) { return loan.get() == opaque; });
        if (found != pool->loans.end()) return found->get();
    }
    return nullptr;
}

SlotRef PictureMemory::slot_of(const AVFrame& frame) {
    const std::lock_guard lock(mutex_);
    Loan* loan = find(frame);
    if (loan == nullptr) return {};
    SlotPool& slots = *loan->pool->slots;
    const auto bytes = cpu_bytes(slots.memory(loan->reference.index()));
    if (!lies_as_lent(frame, slots.format(), bytes.data())) return {};
    finish(*loan);
    if (!std::exchange(loan->finished, true)) (void)slots.finish_decode(loan->reference);
    return loan->reference.also(Hold::Queue);
}

Result<SlotRef> PictureMemory::copy_of(const AVFrame& frame) {
    const std::lock_guard lock(mutex_);
    const auto target = choose_target(frame.format, output_formats_);
    if (!target) return fail(target.error());
    const auto format = lay_out_picture(*target->layout, positive(frame.width), positive(frame.height), 0, 0, {});
    if (!format) return fail(format.error());
    const auto pool = pool_for_copies(*format);
    if (!pool) return fail(pool.error());
    SlotPool& slots = *(*pool)->slots;
    const SlotRef slot = slots.acquire();
    if (!slot) return SlotRef();
    const SlotMemory& memory = slots.memory(slot.index());
    begin_cpu_access(kernel_, memory.dmabuf[0].get(), CpuAccess::ReadWrite);
    copy_picture(frame, *target, *format, cpu_bytes(memory).data());
    end_cpu_access(kernel_, memory.dmabuf[0].get(), CpuAccess::ReadWrite);
    V4L2PLAY_TRY(slots.finish_decode(slot));
    return slot.also(Hold::Queue);
}

std::string PictureMemory::terms_of(const SlotRef& slot) const {
    const std::lock_guard lock(mutex_);
    const auto is_of = [&slot](const auto& pool) { return pool && pool->slots.get() == &slot.pool(); };
    const auto found = std::find_if(pools_.begin(), pools_.end(), is_of);
    const Pool* pool = found != pools_.end() ? found->get() : is_of(copies_) ? copies_.get() : nullptr;
    if (pool == nullptr) return {};
    return fmt::format("{} references + {} in decode + {} queued + {} presenter + 1 = {} slots of {} KiB, {}",
                       pool->references, pool->in_decode, queue_slots_, presenter_slots_, pool->initial,
                       (pool->slot_bytes() + 1023) / 1024, allocator_->description());
}

std::optional<Error> PictureMemory::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

} // namespace v4l2play
