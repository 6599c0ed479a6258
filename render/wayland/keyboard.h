// Keys pressed in the window, by the person's own layout.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "render/output.h"
#include "render/wayland/proxy.h"

struct xkb_context;
struct xkb_keymap;
struct xkb_state;

namespace v4l2play {

struct XkbDelete {
    void operator()(xkb_context* context) const;
    void operator()(xkb_keymap* keymap) const;
    void operator()(xkb_state* state) const;
};

/// The seat's keyboard, whenever there is one. Without xkbcommon in the build there is none.
class WindowKeyboard {
  public:
    /// What a key asks for; Fullscreen is the window's own affair.
    enum class Wish : std::uint8_t { Quit, Pause, Back, Forward, FarBack, FarForward, Stats, Fullscreen };
    class Listener {
      public:
        virtual void on_wish(Wish wish) = 0;

      protected:
        ~Listener() = default;
    };

    /// `seat` may be null.
    WindowKeyboard(Proxy<wl_seat> seat, Listener& listener);
    WindowKeyboard(const WindowKeyboard&) = delete;
    WindowKeyboard& operator=(const WindowKeyboard&) = delete;
    ~WindowKeyboard();

    // Called by the listeners.
    void on_capabilities(wl_seat* seat, std::uint32_t capabilities);
    void on_keymap(int fd, std::uint32_t size, bool is_xkb);
    void on_modifiers(std::uint32_t depressed, std::uint32_t latched, std::uint32_t locked, std::uint32_t group);
    void on_key(std::uint32_t key);

  private:
    Listener& listener_;
    Proxy<wl_seat> seat_;
    Proxy<wl_keyboard> keyboard_;
    std::unique_ptr<xkb_context, XkbDelete> context_;
    std::unique_ptr<xkb_keymap, XkbDelete> keymap_;
    std::unique_ptr<xkb_state, XkbDelete> state_;
};

} // namespace v4l2play
