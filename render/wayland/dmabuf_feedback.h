// The compositor's dmabuf formats as linux-dmabuf 4 and later tell them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "render/wayland/dmabuf_formats.h"
#include "render/wayland/proxy.h"

struct wl_array;

namespace v4l2play {

/// Reads one feedback: a table of pairs in shared memory, and tranches of indices into it, best first.
class DmabufFeedback {
  public:
    /// `formats` is filled while events are handled.
    DmabufFeedback(zwp_linux_dmabuf_feedback_v1* feedback, DmabufFormats& formats);
    DmabufFeedback(const DmabufFeedback&) = delete;
    DmabufFeedback& operator=(const DmabufFeedback&) = delete;

    [[nodiscard]] bool done() const { return done_; }

    // Called by the listener.
    void on_table(int fd, std::uint32_t size);
    void on_indices(const wl_array* indices);
    void on_flags(std::uint32_t flags);
    void on_tranche_done();
    void on_done() { done_ = true; }

  private:
    Proxy<zwp_linux_dmabuf_feedback_v1> feedback_;
    DmabufFormats& formats_;
    std::vector<FormatModifier> table_;
    std::vector<std::uint16_t> tranche_;
    bool scanout_ = false;
    bool done_ = false;
};

} // namespace v4l2play
