#include "render/kms/key_map.h"

#include <xkbcommon/xkbcommon.h>

#include "decoder/log.h"
#include "render/key_symbols.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t evdev_offset = 8; // of the codes in keymaps

bool has_control(xkb_state* state) {
    return xkb_state_mod_name_is_active(state, XKB_MOD_NAME_CTRL, XKB_STATE_MODS_EFFECTIVE) == 1;
}

} // namespace

/// Only when a key is pressed: reading a layout costs an eighth of what it takes to begin to play.
bool KeyMap::load() {
    if (tried_) return state_ != nullptr;
    tried_ = true;
    context_ = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    if (context_ != nullptr) keymap_ = xkb_keymap_new_from_names(context_, nullptr, XKB_KEYMAP_COMPILE_NO_FLAGS);
    if (keymap_ != nullptr) state_ = xkb_state_new(keymap_);
    if (state_ == nullptr)
        log_warning("input", "no keyboard layout can be read (XKB_DEFAULT_LAYOUT, package xkb-data)");
    return state_ != nullptr;
}

KeyMap::~KeyMap() {
    xkb_state_unref(state_);
    xkb_keymap_unref(keymap_);
    xkb_context_unref(context_);
}

void KeyMap::release_all() {
    if (state_ == nullptr) return;
    xkb_state_unref(state_);
    state_ = xkb_state_new(keymap_);
}

/// A terminal in the way would have made the signal of Control-C.
std::optional<KeyPress> KeyMap::change(std::uint32_t code, bool pressed) {
    if (!load()) return std::nullopt;
    const xkb_keysym_t symbol = xkb_state_key_get_one_sym(state_, code + evdev_offset);
    const bool control = has_control(state_);
    xkb_state_update_key(state_, code + evdev_offset, pressed ? XKB_KEY_DOWN : XKB_KEY_UP);
    if (!pressed) return std::nullopt;
    if (symbol >= XKB_KEY_XF86Switch_VT_1 && symbol <= XKB_KEY_XF86Switch_VT_12)
        return KeyPress{std::nullopt, static_cast<int>(symbol - XKB_KEY_XF86Switch_VT_1) + 1};
    if (control && symbol == XKB_KEY_c) return KeyPress{OutputKey::Quit};
    if (const auto key = key_of_symbol(symbol); key && !control) return KeyPress{*key};
    return std::nullopt;
}

} // namespace v4l2play
