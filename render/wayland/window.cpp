#include "render/wayland/window.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "decoder/log.h"
#include "render/wayland/protocols.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds window_limit = 5 * second;
constexpr std::int32_t all_of_it = std::numeric_limits<std::int32_t>::max();

Window& window_of(void* data) { return *static_cast<Window*>(data); }

void on_configure(void* data, xdg_surface*, std::uint32_t serial) { window_of(data).on_configure(serial); }
constexpr xdg_surface_listener surface_listener = {on_configure};

void on_toplevel_configure(void* data, xdg_toplevel*, std::int32_t width, std::int32_t height, wl_array* states) {
    window_of(data).on_toplevel_configure({width, height}, states);
}
void on_close(void* data, xdg_toplevel*) { window_of(data).on_close(); }
#ifdef XDG_TOPLEVEL_CONFIGURE_BOUNDS_SINCE_VERSION
void on_bounds(void* data, xdg_toplevel*, std::int32_t width, std::int32_t height) {
    window_of(data).on_bounds({width, height});
}
#endif
#ifdef XDG_TOPLEVEL_WM_CAPABILITIES_SINCE_VERSION
void on_capabilities(void*, xdg_toplevel*, wl_array*) {}
#endif
constexpr xdg_toplevel_listener toplevel_listener = {
    on_toplevel_configure,
    on_close,
#ifdef XDG_TOPLEVEL_CONFIGURE_BOUNDS_SINCE_VERSION
    on_bounds,
#endif
#ifdef XDG_TOPLEVEL_WM_CAPABILITIES_SINCE_VERSION
    on_capabilities,
#endif
};

void on_enter(void* data, wl_surface*, wl_output* output) { window_of(data).on_enter(output); }
void on_leave(void* data, wl_surface*, wl_output* output) { window_of(data).on_leave(output); }
// Designated: not every version of the interface has all.
constexpr wl_surface_listener main_listener = [] {
    wl_surface_listener listener{};
    listener.enter = on_enter;
    listener.leave = on_leave;
#ifdef WL_SURFACE_PREFERRED_BUFFER_SCALE_SINCE_VERSION
    listener.preferred_buffer_scale = [](void*, wl_surface*, std::int32_t) {};
    listener.preferred_buffer_transform = [](void*, wl_surface*, std::uint32_t) {};
#endif
    return listener;
}();

#ifdef HAVE_FRACTIONAL_SCALE_V1
void on_scale(void* data, wp_fractional_scale_v1*, std::uint32_t scale) { window_of(data).on_scale(scale); }
constexpr wp_fractional_scale_v1_listener scale_listener = {on_scale};
#endif

bool contains(const wl_array* states, std::uint32_t wanted) {
    for (std::size_t at = 0; at + sizeof wanted <= states->size; at += sizeof wanted) {
        std::uint32_t state = 0;
        std::memcpy(&state, static_cast<const char*>(states->data) + at, sizeof state);
        if (state == wanted) return true;
    }
    return false;
}

void crop_and_scale(wp_viewport* viewport, const Rect& source, LogicalSize size) {
    wp_viewport_set_source(
        viewport, wl_fixed_from_int(static_cast<int>(source.x)), wl_fixed_from_int(static_cast<int>(source.y)),
        wl_fixed_from_int(static_cast<int>(source.width)), wl_fixed_from_int(static_cast<int>(source.height)));
    wp_viewport_set_destination(viewport, size.width, size.height);
}

} // namespace

Window::Window(Connection& connection, const WaylandOptions& options)
    : connection_(connection)
    , options_(options) {}

/// Whatever belongs to a surface goes before it does, and a role after what was made of it.
Window::~Window() {
    hints_.reset();
    fractional_scale_.reset();
    content_type_.reset();
    idle_inhibitor_.reset();
    decoration_.reset();
    toplevel_.reset();
    shell_surface_.reset();
    overlay_.reset();
    subsurface_.reset();
}

Result<std::unique_ptr<Window>> Window::create(Connection& connection, const WaylandOptions& options) {
    std::unique_ptr<Window> window(new Window(connection, options));
    V4L2PLAY_TRY(window->open());
    return window;
}

