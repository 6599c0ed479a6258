#include "decoder/request/bitstream_pool.h"

#include <algorithm>

#include <fmt/format.h>

#include "decoder/log.h"

namespace v4l2play {

std::uint32_t first_bitstream_size(std::uint32_t width, std::uint32_t height) {
    // Half of the picture: hardly ever too little, since coded pictures larger than that are larger than raw ones soon.
    const std::uint64_t half = std::uint64_t{width} * height * 3 / 4;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(half, 256 << 10, 8 << 20));
}

Result<> BitstreamPool::allocate(unsigned count, const PixelFormat& format) {
    format_ = format;
    const auto given = queue_->request_buffers(count);
    if (!given) return fail(given.error());
    if (*given == 0) return fail(ENOMEM, "the driver has no memory for bitstream buffers", "REQBUFS");
    // A driver may insist on more; what is not used stays where it is.
    return map_all(0, std::min(*given, count));
}

Result<> BitstreamPool::map_all(unsigned first, unsigned count) {
    // Buffers are known by their V4L2 index: the queue is fresh, so `first` is 0.
    if (first != 0) return fail(EINVAL, "bitstream buffers begin at an unexpected index", "CREATE_BUFS");
    buffers_.reserve(count);
    capacity_ = largest_bitstream;
    for (unsigned i = 0; i < count; ++i) {
        auto mapping = queue_->map(i);
        if (!mapping) return fail(mapping.error());
        capacity_ = std::min(capacity_, mapping->bytes().size() - std::min(mapping->bytes().size(), bitstream_padding));
        buffers_.push_back(std::move(*mapping));
        idle_.push_back(i);
    }
    return {};
}

Result<> BitstreamPool::grow(std::size_t needed) {
    const unsigned count = this->count();
    const std::size_t size = std::min(std::max(capacity_ * 2, needed + needed / 2), largest_bitstream);
    log_info("request", "bitstream buffers grow from {} to {} bytes", capacity_, size);
    // S_FMT would be refused while CAPTURE has buffers; CREATE_BUFS may exceed the format's size.
    queue_->stream_off();
    idle_.clear();
    buffers_.clear();
    if (auto none = queue_->request_buffers(0); !none) return fail(none.error());
    format_.plane[0].sizeimage = static_cast<std::uint32_t>(size + bitstream_padding);
    const auto created = queue_->create_buffers(count, format_);
    if (!created) return fail(created.error());
    V4L2PLAY_TRY(map_all(created->first, std::min(created->count, count)));
    if (capacity_ < needed)
        return fail(ENOMEM, fmt::format("the driver gives no bitstream buffers of {} bytes", needed), "CREATE_BUFS");
    return queue_->stream_on();
}

unsigned BitstreamPool::borrow() {
    const unsigned index = idle_.back();
    idle_.pop_back();
    return index;
}

void BitstreamPool::give_back(unsigned index) { idle_.push_back(index); }

} // namespace v4l2play
