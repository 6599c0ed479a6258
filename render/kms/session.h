// What lends us the display and the keyboards, and who tells of displays, as one thing for the main loop to wait for.
#pragma once

#include <memory>
#include <optional>

#include "render/kms/cards.h"
#include "render/kms/console.h"
#include "render/kms/keyboards.h"
#include "render/kms/seat.h"

namespace v4l2play {

class KmsSession {
  public:
    /// The seat of `options`, which may be null, has lent `card`; it is ours, when `seat` is not null. Of several
    /// displays of one card only the first one's has console and keyboards. `hotplug`: readable when a display comes
    /// or goes; -1: nothing tells.
    KmsSession(Kernel& kernel, std::unique_ptr<Seat> seat, const KmsOptions& options, int card, int hotplug,
               bool first);

    [[nodiscard]] bool has_seat() const { return seat_ != nullptr; }
    /// False while another session has the display.
    [[nodiscard]] bool active() const { return seat_ == nullptr || seat_->active(); }
    /// Becomes readable with the card, and when `dispatch` has something to do.
    [[nodiscard]] int fd() const { return wait_ ? wait_.get() : card_; }
    /// True when the display was taken away or given back since the last call. `busy`: the card woke the caller, and
    /// what else there is may wait; it wakes him again at once.
    bool dispatch(bool busy);
    /// True when the last `dispatch` found `hotplug` readable.
    [[nodiscard]] bool hotplug_told() const { return hotplug_told_; }
    /// The next key that was pressed. Keys that ask for another session are obeyed at once.
    std::optional<OutputKey> next_key();

  private:
    Kernel& kernel_;
    std::unique_ptr<Seat> ours_;
    Seat* seat_;
    std::optional<GraphicsConsole> console_;
    std::optional<Keyboards> keyboards_;
    int card_;
    UniqueFd wait_; ///< an epoll of all that there is to wait for; none where that is the card alone
    bool was_active_ = true;
    bool hotplug_told_ = false;
};

} // namespace v4l2play
