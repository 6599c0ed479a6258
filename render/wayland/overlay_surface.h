// A picture above the video: a subsurface of the surface that frames are committed to, and the memory it is drawn in.
//
// It is synchronised: what is shown or hidden takes effect with the parent's next commit, that is with a frame. While
// there is none to see it is unmapped, so that the compositor may scan the video out.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "render/output.h"
#include "render/wayland/connection.h"
#include "render/wayland/geometry.h"
#include "render/wayland/shm_buffer.h"

namespace v4l2play {

class OverlaySurface {
  public:
    /// `parent` outlives it.
    OverlaySurface(Connection& connection, wl_surface* parent)
        : connection_(connection)
        , parent_(parent) {}
    OverlaySurface(const OverlaySurface&) = delete;
    OverlaySurface& operator=(const OverlaySurface&) = delete;
    ~OverlaySurface();

    /// The compositor has what it takes.
    [[nodiscard]] bool can_show() const;
    /// As Output::acquire_overlay.
    std::optional<OverlayBuffer> acquire(std::uint32_t width, std::uint32_t height);
    /// `x`, `y`: in the window, in pixels. False when there was nothing to do: else the parent has to be committed.
    bool show(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y);
    bool hide();
    [[nodiscard]] bool is_shown() const { return shown_; }
    /// Where the parent lies in the window, and how large the window's pixels are. Takes effect like all the rest.
    bool place(const Placement& parent, Scale scale);

  private:
    void create();
    void move();
    void damage(const std::optional<Rect>& part);
    ShmBuffer* find(std::uint32_t width, std::uint32_t height);

    Connection& connection_;
    wl_surface* parent_;
    Proxy<wl_surface> surface_; ///< null until something is shown
    Proxy<wp_viewport> viewport_;
    Proxy<wl_subsurface> subsurface_;
    std::vector<std::unique_ptr<ShmBuffer>> buffers_;
    unsigned made_ = 0;             ///< buffers, so far
    ShmBuffer* acquired_ = nullptr; ///< being drawn
    bool shown_ = false;
    Rect place_; ///< in the window, in pixels
    Placement placement_;
    Scale scale_;
};

} // namespace v4l2play
