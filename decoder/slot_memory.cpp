#include "decoder/slot_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

namespace v4l2play {
namespace {

constexpr const char* udmabuf_device = "/dev/udmabuf";
constexpr const char* heap_directory = "/dev/dma_heap";

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

Result<std::size_t> whole_pages(std::size_t bytes) {
    if (bytes == 0) return fail(EINVAL, "a slot of 0 bytes", "allocate");
    if (bytes > maximum_slot_bytes)
        return fail(EFBIG, fmt::format("a slot of {} bytes is too large", bytes), "allocate");
    const std::size_t page = page_size();
    return (bytes + page - 1) / page * page;
}

tl::unexpected<Error> failed_call(int result, const char* what, const char* where) {
    return fail(-result, fmt::format("{}: {}", what, std::strerror(-result)), where);
}

Result<Mapping> map_read_write(Kernel& kernel, int fd, std::size_t size) {
    return Mapping::create(kernel, size, PROT_READ | PROT_WRITE, fd, 0);
}

Result<SlotMemory> map_dmabuf(Kernel& kernel, UniqueFd dmabuf, std::size_t size) {
    SlotMemory memory;
    auto mapping = map_read_write(kernel, dmabuf.get(), size);
    if (!mapping) return fail(std::move(mapping).error());
    memory.dmabuf[0] = std::move(dmabuf);
    memory.mapping = *std::move(mapping);
    return memory;
}

class DescribedAllocator : public SlotAllocator {
  public:
    explicit DescribedAllocator(Kernel& kernel)
        : kernel_(kernel) {}
    [[nodiscard]] const std::string& description() const override { return description_; }

    std::string description_;

  protected:
    Kernel& kernel_;
};

/// Ordinary pages made into a dmabuf: cached, and needs no special memory. Not contiguous.
class UdmabufAllocator final : public DescribedAllocator {
  public:
    UdmabufAllocator(Kernel& kernel, UniqueFd device)
        : DescribedAllocator(kernel)
        , device_(std::move(device)) {}

    Result<SlotMemory> allocate(std::size_t bytes) override {
        const auto size = whole_pages(bytes);
        if (!size) return fail(size.error());
        // udmabuf demands that the file cannot shrink under it.
        const int file = kernel_.memfd("v4l2play-slot", *size, F_SEAL_SHRINK);
        if (file < 0) return failed_call(file, "memfd", "memfd_create");
        const UniqueFd file_owner(kernel_, file);
        udmabuf_create request{};
        request.memfd = static_cast<std::uint32_t>(file);
        request.flags = UDMABUF_FLAGS_CLOEXEC;
        request.size = *size;
        const int dmabuf = kernel_.ioctl(device_.get(), UDMABUF_CREATE, &request);
        if (dmabuf < 0) return failed_call(dmabuf, "UDMABUF_CREATE", "UDMABUF_CREATE");
        return map_dmabuf(kernel_, UniqueFd(kernel_, dmabuf), *size);
    }

  private:
    UniqueFd device_;
};

class HeapAllocator final : public DescribedAllocator {
  public:
    HeapAllocator(Kernel& kernel, UniqueFd heap)
        : DescribedAllocator(kernel)
        , heap_(std::move(heap)) {}

    Result<SlotMemory> allocate(std::size_t bytes) override {
        const auto size = whole_pages(bytes);
        if (!size) return fail(size.error());
        dma_heap_allocation_data request{};
        request.len = *size;
        request.fd_flags = O_RDWR | O_CLOEXEC;
        const int result = kernel_.ioctl(heap_.get(), DMA_HEAP_IOCTL_ALLOC, &request);
        if (result < 0) return failed_call(result, "DMA_HEAP_IOCTL_ALLOC", "DMA_HEAP_IOCTL_ALLOC");
        return map_dmabuf(kernel_, UniqueFd(kernel_, static_cast<int>(request.fd)), *size);
    }

  private:
    UniqueFd heap_;
};

/// Memory of the process alone. From a memfd too: page-aligned, and given back to the system at once.
class PlainAllocator final : public DescribedAllocator {
  public:
    using DescribedAllocator::DescribedAllocator;

