#include "render/kms/card_memory.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

namespace v4l2play {
namespace {

/// Bytes of a row: cards limit the width and height of a dumb buffer, not what is put into it.
constexpr std::uint32_t row_bytes = 16384;
/// So much does not lie in one piece by chance.
constexpr std::size_t trial_bytes = std::size_t{1} << 20;

class DumbAllocator final : public SlotAllocator {
  public:
    DumbAllocator(Kernel& kernel, UniqueFd card)
        : kernel_(kernel)
        , card_(std::move(card)) {}

    Result<SlotMemory> allocate(std::size_t bytes) override;
    [[nodiscard]] const std::string& description() const override { return description_; }

    std::string description_;

  private:
    /// Errno's text of the call that failed just now.
    static tl::unexpected<Error> failed(const char* call) {
        const int code = errno;
        return fail(code, fmt::format("{}: {}", call, std::strerror(code)), call);
    }
    Result<SlotMemory> export_and_map(std::uint32_t handle, std::size_t size);

    Kernel& kernel_;
    UniqueFd card_;
};

Result<SlotMemory> DumbAllocator::allocate(std::size_t bytes) {
    if (bytes == 0) return fail(EINVAL, "a slot of 0 bytes", "allocate");
    if (bytes > maximum_slot_bytes)
        return fail(EFBIG, fmt::format("a slot of {} bytes is too large", bytes), "allocate");
    const auto rows = static_cast<std::uint32_t>((bytes + row_bytes - 1) / row_bytes);
    std::uint32_t handle = 0;
    std::uint32_t pitch = 0;
    std::uint64_t size = 0;
    if (drmModeCreateDumbBuffer(card_.get(), row_bytes / 4, rows, 32, 0, &handle, &pitch, &size) != 0)
        return failed("DRM_IOCTL_MODE_CREATE_DUMB");
    auto memory = export_and_map(handle, static_cast<std::size_t>(size));
    drmModeDestroyDumbBuffer(card_.get(), handle); // the dmabuf keeps the memory
    return memory;
}

Result<SlotMemory> DumbAllocator::export_and_map(std::uint32_t handle, std::size_t size) {
    int dmabuf = -1;
    if (drmPrimeHandleToFD(card_.get(), handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf) != 0)
        return failed("DRM_IOCTL_PRIME_HANDLE_TO_FD");
    SlotMemory memory;
    memory.dmabuf[0] = UniqueFd(kernel_, dmabuf);
    auto mapping = Mapping::create(kernel_, size, PROT_READ | PROT_WRITE, dmabuf, 0);
    if (!mapping) return fail(std::move(mapping).error());
    memory.mapping = *std::move(mapping);
    return memory;
}

/// Empty, or why the card does not take such memory.
std::string refusal(SlotAllocator& memory, int card_fd) {
    const auto trial = memory.allocate(trial_bytes);
    if (!trial) return trial.error().what;
    std::uint32_t handle = 0;
    if (drmPrimeFDToHandle(card_fd, trial->dmabuf[0].get(), &handle) != 0)
        return fmt::format("the card does not take it: {}", std::strerror(errno));
    drmCloseBufferHandle(card_fd, handle);
    return {};
}

} // namespace

Result<std::unique_ptr<SlotAllocator>> create_card_memory(Kernel& kernel, int card_fd) {
    auto system = create_slot_allocator(kernel, true);
    const std::string why = system ? refusal(**system, card_fd) : system.error().what;
    if (system && why.empty()) return system;
    return create_dumb_memory(kernel, card_fd,
                              fmt::format("{}{}{}", system ? (*system)->description() : "", system ? ": " : "", why));
}

Result<std::unique_ptr<SlotAllocator>> create_dumb_memory(Kernel& kernel, int card_fd, const std::string& why) {
    const int card = ::fcntl(card_fd, F_DUPFD_CLOEXEC, 3);
    if (card < 0) return fail(errno, std::strerror(errno), "F_DUPFD_CLOEXEC");
    auto dumb = std::make_unique<DumbAllocator>(kernel, UniqueFd(kernel, card));
    if (auto trial = dumb->allocate(1); !trial)
        return fail(trial.error().code,
                    fmt::format("{}{}dumb buffers: {}", why, why.empty() ? "" : "; ", trial.error().what),
                    "slot memory");
    dumb->description_ = why.empty() ? "dumb buffers" : fmt::format("dumb buffers ({})", why);
    return dumb;
}

} // namespace v4l2play
