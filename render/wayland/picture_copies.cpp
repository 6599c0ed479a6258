#include "render/wayland/picture_copies.h"

#include <cerrno>
#include <cstring>

#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr std::size_t most_copies = 4;
constexpr std::uint32_t opaque_pixel = 0xff000000;

void fill(const RgbImage& image, std::vector<std::uint32_t>& row, const ShmBuffer& buffer) {
    row.resize(image.width);
    for (std::uint32_t y = 0; y < image.height; ++y) {
        const std::uint8_t* rgb = image.row(y);
        for (std::uint32_t x = 0; x < image.width; ++x, rgb += 3)
            row[x] = opaque_pixel | std::uint32_t{rgb[0]} << 16 | std::uint32_t{rgb[1]} << 8 | rgb[2];
        std::memcpy(buffer.pixels() + std::size_t{y} * buffer.pitch(), row.data(), buffer.pitch());
    }
}

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
    fill(image_, row_, *buffer);
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
