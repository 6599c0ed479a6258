#include "decoder/request/capture_slots.h"

#include <algorithm>

#include <fmt/format.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

Result<> check_count(unsigned given, unsigned wanted, unsigned least, const char* call) {
    if (given >= least) return {};
    return fail(ENOMEM, fmt::format("the driver has memory for {} pictures, {} are needed", given, wanted), call);
}

bool is_idle(const SlotPool& pool) { return pool.free_count() == pool.count(); }

/// Nothing will be decoded from its slots any more: they wait for the output alone.
bool is_only_shown(const SlotPool& pool) {
    for (std::uint32_t i = 0; i < pool.count(); ++i) {
        const auto holds = pool.snapshot(i).holds;
        if (holds[static_cast<std::size_t>(Hold::Request)] + holds[static_cast<std::size_t>(Hold::Reference)] != 0)
            return false;
    }
    return true;
}

} // namespace

CaptureSlots::~CaptureSlots() { set_waker(nullptr); }

void CaptureSlots::set_waker(Waker* waker) {
    waker_ = waker;
    for (const Pool& pool : pools_) pool.slots->set_waker(waker);
}

Result<> CaptureSlots::allocate(const PixelFormat& format, unsigned wanted, unsigned least) {
    queue_.set_memory_planes(format.memory_planes);
    const auto given = queue_.request_buffers(wanted);
    if (!given) return fail(given.error());
    V4L2PLAY_TRY(check_count(*given, wanted, least, "REQBUFS"));
    return add_pool(format, {0, std::min<unsigned>(*given, VIDEO_MAX_FRAME)});
}

Result<> CaptureSlots::grow(unsigned count) {
    Pool& pool = pools_.back();
    const auto there = static_cast<unsigned>(pool.buffers.size());
    if (count <= there) return {};
    const auto created = queue_.create_buffers(count - there, pool.format);
    if (!created) return fail(created.error());
    if (created->count < count - there) {
        queue_.remove_buffers(*created);
        return fail(ENOMEM, "the driver gives too few buffers", "CREATE_BUFS");
    }
    return add_slots(pool, *created);
}

Result<> CaptureSlots::shrink(unsigned count) {
    if (!removes()) return fail(ENOTSUP, "the driver does not remove buffers", "REMOVE_BUFS");
    remove_idle_pools();
    const PixelFormat format = pools_.back().format;
    const auto created = queue_.create_buffers(count, format);
    if (!created) return fail(created.error());
    if (created->count == count) return add_pool(format, *created);
    queue_.remove_buffers(*created);
    return fail(ENOMEM, "the driver gives too few buffers", "CREATE_BUFS");
}

Result<> CaptureSlots::change(const PixelFormat& format, unsigned wanted, unsigned least) {
    const auto known = std::find_if(pools_.begin(), pools_.end(), [&](const Pool& p) { return p.format == format; });
    if (known != pools_.end()) {
        std::rotate(known, known + 1, pools_.end());
        return {};
    }
    remove_idle_pools();
    const auto created = queue_.create_buffers(wanted, format);
    if (created && created->count >= least) return add_pool(format, *created);
    if (created) queue_.remove_buffers(*created);
    if (removes() && any_pool_only_shown())
        return fail(EAGAIN, "frames of another size are still shown", "CREATE_BUFS");
    return created ? check_count(created->count, wanted, least, "CREATE_BUFS") : fail(created.error());
}

Result<> CaptureSlots::add_pool(const PixelFormat& format, BufferRange buffers) {
    const auto layout = to_frame_format(format);
    if (!layout) return fail(layout.error());
    Pool pool{format, SlotPool::create(kernel_, *layout, {}), {}};
    V4L2PLAY_TRY(add_slots(pool, buffers));
    pool.slots->set_waker(waker_);
    pools_.push_back(std::move(pool));
    return {};
}

Result<> CaptureSlots::add_slots(Pool& pool, BufferRange buffers) {
    std::vector<SlotMemory> memory;
    for (std::uint32_t i = 0; i < buffers.count; ++i) {
        auto slot = export_slot(buffers.first + i, pool.format.memory_planes);
        if (!slot) return fail(slot.error());
        memory.push_back(std::move(*slot));
    }
    for (std::uint32_t i = 0; i < buffers.count; ++i) {
        pool.buffers.push_back(buffers.first + i);
        pool.slots->add(std::move(memory[i]));
    }
    end_ = std::max(end_, buffers.first + buffers.count);
    return {};
}

Result<SlotMemory> CaptureSlots::export_slot(std::uint32_t buffer, unsigned memory_planes) const {
    SlotMemory memory;
    for (unsigned plane = 0; plane < memory_planes; ++plane) {
        auto dmabuf = queue_.export_plane(buffer, plane);
        if (!dmabuf) return fail(dmabuf.error());
        memory.dmabuf[plane] = std::move(*dmabuf);
    }
    return memory;
}

SlotRef CaptureSlots::acquire() {
    if (pools_.size() > 1) remove_idle_pools();
    return pools_.back().slots->acquire();
}

std::uint32_t CaptureSlots::buffer_of(const SlotRef& slot) const {
    const SlotPool* wanted = &slot.pool();
    const auto found =
        std::find_if(pools_.rbegin(), pools_.rend(), [=](const Pool& pool) { return pool.slots.get() == wanted; });
    return found->buffers[slot.index()];
}

bool CaptureSlots::removes() const { return (queue_.capabilities() & V4L2_BUF_CAP_SUPPORTS_REMOVE_BUFS) != 0; }

bool CaptureSlots::any_pool_only_shown() const {
    return std::any_of(pools_.begin(), pools_.end() - 1, [](const Pool& pool) { return is_only_shown(*pool.slots); });
}

bool CaptureSlots::any_idle_pool() const {
    return std::any_of(pools_.begin(), pools_.end() - 1, [](const Pool& pool) { return is_idle(*pool.slots); });
}

void CaptureSlots::remove_idle_pools() {
    if (!removes()) return;
    for (std::size_t i = pools_.size() - 1; i-- > 0;) {
        if (!is_idle(*pools_[i].slots)) continue;
        remove(pools_[i]);
        pools_.erase(pools_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

/// One by one: slots that were added later need not lie behind the first. What the driver keeps costs memory, no more.
void CaptureSlots::remove(const Pool& pool) {
    pool.slots->set_waker(nullptr);
    unsigned kept = 0;
    for (const std::uint32_t buffer : pool.buffers) kept += queue_.remove_buffers({buffer, 1}) < 0 ? 1 : 0;
    log_info("request", "{} slots of {}x{} are removed", pool.buffers.size() - kept, pool.format.width,
             pool.format.height);
}

} // namespace v4l2play
