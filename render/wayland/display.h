// The bare connection to a compositor: made, and waited at with an end.
#pragma once

#include <atomic>
#include <string>

#include "decoder/nanoseconds.h"
#include "decoder/result.h"

struct wl_display;
struct wl_event_queue;

namespace v4l2play {

/// That the environment names: "wayland-0".
std::string compositor_name();
/// To that compositor; whoever gets it disconnects it. ENODEV.
Result<wl_display*> connect_to_compositor();
/// Handles the events of `queue` (null: the default one) until a listener has set `done`. ETIMEDOUT at `until`;
/// ECANCELED when `cancelled` is set (null: never); EPIPE or EPROTO when the connection has ended.
Result<> wait_for_event(wl_display* display, wl_event_queue* queue, const bool& done, Nanoseconds until,
                        const std::atomic<bool>* cancelled = nullptr);
/// The same until all requests made so far are answered.
Result<> wait_for_answers(wl_display* display, wl_event_queue* queue, Nanoseconds until,
                          const std::atomic<bool>* cancelled = nullptr);
/// Sends what was asked for. True when the socket is full: again later.
bool send_requests(wl_display* display);
/// Why the connection has ended, when a call said that it has.
tl::unexpected<Error> connection_broken(wl_display* display);

} // namespace v4l2play
