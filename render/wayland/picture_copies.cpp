#include "render/wayland/picture_copies.h"

#include <cerrno>

#include "render/picture_copier.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr std::size_t most_copies = 4;

} // namespace

Result<wl_buffer*> PictureCopies::copy(const Frame& frame) {
    ShmBuffer* buffer = find(frame.info.visible);
    if (buffer == nullptr && buffers_.size() == most_copies)
        return fail(EBUSY, "the compositor reads all copies", "wl_shm");
    if (buffer == nullptr) {
        auto made = ShmBuffer::create(kernel_, shm_, frame.info.visible.width, frame.info.visible.height,
                                      WL_SHM_FORMAT_XRGB8888);
        if (!made) return fail(std::move(made).error());
        buffer = buffers_.emplace_back(std::move(*made)).get();
    }
    V4L2PLAY_TRY(converter_.convert(frame, image_));
    store_xrgb(image_, row_, reinterpret_cast<std::uint8_t*>(buffer->pixels()), buffer->pitch());
    buffer->set_busy(true);
    return buffer->proxy();
}

/// A free one of that size; those of others go.
ShmBuffer* PictureCopies::find(const Rect& visible) {
    ShmBuffer* found = nullptr;
    std::erase_if(buffers_, [&](const auto& buffer) {
        if (buffer->is_busy()) return false;
        if (buffer->width() != visible.width || buffer->height() != visible.height) return true;
        found = buffer.get();
        return false;
    });
    return found;
}

} // namespace v4l2play
