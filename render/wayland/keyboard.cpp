#include "render/wayland/keyboard.h"

#include <xkbcommon/xkbcommon.h>

#include "render/key_symbols.h"
#include "render/wayland/protocols.h"
#include "render/wayland/sent_file.h"

namespace v4l2play {
namespace {

using Wish = WindowKeyboard::Wish;

constexpr std::size_t longest_keymap = 1 << 20;
constexpr std::uint32_t evdev_offset = 8; // of the codes in keymaps

WindowKeyboard& keyboard_of(void* data) { return *static_cast<WindowKeyboard*>(data); }

void on_capabilities(void* data, wl_seat* seat, std::uint32_t capabilities) {
    keyboard_of(data).on_capabilities(seat, capabilities);
}
void on_name(void*, wl_seat*, const char*) {}
constexpr wl_seat_listener seat_listener = {on_capabilities, on_name};

void on_keymap(void* data, wl_keyboard*, std::uint32_t format, std::int32_t fd, std::uint32_t size) {
    keyboard_of(data).on_keymap(fd, size, format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1);
}
void on_enter(void*, wl_keyboard*, std::uint32_t, wl_surface*, wl_array*) {}
void on_leave(void*, wl_keyboard*, std::uint32_t, wl_surface*) {}
void on_key(void* data, wl_keyboard*, std::uint32_t, std::uint32_t, std::uint32_t key, std::uint32_t state) {
    if (state == WL_KEYBOARD_KEY_STATE_PRESSED) keyboard_of(data).on_key(key);
}
void on_modifiers(void* data, wl_keyboard*, std::uint32_t, std::uint32_t depressed, std::uint32_t latched,
                  std::uint32_t locked, std::uint32_t group) {
    keyboard_of(data).on_modifiers(depressed, latched, locked, group);
}
void on_repeat(void*, wl_keyboard*, std::int32_t, std::int32_t) {}
// By name: newer versions of the interface have more events, which are not asked for.
constexpr wl_keyboard_listener keyboard_listener = [] {
    wl_keyboard_listener listener{};
    listener.keymap = on_keymap;
    listener.enter = on_enter;
    listener.leave = on_leave;
    listener.key = on_key;
    listener.modifiers = on_modifiers;
    listener.repeat_info = on_repeat;
    return listener;
}();

/// A Wish has the keys of all outputs, in their order, and Fullscreen.
std::optional<Wish> wish_of(xkb_keysym_t symbol) {
    if (symbol == XKB_KEY_f) return Wish::Fullscreen;
    const std::optional<OutputKey> key = key_of_symbol(symbol);
    return key ? std::optional(static_cast<Wish>(*key)) : std::nullopt;
}

} // namespace

void XkbDelete::operator()(xkb_context* context) const { xkb_context_unref(context); }
void XkbDelete::operator()(xkb_keymap* keymap) const { xkb_keymap_unref(keymap); }
void XkbDelete::operator()(xkb_state* state) const { xkb_state_unref(state); }

WindowKeyboard::WindowKeyboard(Proxy<wl_seat> seat, Listener& listener)
    : listener_(listener)
    , seat_(std::move(seat))
    , context_(seat_ == nullptr ? nullptr : xkb_context_new(XKB_CONTEXT_NO_FLAGS)) {
    if (seat_ != nullptr) wl_seat_add_listener(seat_.get(), &seat_listener, this);
}

WindowKeyboard::~WindowKeyboard() = default;

void WindowKeyboard::on_capabilities(wl_seat* seat, std::uint32_t capabilities) {
    const bool has_keyboard = (capabilities & WL_SEAT_CAPABILITY_KEYBOARD) != 0;
    if (!has_keyboard) keyboard_.reset();
    if (!has_keyboard || keyboard_ != nullptr) return;
    keyboard_.reset(wl_seat_get_keyboard(seat));
    wl_keyboard_add_listener(keyboard_.get(), &keyboard_listener, this);
}

void WindowKeyboard::on_keymap(int fd, std::uint32_t size, bool is_xkb) {
    state_.reset();
    keymap_.reset();
    const std::vector<char> text = take_file(fd, size, longest_keymap);
    if (is_xkb && context_ != nullptr && !text.empty())
        keymap_.reset(xkb_keymap_new_from_buffer(context_.get(), text.data(), text.size() - 1,
                                                 XKB_KEYMAP_FORMAT_TEXT_V1, XKB_KEYMAP_COMPILE_NO_FLAGS));
    if (keymap_ != nullptr) state_.reset(xkb_state_new(keymap_.get()));
}

void WindowKeyboard::on_modifiers(std::uint32_t depressed, std::uint32_t latched, std::uint32_t locked,
                                  std::uint32_t group) {
    if (state_ != nullptr) xkb_state_update_mask(state_.get(), depressed, latched, locked, 0, 0, group);
}

void WindowKeyboard::on_key(std::uint32_t key) {
    if (state_ == nullptr) return;
    if (const auto wish = wish_of(xkb_state_key_get_one_sym(state_.get(), key + evdev_offset)))
        listener_.on_wish(*wish);
}

} // namespace v4l2play
