#include "tests/tools/borrow_master.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xf86drm.h>

namespace v4l2play {
namespace {

#ifndef SYS_pidfd_getfd
constexpr long SYS_pidfd_open = 434;
constexpr long SYS_pidfd_getfd = 438;
#endif

std::string link_target(const std::string& path) {
    char target[256];
    const ssize_t size = readlink(path.c_str(), target, sizeof target);
    return size < 0 ? "" : std::string(target, static_cast<std::size_t>(size));
}

} // namespace

Result<UniqueFd> borrow_master(int pid) {
    Kernel& kernel = system_kernel();
    const UniqueFd process(kernel, static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process) return fail(errno, fmt::format("process {}: {}", pid, std::strerror(errno)));
    const std::string directory = fmt::format("/proc/{}/fd", pid);
    for (const std::string& name : kernel.list_directory(directory.c_str())) {
        if (link_target(directory + "/" + name).rfind("/dev/dri/card", 0) != 0) continue;
        UniqueFd file(kernel, static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), std::atoi(name.c_str()), 0)));
        if (!file) return fail(errno, fmt::format("pidfd_getfd: {}", std::strerror(errno)));
        if (drmIsMaster(file.get()) != 0) return file;
    }
    return fail(ENODEV, fmt::format("process {} is master of no display", pid));
}

} // namespace v4l2play
