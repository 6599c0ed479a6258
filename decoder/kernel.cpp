#include "decoder/kernel.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <ctime>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace v4l2play {
namespace {

/// Restarts `call` after a signal; the kernel's -1 becomes -errno.
template <class Call>
auto restarted(Call call) {
    for (;;) {
        const auto result = call();
        if (result >= 0) return result;
        if (errno != EINTR) return static_cast<decltype(result)>(-errno);
    }
}

int or_errno(int result) { return result < 0 ? -errno : result; }

/// poll and epoll_wait count in milliseconds: rounded up, so that a wait never ends before its time.
int to_milliseconds(Nanoseconds timeout) {
    if (timeout < 0) return -1;
    return static_cast<int>(std::min<Nanoseconds>((timeout + millisecond - 1) / millisecond, INT_MAX));
}

class SystemKernel final : public Kernel {
  public:
    int open(const char* path, int flags) override {
        return restarted([&] { return ::open(path, flags | O_CLOEXEC); });
    }
    // close() is not restarted: the descriptor is gone whatever it answers.
    int close(int fd) override { return or_errno(::close(fd)); }
    int ioctl(int fd, unsigned long request, void* argument) override {
        return restarted([&] { return ::ioctl(fd, request, argument); });
    }
    void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) override {
        void* address = ::mmap(nullptr, length, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
        error = address == MAP_FAILED ? -errno : 0;
        return address == MAP_FAILED ? nullptr : address;
    }
    int munmap(void* address, std::size_t length) override { return or_errno(::munmap(address, length)); }
    ssize_t read(int fd, void* buffer, std::size_t size) override {
        return restarted([&] { return ::read(fd, buffer, size); });
    }
    ssize_t write(int fd, const void* buffer, std::size_t size) override {
        return restarted([&] { return ::write(fd, buffer, size); });
    }
    int eventfd() override { return or_errno(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
    int memfd(const char* name, std::size_t size, unsigned seals) override {
        const int fd = or_errno(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (fd < 0) return fd;
        if (::ftruncate(fd, static_cast<off_t>(size)) == 0 && ::fcntl(fd, F_ADD_SEALS, seals) == 0) return fd;
        const int error = -errno;
        ::close(fd);
        return error;
    }
    int epoll_create() override { return or_errno(::epoll_create1(EPOLL_CLOEXEC)); }
    int epoll_add(int epoll_fd, int fd, std::uint32_t events, std::uint64_t data) override {
        epoll_event event{};
        event.events = events;
        event.data.u64 = data;
        return or_errno(::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event));
    }
    int epoll_remove(int epoll_fd, int fd) override {
        return or_errno(::epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, nullptr));
    }
    int epoll_wait(int epoll_fd, std::span<epoll_event> events, Nanoseconds timeout) override {
        told_ = no_time;
        const int room = static_cast<int>(events.size());
        int count = -1;
        if (has_pwait2_) {
            // Milliseconds are too coarse for a commit between two vblanks.
            const timespec limit{static_cast<time_t>(timeout / second), static_cast<long>(timeout % second)};
            count = ::epoll_pwait2(epoll_fd, events.data(), room, timeout < 0 ? nullptr : &limit, nullptr);
            has_pwait2_ = count >= 0 || errno != ENOSYS;
        }
        if (!has_pwait2_) count = ::epoll_wait(epoll_fd, events.data(), room, to_milliseconds(timeout));
        if (count < 0) return errno == EINTR ? 0 : -errno;
        return count;
    }
    int poll(int fd, short events, Nanoseconds timeout) override {
        told_ = no_time;
        return Kernel::poll(fd, events, timeout);
    }
    std::vector<std::string> list_directory(const char* path) override {
        std::vector<std::string> names;
        DIR* directory = ::opendir(path);
        if (directory == nullptr) return names;
        while (const dirent* entry = ::readdir(directory)) names.emplace_back(entry->d_name);
        ::closedir(directory);
        std::sort(names.begin(), names.end());
        return names;
    }
    dev_t device_number(const char* path) override {
        struct stat status {};
        if (::stat(path, &status) != 0 || !S_ISCHR(status.st_mode)) return 0;
        return status.st_rdev;
    }
    Nanoseconds now() override {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return told_ = time.tv_sec * second + time.tv_nsec;
    }
    Nanoseconds recently() override { return told_ == no_time ? now() : told_; }

  private:
    static thread_local Nanoseconds told_;
    std::atomic<bool> has_pwait2_ = true;
};

thread_local Nanoseconds SystemKernel::told_ = no_time;

} // namespace

int Kernel::poll(int fd, short events, Nanoseconds timeout) {
    pollfd wait{fd, events, 0};
    return ::poll(&wait, 1, to_milliseconds(timeout));
}

Kernel& system_kernel() {
    static SystemKernel kernel;
    return kernel;
}

Result<Mapping> Mapping::create(Kernel& kernel, std::size_t length, int protection, int fd, std::int64_t offset) {
    int error = 0;
    void* address = kernel.mmap(length, protection, fd, offset, error);
    if (address == nullptr) return fail(-error, fmt::format("cannot map {} bytes of a buffer", length), "mmap");
    Mapping mapping;
    mapping.kernel_ = &kernel;
    mapping.bytes_ = {static_cast<std::uint8_t*>(address), length};
    return mapping;
}

} // namespace v4l2play
