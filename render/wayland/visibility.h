// Whether anybody sees the window, as far as the compositor's answers tell, and when a commit is worth it if nobody
// does.
#pragma once

#include "decoder/nanoseconds.h"
#include "render/wayland/proxy.h"

namespace v4l2play {

/// Compositors say nothing of a window that nobody sees, or say that it is suspended, or discard one commit after the
/// other. The latter show nothing of what they got before, and tell by a frame callback when they draw it again.
class Visibility {
  public:
    [[nodiscard]] bool hidden() const { return hidden_; }
    /// Whether to commit at `now`. `committed`: the last time.
    [[nodiscard]] bool may_commit(Nanoseconds committed, Nanoseconds now) const;
    /// Before a commit to the surface.
    void prepare(wl_surface* surface);

    /// A commit was on the screen.
    void seen();
    /// One was not.
    void discarded();
    /// Commits are not answered, or the compositor says that nobody looks.
    void hide();
    /// The surface is drawn again.
    void on_drawn();

  private:
    bool hidden_ = false;
    unsigned discards_ = 0; ///< in a row
    Proxy<wl_callback> drawn_;
};

} // namespace v4l2play