    Result<SlotMemory> allocate(std::size_t bytes) override {
        const auto size = whole_pages(bytes);
        if (!size) return fail(size.error());
        const int file = kernel_.memfd("v4l2play-slot", *size, 0);
        if (file < 0) return failed_call(file, "memfd", "memfd_create");
        const UniqueFd file_owner(kernel_, file);
        auto mapping = map_read_write(kernel_, file, *size);
        if (!mapping) return fail(std::move(mapping).error());
        SlotMemory memory;
        memory.mapping = *std::move(mapping);
        return memory;
    }
};

/// Heaps by preference: pages from anywhere first, then the contiguous ones (their names across vendors and kernels).
/// Heaps whose memory the CPU may not cache or not touch at all are worth nothing to a software decoder.
std::vector<std::string> heaps_by_preference(Kernel& kernel) {
    constexpr std::array<std::string_view, 4> preferred{"system", "linux,cma", "reserved", "vidbuf_cached"};
    constexpr std::array<std::string_view, 4> unusable{"uncached", "secure", "protected", "restricted"};
    std::vector<std::string> heaps = kernel.list_directory(heap_directory);
    std::erase_if(heaps, [&](const std::string& name) {
        return name.starts_with('.') || std::any_of(unusable.begin(), unusable.end(), [&](std::string_view word) {
                   return name.find(word) != std::string::npos;
               });
    });
    std::stable_sort(heaps.begin(), heaps.end(), [&](const std::string& a, const std::string& b) {
        return std::find(preferred.begin(), preferred.end(), a) < std::find(preferred.begin(), preferred.end(), b);
    });
    return heaps;
}

/// Tries candidates in turn and remembers why each was refused.
class Chooser {
  public:
    explicit Chooser(Kernel& kernel)
        : kernel_(kernel) {}

    /// True when `Allocator` works with the device at `path`.
    template <class Allocator>
    bool try_device(const std::string& path, const std::string& name) {
        const int fd = kernel_.open(path.c_str(), O_RDWR);
        if (fd < 0) {
            refuse(name, std::strerror(-fd));
            return false;
        }
        return try_allocator(std::make_unique<Allocator>(kernel_, UniqueFd(kernel_, fd)), name);
    }

    /// A device that opens may still not allocate (no CMA left, no permission to map): ask for one page.
    bool try_allocator(std::unique_ptr<DescribedAllocator> allocator, const std::string& name) {
        if (const auto trial = allocator->allocate(page_size()); !trial) {
            refuse(name, trial.error().what);
            return false;
        }
        allocator->description_ = refused_.empty() ? name : fmt::format("{} ({})", name, refused_);
        chosen_ = std::move(allocator);
        return true;
    }

    void refuse(const std::string& name, std::string_view why) {
        refused_ += fmt::format("{}{}: {}", refused_.empty() ? "" : "; ", name, why);
    }

    std::unique_ptr<SlotAllocator> chosen_;
    std::string refused_;

  private:
    Kernel& kernel_;
};

bool choose_dmabuf(Kernel& kernel, Chooser& chooser) {
    if (chooser.try_device<UdmabufAllocator>(udmabuf_device, "udmabuf")) return true;
    const std::vector<std::string> heaps = heaps_by_preference(kernel);
    if (heaps.empty()) chooser.refuse("dma-heap", "none here");
    return std::any_of(heaps.begin(), heaps.end(), [&](const std::string& name) {
        return chooser.try_device<HeapAllocator>(fmt::format("{}/{}", heap_directory, name), "dma-heap " + name);
    });
}

int sync(Kernel& kernel, int dmabuf, CpuAccess access, std::uint64_t edge) {
    if (dmabuf < 0) return 0;
    dma_buf_sync request{};
    request.flags = edge | (access == CpuAccess::Read ? DMA_BUF_SYNC_READ : DMA_BUF_SYNC_RW);
    return kernel.ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &request);
}

} // namespace

Result<std::unique_ptr<SlotAllocator>> create_slot_allocator(Kernel& kernel, bool needs_dmabuf) {
    Chooser chooser(kernel);
    if (choose_dmabuf(kernel, chooser)) return std::move(chooser.chosen_);
    if (!needs_dmabuf && chooser.try_allocator(std::make_unique<PlainAllocator>(kernel), "plain memory"))
        return std::move(chooser.chosen_);
    return fail(ENODEV, fmt::format("no memory that the display can read ({})", chooser.refused_), "slot memory");
}

std::span<std::uint8_t> cpu_bytes(const SlotMemory& memory) { return memory.mapping.bytes(); }

int begin_cpu_access(Kernel& kernel, int dmabuf, CpuAccess access) {
    return sync(kernel, dmabuf, access, DMA_BUF_SYNC_START);
}

int end_cpu_access(Kernel& kernel, int dmabuf, CpuAccess access) {
    return sync(kernel, dmabuf, access, DMA_BUF_SYNC_END);
}

} // namespace v4l2play
