// Displays that come and go, as the kernel tells it.
#pragma once

#include <string>

#include "decoder/kernel.h"

namespace v4l2play {

/// Listens to the kernel's uevents of cards. It needs no rights and no udev.
class HotplugMonitor {
  public:
    /// Those of `card` ("/dev/dri/card0") that tell of its end are told apart.
    explicit HotplugMonitor(Kernel& kernel, const std::string& card = {});

    /// Readable when `changed` has something to read; -1 when nothing can be heard.
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// True when a card told of a change since the last call, or when nothing can be heard and one has to look.
    bool changed();
    /// The kernel has told that the card is gone.
    [[nodiscard]] bool removed() const { return removed_; }
    /// Waits for a change, at most `limit`.
    void wait(Nanoseconds limit);

  private:
    Kernel& kernel_;
    UniqueFd socket_;
    std::string device_name_; ///< what the kernel calls the card, between zeros; empty: none
    bool removed_ = false;
};

} // namespace v4l2play
