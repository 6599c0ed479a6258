// The tests' compositor: windows and keys.
#include "tests/unit/mock_state.h"

#include <algorithm>

#include <sys/mman.h>
#include <unistd.h>

#include <xdg-shell-server-protocol.h>

namespace v4l2play {

using State = MockCompositor::State;

void send_configure(State& state, int width, int height, bool fullscreen, [[maybe_unused]] bool suspended) {
    state.width = width;
    state.height = height;
    state.fullscreen = fullscreen;
    wl_array states;
    wl_array_init(&states);
    const auto add = [&](std::uint32_t one) { *static_cast<std::uint32_t*>(wl_array_add(&states, sizeof one)) = one; };
    if (fullscreen) add(XDG_TOPLEVEL_STATE_FULLSCREEN);
#ifdef XDG_TOPLEVEL_STATE_SUSPENDED_SINCE_VERSION
    if (suspended) add(XDG_TOPLEVEL_STATE_SUSPENDED);
#endif
    xdg_toplevel_send_configure(state.toplevel, width, height, &states);
    wl_array_release(&states);
    xdg_surface_send_configure(state.shell_surface, wl_display_next_serial(state.display));
}

namespace {

const auto toplevel_implementation = [] {
    struct xdg_toplevel_interface calls {};
    calls.destroy = destroy;
    calls.set_title = [](wl_client*, wl_resource* resource, const char* title) {
        data_of<State>(resource).title = title;
    };
    calls.set_app_id = [](wl_client*, wl_resource*, const char*) {};
    calls.set_fullscreen = [](wl_client*, wl_resource* resource, wl_resource* screen) {
        data_of<State>(resource).fullscreen_asked = true;
        data_of<State>(resource).fullscreen_on_screen = screen != nullptr;
    };
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
    calls.ack_configure = [](wl_client*, wl_resource* resource, std::uint32_t) {
        data_of<State>(resource).acked = true;
    };
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

// wl_seat

/// Just the keys that the tests press.
constexpr char keymap[] = R"(xkb_keymap {
  xkb_keycodes { minimum = 8; maximum = 255; <AD01> = 24; <AD08> = 31; <LEFT> = 113; };
  xkb_types { include "basic" };
  xkb_compat { include "basic" };
  xkb_symbols { key <AD01> { [ q ] }; key <AD08> { [ i ] }; key <LEFT> { [ Left ] }; };
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

void bind_seat(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &wl_seat_interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &seat_implementation, data, ignore_destroyed);
    wl_seat_send_capabilities(resource, WL_SEAT_CAPABILITY_KEYBOARD);
}

const auto screen_implementation = [] {
    struct wl_output_interface calls {};
    calls.release = destroy;
    return calls;
}();
void bind_screen(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    wl_resource* resource = wl_resource_create(client, &wl_output_interface, static_cast<int>(version), id);
    wl_resource_set_implementation(resource, &screen_implementation, data, ignore_destroyed);
    wl_output_send_name(resource, static_cast<State*>(data)->options.screen.c_str());
    wl_output_send_done(resource);
}

} // namespace

void offer_shell(State& state) {
    if (!state.options.screen.empty()) wl_global_create(state.display, &wl_output_interface, 4, &state, bind_screen);
    wl_global_create(state.display, &xdg_wm_base_interface,
                     std::min<int>(static_cast<int>(state.options.shell_version), xdg_wm_base_interface.version),
                     &state, bind_plainly<xdg_wm_base_interface, shell_implementation>);
    wl_global_create(state.display, &wl_seat_interface, 5, &state, bind_seat);
}

} // namespace v4l2play
