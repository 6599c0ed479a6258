#include "render/wayland/readers.h"

#include <array>

#include <poll.h>

#include "render/wayland/commit_ledger.h"

namespace v4l2play {
namespace {

const SlotMemory& memory_of(const Commit& commit) { return commit.slot.pool().memory(commit.slot.index()); }

} // namespace

bool Readers::has_left(const SlotMemory& memory) {
    std::array<pollfd, 4> waits{};
    nfds_t count = 0;
    for (const UniqueFd& fd : memory.dmabuf)
        if (fd) waits[count++] = {fd.get(), POLLOUT, 0};
    return poll(waits.data(), count, 0) == static_cast<int>(count); // 0 of 0 for memory without descriptors
}

void Readers::wait_for(Commit& commit) {
    commit.slot = commit.slot.also(Hold::Fence); // the presenter itself is done with it
    watch(memory_of(commit));
    waiting_.push_back(&commit);
}

Commit* Readers::next_done() {
    for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
        Commit* const commit = *it;
        if (!has_left(memory_of(*commit))) continue;
        waiting_.erase(it);
        forget(memory_of(*commit));
        for (const Commit* other : waiting_) watch(memory_of(*other)); // the same slot may be waited for twice
        return commit;
    }
    return nullptr;
}

/// A descriptor that is watched already (EEXIST) stays so. One that cannot be watched is looked at with the others.
void Readers::watch(const SlotMemory& memory) {
    for (const UniqueFd& fd : memory.dmabuf)
        if (fd) kernel_.epoll_add(epoll_fd_, fd.get(), EPOLLOUT, 0);
}

void Readers::forget(const SlotMemory& memory) {
    for (const UniqueFd& fd : memory.dmabuf)
        if (fd) kernel_.epoll_remove(epoll_fd_, fd.get());
}

} // namespace v4l2play
