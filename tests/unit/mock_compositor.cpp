#include "tests/unit/mock_compositor.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <wayland-server.h>

#include <linux-dmabuf-v1-server-protocol.h>
#include <presentation-time-server-protocol.h>
#include <viewporter-server-protocol.h>
#include <xdg-shell-server-protocol.h>
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
#include <single-pixel-buffer-v1-server-protocol.h>
#endif

namespace v4l2play {
namespace {

struct Surface;

/// Resources of one commit; those that the client has dropped are null.
struct Answerable {
    MockCommit commit;
    wl_resource* buffer = nullptr;
    wl_resource* feedback = nullptr;
    wl_resource* frame = nullptr;
};

struct Buffer {
    MockCompositor::State* state = nullptr;
    std::uint32_t number = 0; ///< 0: a single pixel
    int width = 0;
    int height = 0;
};

} // namespace

struct MockCompositor::State {
    MockOptions options;
    std::string directory;
    wl_display* display = nullptr;
    wl_resource* shell_surface = nullptr;
    wl_resource* toplevel = nullptr;
    wl_resource* keyboard = nullptr;
    std::string title;
    std::vector<std::unique_ptr<Answerable>> commits;
    std::uint32_t surfaces = 0;
    unsigned imports = 0;
    unsigned buffers_alive = 0;
    unsigned connections = 0;
    bool refuse_imports = false;

