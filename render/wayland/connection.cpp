#include "render/wayland/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <sys/socket.h>

#include "decoder/kernel.h"
#include "decoder/log.h"
#include "render/wayland/display.h"
#include "render/wayland/dmabuf_feedback.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds greeting_limit = 5 * second;

void on_global(void* data, wl_registry* registry, std::uint32_t name, const char* interface, std::uint32_t version) {
    static_cast<Connection*>(data)->on_global(registry, name, interface, version);
}
void on_global_remove(void* data, wl_registry*, std::uint32_t name) {
    static_cast<Connection*>(data)->on_global_remove(name);
}
constexpr wl_registry_listener registry_listener = {on_global, on_global_remove};

void on_ping(void*, xdg_wm_base* shell, std::uint32_t serial) { xdg_wm_base_pong(shell, serial); }
constexpr xdg_wm_base_listener shell_listener = {on_ping};

void on_clock_id(void* data, wp_presentation*, std::uint32_t clock) {
    static_cast<Connection*>(data)->on_clock(static_cast<clockid_t>(clock));
}
constexpr wp_presentation_listener presentation_listener = {on_clock_id};

void on_format(void*, zwp_linux_dmabuf_v1*, std::uint32_t) {} // modifier events tell the same, and more
void on_modifier(void* data, zwp_linux_dmabuf_v1*, std::uint32_t format, std::uint32_t high, std::uint32_t low) {
    static_cast<Connection*>(data)->on_modifier({DrmFourcc{format}, std::uint64_t{high} << 32 | low});
}
constexpr zwp_linux_dmabuf_v1_listener dmabuf_listener = {on_format, on_modifier};

void on_geometry(void*, wl_output*, std::int32_t, std::int32_t, std::int32_t, std::int32_t, std::int32_t, const char*,
                 const char*, std::int32_t) {}
void on_mode(void* data, wl_output*, std::uint32_t flags, std::int32_t width, std::int32_t height,
             std::int32_t refresh) {
    if ((flags & WL_OUTPUT_MODE_CURRENT) == 0) return;
    static_cast<WaylandScreen*>(data)->mode = fmt::format("{}x{}@{:.2f}", width, height, refresh / 1000.0);
}
void on_screen_done(void*, wl_output*) {}
void on_scale(void*, wl_output*, std::int32_t) {}
void on_screen_name(void* data, wl_output*, const char* name) { static_cast<WaylandScreen*>(data)->connector = name; }
void on_screen_description(void*, wl_output*, const char*) {}
constexpr wl_output_listener screen_listener = {on_geometry, on_mode,        on_screen_done,
                                                on_scale,    on_screen_name, on_screen_description};

} // namespace

/// A global being announced.
struct Connection::Announcement {
    wl_registry* registry;
    std::uint32_t name;
    std::string_view interface;
    std::uint32_t version;

    /// Binds it when it is a `wanted`, at the highest version that both sides and this code know.
    template <class T>
    bool bind(Proxy<T>& to, const wl_interface& wanted, std::uint32_t newest) const {
        if (to != nullptr || interface != wanted.name) return false;
        const std::uint32_t known = std::min(newest, static_cast<std::uint32_t>(wanted.version));
        to.reset(static_cast<T*>(wl_registry_bind(registry, name, &wanted, std::min(version, known))));
        return true;
    }
};

namespace {

tl::unexpected<Error> lacks(const char* what) {
    return fail(ENOTSUP, fmt::format("the compositor has no {}", what), "wl_registry");
}

} // namespace

Connection::Connection(wl_display* display, const std::atomic<bool>* cancelled, std::string name)
    : display_(display)
    , cancelled_(cancelled)
    , name_(std::move(name)) {}

Connection::~Connection() {
    globals_ = {};
    registry_.reset();
    wl_display_disconnect(display_);
}

int Connection::fd() const { return wl_display_get_fd(display_); }

Result<std::unique_ptr<Connection>> Connection::open(const std::atomic<bool>* cancelled) {
    const Result<wl_display*> display = connect_to_compositor();
    if (!display) return fail(display.error());
    std::unique_ptr<Connection> connection(new Connection(*display, cancelled, compositor_name()));
    V4L2PLAY_TRY(connection->collect());
    return connection;
}

Result<> Connection::collect() {
    registry_.reset(wl_display_get_registry(display_));
    wl_registry_add_listener(registry_.get(), &registry_listener, this);
    V4L2PLAY_TRY(roundtrip(greeting_limit)); // the globals
    if (globals_.compositor == nullptr) return lacks("wl_compositor");
    if (globals_.shell == nullptr) return lacks("xdg_wm_base: it shows no windows");
    if (globals_.viewporter == nullptr) return lacks("wp_viewporter: it cannot crop");
    if (globals_.dmabuf != nullptr) V4L2PLAY_TRY(has_feedback() ? read_feedback() : roundtrip(greeting_limit));
    if (!must_copy()) return {};
    const char* const why = globals_.dmabuf == nullptr ? "linux-dmabuf 3 or later: it cannot show a decoder's buffers"
                                                       : "video format among its dmabufs";
    if (globals_.shm == nullptr) return lacks(why);
    log_warning("wayland", "the compositor has no {}; frames are copied", why);
    return {};
}

Nanoseconds Connection::to_monotonic(Nanoseconds time, Nanoseconds now) const {
    timespec there{};
    if (presentation_clock_ == CLOCK_MONOTONIC || clock_gettime(presentation_clock_, &there) != 0) return time;
    return time + now - (Nanoseconds{there.tv_sec} * second + there.tv_nsec);
}

bool Connection::has_feedback() const {
    return globals_.dmabuf != nullptr && zwp_linux_dmabuf_v1_get_version(globals_.dmabuf.get()) >=
                                             ZWP_LINUX_DMABUF_V1_GET_DEFAULT_FEEDBACK_SINCE_VERSION;
}

