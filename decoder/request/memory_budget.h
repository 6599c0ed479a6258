// How much memory the slots of one more context may take.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "decoder/kernel.h"
#include "decoder/request/device_setup.h"
#include "decoder/result.h"

namespace v4l2play {

/// The text of /proc/meminfo; empty, as if nothing limited memory, where it cannot be read.
std::string read_meminfo(Kernel& kernel);

/// Bytes that a context may take of a machine with this /proc/meminfo: half of what is available, so that the next
/// player, and the software decoder, find something too. What other contexts, of this process or of others, have taken
/// is not available any more: the kernel does the sum over all of them. UINT64_MAX when the text does not tell.
std::uint64_t slot_budget(std::string_view meminfo);

/// Bytes of the contiguous memory area (CMA) that a context may take: three quarters of what is free there; the rest is
/// for the bitstream, and for the display's own memory. UINT64_MAX when the machine has no such area.
std::uint64_t contiguous_budget(std::string_view meminfo);

/// Whether the video device at `video_path` has an IOMMU, and so its memory need not be contiguous.
bool is_behind_iommu(Kernel& kernel, const std::string& video_path);

/// Cuts the slots that are not indispensable to the budget; ENOMEM, with the numbers, when those that are do not fit.
Result<> fit_slots(SlotCount& slots, std::uint64_t slot_size, std::uint64_t budget);

/// Likewise to a contiguous budget; but those that are indispensable stay: no driver tells whether its buffers are
/// contiguous, and one whose are not does not need to.
void fit_contiguous(SlotCount& slots, std::uint64_t slot_size, std::uint64_t budget);

} // namespace v4l2play
