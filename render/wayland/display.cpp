#include "render/wayland/display.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>

#include "decoder/kernel.h"
#include "decoder/log.h"
#include "render/wayland/protocols.h"
#include "render/wayland/proxy.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds cancel_pause = second / 20; ///< after which who waits looks whether he still may

void log_from_library(const char* format, std::va_list arguments) {
    char line[256];
    std::vsnprintf(line, sizeof line, format, arguments);
    line[std::strcspn(line, "\n")] = 0;
    log_debug("wayland", "{}", line);
}

int wait_for(int fd, short events, Nanoseconds until, const std::atomic<bool>* cancelled) {
    for (;;) {
        const Nanoseconds left = until - system_kernel().now();
        if (left <= 0 || (cancelled != nullptr && *cancelled)) return 0;
        const int ready = system_kernel().poll(fd, events, cancelled == nullptr ? left : std::min(left, cancel_pause));
        if (ready != 0) return ready;
    }
}

void on_sync_done(void* data, wl_callback*, std::uint32_t) { *static_cast<bool*>(data) = true; }
constexpr wl_callback_listener sync_listener = {on_sync_done};

} // namespace

std::string compositor_name() {
    const char* name = std::getenv("WAYLAND_DISPLAY");
    return name == nullptr ? "wayland-0" : name;
}

Result<wl_display*> connect_to_compositor() {
    wl_log_set_handler_client(log_from_library);
    if (wl_display* display = wl_display_connect(nullptr); display != nullptr) return display;
    const int error = errno;
    return fail(ENODEV, fmt::format("no compositor at {}: {}", compositor_name(), std::strerror(error)),
                "wl_display_connect");
}

bool send_requests(wl_display* display) { return wl_display_flush(display) < 0 && errno == EAGAIN; }

Result<> wait_for_event(wl_display* display, wl_event_queue* queue, const bool& done, Nanoseconds until,
                        const std::atomic<bool>* cancelled) {
    const auto prepare = [&] {
        return queue == nullptr ? wl_display_prepare_read(display) : wl_display_prepare_read_queue(display, queue);
    };
    const auto handle = [&] {
        return queue == nullptr ? wl_display_dispatch_pending(display)
                                : wl_display_dispatch_queue_pending(display, queue);
    };
    while (!done) {
        while (prepare() != 0)
            if (handle() < 0) return connection_broken(display);
        const bool full = send_requests(display);
        const int ready =
            done ? 1 : wait_for(wl_display_get_fd(display), full ? POLLIN | POLLOUT : POLLIN, until, cancelled);
        if (ready == 0) {
            wl_display_cancel_read(display);
            if (cancelled != nullptr && *cancelled) return fail(ECANCELED, "nobody waits any more", "wl_display_sync");
            return fail(ETIMEDOUT, "the compositor does not answer", "wl_display_sync");
        }
        if (wl_display_read_events(display) < 0 || handle() < 0) return connection_broken(display);
    }
    return {};
}

Result<> wait_for_answers(wl_display* display, wl_event_queue* queue, Nanoseconds until,
                          const std::atomic<bool>* cancelled) {
    bool answered = false;
    const Proxy<wl_callback> callback(wl_display_sync(display));
    if (queue != nullptr) wl_proxy_set_queue(reinterpret_cast<wl_proxy*>(callback.get()), queue);
    wl_callback_add_listener(callback.get(), &sync_listener, &answered);
    return wait_for_event(display, queue, answered, until, cancelled);
}

tl::unexpected<Error> connection_broken(wl_display* display) {
    const int error = wl_display_get_error(display);
    if (error != EPROTO)
        return fail(EPIPE, fmt::format("the compositor has gone ({})", std::strerror(error)), "wl_display");
    const wl_interface* interface = nullptr;
    std::uint32_t id = 0;
    const std::uint32_t code = wl_display_get_protocol_error(display, &interface, &id);
    return fail(EPROTO,
                fmt::format("the compositor has ended the connection: error {} of {}", code,
                            interface == nullptr ? "an object" : interface->name),
                "wl_display");
}

} // namespace v4l2play
