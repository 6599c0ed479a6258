#include "render/wayland/write_fence.h"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>

namespace v4l2play {
namespace {

/// Of Linux 6.0's linux/dma-buf.h; the machine's may be older.
struct ImportSyncFile {
    std::uint32_t flags;
    std::int32_t fd;
};
static_assert(sizeof(ImportSyncFile) == 8);
constexpr unsigned long import_sync_file = _IOW(DMA_BUF_BASE, 3, ImportSyncFile);
#ifdef DMA_BUF_IOCTL_IMPORT_SYNC_FILE
static_assert(import_sync_file == DMA_BUF_IOCTL_IMPORT_SYNC_FILE);
#endif

} // namespace

Result<> add_write_fence(Kernel& kernel, const SlotMemory& memory, const UniqueFd& fence) {
    for (const UniqueFd& dmabuf : memory.dmabuf) {
        if (!dmabuf) continue;
        ImportSyncFile import{DMA_BUF_SYNC_WRITE, fence.get()};
        if (const int error = kernel.ioctl(dmabuf.get(), import_sync_file, &import); error != 0)
            return fail(-error, "dmabufs take no fences here", "DMA_BUF_IOCTL_IMPORT_SYNC_FILE");
    }
    return {};
}

} // namespace v4l2play
