#include "app/notice.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace v4l2play {
namespace {

std::atomic<int> output_error{0}; ///< of standard output, the first

void note_output_error() {
    int none = 0;
    output_error.compare_exchange_strong(none, errno);
}

} // namespace

void write_text(std::FILE* to, std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), to) == text.size();
    if (!written && to == stdout) note_output_error();
}

bool output_lost() { return output_error != 0; }

void open_standard_streams() {
    std::signal(SIGPIPE, SIG_IGN);
    while (true) {
        const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd > STDERR_FILENO) ::close(fd);
        if (fd < 0 || fd > STDERR_FILENO) return;
    }
}

/// A reader who has seen enough is no failure: the program ends as if SIGPIPE had ended it.
int finish_output(int code) {
    if (std::fflush(stdout) != 0) note_output_error();
    if (!output_lost()) return code;
    if (output_error == EPIPE) return code == exit_played ? static_cast<int>(exit_signal) : code;
    complain(fmt::format("cannot write to standard output: {}", std::strerror(output_error)));
    return code == exit_played ? static_cast<int>(exit_some_failed) : code;
}

} // namespace v4l2play
