// What the compositor is told of the pictures on one surface, and of when they are wanted: colour, order, time. All of
// it takes effect with the next commit, and all of it is optional.
#pragma once

#include <optional>

#include "decoder/frame.h"
#include "render/wayland/connection.h"

namespace v4l2play {

class SurfaceHints {
  public:
    SurfaceHints(Connection& connection, wl_surface* surface);
    SurfaceHints(const SurfaceHints&) = delete;
    SurfaceHints& operator=(const SurfaceHints&) = delete;

    /// Matrix and range, unless the buffers are in RGB; for HDR or wide colour also primaries, transfer and mastering.
    void set_color(const FrameInfo& info, bool rgb);
    /// Not before `time` of the presentation clock (commit-timing-v1).
    void set_time(Nanoseconds time);
    /// After the picture before has been on the screen (fifo-v1), so that none is replaced unseen.
    void queue();

    // Called by the listeners.
    void on_description_ready();
    void on_description_failed(const char* reason);

  private:
    void set_representation(const std::optional<Representation>& wanted);
    void set_wide_color(const std::optional<WideColor>& wide);

    Connection& connection_;
    [[maybe_unused]] wl_surface* const surface_;
    Proxy<wp_color_representation_surface_v1> representation_;
    Proxy<wp_color_management_surface_v1> management_;
    Proxy<wp_image_description_v1> description_; ///< asked for, until it is ready
    Proxy<wp_fifo_v1> fifo_;
    Proxy<wp_commit_timer_v1> timer_;
    std::optional<Representation> said_;
    std::optional<WideColor> wide_;
};

} // namespace v4l2play
