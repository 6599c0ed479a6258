// Whether anybody sees the window, as far as the compositor's answers tell.
#pragma once

namespace v4l2play {

/// Compositors say nothing of a window that nobody sees, or say that it is suspended, or discard one commit after the
/// other. Most show what they got last when it is seen again, so that they are given each frame at its time all the
/// while; it is only not waited for what becomes of it.
class Visibility {
  public:
    [[nodiscard]] bool hidden() const { return hidden_; }

    /// A commit was on the screen.
    void seen();
    /// One was not.
    void discarded();
    /// Commits are not answered, or the compositor says that nobody looks.
    void hide();

  private:
    bool hidden_ = false;
    unsigned discards_ = 0; ///< in a row
};

} // namespace v4l2play
