// A picture in memory that the CPU draws and the compositor reads (wl_shm).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "render/wayland/proxy.h"

namespace v4l2play {

class ShmBuffer {
  public:
    /// 32 bits a pixel in one of wl_shm's formats (WL_SHM_FORMAT_...). EINVAL for sizes that no surface has, ENOMEM.
    static Result<std::unique_ptr<ShmBuffer>> create(Kernel& kernel, wl_shm* shm, std::uint32_t width,
                                                     std::uint32_t height, std::uint32_t format);
    ShmBuffer(const ShmBuffer&) = delete;
    ShmBuffer& operator=(const ShmBuffer&) = delete;

    [[nodiscard]] wl_buffer* proxy() const { return proxy_.get(); }
    [[nodiscard]] std::byte* pixels() const { return reinterpret_cast<std::byte*>(mapping_.bytes().data()); }
    [[nodiscard]] std::uint32_t width() const { return width_; }
    [[nodiscard]] std::uint32_t height() const { return height_; }
    [[nodiscard]] std::uint32_t pitch() const { return width_ * 4; } ///< bytes
    /// From its commit to its release the compositor may read it at any time.
    [[nodiscard]] bool is_busy() const { return busy_; }
    void set_busy(bool busy) { busy_ = busy; }
    /// The owner's number for it.
    [[nodiscard]] unsigned number() const { return number_; }
    void set_number(unsigned number) { number_ = number; }

  private:
    ShmBuffer(Mapping mapping, std::uint32_t width, std::uint32_t height)
        : mapping_(std::move(mapping))
        , width_(width)
        , height_(height) {}

    Mapping mapping_;
    Proxy<wl_buffer> proxy_;
    std::uint32_t width_;
    std::uint32_t height_;
    bool busy_ = false;
    unsigned number_ = 0;
};

} // namespace v4l2play
