// The screens, when there are any.
#pragma once

#include "render/kms/screen.h"

namespace v4l2play {

/// Screen::open; where `options` want that, as soon as a display is connected, or something else is wrong. EINTR when a
/// signal wants the program to end.
Result<OpenedCard> await_screens(const KmsOptions& options, Kernel& kernel);

} // namespace v4l2play
