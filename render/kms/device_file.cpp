#include <cstring>

#include <fcntl.h>

#include <fmt/format.h>

#include "render/kms/seat.h"

namespace v4l2play {

Result<DeviceFile> DeviceFile::open(Kernel& kernel, Seat* seat, const std::string& path) {
    const int fd =
        seat != nullptr ? seat->open_device(path.c_str()) : kernel.open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return fail(-fd, fmt::format("cannot open {}: {}", path, std::strerror(-fd)), "open");
    DeviceFile file;
    file.seat_ = seat;
    file.fd_ = UniqueFd(kernel, fd);
    return file;
}

} // namespace v4l2play
