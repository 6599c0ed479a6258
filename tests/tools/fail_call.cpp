// For LD_PRELOAD: of the calls below that $FAIL_CALL_PROGRAM makes, whichever of its libraries makes them, number
// $FAIL_CALL fails. At the end the file $FAIL_CALL_LOG says which one it was, and how many there were: "ioctl 123".
// Both open and open64 are taken over, and so neither may be the other in disguise.
#undef _TIME_BITS
#undef _FILE_OFFSET_BITS
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "tests/tools/ioctl_hook.h"
#include "tests/tools/real_call.h"

using v4l2play::test::real;

namespace {

class Failure {
  public:
    Failure() {
        const char* program = std::getenv("FAIL_CALL_PROGRAM");
        const char* number = std::getenv("FAIL_CALL");
        log_ = std::getenv("FAIL_CALL_LOG");
        if (program == nullptr || number == nullptr || std::strcmp(program, program_invocation_short_name) != 0) return;
        number_ = std::strtol(number, nullptr, 10);
    }
    ~Failure() {
        if (number_ >= 0 && log_ != nullptr) std::ofstream(log_) << failed_ << " " << count_ << "\n";
        number_ = -1;
    }

    /// Whether this call, of that name, fails; errno is set then.
    bool hits(const char* name, int error) {
        if (number_ < 0 || ++count_ != number_) return false;
        failed_ = name;
        errno = error;
        return true;
    }

  private:
    long number_ = -1; ///< below zero: another program, or after its end
    std::atomic<long> count_{0};
    const char* failed_ = "none";
    const char* log_ = nullptr;
};

Failure failure;

/// A context of libinput's that cannot begin is freed twice (libinput_udev_create_context, 1.22): the player sees first
/// that it can.
bool is_libinput(const void* caller) {
    Dl_info library{};
    return dladdr(caller, &library) != 0 && std::strstr(library.dli_fname, "libinput") != nullptr;
}

mode_t mode_of(int flags, std::va_list arguments) {
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

} // namespace

int v4l2play::test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (failure.hits("ioctl", ENOMEM)) return -1;
    return real_ioctl(fd, request, argument);
}

extern "C" {

int open(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if (failure.hits("open", EMFILE)) return -1;
    return real<int>("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    std::va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if (failure.hits("open", EMFILE)) return -1;
    return real<int>("open64", path, flags, mode);
}

void* mmap(void* address, std::size_t length, int protection, int flags, int fd, off_t offset) noexcept {
    if (fd >= 0 && failure.hits("mmap", ENOMEM)) return reinterpret_cast<void*>(-1);
    return real<void*>("mmap", address, length, protection, flags, fd, offset);
}

void* mmap64(void* address, std::size_t length, int protection, int flags, int fd, off64_t offset) noexcept {
    if (fd >= 0 && failure.hits("mmap", ENOMEM)) return reinterpret_cast<void*>(-1);
    return real<void*>("mmap64", address, length, protection, flags, fd, offset);
}

ssize_t read(int fd, void* buffer, std::size_t size) {
    if (failure.hits("read", EIO)) return -1;
    return real<ssize_t>("read", fd, buffer, size);
}

int eventfd(unsigned start, int flags) noexcept {
    if (failure.hits("eventfd", EMFILE)) return -1;
    return real<int>("eventfd", start, flags);
}

int memfd_create(const char* name, unsigned flags) noexcept {
    if (failure.hits("memfd_create", EMFILE)) return -1;
    return real<int>("memfd_create", name, flags);
}

int epoll_create1(int flags) noexcept {
    if (!is_libinput(__builtin_return_address(0)) && failure.hits("epoll_create1", EMFILE)) return -1;
    return real<int>("epoll_create1", flags);
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    const bool counts = operation == EPOLL_CTL_ADD && !is_libinput(__builtin_return_address(0));
    if (counts && failure.hits("epoll_ctl", ENOMEM)) return -1;
    return real<int>("epoll_ctl", epoll, operation, fd, event);
}

int timerfd_create(int clock, int flags) noexcept {
    if (!is_libinput(__builtin_return_address(0)) && failure.hits("timerfd_create", EMFILE)) return -1;
    return real<int>("timerfd_create", clock, flags);
}

int signalfd(int fd, const sigset_t* mask, int flags) noexcept {
    if (failure.hits("signalfd", EMFILE)) return -1;
    return real<int>("signalfd", fd, mask, flags);
}

} // extern "C"