Result<> Window::open() {
    const WaylandGlobals& globals = connection_.globals();
    main_.reset(wl_compositor_create_surface(globals.compositor.get()));
    wl_surface_add_listener(main_.get(), &main_listener, this);
    main_viewport_.reset(wp_viewporter_get_viewport(globals.viewporter.get(), main_.get()));
    make_box();
    shell_surface_.reset(xdg_wm_base_get_xdg_surface(globals.shell.get(), main_.get()));
    xdg_surface_add_listener(shell_surface_.get(), &surface_listener, this);
    toplevel_.reset(xdg_surface_get_toplevel(shell_surface_.get()));
    xdg_toplevel_add_listener(toplevel_.get(), &toplevel_listener, this);
    set_title(options_.title);
    xdg_toplevel_set_app_id(toplevel_.get(), "v4l2play");
    if (options_.fullscreen) V4L2PLAY_TRY(go_fullscreen());
    set_extras();
    equip_surface();
    wl_surface_commit(main_.get());
    V4L2PLAY_TRY(connection_.roundtrip(window_limit));
    if (!configured_) V4L2PLAY_TRY(connection_.roundtrip(window_limit)); // some take two
    if (!configured_) return fail(EPROTO, "the compositor does not configure the window", "xdg_surface");
    return {};
}

void Window::set_title(const std::string& title) { xdg_toplevel_set_title(toplevel_.get(), title.c_str()); }

Result<> Window::go_fullscreen() {
    std::string names;
    wl_output* wanted = nullptr;
    for (const auto& screen : connection_.globals().screens) {
        if (screen->connector == options_.screen) wanted = screen->proxy.get();
        names += (names.empty() ? "" : ", ") + screen->connector;
    }
    if (wanted == nullptr && !options_.screen.empty())
        return fail(ENODEV, fmt::format("the compositor has no screen {}; it has: {}", options_.screen, names),
                    "wl_output");
    xdg_toplevel_set_fullscreen(toplevel_.get(), options_.screen.empty() ? nullptr : wanted);
    return {};
}

void Window::make_box() {
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
    const WaylandGlobals& globals = connection_.globals();
    if (globals.single_pixel == nullptr || globals.subcompositor == nullptr) return;
    constexpr std::uint32_t opaque = 0xffffffff;
    black_.reset(wp_single_pixel_buffer_manager_v1_create_u32_rgba_buffer(globals.single_pixel.get(), 0, 0, 0, opaque));
    video_.reset(wl_compositor_create_surface(globals.compositor.get()));
    video_viewport_.reset(wp_viewporter_get_viewport(globals.viewporter.get(), video_.get()));
    subsurface_.reset(wl_subcompositor_get_subsurface(globals.subcompositor.get(), video_.get(), main_.get()));
    wl_subsurface_set_desync(subsurface_.get());
#endif
}

/// What only some compositors offer, and playback does without.
void Window::set_extras() {
    [[maybe_unused]] const WaylandGlobals& globals = connection_.globals();
#ifdef HAVE_XDG_DECORATION_V1
    if (globals.decoration != nullptr) {
        decoration_.reset(
            zxdg_decoration_manager_v1_get_toplevel_decoration(globals.decoration.get(), toplevel_.get()));
        zxdg_toplevel_decoration_v1_set_mode(decoration_.get(), ZXDG_TOPLEVEL_DECORATION_V1_MODE_SERVER_SIDE);
    }
#endif
#ifdef HAVE_FRACTIONAL_SCALE_V1
    if (globals.fractional_scale != nullptr) {
        fractional_scale_.reset(
            wp_fractional_scale_manager_v1_get_fractional_scale(globals.fractional_scale.get(), main_.get()));
        wp_fractional_scale_v1_add_listener(fractional_scale_.get(), &scale_listener, this);
    }
#endif
#ifdef HAVE_XDG_TOPLEVEL_ICON_V1
    if (globals.icon != nullptr) {
        xdg_toplevel_icon_v1* icon = xdg_toplevel_icon_manager_v1_create_icon(globals.icon.get());
        xdg_toplevel_icon_v1_set_name(icon, "multimedia-video-player");
        xdg_toplevel_icon_manager_v1_set_icon(globals.icon.get(), toplevel_.get(), icon);
        xdg_toplevel_icon_v1_destroy(icon);
    }
#endif
}

