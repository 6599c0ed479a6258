#include "tests/fakes/fake_world.h"

#include <cerrno>

#include <fmt/format.h>

namespace v4l2play::fakes {

int FakeFile::ioctl(unsigned long, void*) { return -ENOTTY; }
std::uint32_t FakeFile::poll(std::uint32_t) { return 0; }
long FakeFile::read(void*, std::size_t) { return -EINVAL; }
long FakeFile::write(const void*, std::size_t) { return -EINVAL; }
std::shared_ptr<FakeMemory> FakeFile::memory(std::size_t, std::int64_t) { return nullptr; }

int FakeWorld::install(std::shared_ptr<FakeFile> file) {
    // Far from the numbers of real descriptors, so that a call that goes past the fake fails.
    int fd = 1000;
    while (files_.count(fd) != 0) ++fd;
    files_[fd] = std::move(file);
    return fd;
}

std::shared_ptr<FakeFile> FakeWorld::file(int fd) const {
    const auto found = files_.find(fd);
    return found == files_.end() ? nullptr : found->second;
}

std::shared_ptr<FakeRequest> FakeWorld::request(int fd) const {
    const std::shared_ptr<FakeFile> found = file(fd);
    return found == nullptr ? nullptr : found->request();
}

int FakeWorld::close(int fd) {
    const auto found = files_.find(fd);
    if (found == files_.end()) {
        violation(fmt::format("close of descriptor {}, which is not open", fd));
        return -EBADF;
    }
    const std::shared_ptr<FakeFile> file = std::move(found->second);
    files_.erase(found);
    file->released();
    return 0;
}

std::string FakeWorld::open_files() const {
    std::string list;
    for (const auto& [fd, file] : files_) list += fmt::format("descriptor {} ({})\n", fd, file->kind());
    return list;
}

} // namespace v4l2play::fakes
