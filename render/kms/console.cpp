#include "render/kms/console.h"

#include <cstdint>

#include <fcntl.h>
#include <linux/kd.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

/// KDSETMODE takes its argument by value.
void* by_value(std::uintptr_t value) { return reinterpret_cast<void*>(value); }

/// A terminal that is virtual and in text mode; empty otherwise. /dev/stdin is opened anew: its owner may close it.
UniqueFd text_console(Kernel& kernel, const char* path) {
    UniqueFd terminal(kernel, kernel.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK));
    int mode = 0;
    if (!terminal || kernel.ioctl(terminal.get(), KDGETMODE, &mode) != 0 || mode != KD_TEXT) return {};
    return terminal;
}

} // namespace

GraphicsConsole::GraphicsConsole(Kernel& kernel)
    : kernel_(kernel) {
    for (const char* path : {"/dev/stdin", "/dev/tty"}) {
        UniqueFd terminal = text_console(kernel, path);
        if (!terminal) continue;
        if (kernel.ioctl(terminal.get(), KDSETMODE, by_value(KD_GRAPHICS)) == 0) terminal_ = std::move(terminal);
        break;
    }
    if (terminal_) log_debug("kms", "the console is in graphics mode");
}

GraphicsConsole::~GraphicsConsole() {
    if (terminal_) kernel_.ioctl(terminal_.get(), KDSETMODE, by_value(KD_TEXT));
}

} // namespace v4l2play
