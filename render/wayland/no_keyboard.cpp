// In the place of the window's keyboard where this build has no xkbcommon.
#include "render/wayland/keyboard.h"

namespace v4l2play {

void XkbDelete::operator()(xkb_context*) const {}
void XkbDelete::operator()(xkb_keymap*) const {}
void XkbDelete::operator()(xkb_state*) const {}

WindowKeyboard::WindowKeyboard(Proxy<wl_seat> seat, Listener& listener)
    : listener_(listener)
    , seat_(std::move(seat)) {}
WindowKeyboard::~WindowKeyboard() = default;

} // namespace v4l2play
