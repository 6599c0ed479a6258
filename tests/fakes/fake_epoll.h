// Waiting: epoll sets and eventfds of the fake kernel.
#pragma once

#include <map>
#include <memory>
#include <span>

#include <sys/epoll.h>

#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

class FakeEvent final : public FakeFile {
  public:
    [[nodiscard]] const char* kind() const override { return "eventfd"; }
    std::uint32_t poll(std::uint32_t wanted) override;
    long read(void* buffer, std::size_t size) override;
    long write(const void* buffer, std::size_t size) override;

  private:
    std::uint64_t count_ = 0;
};

class FakeEpoll final : public FakeFile {
  public:
    [[nodiscard]] const char* kind() const override { return "epoll"; }
    FakeEpoll* epoll() override { return this; }
    int add(int fd, std::shared_ptr<FakeFile> file, std::uint32_t events, std::uint64_t data);
    int remove(int fd);
    /// What is ready now.
    int collect(std::span<epoll_event> out);

  private:
    struct Watch {
        std::weak_ptr<FakeFile> file; ///< gone with its last descriptor
        std::uint32_t events = 0;
        std::uint64_t data = 0;
        bool reported = false; ///< EPOLLET: since `wakeups`
        std::uint64_t wakeups = 0;
    };
    std::map<int, Watch> watches_;
};

} // namespace v4l2play::fakes