    void forget(const wl_resource* resource) {
        for (const auto& one : commits) {
            if (one->buffer == resource) one->buffer = nullptr;
            if (one->feedback == resource) one->feedback = nullptr;
            if (one->frame == resource) one->frame = nullptr;
        }
    }
};

namespace {

using State = MockCompositor::State;

struct Surface {
    State* state = nullptr;
    std::uint32_t number = 0;
    bool attached = false;
    wl_resource* buffer = nullptr;
    wl_resource* feedback = nullptr;
    wl_resource* frame = nullptr;
    wl_resource* viewport = nullptr;
    int source_width = 0;
    int source_height = 0;
    int buffer_width = 0; ///< of what is on show; 0: nothing that can be cropped
    int buffer_height = 0;
    MockCommit geometry;
};

template <class T>
T& data_of(wl_resource* resource) {
    return *static_cast<T*>(wl_resource_get_user_data(resource));
}
void destroy(wl_client*, wl_resource* resource) { wl_resource_destroy(resource); }
void ignore_destroyed(wl_resource*) {}

wl_resource* create(wl_client* client, const wl_interface& interface, wl_resource* parent, std::uint32_t id,
                    const void* implementation, void* data, wl_resource_destroy_func_t destroyed = ignore_destroyed) {
    wl_resource* resource = wl_resource_create(client, &interface, wl_resource_get_version(parent), id);
    wl_resource_set_implementation(resource, implementation, data, destroyed);
    return resource;
}

// wl_surface

void attach(wl_client*, wl_resource* resource, wl_resource* buffer, std::int32_t, std::int32_t) {
    data_of<Surface>(resource).attached = true;
    data_of<Surface>(resource).buffer = buffer;
}
void damage(wl_client*, wl_resource*, std::int32_t, std::int32_t, std::int32_t, std::int32_t) {}
void forget_answer(wl_resource* resource) { data_of<State>(resource).forget(resource); }
void frame(wl_client* client, wl_resource* resource, std::uint32_t id) {
    Surface& surface = data_of<Surface>(resource);
    surface.frame = wl_resource_create(client, &wl_callback_interface, 1, id);
    wl_resource_set_implementation(surface.frame, nullptr, surface.state, forget_answer);
}
void set_region(wl_client*, wl_resource*, wl_resource*) {}

void commit(wl_client*, wl_resource* resource) {
    Surface& surface = data_of<Surface>(resource);
    const bool attached = std::exchange(surface.attached, false);
    wl_resource* buffer = std::exchange(surface.buffer, nullptr);
    if (attached) {
        surface.buffer_width = buffer == nullptr ? 0 : data_of<Buffer>(buffer).width;
        surface.buffer_height = buffer == nullptr ? 0 : data_of<Buffer>(buffer).height;
    }
    if (surface.buffer_width != 0 &&
        (surface.source_width > surface.buffer_width || surface.source_height > surface.buffer_height))
        wl_resource_post_error(surface.viewport, WP_VIEWPORT_ERROR_OUT_OF_BUFFER, "the source is not in the buffer");
    if (!attached || buffer == nullptr || data_of<Buffer>(buffer).number == 0) return;
    auto added = std::make_unique<Answerable>();
    added->commit = surface.geometry;
    added->commit.buffer = data_of<Buffer>(buffer).number;
    added->commit.surface = surface.number;
    added->buffer = buffer;
    added->feedback = std::exchange(surface.feedback, nullptr);
    added->frame = std::exchange(surface.frame, nullptr);
    surface.state->commits.push_back(std::move(added));
}

const auto surface_implementation = [] {
    struct wl_surface_interface calls {};
    calls.destroy = destroy;
    calls.attach = attach;
    calls.damage = damage;
    calls.damage_buffer = damage;
    calls.frame = frame;
    calls.set_opaque_region = set_region;
    calls.set_input_region = set_region;
    calls.commit = commit;
    return calls;
}();

void create_surface(wl_client* client, wl_resource* resource, std::uint32_t id) {
    auto& state = data_of<State>(resource);
    auto* surface = new Surface{};
    surface->state = &state;
    surface->number = ++state.surfaces;
    create(client, wl_surface_interface, resource, id, &surface_implementation, surface,
           [](wl_resource* gone) { delete &data_of<Surface>(gone); });
}
const auto compositor_implementation = [] {
    struct wl_compositor_interface calls {};
    calls.create_surface = create_surface;
    return calls;
}();

// wl_subcompositor

void set_position(wl_client*, wl_resource* resource, std::int32_t x, std::int32_t y) {
    data_of<Surface>(resource).geometry.x = x;
    data_of<Surface>(resource).geometry.y = y;
}
const auto subsurface_implementation = [] {
    struct wl_subsurface_interface calls {};
    calls.destroy = destroy;
    calls.set_position = set_position;
    calls.set_sync = [](wl_client*, wl_resource*) {};
    calls.set_desync = [](wl_client*, wl_resource*) {};
    return calls;
}();
const auto subcompositor_implementation = [] {
    struct wl_subcompositor_interface calls {};
    calls.destroy = destroy;
    calls.get_subsurface = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface,
                              wl_resource*) {
        create(client, wl_subsurface_interface, resource, id, &subsurface_implementation, &data_of<Surface>(surface));
    };
    return calls;
}();

// xdg-shell

void send_configure(State& state, int width, int height, bool fullscreen) {
    wl_array states;
    wl_array_init(&states);
    if (fullscreen)
        *static_cast<std::uint32_t*>(wl_array_add(&states, sizeof(std::uint32_t))) = XDG_TOPLEVEL_STATE_FULLSCREEN;
    xdg_toplevel_send_configure(state.toplevel, width, height, &states);
    wl_array_release(&states);
    xdg_surface_send_configure(state.shell_surface, wl_display_next_serial(state.display));
}

const auto toplevel_implementation = [] {
    struct xdg_toplevel_interface calls {};
    calls.destroy = destroy;
    calls.set_title = [](wl_client*, wl_resource* resource, const char* title) {
        data_of<State>(resource).title = title;
    };
    calls.set_app_id = [](wl_client*, wl_resource*, const char*) {};
    calls.set_fullscreen = [](wl_client*, wl_resource*, wl_resource*) {};
    calls.unset_fullscreen = [](wl_client*, wl_resource*) {};
    return calls;
}();
const auto shell_surface_implementation = [] {
    struct xdg_surface_interface calls {};
    calls.destroy = destroy;
    calls.get_toplevel = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        auto& state = data_of<State>(resource);
        state.toplevel = create(client, xdg_toplevel_interface, resource, id, &toplevel_implementation, &state,
                                [](wl_resource* gone) { data_of<State>(gone).toplevel = nullptr; });
        send_configure(state, 0, 0, false);
    };
    calls.ack_configure = [](wl_client*, wl_resource*, std::uint32_t) {};
    return calls;
}();
const auto shell_implementation = [] {
    struct xdg_wm_base_interface calls {};
    calls.destroy = destroy;
    calls.get_xdg_surface = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource*) {
        auto& state = data_of<State>(resource);
        state.shell_surface = create(client, xdg_surface_interface, resource, id, &shell_surface_implementation, &state,
                                     [](wl_resource* gone) { data_of<State>(gone).shell_surface = nullptr; });
    };
    calls.pong = [](wl_client*, wl_resource*, std::uint32_t) {};
    return calls;
}();

