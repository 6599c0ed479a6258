#include "render/wayland/shm_buffer.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>

#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t largest_shm = 16384; // pixels in a row or column

void on_release(void* data, wl_buffer*) { static_cast<ShmBuffer*>(data)->set_busy(false); }
constexpr wl_buffer_listener shm_listener = {on_release};

} // namespace

Result<std::unique_ptr<ShmBuffer>> ShmBuffer::create(Kernel& kernel, wl_shm* shm, std::uint32_t width,
                                                     std::uint32_t height, std::uint32_t format) {
    if (width == 0 || height == 0 || width > largest_shm || height > largest_shm)
        return fail(EINVAL, "a picture of this size cannot be shown", "wl_shm");
    const auto size = static_cast<std::int32_t>(width * height * 4);
    const int fd = kernel.memfd("v4l2play-picture", static_cast<std::size_t>(size), F_SEAL_SHRINK);
    if (fd < 0) return fail(-fd, "no memory for a picture", "memfd_create");
    const UniqueFd memory(kernel, fd);
    auto mapping = Mapping::create(kernel, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, fd, 0);
    if (!mapping) return fail(std::move(mapping).error());
    std::unique_ptr<ShmBuffer> buffer(new ShmBuffer(std::move(*mapping), width, height));
    wl_shm_pool* pool = wl_shm_create_pool(shm, fd, size);
    buffer->proxy_.reset(wl_shm_pool_create_buffer(pool, 0, static_cast<std::int32_t>(width),
                                                   static_cast<std::int32_t>(height),
                                                   static_cast<std::int32_t>(buffer->pitch()), format));
    wl_shm_pool_destroy(pool);
    wl_buffer_add_listener(buffer->proxy(), &shm_listener, buffer.get());
    return buffer;
}

} // namespace v4l2play
