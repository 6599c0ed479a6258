#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fcntl.h>

#include <fmt/format.h>

#include "render/kms/seat.h"

namespace v4l2play {
namespace {

constexpr std::string_view inherited_prefix = "fd:";

/// A copy of the descriptor, with the flags that we open devices with, or a negative errno.
int take_inherited(std::string_view path) {
    path.remove_prefix(inherited_prefix.size());
    int fd = -1;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), fd);
    if (error != std::errc{} || end != path.data() + path.size() || fd < 0) return -EBADF;
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

} // namespace

bool is_inherited(const std::string& path) { return path.rfind(inherited_prefix, 0) == 0; }

Result<DeviceFile> DeviceFile::open(Kernel& kernel, Seat* seat, const std::string& path) {
    int fd = -1;
    if (is_inherited(path)) {
        fd = take_inherited(path);
        seat = nullptr;
    } else if (seat != nullptr) {
        fd = seat->open_device(path.c_str());
    } else {
        fd = kernel.open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY);
    }
    if (fd < 0) return fail(-fd, fmt::format("cannot open {}: {}", path, std::strerror(-fd)), "open");
    DeviceFile file;
    file.seat_ = seat;
    file.fd_ = UniqueFd(kernel, fd);
    return file;
}

} // namespace v4l2play