// wp_viewporter

const auto viewport_implementation = [] {
    struct wp_viewport_interface calls {};
    calls.destroy = destroy;
    calls.set_source = [](wl_client*, wl_resource* resource, wl_fixed_t x, wl_fixed_t y, wl_fixed_t width,
                          wl_fixed_t height) {
        data_of<Surface>(resource).source_width = wl_fixed_to_int(x + width);
        data_of<Surface>(resource).source_height = wl_fixed_to_int(y + height);
    };
    calls.set_destination = [](wl_client*, wl_resource* resource, std::int32_t width, std::int32_t height) {
        data_of<Surface>(resource).geometry.destination_width = width;
        data_of<Surface>(resource).geometry.destination_height = height;
    };
    return calls;
}();
const auto viewporter_implementation = [] {
    struct wp_viewporter_interface calls {};
    calls.destroy = destroy;
    calls.get_viewport = [](wl_client* client, wl_resource* resource, std::uint32_t id, wl_resource* surface) {
        data_of<Surface>(surface).viewport =
            create(client, wp_viewport_interface, resource, id, &viewport_implementation, &data_of<Surface>(surface));
    };
    return calls;
}();

// wp_presentation

const auto presentation_implementation = [] {
    struct wp_presentation_interface calls {};
    calls.destroy = destroy;
    calls.feedback = [](wl_client* client, wl_resource* resource, wl_resource* surface, std::uint32_t id) {
        data_of<Surface>(surface).feedback = create(client, wp_presentation_feedback_interface, resource, id, nullptr,
                                                    &data_of<State>(resource), forget_answer);
    };
    return calls;
}();

// linux-dmabuf

const auto buffer_implementation = [] {
    struct wl_buffer_interface calls {};
    calls.destroy = destroy;
    return calls;
}();

wl_resource* create_buffer(wl_client* client, State& state, std::uint32_t number, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &wl_buffer_interface, 1, id);
    if (number != 0) ++state.buffers_alive;
    wl_resource_set_implementation(resource, &buffer_implementation, new Buffer{&state, number, 0, 0},
                                   [](wl_resource* gone) {
                                       auto& buffer = data_of<Buffer>(gone);
                                       if (buffer.number != 0) --buffer.state->buffers_alive;
                                       buffer.state->forget(gone);
                                       delete &buffer;
                                   });
    return resource;
}

const auto params_implementation = [] {
    struct zwp_linux_buffer_params_v1_interface calls {};
    calls.destroy = destroy;
    calls.add = [](wl_client*, wl_resource*, std::int32_t fd, std::uint32_t, std::uint32_t, std::uint32_t,
                   std::uint32_t, std::uint32_t) { close(fd); };
    calls.create = [](wl_client* client, wl_resource* resource, std::int32_t width, std::int32_t height, std::uint32_t,
                      std::uint32_t) {
        auto& state = data_of<State>(resource);
        if (state.refuse_imports) return zwp_linux_buffer_params_v1_send_failed(resource);
        wl_resource* buffer = create_buffer(client, state, ++state.imports, 0);
        data_of<Buffer>(buffer).width = width;
        data_of<Buffer>(buffer).height = height;
        zwp_linux_buffer_params_v1_send_created(resource, buffer);
    };
    return calls;
}();
const auto feedback_implementation = [] {
    struct zwp_linux_dmabuf_feedback_v1_interface calls {};
    calls.destroy = destroy;
    return calls;
}();

