// The compositor's dmabuf formats as linux-dmabuf 4 and later tell them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/types.h>

#include "render/wayland/dmabuf_formats.h"
#include "render/wayland/proxy.h"

struct wl_array;

namespace v4l2play {

/// Follows one feedback: a table of pairs in a file, and tranches of indices into it, best first. A surface's is told
/// anew whenever the surface might take another way to the screen.
class DmabufFeedback {
  public:
    explicit DmabufFeedback(zwp_linux_dmabuf_feedback_v1* feedback);
    DmabufFeedback(const DmabufFeedback&) = delete;
    DmabufFeedback& operator=(const DmabufFeedback&) = delete;

    /// As of the last time that all of it was told.
    [[nodiscard]] const DmabufFormats& formats() const { return formats_; }
    /// How often that was; 0: not yet.
    [[nodiscard]] unsigned revision() const { return revision_; }

    /// The compositor's GPU; 0 unknown.
    [[nodiscard]] dev_t main_device() const { return main_device_; }

    // Called by the listener.
    void on_main_device(const wl_array* device);
    void on_table(int fd, std::uint32_t size);
    void on_indices(const wl_array* indices);
    void on_flags(std::uint32_t flags);
    void on_tranche_done();
    void on_done();

  private:
    Proxy<zwp_linux_dmabuf_feedback_v1> feedback_;
    DmabufFormats formats_;
    DmabufFormats coming_;
    std::vector<FormatModifier> table_;
    std::vector<std::uint16_t> tranche_;
    dev_t main_device_ = 0;
    bool scanout_ = false;
    unsigned revision_ = 0;
};

} // namespace v4l2play
