// The timelines of DRM sync objects that a client shares with its compositor, in the kernel itself: vgem's, in the lab.
#pragma once

#include <cstdint>

#include "decoder/kernel.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {

class DrmTimelines final : public MockTimelines {
  public:
    /// Aborts with a message when there is no vgem, or none with timelines.
    DrmTimelines();

    std::uint64_t import(int fd) override;
    void signal(std::uint64_t timeline, std::uint64_t point) override;
    bool is_signalled(std::uint64_t timeline, std::uint64_t point) override { return reached(timeline, 0) >= point; }
    bool is_promised(std::uint64_t timeline, std::uint64_t point) override;

  private:
    std::uint64_t reached(std::uint64_t timeline, std::uint32_t flags);

    UniqueFd card_;
};

} // namespace v4l2play
