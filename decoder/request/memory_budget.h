// How much memory the slots of one more context may take.
#pragma once

#include <cstdint>
#include <string_view>

#include "decoder/kernel.h"
#include "decoder/request/device_setup.h"
#include "decoder/result.h"

namespace v4l2play {

/// Bytes that a context may take of a machine with this /proc/meminfo: half of what is available, so that the next
/// player, and the software decoder, find something too. What other contexts, of this process or of others, have taken
/// is not available any more: the kernel does the sum over all of them. UINT64_MAX when the text does not tell.
///
/// CmaFree is not looked at: behind an IOMMU nothing comes from there, and where it does the driver gives as many
/// buffers as there are.
std::uint64_t slot_budget(std::string_view meminfo);

/// The same for the machine that it runs on.
std::uint64_t slot_budget(Kernel& kernel);

/// Cuts the slots that are not indispensable to the budget; ENOMEM, with the numbers, when those that are do not fit.
Result<> fit_slots(SlotCount& slots, std::uint64_t slot_size, std::uint64_t budget);

} // namespace v4l2play
