#include "render/wayland/visibility.h"

#include <wayland-client.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds hidden_pause = second / 2; ///< between commits
constexpr unsigned accidents = 2;                ///< discards in a row that happen to a window that is seen

void on_drawn_again(void* data, wl_callback*, std::uint32_t) { static_cast<Visibility*>(data)->on_drawn(); }
constexpr wl_callback_listener drawn_listener = {on_drawn_again};

} // namespace

bool Visibility::may_commit(Nanoseconds committed, Nanoseconds now) const {
    return !hidden_ || now >= committed + hidden_pause;
}

void Visibility::prepare(wl_surface* surface) {
    if (discards_ < accidents || drawn_ != nullptr) return;
    drawn_.reset(wl_surface_frame(surface));
    wl_callback_add_listener(drawn_.get(), &drawn_listener, this);
}

void Visibility::seen() {
    discards_ = 0;
    drawn_.reset();
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

/// The next answer tells whether that means seen, too: some draw once a second what nobody sees.
void Visibility::on_drawn() {
    drawn_.reset();
    hidden_ = false;
    discards_ = accidents;
}

} // namespace v4l2play
