// kms_grab PID FILE.png: a picture of what process PID shows through KMS, taken by the display engine itself.
//
// Only the DRM master may ask for that, and there is one. So its own DRM file is borrowed (pidfd_getfd(2), for those
// who may trace the process): the master stays master and does not notice but for a commit that answers EBUSY.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "decoder/kernel.h"
#include "render/kms/properties.h"
#include "render/png.h"
#include "tests/tools/writeback.h"

namespace v4l2play {
namespace {

#ifndef SYS_pidfd_getfd
constexpr long SYS_pidfd_open = 434;
constexpr long SYS_pidfd_getfd = 438;
#endif

constexpr unsigned settle_time = 100'000; // µs

std::string link_target(const std::string& path) {
    char target[256];
    const ssize_t size = readlink(path.c_str(), target, sizeof target);
    return size < 0 ? "" : std::string(target, static_cast<std::size_t>(size));
}

/// A duplicate of the descriptor through which process `pid` is master of a card.
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

Result<> grab(int pid, const char* path) {
    const auto file = borrow_master(pid);
    if (!file) return fail(file.error());
    kill(pid, SIGSTOP);
    usleep(settle_time); // for the flip in flight
    const auto image = grab_screen(file->get());
    kill(pid, SIGCONT);
    if (!image) return fail(image.error());
    return write_png(path, *image, PngEffort::Fast);
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: kms_grab PID FILE.png\n");
        return 2;
    }
    const auto done = v4l2play::grab(std::atoi(argv[1]), argv[2]);
    if (done) return 0;
    fmt::print(stderr, "kms_grab: {}\n", done.error().what);
    return 1;
}
