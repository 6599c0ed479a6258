#include "render/wayland/sent_file.h"

#include <unistd.h>

namespace v4l2play {

std::vector<char> take_file(int fd, std::size_t size, std::size_t limit) {
    std::vector<char> bytes(size <= limit ? size : 0);
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t got = pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    close(fd);
    if (have < bytes.size()) bytes.clear();
    return bytes;
}

} // namespace v4l2play
