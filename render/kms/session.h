// What lends us the display, as one thing for the main loop to wait for.
#pragma once

#include <memory>

#include "render/kms/seat.h"

namespace v4l2play {

/// Without a seat it does nothing, and costs nothing.
class KmsSession {
  public:
    /// `seat`, which may be null, has lent `card`.
    KmsSession(Kernel& kernel, std::unique_ptr<Seat> seat, int card);

    [[nodiscard]] bool has_seat() const { return seat_ != nullptr; }
    /// False while another session has the display.
    [[nodiscard]] bool active() const { return seat_ == nullptr || seat_->active(); }
    /// Becomes readable with the card, and when `dispatch` has something to do.
    [[nodiscard]] int fd() const { return wait_ ? wait_.get() : card_; }
    /// True when the display was taken away or given back since the last call.
    bool dispatch();

  private:
    Kernel& kernel_;
    std::unique_ptr<Seat> seat_;
    int card_;
    UniqueFd wait_; ///< an epoll of all that there is to wait for; none where that is the card alone
    bool was_active_ = true;
};

} // namespace v4l2play
