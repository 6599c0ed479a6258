// Implicit synchronisation: who reads a dmabuf waits for those who write into it.
#pragma once

#include "decoder/slot_memory.h"

namespace v4l2play {

/// `memory` is complete when `fence`, a sync_file, signals; it stays the caller's. Linux 6.0.
Result<> add_write_fence(Kernel& kernel, const SlotMemory& memory, const UniqueFd& fence);

} // namespace v4l2play
