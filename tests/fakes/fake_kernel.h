// A strict kernel with stateless decoders, for tests: no device, no descriptor and no second of real time is used.
//
// It answers as the kernel does, errors included, and takes note of what a kernel would let pass but no correct program
// does (`violations`), above all a CAPTURE buffer that is queued while a picture in it is still needed. Pictures take
// virtual time, which passes in `epoll_wait` alone. Any call can be made to fail. `leaks` names what was not given
// back.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "decoder/kernel.h"
#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

class FakeKernel final : public Kernel {
  public:
    /// Device n has /dev/media<n> and /dev/video<n>.
    explicit FakeKernel(std::vector<FakeDecoder> decoders = {FakeDecoder{}});

    int open(const char* path, int flags) override;
    int close(int fd) override;
    int ioctl(int fd, unsigned long request, void* argument) override;
    void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) override;
    int munmap(void* address, std::size_t length) override;
    ssize_t read(int fd, void* buffer, std::size_t size) override;
    ssize_t write(int fd, const void* buffer, std::size_t size) override;
    int eventfd() override;
    int memfd(const char* name, std::size_t size, unsigned seals) override;
    int epoll_create() override;
    int epoll_add(int epoll_fd, int fd, std::uint32_t events, std::uint64_t data) override;
    int epoll_remove(int epoll_fd, int fd) override;
    int epoll_wait(int epoll_fd, std::span<epoll_event> events, Nanoseconds timeout) override;
    std::vector<std::string> list_directory(const char* path) override;
    dev_t device_number(const char* path) override;
    Nanoseconds now() override { return world_.now; }

    FakeDecoder& decoder(std::size_t index = 0) { return decoders_[index]; }
    /// Hooks, injected faults and what was seen. Not to be touched while another thread uses the kernel.
    FakeWorld& world() { return world_; }

    /// The n-th call from here on (1 = the next) answers `error` (an errno value). 0 ends it. Calls that cannot fail
    /// (`now`, `device_number`) do not count; close and munmap do their work all the same, as in the kernel.
    void fail_call(std::uint64_t n, int error);
    /// What was made to fail, such as "ioctl 0xc0585611"; empty when nothing was.
    [[nodiscard]] const std::string& failed_call() const { return failed_call_; }
    [[nodiscard]] std::uint64_t calls() const { return calls_; }

    /// Lets `duration` pass.
    void advance(Nanoseconds duration);
    /// With `world().automatic` off: finishes the running picture of the first context that has one, or its first
    /// phase. False when none runs.
    bool complete_next();

    /// Open descriptors and mappings, one a line; empty when all was given back.
    [[nodiscard]] std::string leaks() const;
    [[nodiscard]] const std::vector<FakePicture>& pictures() const { return world_.pictures; }
    /// One a line; empty when the program was correct.
    [[nodiscard]] std::string violations() const;

  private:
    using Lock = std::lock_guard<std::mutex>;
    struct Mapped {
        std::shared_ptr<FakeMemory> memory;
        std::size_t length = 0;
    };
    /// Counts a call; the error that it is to answer, or 0.
    int count(const char* what, unsigned long number = 0);
    [[nodiscard]] std::function<void()> hook_of_close(int fd) const;
    [[nodiscard]] std::function<void()> hook_of_ioctl(unsigned long request) const;
    std::shared_ptr<FakeFile> find(int fd, const char* what);
    void run_contexts();
    void run_until(Nanoseconds time);
    [[nodiscard]] Nanoseconds next_event() const;
    [[nodiscard]] int error_of_node(std::string_view path) const;
    std::shared_ptr<FakeFile> open_node(const std::string& path, int flags);

    mutable std::mutex mutex_;
    FakeWorld world_;
    std::deque<FakeDecoder> decoders_;
    std::multimap<void*, Mapped> mappings_;
    std::uint64_t calls_ = 0;
    std::uint64_t failing_ = 0;
    int failure_ = 0;
    std::string failed_call_;
};

} // namespace v4l2play::fakes
