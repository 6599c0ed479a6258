#include "decoder/stateful/unit_buffers.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

constexpr unsigned added_at_once = 2;
constexpr std::size_t largest_unit = std::size_t{64} << 20;

} // namespace

Result<> UnitBuffers::allocate(unsigned count, const PixelFormat& format) {
    format_ = format;
    const auto given = queue_->request_buffers(count);
    if (!given) return fail(given.error());
    if (*given == 0) return fail(ENOMEM, "the driver has no memory for bitstream buffers", "REQBUFS");
    return map(0, std::min<unsigned>(*given, VIDEO_MAX_FRAME));
}

Result<> UnitBuffers::map(unsigned first, unsigned count) {
    if (first != buffers_.size()) return fail(EINVAL, "bitstream buffers begin at an unexpected index", "CREATE_BUFS");
    for (unsigned i = first; i < first + count; ++i) {
        auto mapping = queue_->map(i);
        if (!mapping) return fail(mapping.error());
        buffers_.push_back({std::move(*mapping), true});
    }
    return {};
}

Result<> UnitBuffers::grow(std::size_t needed) {
    if (needed > largest_unit || buffers_.size() + added_at_once > VIDEO_MAX_FRAME)
        return fail(EFBIG, fmt::format("an access unit of {} bytes", needed), "CREATE_BUFS");
    log_info("stateful", "bitstream buffers for {} bytes are added", needed);
    PixelFormat larger = format_;
    larger.plane[0].sizeimage = static_cast<std::uint32_t>(std::min(needed + needed / 2, largest_unit));
    const auto created = queue_->create_buffers(added_at_once, larger);
    if (!created) return fail(created.error());
    V4L2PLAY_TRY(map(created->first, created->count));
    if (!fits(needed))
        return fail(ENOMEM, fmt::format("the driver gives no buffers of {} bytes", needed), "CREATE_BUFS");
    return {};
}

bool UnitBuffers::fits(std::size_t needed) const {
    return std::any_of(buffers_.begin(), buffers_.end(),
                       [=](const Buffer& buffer) { return buffer.memory.bytes().size() >= needed; });
}

std::optional<unsigned> UnitBuffers::borrow(std::size_t needed) {
    const auto found = std::find_if(buffers_.begin(), buffers_.end(), [=](const Buffer& buffer) {
        return buffer.idle && buffer.memory.bytes().size() >= needed;
    });
    if (found == buffers_.end()) return std::nullopt;
    found->idle = false;
    ++borrowed_;
    return static_cast<unsigned>(found - buffers_.begin());
}

void UnitBuffers::give_back(unsigned index) {
    if (index >= buffers_.size() || buffers_[index].idle) return;
    buffers_[index].idle = true;
    --borrowed_;
}

void UnitBuffers::give_back_all() {
    for (Buffer& buffer : buffers_) buffer.idle = true;
    borrowed_ = 0;
}

} // namespace v4l2play
