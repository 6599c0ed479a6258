#include "decoder/slot_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace v4l2play {
namespace {

/// The system's kernel with devices of the test's making: /dev/udmabuf and heaps that hand out memfds for dmabufs. It
/// keeps the rules of the real ones (whole pages, sealed files, synchronised access in pairs).
class StagedKernel final : public Kernel {
  public:
    bool udmabuf = false;
    std::vector<std::string> heaps;
    std::map<std::string, int> refused; ///< device or heap → errno of its allocations
    bool mmap_fails = false;

    std::vector<std::string> allocations; ///< "udmabuf 8192"
    std::set<int> open_fds;
    std::map<int, int> accesses; ///< dmabuf → CPU accesses begun and not ended

    int open(const char* path, int) override {
        const std::string name(path);
        const bool there =
            (name == "/dev/udmabuf" && udmabuf) ||
            std::any_of(heaps.begin(), heaps.end(), [&](const auto& h) { return name == "/dev/dma_heap/" + h; });
        if (!there) return -ENOENT;
        const int fd = track(system_kernel().open("/dev/null", O_RDWR));
        devices_[fd] = name.substr(name.rfind('/') + 1);
        return fd;
    }
    int close(int fd) override {
        EXPECT_EQ(open_fds.erase(fd), 1U) << "closed twice or never opened";
        return system_kernel().close(fd);
    }
    int ioctl(int fd, unsigned long request, void* argument) override {
        if (request == DMA_BUF_IOCTL_SYNC) return sync(fd, *static_cast<dma_buf_sync*>(argument));
        const std::string device = devices_.at(fd);
        if (refused.count(device) != 0) return -refused[device];
        if (request == UDMABUF_CREATE) return create(*static_cast<udmabuf_create*>(argument));
        EXPECT_EQ(request, static_cast<unsigned long>(DMA_HEAP_IOCTL_ALLOC));
        auto& allocation = *static_cast<dma_heap_allocation_data*>(argument);
        EXPECT_EQ(allocation.fd_flags, static_cast<std::uint32_t>(O_RDWR | O_CLOEXEC));
        const int dmabuf = memfd("dmabuf", allocation.len, 0);
        allocation.fd = static_cast<std::uint32_t>(dmabuf);
        allocations.push_back(device + " " + std::to_string(allocation.len));
        return 0;
    }
    void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) override {
        if (mmap_fails) return error = -EPERM, nullptr;
        return system_kernel().mmap(length, protection, fd, offset, error);
    }
    int munmap(void* address, std::size_t length) override { return system_kernel().munmap(address, length); }
    int memfd(const char* name, std::size_t size, unsigned seals) override {
        return track(system_kernel().memfd(name, size, seals));
    }
    std::vector<std::string> list_directory(const char* path) override {
        EXPECT_STREQ(path, "/dev/dma_heap");
        std::vector<std::string> names{".", ".."};
        names.insert(names.end(), heaps.begin(), heaps.end());
        return heaps.empty() ? heaps : names;
    }

    ssize_t read(int, void*, std::size_t) override { return -ENOSYS; }
    ssize_t write(int, const void*, std::size_t) override { return -ENOSYS; }
    int eventfd() override { return -ENOSYS; }
    int epoll_create() override { return -ENOSYS; }
    int epoll_add(int, int, std::uint32_t, std::uint64_t) override { return -ENOSYS; }
    int epoll_remove(int, int) override { return -ENOSYS; }
    int epoll_wait(int, std::span<epoll_event>, Nanoseconds) override { return -ENOSYS; }
    dev_t device_number(const char*) override { return 0; }
    Nanoseconds now() override { return 0; }

