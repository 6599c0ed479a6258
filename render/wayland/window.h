// The player's window: a black surface of the window's size, and the picture on a subsurface in its middle.
//
// The picture has a surface of its own so that a window of another shape than the picture's (maximized, full screen) is
// filled with black, which compositors know how to leave out when the picture covers it. It is desynchronised: a frame
// is one commit. Only when the size changes the two are committed as one. Where black cannot be had for free
// (single-pixel-buffer), the picture is the window, in its own shape; and also where it fills the screen and the
// compositor scans out no subsurface.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "decoder/frame.h"
#include "render/wayland/connection.h"
#include "render/wayland/geometry.h"
#include "render/wayland/overlay_surface.h"
#include "render/wayland/surface_hints.h"
#include "render/wayland/wayland_output.h"

struct wl_array;

namespace v4l2play {

class Window {
  public:
    /// Waits for the first configure event.
    /// ENODEV when there is no such screen as is wanted.
    static Result<std::unique_ptr<Window>> create(Connection& connection, const WaylandOptions& options);
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;
    ~Window();

    /// The pictures to come, parts of buffers of that size.
    void set_picture(const FrameInfo& info, PixelSize coded, bool rgb = false);
    /// The pictures to come, each in RGB and in a buffer of its own size.
    void set_rgb_picture(const FrameInfo& info);
    [[nodiscard]] SurfaceHints& hints() { return *hints_; }
    /// While it is, the screen does not go dark.
    void set_playing(bool playing);
    /// The surface that frames are committed to.
    [[nodiscard]] wl_surface* surface() const { return boxed() ? video_.get() : main_.get(); }
    /// There is no black around the picture, and will be none until the compositor says another size.
    [[nodiscard]] bool fills_screen() const { return fullscreen_ && mapped_ && !dirty_ && placement_.size == size_; }
    /// From the next `show` on the picture is the window itself, or upon it again, if it has a surface of its own.
    /// True when that is another surface now: with other hints and another overlay, which is hidden.
    bool set_whole(bool whole);
    /// Commits `buffer` to `surface`, after `refresh`; with everything that else has changed.
    void show(wl_buffer* buffer);
    /// Follows a change of size though no frame comes (pause). True when the picture's surface was committed, and with
    /// it what is new of the overlay.
    bool refresh();
    void toggle_fullscreen();
    /// UTF-8, no longer than a message.
    void set_title(const std::string& title);

    /// What is above the picture.
    [[nodiscard]] OverlaySurface& overlay() { return *overlay_; }
    /// In pixels; nothing until it is on the screen.
    [[nodiscard]] PixelSize area() const { return mapped_ ? scale_.to_pixels(size_) : PixelSize{}; }
    /// Makes what was done to the overlay visible though no frame comes.
    void commit_overlay();

    [[nodiscard]] bool is_mapped() const { return mapped_; }
    /// True once after the person closed it.
    bool take_close() { return std::exchange(close_asked_, false); }
    /// The compositor says that nobody can see it.
    [[nodiscard]] bool is_suspended() const { return suspended_; }
    /// The screen that it is on; null when it is on none.
    [[nodiscard]] const WaylandScreen* screen() const;
    [[nodiscard]] std::string describe() const;

    // Called by the listeners.
    void on_configure(std::uint32_t serial);
    void on_toplevel_configure(LogicalSize size, const wl_array* states);
    void on_bounds(LogicalSize bounds) { bounds_ = bounds; }
    void on_close() { close_asked_ = true; }
    void on_scale(std::uint32_t of_120);
    void on_enter(wl_output* output) { output_ = output; }
    void on_leave(wl_output* output) {
        if (output_ == output) output_ = nullptr;
    }

  private:
    Window(Connection& connection, const WaylandOptions& options);
    Result<> open();
    Result<> go_fullscreen();
    void make_box();
    void set_extras();
    void equip_surface();
    [[nodiscard]] bool boxed() const { return video_ != nullptr && !whole_; }
    bool lay_out();
    void map_black();

    Connection& connection_;
    const WaylandOptions options_;
    // First in, last out: roles go before their surfaces.
    Proxy<wl_surface> main_;
    Proxy<wp_viewport> main_viewport_;
    Proxy<wl_surface> video_; ///< null: `main_` shows the picture, always
    Proxy<wp_viewport> video_viewport_;
    Proxy<wl_subsurface> subsurface_;
    std::unique_ptr<OverlaySurface> overlay_;
    Proxy<wl_buffer> black_;
    Proxy<xdg_surface> shell_surface_;
    Proxy<xdg_toplevel> toplevel_;
    Proxy<zxdg_toplevel_decoration_v1> decoration_;
    Proxy<zwp_idle_inhibitor_v1> idle_inhibitor_;
    Proxy<wp_content_type_v1> content_type_;
    Proxy<wp_fractional_scale_v1> fractional_scale_;
    std::unique_ptr<SurfaceHints> hints_;

    FrameInfo info_;
    bool rgb_ = false; ///< there is no matrix to tell of
    PixelSize coded_;
    LogicalSize natural_;
    unsigned turn_ = 0; ///< degrees clockwise: what was asked for and what the picture asks for itself
    std::optional<unsigned> told_turn_ = 0;
    LogicalSize wanted_; ///< by the compositor; 0: as we like
    LogicalSize bounds_;
    LogicalSize size_;
    Placement placement_;
    Scale scale_;
    wl_output* output_ = nullptr;
    std::uint32_t serial_ = 0; ///< of the configure event that is to be acknowledged
    bool has_serial_ = false;
    bool configured_ = false;
    bool dirty_ = false;       ///< size or picture have changed since they were last committed
    bool new_picture_ = false; ///< of which no frame has come: its crop does not fit what is on show
    bool mapped_ = false;
    bool whole_ = false;  ///< `main_` shows the picture, and `video_` nothing
    bool moving_ = false; ///< the surface before still shows the last one
    bool fullscreen_ = false;
    bool suspended_ = false;
    bool close_asked_ = false;
};

} // namespace v4l2play
