#include "tests/fakes/fake_epoll.h"

#include <cerrno>
#include <cstring>

namespace v4l2play::fakes {

std::uint32_t FakeEvent::poll(std::uint32_t wanted) {
    return wanted & (EPOLLOUT | (count_ != 0 ? std::uint32_t{EPOLLIN} : 0));
}

long FakeEvent::read(void* buffer, std::size_t size) {
    if (size < sizeof count_) return -EINVAL;
    if (count_ == 0) return -EAGAIN;
    std::memcpy(buffer, &count_, sizeof count_);
    count_ = 0;
    wake();
    return sizeof count_;
}

long FakeEvent::write(const void* buffer, std::size_t size) {
    std::uint64_t added = 0;
    if (size != sizeof added) return -EINVAL;
    std::memcpy(&added, buffer, sizeof added);
    count_ += added;
    wake();
    return sizeof added;
}

int FakeEpoll::add(int fd, std::shared_ptr<FakeFile> file, std::uint32_t events, std::uint64_t data) {
    const auto found = watches_.find(fd);
    // A number that was closed and given out again is another file: the old watch went with the old one.
    if (found != watches_.end() && !found->second.file.expired()) return -EEXIST;
    watches_[fd] = {file, events, data, false, 0};
    return 0;
}

int FakeEpoll::remove(int fd) { return watches_.erase(fd) != 0 ? 0 : -ENOENT; }

int FakeEpoll::collect(std::span<epoll_event> out) {
    std::size_t count = 0;
    for (auto& [fd, watch] : watches_) {
        const std::shared_ptr<FakeFile> file = watch.file.lock();
        if (file == nullptr || count == out.size()) continue;
        const std::uint32_t always = EPOLLERR | EPOLLHUP;
        const std::uint32_t ready = file->poll(watch.events) & (watch.events | always);
        const bool edge = (watch.events & EPOLLET) != 0;
        if (ready == 0 || (edge && watch.reported && watch.wakeups == file->wakeups())) continue;
        watch.reported = true;
        watch.wakeups = file->wakeups();
        out[count].events = ready;
        out[count++].data.u64 = watch.data;
    }
    return static_cast<int>(count);
}

} // namespace v4l2play::fakes
