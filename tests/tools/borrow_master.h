// What only the DRM master may ask, and there is one: so its own DRM file is borrowed (pidfd_getfd(2), for those who
// may trace the process). The master stays master.
#pragma once

#include "decoder/kernel.h"
#include "decoder/result.h"

namespace v4l2play {

/// A duplicate of the descriptor through which process `pid` is master of a card.
Result<UniqueFd> borrow_master(int pid);

} // namespace v4l2play
