// A seat that does what a test says, with the fake card to lend.
#pragma once

#include <cerrno>

#include "render/kms/seat.h"
#include "tests/fakes/fake_drm.h"

namespace v4l2play {

/// As seatd does it: it takes the card's mastery first and tells of it then, and gives it back before it tells of that.
class FakeSeat final : public Seat {
  public:
    /// `lent`: where devices are counted that have not been given back.
    FakeSeat(FakeDrm& drm, int& lent)
        : drm_(drm)
        , lent_(lent) {}

    void take_away() { lend_ = drm_.master = false; }
    void lend() { lend_ = drm_.master = true; }

    int open_device(const char* path) override {
        if (!active_) return -EPERM;
        const int fd = drm_.open(path, 0);
        if (fd >= 0) ++lent_;
        return fd;
    }
    void give_back(int) override { --lent_; }
    void dispatch() override { active_ = lend_; }
    void switch_to(int) override { take_away(); }
    [[nodiscard]] const char* name() const override { return "seat0"; }
    [[nodiscard]] bool active() const override { return active_; }
    [[nodiscard]] int fd() const override { return -1; }

  private:
    FakeDrm& drm_;
    int& lent_;
    bool lend_ = true;
    bool active_ = true; ///< as far as anybody has been told
};

} // namespace v4l2play
