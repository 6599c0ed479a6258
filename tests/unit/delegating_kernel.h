// Parents for kernels of tests that change a part of what the real one does.
#pragma once

#include "decoder/kernel.h"

namespace v4l2play {

class DelegatingKernel : public Kernel {
  public:
    int open(const char* path, int flags) override { return real_.open(path, flags); }
    int close(int fd) override { return real_.close(fd); }
    int ioctl(int fd, unsigned long request, void* argument) override { return real_.ioctl(fd, request, argument); }
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
    std::vector<std::string> list_directory(const char* path) override { return real_.list_directory(path); }
    dev_t device_number(const char* path) override { return real_.device_number(path); }
    Nanoseconds now() override { return real_.now(); }

  protected:
    Kernel& real_ = system_kernel();
};

/// Time stands still but for what a test says, and for waits in vain: on a busy machine any two lines may be far apart.
class StillKernel final : public DelegatingKernel {
  public:
    Nanoseconds now() override { return now_; }
    int poll(int fd, short events, Nanoseconds timeout) override {
        const int ready = DelegatingKernel::poll(fd, events, timeout);
        if (ready == 0) advance(timeout);
        return ready;
    }
    void advance(Nanoseconds time) { now_ += time; }

  private:
    Nanoseconds now_ = real_.now();
};

} // namespace v4l2play
