// A connection to a compositor, and what that has to offer.
#pragma once

#include <atomic>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "decoder/nanoseconds.h"
#include "decoder/result.h"
#include "render/wayland/color_support.h"
#include "render/wayland/dmabuf_formats.h"
#include "render/wayland/proxy.h"

struct wl_display;

namespace v4l2play {

/// One screen of the compositor.
struct WaylandScreen {
    Proxy<wl_output> proxy;
    std::uint32_t name = 0; ///< of the global
    std::string connector;  ///< "HDMI-A-1"; empty when the compositor is too old to tell
    std::string mode;       ///< "1920x1080@60.00"
};

/// What the output uses of the globals; null where the compositor has none.
struct WaylandGlobals {
    Proxy<wl_compositor> compositor;
    Proxy<wl_subcompositor> subcompositor;
    Proxy<wl_shm> shm;
    Proxy<xdg_wm_base> shell;
    Proxy<wp_viewporter> viewporter;
    Proxy<wp_presentation> presentation;
    Proxy<zwp_linux_dmabuf_v1> dmabuf;
    Proxy<wp_single_pixel_buffer_manager_v1> single_pixel;
    Proxy<zxdg_decoration_manager_v1> decoration;
    Proxy<zwp_idle_inhibit_manager_v1> idle_inhibit;
    Proxy<wp_content_type_manager_v1> content_type;
    Proxy<wp_linux_drm_syncobj_manager_v1> syncobj;
    Proxy<wp_fifo_manager_v1> fifo;
    Proxy<wp_commit_timing_manager_v1> commit_timing;
    Proxy<wp_color_representation_manager_v1> color_representation;
    Proxy<wp_color_manager_v1> color_manager;
    Proxy<wp_fractional_scale_manager_v1> fractional_scale;
    Proxy<xdg_toplevel_icon_manager_v1> icon;
    std::vector<std::unique_ptr<WaylandScreen>> screens;
};

class Connection {
  public:
    /// To the compositor that the environment names. Waits for its globals and dmabuf formats, a few seconds at most.
    /// ENODEV when there is none, ENOTSUP when it lacks what a player needs, ETIMEDOUT. `cancelled` ends all waiting,
    /// with ECANCELED; null: nobody does. It outlives the connection, or is taken away.
    static Result<std::unique_ptr<Connection>> open(const std::atomic<bool>* cancelled = nullptr);
    /// A second one to the same compositor, cancelled with this one.
    [[nodiscard]] Result<std::unique_ptr<Connection>> open_another() const { return open(cancelled_); }
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] wl_display* display() const { return display_; }
    [[nodiscard]] int fd() const;
    [[nodiscard]] const WaylandGlobals& globals() const { return globals_; }
    /// All that may be imported.
    [[nodiscard]] const DmabufFormats& formats() const { return formats_; }
    /// What a surface's feedback tells of may be imported too.
    void add_formats(const DmabufFormats& formats) { formats_.add_all(formats); }
    [[nodiscard]] bool has_feedback() const;
    /// It takes no dmabuf with video.
    [[nodiscard]] bool must_copy() const { return !formats_.has_video(); }
    /// The clock of presentation feedback.
    [[nodiscard]] clockid_t presentation_clock() const { return presentation_clock_; }
    /// A time of that clock in CLOCK_MONOTONIC, where it is `now`.
    [[nodiscard]] Nanoseconds to_monotonic(Nanoseconds time, Nanoseconds now) const;
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Its name, and the process behind it where the kernel tells that: "wayland-0 (weston, process 812)".
    [[nodiscard]] std::string peer() const;
    [[nodiscard]] const ColorSupport& color_support() const { return color_support_; }
    /// The compositor's GPU; 0 unknown.
    [[nodiscard]] dev_t main_device() const { return main_device_; }
    /// The person's seat; null when there is none. Bound only now, so that whoever listens to it misses nothing.
    [[nodiscard]] Proxy<wl_seat> bind_seat() const;

    /// Nobody cancels what it waits for from now on.
    void keep() { cancelled_ = nullptr; }

    /// Handles the events that are there; never waits.
    Result<> dispatch();
    /// Sends what was asked for. True when the socket is full: again later.
    bool flush();
    /// Handles events until the compositor has answered all that was asked for.
    Result<> roundtrip(Nanoseconds limit);
    /// The same with a queue whose events alone are handled.
    Result<> roundtrip(wl_event_queue* queue, Nanoseconds limit);

    // Called by the listeners.
    void on_global(wl_registry* registry, std::uint32_t name, const char* interface, std::uint32_t version);
    void on_global_remove(std::uint32_t name);
    void on_clock(clockid_t clock) { presentation_clock_ = clock; }
    void on_modifier(FormatModifier format) { formats_.add(format, false); }

  private:
    Connection(wl_display* display, const std::atomic<bool>* cancelled, std::string name);
    struct Announcement;
    void bind_extras(const Announcement& it);
    Result<> collect();
    Result<> read_feedback();

    wl_display* display_;
    const std::atomic<bool>* cancelled_;
    std::string name_;
    Proxy<wl_registry> registry_;
    WaylandGlobals globals_;
    DmabufFormats formats_;
    ColorSupport color_support_;
    dev_t main_device_ = 0;
    clockid_t presentation_clock_ = CLOCK_MONOTONIC;
    std::uint32_t seat_ = 0; ///< name of the global
    std::uint32_t seat_version_ = 0;
};

} // namespace v4l2play