/// A tranche for what can be scanned out, after one for the rest: the client has to sort.
void send_tranche(wl_resource* feedback, const State& state, bool scanout) {
    wl_array indices;
    wl_array_init(&indices);
    for (std::size_t i = 0; i < state.options.formats.size(); ++i)
        if (state.options.formats[i].scanout == scanout)
            *static_cast<std::uint16_t*>(wl_array_add(&indices, sizeof(std::uint16_t))) = static_cast<std::uint16_t>(i);
    zwp_linux_dmabuf_feedback_v1_send_tranche_flags(
        feedback, scanout ? std::uint32_t{ZWP_LINUX_DMABUF_FEEDBACK_V1_TRANCHE_FLAGS_SCANOUT} : 0U);
    zwp_linux_dmabuf_feedback_v1_send_tranche_formats(feedback, &indices);
    zwp_linux_dmabuf_feedback_v1_send_tranche_done(feedback);
    wl_array_release(&indices);
}

void send_feedback(wl_resource* feedback, const State& state) {
    struct Entry {
        std::uint32_t format;
        std::uint32_t padding;
        std::uint64_t modifier;
    };
    std::vector<Entry> table;
    for (const MockFormat& one : state.options.formats)
        table.push_back({static_cast<std::uint32_t>(one.format.fourcc), 0, one.format.modifier});
    const int fd = memfd_create("formats", MFD_CLOEXEC);
    const auto size = static_cast<std::uint32_t>(table.size() * sizeof(Entry));
    if (write(fd, table.data(), size) == static_cast<ssize_t>(size))
        zwp_linux_dmabuf_feedback_v1_send_format_table(feedback, fd, size);
    close(fd);
    send_tranche(feedback, state, false);
    send_tranche(feedback, state, true);
    zwp_linux_dmabuf_feedback_v1_send_done(feedback);
}

const auto dmabuf_implementation = [] {
    struct zwp_linux_dmabuf_v1_interface calls {};
    calls.destroy = destroy;
    calls.create_params = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        create(client, zwp_linux_buffer_params_v1_interface, resource, id, &params_implementation,
               &data_of<State>(resource));
    };
    calls.get_default_feedback = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        send_feedback(
            create(client, zwp_linux_dmabuf_feedback_v1_interface, resource, id, &feedback_implementation, nullptr),
            data_of<State>(resource));
    };
    return calls;
}();

// wl_seat

/// Just the keys that the tests press.
constexpr char keymap[] = R"(xkb_keymap {
  xkb_keycodes { minimum = 8; maximum = 255; <AD01> = 24; <LEFT> = 113; };
  xkb_types { include "basic" };
  xkb_compat { include "basic" };
  xkb_symbols { key <AD01> { [ q ] }; key <LEFT> { [ Left ] }; };
};)";

const auto keyboard_implementation = [] {
    struct wl_keyboard_interface calls {};
    calls.release = destroy;
    return calls;
}();
const auto seat_implementation = [] {
    struct wl_seat_interface calls {};
    calls.release = destroy;
    calls.get_keyboard = [](wl_client* client, wl_resource* resource, std::uint32_t id) {
        auto& state = data_of<State>(resource);
        state.keyboard = create(client, wl_keyboard_interface, resource, id, &keyboard_implementation, &state,
                                [](wl_resource* gone) { data_of<State>(gone).keyboard = nullptr; });
        const int fd = memfd_create("keymap", MFD_CLOEXEC);
        if (write(fd, keymap, sizeof keymap) == static_cast<ssize_t>(sizeof keymap))
            wl_keyboard_send_keymap(state.keyboard, WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1, fd, sizeof keymap);
        close(fd);
    };
    return calls;
}();

