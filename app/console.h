// The person at the terminal: signals and keys, as descriptors for the event loop.
#pragma once

#include <termios.h>

#include "decoder/kernel.h"

namespace v4l2play {

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT as a descriptor: none of them ends the program before display, console and
/// terminal are as they were. Blocks them in the calling thread and in all that it starts later, so it is made before
/// any other thread.
class Signals {
  public:
    static Result<std::unique_ptr<Signals>> create();
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// The number of a signal that has come, 0 when none has.
    int take();

  private:
    explicit Signals(UniqueFd fd)
        : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

enum class Key { None, Quit, Pause, Back, Forward, FarBack, FarForward, Stats, Other };

/// Single keys from standard input, when that is a terminal. Its settings are put back at the end.
class Keyboard {
  public:
    Keyboard();
    Keyboard(const Keyboard&) = delete;
    Keyboard& operator=(const Keyboard&) = delete;
    ~Keyboard();

    /// -1 when standard input is no terminal.
    [[nodiscard]] int fd() const { return active_ ? 0 : -1; }
    /// A key that was pressed; None when the terminal has gone.
    Key take();

  private:
    bool active_ = false;
    termios saved_{};
};

/// One line about what is going on, written over itself; only where standard error is a terminal.
class StatusLine {
  public:
    explicit StatusLine(bool wanted);
    ~StatusLine() { clear(); }
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;

    [[nodiscard]] bool active() const { return active_; }
    void show(const std::string& text);
    void clear();

  private:
    bool active_;
    bool drawn_ = false;
};

} // namespace v4l2play
