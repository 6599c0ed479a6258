// The only place of the decoder that makes system calls: the seam at which tests put a strict fake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/types.h>

#include "decoder/nanoseconds.h"
#include "decoder/result.h"

namespace v4l2play {

/// System calls of the decoder. All answer a negative errno on failure and restart after signals (EINTR) where the call
/// may be restarted. Thread-safe.
class Kernel {
  public:
    virtual ~Kernel() = default;

    /// O_CLOEXEC is added. Returns the descriptor.
    virtual int open(const char* path, int flags) = 0;
    virtual int close(int fd) = 0;
    virtual int ioctl(int fd, unsigned long request, void* argument) = 0;
    /// Shared mapping of `length` bytes; null on failure, with -errno in `error`.
    virtual void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) = 0;
    virtual int munmap(void* address, std::size_t length) = 0;
    virtual ssize_t read(int fd, void* buffer, std::size_t size) = 0;
    virtual ssize_t write(int fd, const void* buffer, std::size_t size) = 0;
    /// Non-blocking, close-on-exec eventfd.
    virtual int eventfd() = 0;
    virtual int memfd(const char* name, std::size_t size, unsigned seals) = 0;
    virtual int epoll_create() = 0;
    virtual int epoll_add(int epoll_fd, int fd, std::uint32_t events, std::uint64_t data) = 0;
    virtual int epoll_remove(int epoll_fd, int fd) = 0;
    /// Waits at most `timeout` nanoseconds (negative = for ever; rounded up to milliseconds by a kernel before 5.11).
    /// Returns the event count; 0 also when a signal interrupted the wait.
    virtual int epoll_wait(int epoll_fd, std::span<epoll_event> events, Nanoseconds timeout) = 0;
    /// Waits for one of `events` on `fd` (none: -1) for at most `timeout` nanoseconds, rounded up to milliseconds.
    /// Above 0 when it is ready.
    virtual int poll(int fd, short events, Nanoseconds timeout);
    /// Names in a directory, sorted; empty when it cannot be read.
    virtual std::vector<std::string> list_directory(const char* path) = 0;
    /// Device number of a character device, 0 when `path` is none.
    virtual dev_t device_number(const char* path) = 0;
    /// CLOCK_MONOTONIC.
    virtual Nanoseconds now() = 0;
    /// What `now` last told this thread, when it has not waited here since (`epoll_wait`, `poll`): the time of its
    /// wake-up, for what follows at once. Where there is no vDSO every look at the clock is a system call.
    virtual Nanoseconds recently() { return now(); }
};

/// The kernel that the process runs on. Lives as long as the process.
Kernel& system_kernel();

/// A file descriptor with one owner. Move-only.
class UniqueFd {
  public:
    UniqueFd() = default;
    UniqueFd(Kernel& kernel, int fd)
        : kernel_(&kernel)
        , fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept
        : kernel_(other.kernel_)
        , fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) {
            reset();
            kernel_ = other.kernel_;
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    void reset() {
        if (kernel_ != nullptr && fd_ >= 0) kernel_->close(std::exchange(fd_, -1));
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }

  private:
    Kernel* kernel_ = nullptr;
    int fd_ = -1;
};

/// A shared memory mapping with one owner. Move-only.
class Mapping {
  public:
    Mapping() = default;
    Mapping(Mapping&& other) noexcept
        : kernel_(other.kernel_)
        , bytes_(std::exchange(other.bytes_, {})) {}
    Mapping& operator=(Mapping&& other) noexcept {
        if (this != &other) {
            reset();
            kernel_ = other.kernel_;
            bytes_ = std::exchange(other.bytes_, {});
        }
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { reset(); }

    static Result<Mapping> create(Kernel& kernel, std::size_t length, int protection, int fd, std::int64_t offset);

    void reset() {
        if (kernel_ != nullptr && !bytes_.empty()) kernel_->munmap(bytes_.data(), bytes_.size());
        bytes_ = {};
    }
    [[nodiscard]] std::span<std::uint8_t> bytes() const { return bytes_; }

  private:
    Kernel* kernel_ = nullptr;
    std::span<std::uint8_t> bytes_;
};

} // namespace v4l2play
