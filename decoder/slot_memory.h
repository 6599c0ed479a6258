// Memory for slots that the CPU fills (software decoding): cached dmabufs where the system has them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/slot.h"

namespace v4l2play {

/// A slot larger than this is refused: no picture needs it, a hostile header may ask for it.
constexpr std::size_t maximum_slot_bytes = std::size_t{1} << 30;

/// Makes the memory of slots, each one mapped for reading and writing (`SlotMemory::mapping`, page-aligned). An output
/// may have one of its own (KMS dumb buffers: displays that need contiguous memory).
class SlotAllocator {
  public:
    virtual ~SlotAllocator() = default;

    /// At least `bytes`, rounded up to pages. EFBIG over `maximum_slot_bytes`, EINVAL for 0. Need not be thread-safe.
    virtual Result<SlotMemory> allocate(std::size_t bytes) = 0;
    /// What it allocates from, and why nothing better: "udmabuf", "plain memory (udmabuf: ...)".
    [[nodiscard]] virtual const std::string& description() const = 0;
};

/// The best allocator that really allocates here: udmabuf, else a dma-heap with cached memory, else plain memory unless
/// `needs_dmabuf`. ENODEV, with every reason, when nothing is left. `kernel` must outlive it.
Result<std::unique_ptr<SlotAllocator>> create_slot_allocator(Kernel& kernel, bool needs_dmabuf);

/// Where the CPU reads and writes the memory; empty when it is not mapped.
std::span<std::uint8_t> cpu_bytes(const SlotMemory& memory);

/// Brackets CPU access to a dmabuf, so that caches are coherent with the devices: call `begin` before the first access,
/// `end` after the last one. Both answer 0 or a negative errno; a descriptor of -1 (plain memory) needs neither.
enum class CpuAccess : std::uint8_t { Read, ReadWrite };
int begin_cpu_access(Kernel& kernel, int dmabuf, CpuAccess access);
int end_cpu_access(Kernel& kernel, int dmabuf, CpuAccess access);

} // namespace v4l2play
