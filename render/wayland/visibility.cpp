#include "render/wayland/visibility.h"

#include "decoder/log.h"

namespace v4l2play {
namespace {

constexpr unsigned accidents = 2; ///< discards in a row that happen to a window that is seen

} // namespace

void Visibility::seen() {
    discards_ = 0;
    if (!hidden_) return;
    hidden_ = false;
    log_debug("wayland", "the window is seen again");
}

void Visibility::discarded() {
    if (++discards_ > accidents) hide();
}

void Visibility::hide() {
    if (hidden_) return;
    hidden_ = true;
    log_debug("wayland", "the window is hidden");
}

} // namespace v4l2play
