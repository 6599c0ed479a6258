// Memory for slots that the CPU fills and a card scans out.
#pragma once

#include <memory>
#include <string>

#include "decoder/slot_memory.h"

namespace v4l2play {

/// The system's memory (`create_slot_allocator`), which caches, where the card takes it; else dumb buffers of the card:
/// displays without an IOMMU take contiguous memory alone, and a system may have neither udmabuf nor dma-heap. `kernel`
/// must outlive it; `card_fd` need not. Errors: those of both, in one.
Result<std::unique_ptr<SlotAllocator>> create_card_memory(Kernel& kernel, int card_fd);
/// Dumb buffers in any case; `why` there is nothing better.
Result<std::unique_ptr<SlotAllocator>> create_dumb_memory(Kernel& kernel, int card_fd, const std::string& why = {});

} // namespace v4l2play
