// Displays that come and go, as the kernel tells it.
#pragma once

#include "decoder/kernel.h"

namespace v4l2play {

/// Listens to the kernel's uevents of cards. It needs no rights and no udev, and has nothing to be polled: a look now
/// and then is enough for something that people do with their hands.
class HotplugMonitor {
  public:
    explicit HotplugMonitor(Kernel& kernel);

    /// True when a card told of a change since the last call, or when nothing can be heard and one has to look.
    bool changed();
    /// Waits for that, at most `limit`.
    void wait(Nanoseconds limit);

  private:
    Kernel& kernel_;
    UniqueFd socket_;
};

} // namespace v4l2play