/// What belongs to the surface with the picture. No surface has two of any kind.
void Window::equip_surface() {
    hints_.reset();
    content_type_.reset();
    overlay_ = std::make_unique<OverlaySurface>(connection_, surface());
    hints_ = std::make_unique<SurfaceHints>(connection_, surface());
#ifdef HAVE_CONTENT_TYPE_V1
    wp_content_type_manager_v1* manager = connection_.globals().content_type.get();
    if (manager == nullptr) return;
    content_type_.reset(wp_content_type_manager_v1_get_surface_content_type(manager, surface()));
    wp_content_type_v1_set_content_type(content_type_.get(), WP_CONTENT_TYPE_V1_TYPE_VIDEO);
#endif
}

bool Window::set_whole(bool whole) {
    if (video_ == nullptr || std::exchange(whole_, whole) == whole) return false;
    equip_surface();
    moving_ = !moving_;
    dirty_ = new_picture_ = true;
    told_turn_.reset();
    return true;
}

void Window::set_playing([[maybe_unused]] bool playing) {
#ifdef HAVE_IDLE_INHIBIT_V1
    zwp_idle_inhibit_manager_v1* manager = connection_.globals().idle_inhibit.get();
    if (!playing)
        idle_inhibitor_.reset();
    else if (idle_inhibitor_ == nullptr && manager != nullptr)
        idle_inhibitor_.reset(zwp_idle_inhibit_manager_v1_create_inhibitor(manager, main_.get()));
#endif
}

void Window::on_scale(std::uint32_t of_120) {
    constexpr std::uint32_t least = 12, most = 1200; // a tenth, and ten times
    scale_.of_120 = std::clamp(of_120, least, most);
    dirty_ = true;
}

/// What has not changed makes no work: it would be a commit with the place of the picture.
void Window::set_picture(const FrameInfo& info, PixelSize coded, bool rgb) {
    if (info == info_ && coded == coded_ && rgb == rgb_) return;
    info_ = info;
    coded_ = coded;
    natural_ = natural_size(info.visible, info.sample_aspect);
    turn_ = (options_.rotate + info.rotation) % 360;
    if (turn_ % 180 != 0) std::swap(natural_.width, natural_.height);
    dirty_ = new_picture_ = true;
    rgb_ = rgb;
}

void Window::set_rgb_picture(const FrameInfo& info) {
    FrameInfo copied = info;
    copied.visible.x = copied.visible.y = 0;
    set_picture(copied, {info.visible.width, info.visible.height}, true);
}

void Window::on_toplevel_configure(LogicalSize size, const wl_array* states) {
    wanted_ = size;
    fullscreen_ = contains(states, XDG_TOPLEVEL_STATE_FULLSCREEN);
#ifdef XDG_TOPLEVEL_STATE_SUSPENDED_SINCE_VERSION
    suspended_ = contains(states, XDG_TOPLEVEL_STATE_SUSPENDED);
#endif
}

void Window::on_configure(std::uint32_t serial) {
    serial_ = serial;
    has_serial_ = configured_ = dirty_ = true;
}

