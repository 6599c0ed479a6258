// Which surface shows the picture: some compositors scan out a window, and no subsurface of one.
#pragma once

namespace v4l2play {

/// A picture that fills the screen, could be scanned out and is not, is put on the window's own surface for a while; it
/// stays there when that is scanned out, and returns for good when it is not.
class ScanoutTrial {
  public:
    /// How a picture with nothing above it came to the screen.
    void note(bool scanned_out);
    /// True: the next picture goes to the window itself. `possible`: it looks the same there, and might be scanned out.
    bool choose(bool possible);

  private:
    enum class State : unsigned char { Untried, Trying, Won, Lost };
    State state_ = State::Untried;
    unsigned drawn_ = 0; ///< pictures in a row that were not scanned out
};

} // namespace v4l2play
