// From the codes of a keyboard to what they ask for, by the person's layout.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "render/kms/keyboards.h"

struct xkb_context;
struct xkb_keymap;
struct xkb_state;

namespace v4l2play {

class KeyMap {
  public:
    /// The layout that XKB_DEFAULT_* name when the first key is pressed. Without one that can be read, no key means
    /// anything.
    KeyMap() = default;
    KeyMap(const KeyMap&) = delete;
    KeyMap& operator=(const KeyMap&) = delete;
    ~KeyMap();

    /// `code` as in linux/input-event-codes.h. Releases are told as well: they end what modifiers do.
    std::optional<KeyPress> change(std::uint32_t code, bool pressed);
    /// All keys are up: the keyboards were away.
    void release_all();

  private:
    bool load();

    bool tried_ = false;
    xkb_context* context_ = nullptr;
    xkb_keymap* keymap_ = nullptr;
    xkb_state* state_ = nullptr;
};

} // namespace v4l2play