#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
const auto single_pixel_implementation = [] {
    struct wp_single_pixel_buffer_manager_v1_interface calls {};
    calls.destroy = destroy;
    calls.create_u32_rgba_buffer = [](wl_client* client, wl_resource* resource, std::uint32_t id, std::uint32_t,
                                      std::uint32_t, std::uint32_t,
                                      std::uint32_t) { create_buffer(client, data_of<State>(resource), 0, id); };
    return calls;
}();
#endif

template <const wl_interface& interface, const auto& implementation>
void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &implementation, data, ignore_destroyed);
    if (&interface == &wl_compositor_interface) ++static_cast<State*>(data)->connections;
    if (&interface == &wp_presentation_interface) wp_presentation_send_clock_id(resource, CLOCK_MONOTONIC);
    if (&interface == &wl_seat_interface) wl_seat_send_capabilities(resource, WL_SEAT_CAPABILITY_KEYBOARD);
    if (&interface != &zwp_linux_dmabuf_v1_interface || version >= 4) return;
    for (const MockFormat& one : static_cast<State*>(data)->options.formats)
        zwp_linux_dmabuf_v1_send_modifier(resource, static_cast<std::uint32_t>(one.format.fourcc),
                                          static_cast<std::uint32_t>(one.format.modifier >> 32),
                                          static_cast<std::uint32_t>(one.format.modifier));
}

template <const wl_interface& interface, const auto& implementation>
void offer(State& state, std::uint32_t version) {
    if (version != 0)
        wl_global_create(state.display, &interface, static_cast<int>(version), &state, bind<interface, implementation>);
}

void offer_all(State& state) {
    const MockOptions& options = state.options;
    offer<wl_compositor_interface, compositor_implementation>(state, 4);
    offer<wl_subcompositor_interface, subcompositor_implementation>(state, 1);
    offer<wl_seat_interface, seat_implementation>(state, 5);
    offer<xdg_wm_base_interface, shell_implementation>(state, 1);
    offer<wp_viewporter_interface, viewporter_implementation>(state, options.viewporter ? 1 : 0);
    offer<wp_presentation_interface, presentation_implementation>(state, options.presentation ? 1 : 0);
    offer<zwp_linux_dmabuf_v1_interface, dmabuf_implementation>(state, options.dmabuf_version);
#ifdef HAVE_SINGLE_PIXEL_BUFFER_V1
    offer<wp_single_pixel_buffer_manager_v1_interface, single_pixel_implementation>(state,
                                                                                    options.single_pixel ? 1 : 0);
#endif
}

} // namespace

MockCompositor::MockCompositor(const MockOptions& options)
    : state_(std::make_unique<State>())
    , wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    state_->options = options;
    std::string directory = "/tmp/v4l2play-mock-XXXXXX";
    state_->directory = mkdtemp(directory.data());
    setenv("XDG_RUNTIME_DIR", state_->directory.c_str(), 1);
    setenv("WAYLAND_DISPLAY", "mock", 1);
    state_->display = wl_display_create();
    offer_all(*state_);
    wl_display_add_socket(state_->display, "mock");
    thread_ = std::thread([this] { serve(); });
}

MockCompositor::~MockCompositor() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    eventfd_write(wake_, 1);
    thread_.join();
    wl_display_destroy_clients(state_->display);
    wl_display_destroy(state_->display);
    close(wake_);
    rmdir(state_->directory.c_str());
    unsetenv("WAYLAND_DISPLAY");
}

void MockCompositor::handle_requests() {
    wl_event_loop* loop = wl_display_get_event_loop(state_->display);
    // A new connection and its first requests take a turn each.
    for (int i = 0; i < 3; ++i) wl_event_loop_dispatch(loop, 0);
    wl_display_flush_clients(state_->display);
}

void MockCompositor::serve() {
    pollfd waits[] = {{wl_event_loop_get_fd(wl_display_get_event_loop(state_->display)), POLLIN, 0},
                      {wake_, POLLIN, 0}};
    for (;;) {
        poll(waits, 2, -1);
        handle_requests();
        std::unique_lock lock(mutex_);
        if (ending_) return;
        if (command_ == nullptr) continue;
        eventfd_t count = 0;
        eventfd_read(wake_, &count);
        handle_requests(); // those too that came since
        (*command_)(*state_);
        wl_display_flush_clients(state_->display);
        command_ = nullptr;
        done_.notify_all();
    }
}