/// Our own size until the compositor wants another; the picture in the middle of it. True when there is something new
/// for the picture's surface.
bool Window::lay_out() {
    const LogicalSize own = shrink_to(natural_, bounds_);
    size_ = {wanted_.width > 0 ? wanted_.width : own.width, wanted_.height > 0 ? wanted_.height : own.height};
    const Placement before = std::exchange(placement_, fit_inside(natural_, size_));
    if (has_serial_) xdg_surface_ack_configure(shell_surface_.get(), serial_);
    if (new_picture_) hints_->set_color(info_, rgb_);
    if (std::exchange(told_turn_, turn_) != turn_)
        wl_surface_set_buffer_transform(surface(), static_cast<std::int32_t>(turn_ / 90)); // WL_OUTPUT_TRANSFORM_...
    has_serial_ = dirty_ = new_picture_ = false;
    crop_and_scale(boxed() ? video_viewport_.get() : main_viewport_.get(), turned(info_.visible, coded_, turn_),
                   placement_.size);
    const bool overlay_moves = overlay_->place(boxed() ? placement_ : Placement{}, scale_);
    if (!boxed()) return true;
    wl_subsurface_set_position(subsurface_.get(), placement_.x, placement_.y);
    wp_viewport_set_destination(main_viewport_.get(), size_.width, size_.height);
    return overlay_moves || !(placement_ == before);
}

/// A synchronised commit goes through the compositor's cache, out of which weston 14 gives no buffer back. So only a
/// picture of another crop, which has to come together with its place, goes that way; the first finds its place made,
/// and one that comes back from the window itself covers what is there.
void Window::show(wl_buffer* buffer) {
    const bool first = !std::exchange(mapped_, true);
    const bool moves = std::exchange(moving_, false);
    const bool both = moves || (dirty_ && boxed());
    if (both && !first && !(moves && boxed())) wl_subsurface_set_sync(subsurface_.get());
    if (dirty_) lay_out();
    if (both && first) map_black();
    if (moves && whole_) {
        wl_surface_attach(video_.get(), nullptr, 0, 0);
        wl_surface_commit(video_.get());
    }
    wl_surface_attach(surface(), buffer, 0, 0);
    wl_surface_damage_buffer(surface(), 0, 0, all_of_it, all_of_it);
    wl_surface_commit(surface());
    if (!both || first) return;
    if (moves && boxed())
        map_black();
    else if (boxed())
        wl_surface_commit(main_.get());
    wl_subsurface_set_desync(subsurface_.get());
}

/// Nothing is cropped or turned that has been, of a picture.
void Window::map_black() {
    constexpr int none = -1;
    wp_viewport_set_source(main_viewport_.get(), wl_fixed_from_int(none), wl_fixed_from_int(none),
                           wl_fixed_from_int(none), wl_fixed_from_int(none));
    wl_surface_set_buffer_transform(main_.get(), WL_OUTPUT_TRANSFORM_NORMAL);
    wl_surface_attach(main_.get(), black_.get(), 0, 0);
    wl_surface_damage_buffer(main_.get(), 0, 0, all_of_it, all_of_it);
    wl_surface_commit(main_.get());
}

bool Window::refresh() {
    if (!dirty_ || !mapped_ || new_picture_) return false;
    if (boxed()) wl_subsurface_set_sync(subsurface_.get());
    const bool news = lay_out();
    if (news) wl_surface_commit(surface());
    if (!boxed()) return news;
    wl_surface_commit(main_.get());
    wl_subsurface_set_desync(subsurface_.get());
    return news;
}

void Window::commit_overlay() {
    if (mapped_) wl_surface_commit(surface());
}

void Window::toggle_fullscreen() {
    if (fullscreen_)
        xdg_toplevel_unset_fullscreen(toplevel_.get());
    else if (const auto gone = go_fullscreen(); !gone)
        log_warning("wayland", "{}", gone.error().what);
}

const WaylandScreen* Window::screen() const {
    for (const auto& screen : connection_.globals().screens)
        if (screen->proxy.get() == output_) return screen.get();
    return nullptr;
}

std::string Window::describe() const {
    std::string text = fmt::format("window of {}x{}", size_.width, size_.height);
    if (fullscreen_) text = fmt::format("full screen, {}x{}", size_.width, size_.height);
    if (!(placement_.size == size_))
        text += fmt::format(", the picture {}x{} on black", placement_.size.width, placement_.size.height);
    if (whole_) text += ", the picture as the window itself";
    if (turn_ != 0) text += fmt::format(", turned by {} degrees", turn_);
    return text;
}

} // namespace v4l2play
