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
    /// The layout that XKB_DEFAULT_* name. Without one that can be read, no key means anything.
    KeyMap();
    KeyMap(const KeyMap&) = delete;
    KeyMap& operator=(const KeyMap&) = delete;
    ~KeyMap();

    /// `code` as in linux/input-event-codes.h. Releases are told as well: they end what modifiers do.
    std::optional<KeyPress> change(std::uint32_t code, bool pressed);
    /// All keys are up: the keyboards were away.
    void release_all();

  private:
    xkb_context* context_;
    xkb_keymap* keymap_;
    xkb_state* state_;
};

} // namespace v4l2play
