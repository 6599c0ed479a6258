#include "tests/fakes/fake_kernel.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "tests/fakes/fake_epoll.h"
#include "tests/fakes/fake_media.h"
#include "tests/fakes/fake_video.h"

namespace v4l2play::fakes {
namespace {

class FakeMemoryFile final : public FakeFile {
  public:
    explicit FakeMemoryFile(std::size_t size)
        : memory_(std::make_shared<FakeMemory>(size)) {}
    [[nodiscard]] const char* kind() const override { return "memfd"; }
    std::shared_ptr<FakeMemory> memory(std::size_t length, std::int64_t offset) override {
        return offset == 0 && length <= memory_->size() ? memory_ : nullptr;
    }

  private:
    std::shared_ptr<FakeMemory> memory_;
};

} // namespace

FakeKernel::FakeKernel(std::vector<FakeDecoder> decoders)
    : decoders_(decoders.begin(), decoders.end()) {}

void FakeKernel::fail_call(std::uint64_t n, int error) {
    const Lock lock(mutex_);
    failing_ = n == 0 ? 0 : calls_ + n;
    failure_ = error;
    failed_call_.clear();
}

int FakeKernel::count(const char* what, unsigned long number) {
    if (++calls_ != failing_) return 0;
    failed_call_ = number == 0 ? what : fmt::format("{} {:#x}", what, number);
    return -failure_;
}

std::shared_ptr<FakeFile> FakeKernel::find(int fd, const char* what) {
    std::shared_ptr<FakeFile> file = world_.file(fd);
    if (file == nullptr) world_.violation(fmt::format("{} on descriptor {}, which is not open", what, fd));
    return file;
}

std::shared_ptr<FakeFile> FakeKernel::open_node(const std::string& path, int flags) {
    for (std::size_t i = 0; i < decoders_.size(); ++i) {
        if (path == fmt::format("/dev/media{}", i))
            return std::make_shared<FakeMedia>(world_, decoders_[i], static_cast<unsigned>(i));
        if (path == fmt::format("/dev/video{}", i)) {
            auto context = std::make_shared<FakeContext>(world_, decoders_[i], (flags & O_NONBLOCK) == 0);
            world_.contexts.push_back(context);
            return context;
        }
    }
    const auto other = world_.other_files.find(path);
    return other == world_.other_files.end() ? nullptr : other->second;
}

/// An errno value, or 0.
int FakeKernel::error_of_node(std::string_view path) const {
    for (std::size_t i = 0; i < decoders_.size(); ++i) {
        const bool video = path == fmt::format("/dev/video{}", i);
        if (decoders_[i].gone && (video || path == fmt::format("/dev/media{}", i))) return ENXIO;
        if (video) return decoders_[i].open_error;
    }
    return 0;
}

int FakeKernel::open(const char* path, int flags) {
    const Lock lock(mutex_);
    if (const int error = count("open"); error != 0) return error;
    if (const int error = error_of_node(path); error != 0) return -error;
    std::shared_ptr<FakeFile> file = open_node(path, flags);
    return file == nullptr ? -ENOENT : world_.install(std::move(file));
}

std::function<void()> FakeKernel::hook_of_close(int fd) const {
    const Lock lock(mutex_);
    const auto file = world_.file(fd);
    return file != nullptr && std::string_view(file->kind()) == "video device" ? world_.on_video_close : nullptr;
}

std::function<void()> FakeKernel::hook_of_ioctl(unsigned long request) const {
    if (request != VIDIOC_STREAMOFF) return nullptr;
    const Lock lock(mutex_);
    return world_.on_stream_off;
}

int FakeKernel::close(int fd) {
    if (const auto hook = hook_of_close(fd)) hook();
    const Lock lock(mutex_);
    const int error = count("close");
    const int result = world_.close(fd);
    run_contexts();
    return error != 0 ? error : result;
}

int FakeKernel::ioctl(int fd, unsigned long request, void* argument) {
    if (const auto hook = hook_of_ioctl(request)) hook();
    const Lock lock(mutex_);
    if (const int error = count("ioctl", request); error != 0) return error;
    const std::shared_ptr<FakeFile> file = find(fd, "ioctl");
    if (file == nullptr) return -EBADF;
    const int result = file->ioctl(request, argument);
    if (request == VIDIOC_STREAMOFF) run_contexts();
    return result;
}

void* FakeKernel::mmap(std::size_t length, int, int fd, std::int64_t offset, int& error) {
    const Lock lock(mutex_);
    if (error = count("mmap"); error != 0) return nullptr;
    const std::shared_ptr<FakeFile> file = find(fd, "mmap");
    const std::shared_ptr<FakeMemory> memory = file == nullptr ? nullptr : file->memory(length, offset);
    if (memory == nullptr || length == 0) {
        error = file == nullptr ? -EBADF : -EINVAL;
        return nullptr;
    }
    mappings_.emplace(memory->bytes(), Mapped{memory, length});
    return memory->bytes();
}

int FakeKernel::munmap(void* address, std::size_t length) {
    const Lock lock(mutex_);
    const int error = count("munmap");
    const auto [first, last] = mappings_.equal_range(address);
    const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second.length == length; });
    if (found == last) {
        world_.violation(fmt::format("munmap of {} bytes that are not mapped", length));
        return -EINVAL;
    }
    mappings_.erase(found);
    return error;
}

ssize_t FakeKernel::read(int fd, void* buffer, std::size_t size) {
    const Lock lock(mutex_);
    if (const int error = count("read"); error != 0) return error;
    const std::shared_ptr<FakeFile> file = find(fd, "read");
    return file == nullptr ? -EBADF : file->read(buffer, size);
}

