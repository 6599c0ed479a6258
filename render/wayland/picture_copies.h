// Frames copied by the CPU: for compositors that take no dmabufs, or none with video.
#pragma once

#include <memory>
#include <vector>

#include "render/convert.h"
#include "render/wayland/shm_buffer.h"

namespace v4l2play {

class PictureCopies {
  public:
    /// `shm` outlives it.
    PictureCopies(Kernel& kernel, wl_shm* shm)
        : kernel_(kernel)
        , shm_(shm)
        , converter_(kernel) {}
    PictureCopies(const PictureCopies&) = delete;
    PictureCopies& operator=(const PictureCopies&) = delete;

    /// The visible part of the frame in RGB, in a buffer that is busy from now on. EBUSY while the compositor has all
    /// of them; ENOTSUP for layouts that the CPU cannot read.
    Result<wl_buffer*> copy(const Frame& frame);

  private:
    ShmBuffer* find(const Rect& visible);

    Kernel& kernel_;
    wl_shm* shm_;
    PictureConverter converter_;
    RgbImage image_;
    std::vector<std::uint32_t> row_;
    std::vector<std::unique_ptr<ShmBuffer>> buffers_;
};

} // namespace v4l2play
