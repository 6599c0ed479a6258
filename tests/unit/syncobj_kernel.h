// The kernel that the tests run on, with a render node that has sync objects: those of another process (the tests'
// compositor) are found by the inode of what was shared.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "decoder/kernel.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {

class SyncobjKernel final : public Kernel, public MockTimelines {
  public:
    /// What the render node lacks.
    bool has_capability = true;
    bool tells_points = true; ///< else eventfds are never written

    std::uint64_t import(int fd) override;
    void signal(std::uint64_t timeline, std::uint64_t point) override;
    bool is_signalled(std::uint64_t timeline, std::uint64_t point) override;
    [[nodiscard]] unsigned objects() const;

    int open(const char* path, int flags) override;
    int close(int fd) override { return real_.close(fd); }
    int ioctl(int fd, unsigned long request, void* argument) override;
    void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) override {
        return real_.mmap(length, protection, fd, offset, error);
    }
    int munmap(void* address, std::size_t length) override { return real_.munmap(address, length); }
    ssize_t read(int fd, void* buffer, std::size_t size) override { return real_.read(fd, buffer, size); }
    ssize_t write(int fd, const void* buffer, std::size_t size) override { return real_.write(fd, buffer, size); }
    int eventfd() override { return real_.eventfd(); }
    int memfd(const char* name, std::size_t size, unsigned seals) override { return real_.memfd(name, size, seals); }
    int epoll_create() override { return real_.epoll_create(); }
    int epoll_add(int epoll_fd, int fd, std::uint32_t events, std::uint64_t data) override {
        return real_.epoll_add(epoll_fd, fd, events, data);
    }
    int epoll_remove(int epoll_fd, int fd) override { return real_.epoll_remove(epoll_fd, fd); }
    int epoll_wait(int epoll_fd, std::span<epoll_event> events, Nanoseconds timeout) override {
        return real_.epoll_wait(epoll_fd, events, timeout);
    }
    std::vector<std::string> list_directory(const char* path) override;
    dev_t device_number(const char* path) override { return real_.device_number(path); }
    Nanoseconds now() override { return real_.now(); }

  private:
    struct Wait {
        std::uint64_t point;
        int fd; ///< a duplicate: it outlives the waiter's
    };
    struct Object {
        std::uint64_t inode = 0;
        std::uint64_t signalled = 0;
        std::vector<Wait> waits;
    };
    int share(void* argument);
    int watch(void* argument);
    int signal_points(void* argument);
    int destroy(void* argument);
    static void tell(Object& object, bool really);

    Kernel& real_ = system_kernel();
    mutable std::mutex mutex_;
    std::map<std::uint32_t, Object> objects_; ///< by handle
    std::uint32_t last_handle_ = 0;
};

} // namespace v4l2play
