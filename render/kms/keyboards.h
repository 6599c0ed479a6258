// Keys of the keyboards of this machine, where no terminal and no compositor passes them on.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "decoder/kernel.h"
#include "render/output.h"

namespace v4l2play {

class Seat;

/// What a key asks for: `key`, or, when that is empty, the session with that number.
struct KeyPress {
    std::optional<OutputKey> key;
    int session = 0;
    bool operator==(const KeyPress&) const = default;
};

/// All keyboards of a seat, by libinput and in the person's layout (XKB_DEFAULT_LAYOUT). It knows of as many as udev
/// does. There are none where the build has no libinput.
class Keyboards {
  public:
    /// Opened through `seat`; directly when that is null.
    Keyboards(Kernel& kernel, Seat* seat);
    Keyboards(const Keyboards&) = delete;
    Keyboards& operator=(const Keyboards&) = delete;
    ~Keyboards();

    /// Pollable; -1 when there is nothing to wait for.
    [[nodiscard]] int fd() const;
    /// Takes in what the keyboards told.
    void dispatch();
    /// The next key that was pressed and means something.
    std::optional<KeyPress> next();
    /// They are another session's from now on, or ours again.
    void set_active(bool active);

  private:
    struct Devices;
    std::unique_ptr<Devices> devices_;
};

/// What the build lacks of this, for --version: a line that begins with a line break.
std::string keyboards_build_notes();

} // namespace v4l2play
