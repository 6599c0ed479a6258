// For LD_PRELOAD: a display whose flip number $LOSE_FLIP (counted from 1) never completes, as far as the program is
// told.
#include <cstdlib>
#include <cstring>

#include <drm.h>
#include <unistd.h>

#include "tests/tools/real_call.h"

namespace {

/// Whether what was read is the event of a flip. `read` of a card gives whole events, and nothing else begins so.
bool is_flip(const void* buffer, ssize_t size) {
    drm_event_vblank event{};
    if (size < static_cast<ssize_t>(sizeof event)) return false;
    std::memcpy(&event, buffer, sizeof event);
    return event.base.type == DRM_EVENT_FLIP_COMPLETE && event.base.length == sizeof event;
}

} // namespace

extern "C" ssize_t read(int fd, void* buffer, size_t size) {
    static const char* const chosen = std::getenv("LOSE_FLIP");
    static long left = chosen == nullptr ? 0 : std::strtol(chosen, nullptr, 10);
    using v4l2play::test::real;
    const auto got = real<ssize_t>("read", fd, buffer, size);
    if (left > 0 && is_flip(buffer, got) && --left == 0) return real<ssize_t>("read", fd, buffer, size);
    return got;
}
