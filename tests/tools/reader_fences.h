// Fences of a reader that is still at work, as a GPU's driver adds them to what it draws from: by vgem, in the lab.
#pragma once

#include <cstdint>
#include <string>

#include "decoder/kernel.h"

namespace v4l2play {

class ReaderFences {
  public:
    /// Aborts with a message when there is no vgem.
    ReaderFences();

    /// Adds one to a dmabuf; its number. 0 with a message when the kernel refuses.
    std::uint32_t add(int dmabuf);
    /// Ends it.
    void signal(std::uint32_t fence);

  private:
    UniqueFd card_;
};

} // namespace v4l2play