  private:
    int track(int fd) {
        if (fd >= 0) open_fds.insert(fd);
        return fd;
    }
    int create(const udmabuf_create& request) {
        const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        if (request.offset % page != 0 || request.size % page != 0 || request.size == 0) return -EINVAL;
        const int file = static_cast<int>(request.memfd);
        const int seals = ::fcntl(file, F_GET_SEALS);
        if ((seals & F_SEAL_SHRINK) == 0 || (seals & F_SEAL_WRITE) != 0) return -EINVAL;
        EXPECT_EQ(request.flags, static_cast<std::uint32_t>(UDMABUF_FLAGS_CLOEXEC));
        allocations.push_back("udmabuf " + std::to_string(request.size));
        return track(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    }
    int sync(int fd, const dma_buf_sync& request) {
        accesses[fd] += (request.flags & DMA_BUF_SYNC_END) != 0 ? -1 : 1;
        return 0;
    }

    std::map<int, std::string> devices_;
};

std::string page_text(std::size_t pages) {
    return std::to_string(pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(SlotMemory, PrefersUdmabuf) {
    StagedKernel kernel;
    kernel.udmabuf = true;
    kernel.heaps = {"system"};
    {
        auto allocator = create_slot_allocator(kernel, true);
        ASSERT_TRUE(allocator) << allocator.error().what;
        EXPECT_EQ((*allocator)->description(), "udmabuf");
        const auto memory = (*allocator)->allocate(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + 1);
        ASSERT_TRUE(memory);
        EXPECT_EQ(kernel.allocations.back(), "udmabuf " + page_text(2));
        EXPECT_TRUE(memory->dmabuf[0]);
        EXPECT_FALSE(memory->dmabuf[1]);
        const auto bytes = cpu_bytes(*memory);
        ASSERT_EQ(std::to_string(bytes.size()), page_text(2));
        // The mapping is that of the dmabuf, not of some other memory.
        bytes[5000 % bytes.size()] = 0x5a;
        std::uint8_t seen = 0;
        ASSERT_EQ(::pread(memory->dmabuf[0].get(), &seen, 1, 5000 % static_cast<off_t>(bytes.size())), 1);
        EXPECT_EQ(seen, 0x5a);
        EXPECT_EQ(kernel.open_fds.size(), 2U) << "the device and the dmabuf, and nothing else";
    }
    EXPECT_TRUE(kernel.open_fds.empty());
}

TEST(SlotMemory, HeapsByPreference) {
    StagedKernel kernel;
    kernel.heaps = {"linux,cma", "secure-video", "system", "system-uncached"};
    auto allocator = create_slot_allocator(kernel, true);
    ASSERT_TRUE(allocator);
    EXPECT_TRUE((*allocator)->description().starts_with("dma-heap system (udmabuf: ")) << (*allocator)->description();
    kernel.refused["system"] = ENOMEM;
    allocator = create_slot_allocator(kernel, true);
    ASSERT_TRUE(allocator);
    EXPECT_TRUE((*allocator)->description().starts_with("dma-heap linux,cma (")) << (*allocator)->description();
    EXPECT_NE((*allocator)->description().find("dma-heap system: DMA_HEAP_IOCTL_ALLOC"), std::string::npos);
    EXPECT_EQ((*allocator)->description().find("secure"), std::string::npos);
    // A heap that has no name we know is still better than none.
    kernel.heaps = {"reserved_vendor", "system-uncached"};
    allocator = create_slot_allocator(kernel, true);
    ASSERT_TRUE(allocator);
    EXPECT_TRUE((*allocator)->description().starts_with("dma-heap reserved_vendor"));
    EXPECT_EQ(kernel.allocations.back(), "reserved_vendor " + page_text(1));
}

/// Opening is not enough: what cannot be allocated or mapped is not chosen.
TEST(SlotMemory, TriesBeforeItChooses) {
    StagedKernel kernel;
    kernel.udmabuf = true;
    kernel.refused["udmabuf"] = EPERM;
    kernel.heaps = {"system"};
    auto allocator = create_slot_allocator(kernel, true);
    ASSERT_TRUE(allocator);
    EXPECT_TRUE((*allocator)->description().starts_with("dma-heap system (udmabuf: UDMABUF_CREATE"));
    kernel.mmap_fails = true;
    allocator = create_slot_allocator(kernel, true);
    ASSERT_FALSE(allocator);
    EXPECT_EQ(allocator.error().code, ENODEV);
    EXPECT_TRUE(kernel.open_fds.empty()) << "failures must not leak descriptors";
}

TEST(SlotMemory, PlainMemoryOnlyWhereItWillDo) {
    StagedKernel kernel;
    auto allocator = create_slot_allocator(kernel, true);
    ASSERT_FALSE(allocator);
    EXPECT_EQ(allocator.error().code, ENODEV);
    EXPECT_NE(allocator.error().what.find("udmabuf: No such file"), std::string::npos) << allocator.error().what;
    EXPECT_NE(allocator.error().what.find("dma-heap: none here"), std::string::npos) << allocator.error().what;
    allocator = create_slot_allocator(kernel, false);
    ASSERT_TRUE(allocator);
    EXPECT_TRUE((*allocator)->description().starts_with("plain memory (udmabuf: "));
    const auto memory = (*allocator)->allocate(100);
    ASSERT_TRUE(memory);
    EXPECT_FALSE(memory->dmabuf[0]);
    EXPECT_EQ(std::to_string(cpu_bytes(*memory).size()), page_text(1));
    EXPECT_EQ(cpu_bytes(*memory)[50], 0);
}

TEST(SlotMemory, RefusesAbsurdSizes) {
    StagedKernel kernel;
    kernel.udmabuf = true;
    kernel.heaps = {"system"};
    for (const char* refused : {"", "udmabuf"}) {
        kernel.refused[refused] = ENODEV;
        auto allocator = create_slot_allocator(kernel, false);
        ASSERT_TRUE(allocator);
        const std::size_t before = kernel.allocations.size();
        EXPECT_EQ((*allocator)->allocate(0).error().code, EINVAL);
        EXPECT_EQ((*allocator)->allocate(maximum_slot_bytes + 1).error().code, EFBIG);
        EXPECT_EQ((*allocator)->allocate(SIZE_MAX).error().code, EFBIG);
        EXPECT_EQ(kernel.allocations.size(), before);
    }
}

TEST(SlotMemory, CpuAccessComesInPairs) {
    StagedKernel kernel;
    EXPECT_EQ(begin_cpu_access(kernel, 7, CpuAccess::ReadWrite), 0);
    EXPECT_EQ(kernel.accesses[7], 1);
    EXPECT_EQ(end_cpu_access(kernel, 7, CpuAccess::ReadWrite), 0);
    EXPECT_EQ(kernel.accesses[7], 0);
    EXPECT_EQ(begin_cpu_access(kernel, -1, CpuAccess::Read), 0);
    EXPECT_EQ(kernel.accesses.size(), 1U) << "plain memory needs no call";
}

/// On a machine that has one of the devices, the real thing must work; what one lacks that has none is said. (The lab
/// has both: lab-tests/playback.)
TEST(SlotMemory, WorksOnThisSystemOrSaysWhatItLacks) {
    auto allocator = create_slot_allocator(system_kernel(), true);
    if (!allocator) {
        EXPECT_NE(allocator.error().what.find("udmabuf"), std::string::npos) << allocator.error().what;
        EXPECT_NE(allocator.error().what.find("dma-heap"), std::string::npos) << allocator.error().what;
        return;
    }
    const auto memory = (*allocator)->allocate(1'000'000);
    ASSERT_TRUE(memory) << memory.error().what;
    const int dmabuf = memory->dmabuf[0].get();
    EXPECT_EQ(begin_cpu_access(system_kernel(), dmabuf, CpuAccess::ReadWrite), 0);
    std::memset(cpu_bytes(*memory).data(), 0x33, cpu_bytes(*memory).size());
    EXPECT_EQ(end_cpu_access(system_kernel(), dmabuf, CpuAccess::ReadWrite), 0);
    const auto other = Mapping::create(system_kernel(), 4096, PROT_READ, dmabuf, 0);
    ASSERT_TRUE(other);
    EXPECT_EQ(other->bytes()[4095], 0x33);
}

} // namespace
} // namespace v4l2play