void MockCompositor::run(const std::function<void(State&)>& what) {
    std::unique_lock lock(mutex_);
    command_ = &what;
    eventfd_write(wake_, 1);
    done_.wait(lock, [&] { return command_ == nullptr; });
}

std::vector<MockCommit> MockCompositor::commits() {
    std::vector<MockCommit> commits;
    run([&](State& state) {
        for (const auto& one : state.commits) commits.push_back(one->commit);
    });
    return commits;
}

void MockCompositor::present(std::size_t index, Nanoseconds time, Nanoseconds period, bool zero_copy) {
    run([&](State& state) {
        Answerable& one = *state.commits.at(index);
        one.commit.answered = true;
        if (wl_resource* frame = one.frame; frame != nullptr) {
            wl_callback_send_done(frame, 0);
            wl_resource_destroy(frame);
        }
        wl_resource* feedback = one.feedback;
        if (feedback == nullptr) return;
        const std::uint32_t flags = WP_PRESENTATION_FEEDBACK_KIND_VSYNC |
                                    (zero_copy ? std::uint32_t{WP_PRESENTATION_FEEDBACK_KIND_ZERO_COPY} : 0U);
        wp_presentation_feedback_send_presented(feedback, 0, static_cast<std::uint32_t>(time / second),
                                                static_cast<std::uint32_t>(time % second),
                                                static_cast<std::uint32_t>(period), 0, 0, flags);
        wl_resource_destroy(feedback);
    });
}

void MockCompositor::discard(std::size_t index) {
    run([&](State& state) {
        wl_resource* feedback = state.commits.at(index)->feedback;
        if (feedback == nullptr) return;
        wp_presentation_feedback_send_discarded(feedback);
        wl_resource_destroy(feedback);
    });
}

void MockCompositor::release(std::size_t index) {
    run([&](State& state) {
        Answerable& one = *state.commits.at(index);
        one.commit.released = true;
        if (one.buffer != nullptr) wl_buffer_send_release(one.buffer);
    });
}

void MockCompositor::configure(int width, int height, bool fullscreen) {
    run([&](State& state) { send_configure(state, width, height, fullscreen); });
}

void MockCompositor::close_window() {
    run([](State& state) { xdg_toplevel_send_close(state.toplevel); });
}

void MockCompositor::press(std::uint32_t key) {
    run([&](State& state) {
        if (state.keyboard == nullptr) return;
        for (const wl_keyboard_key_state pressed : {WL_KEYBOARD_KEY_STATE_PRESSED, WL_KEYBOARD_KEY_STATE_RELEASED})
            wl_keyboard_send_key(state.keyboard, wl_display_next_serial(state.display), 0, key, pressed);
    });
}

void MockCompositor::refuse_imports(bool refuse) {
    run([&](State& state) { state.refuse_imports = refuse; });
}

void MockCompositor::post_error() {
    run([](State& state) { wl_resource_post_error(state.toplevel, 7, "told to"); });
}

void MockCompositor::drop_clients() {
    run([](State& state) { wl_display_destroy_clients(state.display); });
}

unsigned MockCompositor::imports() {
    unsigned count = 0;
    run([&](State& state) { count = state.imports; });
    return count;
}

unsigned MockCompositor::buffers_alive() {
    unsigned count = 0;
    run([&](State& state) { count = state.buffers_alive; });
    return count;
}

unsigned MockCompositor::connections() {
    unsigned count = 0;
    run([&](State& state) { count = state.connections; });
    return count;
}

bool MockCompositor::has_window() {
    bool has = false;
    run([&](State& state) { has = state.toplevel != nullptr; });
    return has;
}

std::string MockCompositor::title() {
    std::string title;
    run([&](State& state) { title = state.title; });
    return title;
}

} // namespace v4l2play
