#include "render/kms/await_screen.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "decoder/log.h"
#include "render/kms/hotplug.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds next_look = second / 2;

/// The program blocks these, and reads them in its own loop; there is none yet.
bool asked_to_end() {
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    constexpr std::array ends{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    return std::any_of(ends.begin(), ends.end(), [&](int number) { return sigismember(&pending, number) == 1; });
}

/// Until a display is connected, or something else is wrong. EINTR when a signal wants the program to end.
Result<OpenedCard> wait_for_screen(const KmsOptions& options, Kernel& kernel, const Error& why) {
    log_warning("kms", "{}: waiting for a display", why.what);
    HotplugMonitor hotplug(kernel);
    for (;;) {
        hotplug.wait(next_look);
        if (asked_to_end()) return fail(EINTR, "ended by a signal, while waiting for a display", "hotplug");
        hotplug.changed();
        if (options.seat != nullptr) options.seat->dispatch();
        if (options.seat != nullptr && !options.seat->active()) continue;
        Result<OpenedCard> opened = Screen::open(kernel, options);
        if (opened || opened.error().code != ENODEV) return opened;
    }
}

} // namespace

Result<OpenedCard> await_screens(const KmsOptions& options, Kernel& kernel) {
    Result<OpenedCard> opened = Screen::open(kernel, options);
    if (!opened && opened.error().code == ENODEV && options.wait)
        return wait_for_screen(options, kernel, opened.error());
    return opened;
}

} // namespace v4l2play