Result<> Connection::read_feedback() {
    const DmabufFeedback feedback(zwp_linux_dmabuf_v1_get_default_feedback(globals_.dmabuf.get()));
    V4L2PLAY_TRY(roundtrip(greeting_limit));
    if (feedback.revision() == 0)
        return fail(EPROTO, "the compositor's list of dmabuf formats has no end", "linux-dmabuf");
    formats_ = feedback.formats();
    main_device_ = feedback.main_device();
    return {};
}

void Connection::on_global(wl_registry* registry, std::uint32_t name, const char* interface, std::uint32_t version) {
    const Announcement it{registry, name, interface, version};
    it.bind(globals_.compositor, wl_compositor_interface, 7);
    it.bind(globals_.subcompositor, wl_subcompositor_interface, 1);
    it.bind(globals_.shm, wl_shm_interface, 1);
    it.bind(globals_.viewporter, wp_viewporter_interface, 1);
    if (seat_ == 0 && it.interface == wl_seat_interface.name) {
        seat_ = name;
        seat_version_ = version;
    }
    if (it.bind(globals_.shell, xdg_wm_base_interface, 6))
        xdg_wm_base_add_listener(globals_.shell.get(), &shell_listener, nullptr);
    // Not 2: it names a rate for outputs whose rate varies, and targets would be planned by vblanks that there are not.
    if (it.bind(globals_.presentation, wp_presentation_interface, 1))
        wp_presentation_add_listener(globals_.presentation.get(), &presentation_listener, this);
    if (version >= 3 && it.bind(globals_.dmabuf, zwp_linux_dmabuf_v1_interface, 5))
        zwp_linux_dmabuf_v1_add_listener(globals_.dmabuf.get(), &dmabuf_listener, this);
    if (Proxy<wl_output> screen; it.bind(screen, wl_output_interface, 4)) {
        globals_.screens.push_back(std::make_unique<WaylandScreen>());
        WaylandScreen& added = *globals_.screens.back();
        added.proxy = std::move(screen);
        added.name = name;
        wl_output_add_listener(added.proxy.get(), &screen_listener, &added);
    }
    bind_extras(it);
}

/// What playback does without. Those that this build has no protocol of are never asked for.
void Connection::bind_extras([[maybe_unused]] const Announcement& it) {
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
    it.bind(globals_.single_pixel, wp_single_pixel_buffer_manager_v1_interface, 1);
#endif
#ifdef HAVE_XDG_DECORATION_V1
    it.bind(globals_.decoration, zxdg_decoration_manager_v1_interface, 1);
#endif
#ifdef HAVE_IDLE_INHIBIT_V1
    it.bind(globals_.idle_inhibit, zwp_idle_inhibit_manager_v1_interface, 1);
#endif
#ifdef HAVE_CONTENT_TYPE_V1
    it.bind(globals_.content_type, wp_content_type_manager_v1_interface, 1);
#endif
#ifdef HAVE_LINUX_DRM_SYNCOBJ_V1
    it.bind(globals_.syncobj, wp_linux_drm_syncobj_manager_v1_interface, 1);
#endif
#ifdef HAVE_FIFO_V1
    it.bind(globals_.fifo, wp_fifo_manager_v1_interface, 1);
#endif
#ifdef HAVE_COMMIT_TIMING_V1
    it.bind(globals_.commit_timing, wp_commit_timing_manager_v1_interface, 1);
#endif
#ifdef HAVE_COLOR_REPRESENTATION_V1
    if (it.bind(globals_.color_representation, wp_color_representation_manager_v1_interface, 1))
        color_support_.listen(globals_.color_representation.get());
#endif
#ifdef HAVE_COLOR_MANAGEMENT_V1
    if (it.bind(globals_.color_manager, wp_color_manager_v1_interface, 1))
        color_support_.listen(globals_.color_manager.get());
#endif
#ifdef HAVE_FRACTIONAL_SCALE_V1
    it.bind(globals_.fractional_scale, wp_fractional_scale_manager_v1_interface, 1);
#endif
#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
    it.bind(globals_.icon, xdg_toplevel_icon_manager_v1_interface, 1);
#endif
}

Proxy<wl_seat> Connection::bind_seat() const {
    Proxy<wl_seat> seat;
    const Announcement it{registry_.get(), seat_, wl_seat_interface.name, seat_version_};
    if (seat_ != 0) it.bind(seat, wl_seat_interface, 5);
    return seat;
}

void Connection::on_global_remove(std::uint32_t name) {
    std::erase_if(globals_.screens, [&](const auto& screen) { return screen->name == name; });
}

std::string Connection::peer() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return name_;
    std::string command;
    std::getline(std::ifstream(fmt::format("/proc/{}/comm", credentials.pid)), command);
    return command.empty() ? name_ : fmt::format("{} ({}, process {})", name_, command, credentials.pid);
}

Result<> Connection::dispatch() {
    while (wl_display_prepare_read(display_) != 0)
        if (wl_display_dispatch_pending(display_) < 0) return connection_broken(display_);
    if (wl_display_read_events(display_) < 0) return connection_broken(display_); // does not wait: nobody else reads
    if (wl_display_dispatch_pending(display_) < 0) return connection_broken(display_);
    return {};
}

bool Connection::flush() { return send_requests(display_); }

Result<> Connection::roundtrip(Nanoseconds limit) { return roundtrip(nullptr, limit); }

Result<> Connection::roundtrip(wl_event_queue* queue, Nanoseconds limit) {
    return wait_for_answers(display_, queue, system_kernel().now() + limit, cancelled_);
}

} // namespace v4l2play
