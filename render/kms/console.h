// The text console beneath: kept from drawing over the picture.
#pragma once

#include "decoder/kernel.h"

namespace v4l2play {

/// While it lives, the virtual terminal that the program was started on is in graphics mode: no cursor blinks into the
/// picture, and nothing typed is echoed on it. Does nothing when standard input and the controlling terminal are no
/// virtual terminals (ssh, a service, a terminal emulator).
class GraphicsConsole {
  public:
    explicit GraphicsConsole(Kernel& kernel);
    GraphicsConsole(const GraphicsConsole&) = delete;
    GraphicsConsole& operator=(const GraphicsConsole&) = delete;
    ~GraphicsConsole();
    /// False when there is no such terminal, or whoever manages the seat has seen to it.
    [[nodiscard]] bool active() const { return static_cast<bool>(terminal_); }

  private:
    Kernel& kernel_;
    UniqueFd terminal_;
};

} // namespace v4l2play
