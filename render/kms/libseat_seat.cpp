#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <fcntl.h>
#include <linux/vt.h>

extern "C" {
#include <libseat.h>
}

#include "decoder/log.h"
#include "render/kms/device.h"
#include "render/kms/seat.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds activation_limit = second;

/// What goes wrong is said by whoever asked for it.
void on_libseat_log(libseat_log_level, const char* format, va_list arguments) {
    std::array<char, 256> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    log_debug("seat", "{}", text.data());
}

class LibSeat final : public Seat {
  public:
    static std::unique_ptr<LibSeat> open(Kernel& kernel);
    LibSeat() = default;
    LibSeat(const LibSeat&) = delete;
    LibSeat& operator=(const LibSeat&) = delete;
    ~LibSeat() override {
        if (seat_ != nullptr) libseat_close_seat(seat_);
    }

    int open_device(const char* path) override;
    void give_back(int fd) override;
    void dispatch() override;
    void switch_to(int number) override { libseat_switch_session(seat_, number); }
    [[nodiscard]] const char* name() const override { return libseat_seat_name(seat_); }
    [[nodiscard]] bool active() const override { return active_; }
    [[nodiscard]] int fd() const override { return gone_ ? -1 : libseat_get_fd(seat_); }

  private:
    struct Loan {
        int fd;
        int id; ///< by which libseat knows it
    };
    static void on_enable(libseat*, void* data) { static_cast<LibSeat*>(data)->active_ = true; }
    /// Nothing is committed between the loss and our agreement to it: there is one thread.
    static void on_disable(libseat* seat, void* data) {
        static_cast<LibSeat*>(data)->active_ = false;
        libseat_disable_seat(seat);
    }
    static constexpr libseat_seat_listener listener = {on_enable, on_disable};

    libseat* seat_ = nullptr;
    std::vector<Loan> loans_;
    bool active_ = false;
    bool gone_ = false;
};

bool contains(Kernel& kernel, const char* directory, const char* name) {
    const std::vector<std::string> names = kernel.list_directory(directory);
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// A seat of one's own needs virtual terminals.
bool has_terminals(Kernel& kernel) {
    const UniqueFd terminal(kernel, kernel.open("/dev/tty0", O_RDWR | O_NOCTTY));
    vt_stat state{};
    return terminal && kernel.ioctl(terminal.get(), VT_GETSTATE, &state) == 0;
}

/// To ask libseat where there is none takes longer than all else before the first picture.
bool may_have_seat(Kernel& kernel) {
    return std::getenv("LIBSEAT_BACKEND") != nullptr || std::getenv("SEATD_SOCK") != nullptr ||
           contains(kernel, "/run", "seatd.sock") || contains(kernel, "/run/systemd", "seats") || has_terminals(kernel);
}

std::unique_ptr<LibSeat> LibSeat::open(Kernel& kernel) {
    libseat_set_log_handler(on_libseat_log);
    libseat_set_log_level(LIBSEAT_LOG_LEVEL_INFO);
    auto seat = std::make_unique<LibSeat>();
    seat->seat_ = libseat_open_seat(&listener, seat.get());
    if (seat->seat_ == nullptr) return nullptr;
    const Nanoseconds limit = kernel.now() + activation_limit;
    for (Nanoseconds now = kernel.now(); !seat->active_ && now < limit; now = kernel.now())
        if (libseat_dispatch(seat->seat_, static_cast<int>((limit - now) / millisecond) + 1) < 0) break;
    if (seat->active_) return seat;
    log_info("seat", "{} is in another session's hands", libseat_seat_name(seat->seat_));
    return nullptr;
}

int LibSeat::open_device(const char* path) {
    int fd = -1;
    const int id = libseat_open_device(seat_, path, &fd);
    if (id < 0) return errno != 0 ? -errno : -EIO;
    loans_.push_back({fd, id});
    return fd;
}

void LibSeat::give_back(int fd) {
    const auto loan = std::find_if(loans_.begin(), loans_.end(), [fd](const Loan& one) { return one.fd == fd; });
    if (loan == loans_.end()) return;
    libseat_close_device(seat_, loan->id);
    loans_.erase(loan);
}

/// Without whoever manages it, nothing is taken away any more, and nothing is given.
void LibSeat::dispatch() {
    if (gone_ || libseat_dispatch(seat_, 0) >= 0) return;
    log_warning("seat", "the connection to the seat's manager is lost");
    gone_ = true;
}

} // namespace

std::unique_ptr<Seat> open_seat(Kernel& kernel) {
    if (card_paths(kernel).empty() || !may_have_seat(kernel)) return nullptr;
    auto seat = LibSeat::open(kernel);
    if (seat == nullptr) log_info("seat", "there is no seat to have here: devices are opened directly");
    return seat;
}

std::string seat_build_notes() { return ""; }

} // namespace v4l2play
