// The screen, when there is one.
#pragma once

#include "render/kms/screen.h"

namespace v4l2play {

/// Screen::open; where `options` want that, as soon as a display is connected, or something else is wrong. EINTR when a
/// signal wants the program to end.
Result<std::unique_ptr<Screen>> await_screen(const KmsOptions& options, Kernel& kernel);

} // namespace v4l2play
