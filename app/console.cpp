#include "app/console.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <sys/signalfd.h>
#include <unistd.h>

#include "app/notice.h"

namespace v4l2play {

Result<std::unique_ptr<Signals>> Signals::create() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
    if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail(EINVAL, "cannot block signals", "pthread_sigmask");
    const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return fail(errno, "cannot watch signals", "signalfd");
    return std::unique_ptr<Signals>(new Signals(UniqueFd(system_kernel(), fd)));
}

int Signals::take() {
    signalfd_siginfo info{};
    const ssize_t size = ::read(fd_.get(), &info, sizeof info);
    return size == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

Keyboard::Keyboard() {
    // In the background, touching the terminal would stop the process.
    if (!::isatty(STDIN_FILENO) || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return;
    if (::tcgetattr(STDIN_FILENO, &saved_) != 0) return;
    termios raw = saved_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    active_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

Keyboard::~Keyboard() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
}

Key Keyboard::take() {
    char key = 0;
    if (!active_ || ::read(STDIN_FILENO, &key, 1) != 1) return Key::None;
    if (key == 'q') return Key::Quit;
    if (key == ' ') return Key::Pause;
    if (key == 'i') return Key::Stats;
    // Arrows come as ESC [ A or ESC O A, in one piece.
    std::array<char, 2> rest{};
    if (key != '\033' || ::read(STDIN_FILENO, rest.data(), rest.size()) != 2) return Key::Other;
    switch (rest[1]) {
    case 'A':
        return Key::FarForward;
    case 'B':
        return Key::FarBack;
    case 'C':
        return Key::Forward;
    case 'D':
        return Key::Back;
    default:
        return Key::Other;
    }
}

StatusLine::StatusLine(bool wanted)
    : active_(wanted && ::isatty(STDERR_FILENO)) {}

void StatusLine::show(const std::string& text) {
    if (!active_) return;
    write_text(stderr, "\r\033[K" + text);
    drawn_ = true;
}

void StatusLine::clear() {
    if (drawn_) write_text(stderr, "\r\033[K");
    drawn_ = false;
}

} // namespace v4l2play
