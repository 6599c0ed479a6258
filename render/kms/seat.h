// Who lends the card and the keyboards, and takes them away when the person turns to another session.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "decoder/kernel.h"
#include "decoder/result.h"

namespace v4l2play {

/// Devices are lent for as long as this session is the one that the person looks at. What is taken away is not closed:
/// the same descriptors work again when the seat is active again, those of the card as master.
class Seat {
  public:
    virtual ~Seat() = default;

    /// The descriptor, or a negative errno. EPERM while the seat is not active.
    virtual int open_device(const char* path) = 0;
    /// Ends the loan of a descriptor that `open_device` gave, which is closed after that.
    virtual void give_back(int fd) = 0;
    /// Takes in what was told since the last call, and agrees to it. Does not block.
    virtual void dispatch() = 0;
    /// The person wants session `number`, on most machines the virtual terminal of that number.
    virtual void switch_to(int number) = 0;
    /// "seat0"
    [[nodiscard]] virtual const char* name() const = 0;
    [[nodiscard]] virtual bool active() const = 0;
    /// Pollable; -1 when nothing will be told.
    [[nodiscard]] virtual int fd() const = 0;
};

/// A seat by libseat: of seatd, of logind, or, for root, one of its own. Null when there is none, when it does not
/// become active within a second, when there is no card to lend, and where libseat was missing when this was built.
std::unique_ptr<Seat> open_seat(Kernel& kernel = system_kernel());

/// What the build lacks of this, for --version: a line that begins with a line break.
std::string seat_build_notes();

/// Whether `path` names a descriptor that the program was started with.
bool is_inherited(const std::string& path);

/// An open device with one owner. Move-only.
class DeviceFile {
  public:
    /// Through `seat`; directly when that is null. Of "fd:7", a descriptor that the program was started with, it
    /// is a copy.
    static Result<DeviceFile> open(Kernel& kernel, Seat* seat, const std::string& path);
    DeviceFile() = default;
    DeviceFile(DeviceFile&& other) noexcept
        : seat_(std::exchange(other.seat_, nullptr))
        , fd_(std::move(other.fd_)) {}
    DeviceFile& operator=(DeviceFile&& other) noexcept {
        std::swap(seat_, other.seat_);
        std::swap(fd_, other.fd_);
        return *this;
    }
    DeviceFile(const DeviceFile&) = delete;
    DeviceFile& operator=(const DeviceFile&) = delete;
    ~DeviceFile() {
        if (seat_ != nullptr) seat_->give_back(fd_.get());
    }

    [[nodiscard]] int get() const { return fd_.get(); }

  private:
    Seat* seat_ = nullptr; ///< that lent it; null: nobody
    UniqueFd fd_;
};

} // namespace v4l2play