ssize_t FakeKernel::write(int fd, const void* buffer, std::size_t size) {
    const Lock lock(mutex_);
    if (const int error = count("write"); error != 0) return error;
    const std::shared_ptr<FakeFile> file = find(fd, "write");
    return file == nullptr ? -EBADF : file->write(buffer, size);
}

int FakeKernel::eventfd() {
    const Lock lock(mutex_);
    if (const int error = count("eventfd"); error != 0) return error;
    return world_.install(std::make_shared<FakeEvent>());
}

int FakeKernel::memfd(const char*, std::size_t size, unsigned) {
    const Lock lock(mutex_);
    if (const int error = count("memfd"); error != 0) return error;
    return world_.install(std::make_shared<FakeMemoryFile>(size));
}

int FakeKernel::epoll_create() {
    const Lock lock(mutex_);
    if (const int error = count("epoll_create"); error != 0) return error;
    return world_.install(std::make_shared<FakeEpoll>());
}

int FakeKernel::epoll_add(int epoll_fd, int fd, std::uint32_t events, std::uint64_t data) {
    const Lock lock(mutex_);
    if (const int error = count("epoll_add"); error != 0) return error;
    const auto set = find(epoll_fd, "epoll_add");
    const auto file = find(fd, "epoll_add");
    if (set == nullptr || file == nullptr) return -EBADF;
    return set->epoll() == nullptr ? -EINVAL : set->epoll()->add(fd, file, events, data);
}

int FakeKernel::epoll_remove(int epoll_fd, int fd) {
    const Lock lock(mutex_);
    if (const int error = count("epoll_remove"); error != 0) return error;
    const auto set = find(epoll_fd, "epoll_remove");
    if (set == nullptr || find(fd, "epoll_remove") == nullptr) return -EBADF;
    return set->epoll() == nullptr ? -EINVAL : set->epoll()->remove(fd);
}

Nanoseconds FakeKernel::next_event() const {
    Nanoseconds next = no_time;
    for (const auto& weak : world_.contexts)
        if (const auto context = weak.lock())
            if (const Nanoseconds time = context->next_event(); time != no_time)
                next = next == no_time ? time : std::min(next, time);
    return next;
}

/// What one context ends, another of the device may begin.
void FakeKernel::run_contexts() {
    for (bool changed = true; std::exchange(changed, false);)
        for (std::size_t i = 0; i < world_.contexts.size(); ++i)
            if (const auto context = world_.contexts[i].lock()) changed |= context->run();
}

/// Time passes event by event, so that one picture's end can start the next.
void FakeKernel::run_until(Nanoseconds time) {
    for (Nanoseconds next = next_event(); next != no_time && next <= time; next = next_event()) {
        world_.now = std::max<Nanoseconds>(world_.now, next);
        run_contexts();
    }
    world_.now = std::max<Nanoseconds>(world_.now, time);
}

int FakeKernel::epoll_wait(int epoll_fd, std::span<epoll_event> events, Nanoseconds timeout) {
    const Lock lock(mutex_);
    if (const int error = count("epoll_wait"); error != 0) return error;
    const auto file = find(epoll_fd, "epoll_wait");
    if (file == nullptr || file->epoll() == nullptr) return file == nullptr ? -EBADF : -EINVAL;
    const Nanoseconds deadline = timeout < 0 ? no_time : world_.now + timeout;
    for (;;) {
        if (const int ready = file->epoll()->collect(events); ready != 0) return ready;
        if (deadline != no_time && world_.now >= deadline) return 0;
        const Nanoseconds next = next_event();
        if (next == no_time && deadline == no_time) {
            world_.violation("a wait that nothing can end");
            return -EDEADLK;
        }
        run_until(next == no_time || (deadline != no_time && deadline < next) ? deadline : next);
    }
}

std::vector<std::string> FakeKernel::list_directory(const char* path) {
    const Lock lock(mutex_);
    std::vector<std::string> names;
    if (count("list_directory") != 0 || std::string(path) != "/dev") return names;
    names = {".", "..", "mem", "null", "video-cam"};
    for (std::size_t i = 0; i < decoders_.size(); ++i) {
        names.push_back(fmt::format("media{}", i));
        names.push_back(fmt::format("video{}", i));
    }
    std::sort(names.begin(), names.end());
    return names;
}

dev_t FakeKernel::device_number(const char* path) {
    for (std::size_t i = 0; i < decoders_.size(); ++i) {
        if (path == fmt::format("/dev/media{}", i)) return makedev(media_major, static_cast<unsigned>(i));
        if (path == fmt::format("/dev/video{}", i)) return makedev(video_major, static_cast<unsigned>(i));
    }
    return 0;
}

void FakeKernel::advance(Nanoseconds duration) {
    const Lock lock(mutex_);
    run_until(world_.now + duration);
}

bool FakeKernel::complete_next() {
    const Lock lock(mutex_);
    const bool completed = std::any_of(world_.contexts.begin(), world_.contexts.end(), [](const auto& weak) {
        const auto context = weak.lock();
        return context != nullptr && context->complete_one();
    });
    run_contexts();
    return completed;
}

std::string FakeKernel::leaks() const {
    const Lock lock(mutex_);
    std::string list = world_.open_files();
    for (const auto& [address, mapped] : mappings_) list += fmt::format("mapping of {} bytes\n", mapped.length);
    return list;
}

std::string FakeKernel::violations() const {
    const Lock lock(mutex_);
    std::string list;
    for (const std::string& violation : world_.violations) list += violation + "\n";
    return list;
}

} // namespace v4l2play::fakes
