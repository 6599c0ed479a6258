#include "render/kms/framebuffer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "render/kms/device.h"
#include "render/kms/formats.h"

namespace v4l2play {
namespace {

/// GEM handles of a slot's dmabufs. The kernel does not count imports of the same memory: every import answers the
/// same handle, and closing it once closes it for all. So each distinct handle is closed once, and as soon as the
/// framebuffer, which holds the memory by itself, exists.
class Handles {
  public:
    explicit Handles(int fd)
        : fd_(fd) {}
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    ~Handles() {
        for (std::size_t i = 0; i < handles_.size(); ++i)
            if (handles_[i] != 0 && std::find(handles_.begin(), handles_.begin() + i, handles_[i]) == &handles_[i])
                close(handles_[i]);
    }

    /// 0 or a negative errno.
    int import(std::size_t plane, int dmabuf) {
        return drmPrimeFDToHandle(fd_, dmabuf, &handles_[plane]) == 0 ? 0 : -errno;
    }
    [[nodiscard]] std::uint32_t operator[](std::size_t plane) const { return handles_[plane]; }

  private:
    void close(std::uint32_t handle) const {
        drm_gem_close request{};
        request.handle = handle;
        drmIoctl(fd_, DRM_IOCTL_GEM_CLOSE, &request);
    }

    int fd_;
    std::array<std::uint32_t, 4> handles_{};
};

/// What AddFB2 wants, per component.
struct Layout {
    std::array<std::uint32_t, 4> handles{};
    std::array<std::uint32_t, 4> pitches{};
    std::array<std::uint32_t, 4> offsets{};
    std::array<std::uint64_t, 4> modifiers{};
};

Layout to_layout(const FrameFormat& format, const Handles& handles) {
    Layout layout;
    for (std::size_t i = 0; i < format.components; ++i) {
        layout.handles[i] = handles[format.layout[i].memory_plane];
        layout.pitches[i] = format.layout[i].pitch;
        layout.offsets[i] = format.layout[i].offset;
        layout.modifiers[i] = format.modifier;
    }
    return layout;
}

/// 0 or a negative errno. Drivers without modifiers take linear memory by the older call.
int add_framebuffer(const KmsDevice& device, const FrameFormat& format, const Layout& layout, std::uint32_t& id) {
    const auto fourcc = static_cast<std::uint32_t>(format.fourcc);
    if (device.has_modifiers() && format.modifier != modifier_invalid) {
        const int result = drmModeAddFB2WithModifiers(
            device.fd(), format.coded_width, format.coded_height, fourcc, layout.handles.data(), layout.pitches.data(),
            layout.offsets.data(), layout.modifiers.data(), &id, DRM_MODE_FB_MODIFIERS);
        if (result == 0 || format.modifier != modifier_linear) return result == 0 ? 0 : -errno;
    } else if (format.modifier != modifier_linear && format.modifier != modifier_invalid) {
        return -ENOTSUP;
    }
    return drmModeAddFB2(device.fd(), format.coded_width, format.coded_height, fourcc, layout.handles.data(),
                         layout.pitches.data(), layout.offsets.data(), &id, 0) == 0
               ? 0
               : -errno;
}

Result<std::uint32_t> import_slot(const KmsDevice& device, const FrameFormat& format, const SlotMemory& memory) {
    Handles handles(device.fd());
    for (std::size_t i = 0; i < format.memory_planes; ++i) {
        if (!memory.dmabuf[i]) return fail(ENOTSUP, "the decoder's frames are not in dmabufs", "import_slot");
        if (const int error = handles.import(i, memory.dmabuf[i].get()); error != 0)
            return fail(-error,
                        fmt::format("{} ({}) cannot import the decoder's memory: {}", device.path(), device.driver(),
                                    std::strerror(-error)),
                        "DRM_IOCTL_PRIME_FD_TO_HANDLE");
    }
    std::uint32_t id = 0;
    const int error = add_framebuffer(device, format, to_layout(format, handles), id);
    if (error == 0) return id;
    return fail(-error,
                fmt::format("{} ({}) refuses {}x{} {} {} as a framebuffer: {}", device.path(), device.driver(),
                            format.coded_width, format.coded_height, to_string(format.fourcc),
                            modifier_name(format.modifier), std::strerror(-error)),
                "DRM_IOCTL_MODE_ADDFB2");
}

} // namespace

Result<std::uint32_t> FramebufferCache::get(const SlotPool& pool, std::uint32_t index) {
    const SlotKey key{pool.generation(), index};
    for (const Entry& entry : entries_)
        if (entry.key == key) return entry.framebuffer;
    Result<std::uint32_t> id = import_slot(*device_, pool.format(), pool.memory(index));
    if (id) entries_.push_back({key, *id});
    return id;
}

void FramebufferCache::keep_only(std::uint32_t generation, std::uint32_t shown) {
    std::erase_if(entries_, [&](const Entry& entry) {
        if (entry.key.generation == generation || entry.key.generation == shown) return false;
        drmModeRmFB(device_->fd(), entry.framebuffer);
        return true;
    });
}

void FramebufferCache::clear() {
    for (const Entry& entry : entries_) drmModeRmFB(device_->fd(), entry.framebuffer);
    entries_.clear();
}

Result<DumbFramebuffer> DumbFramebuffer::create(const KmsDevice& device, Size size, DrmFourcc fourcc) {
    DumbFramebuffer buffer;
    buffer.fd_ = device.fd();
    buffer.size_ = size;
    V4L2PLAY_TRY(buffer.allocate(fourcc));
    return buffer;
}

Result<> DumbFramebuffer::allocate(DrmFourcc fourcc) {
    constexpr std::uint32_t bits_per_pixel = 32;
    if (drmModeCreateDumbBuffer(fd_, size_.width, size_.height, bits_per_pixel, 0, &handle_, &pitch_, &bytes_) != 0)
        return fail(
            errno, fmt::format("no memory for a picture of {}x{}: {}", size_.width, size_.height, std::strerror(errno)),
            "DRM_IOCTL_MODE_CREATE_DUMB");
    const std::array<std::uint32_t, 4> handles{handle_};
    const std::array<std::uint32_t, 4> pitches{pitch_};
    const std::array<std::uint32_t, 4> offsets{};
    if (drmModeAddFB2(fd_, size_.width, size_.height, static_cast<std::uint32_t>(fourcc), handles.data(),
                      pitches.data(), offsets.data(), &id_, 0) != 0)
        return fail(errno,
                    fmt::format("cannot show {} of {}x{}: {}", to_string(fourcc), size_.width, size_.height,
                                std::strerror(errno)),
                    "DRM_IOCTL_MODE_ADDFB2");
    return {};
}

Result<> DumbFramebuffer::map(Kernel& kernel) {
    drm_mode_map_dumb request{};
    request.handle = handle_;
    if (drmIoctl(fd_, DRM_IOCTL_MODE_MAP_DUMB, &request) != 0)
        return fail(errno, std::strerror(errno), "DRM_IOCTL_MODE_MAP_DUMB");
    Result<Mapping> mapping = Mapping::create(kernel, static_cast<std::size_t>(bytes_), PROT_READ | PROT_WRITE, fd_,
                                              static_cast<std::int64_t>(request.offset));
    if (!mapping) return fail(std::move(mapping).error());
    mapping_ = std::move(*mapping);
    return {};
}

DumbFramebuffer::DumbFramebuffer(DumbFramebuffer&& other) noexcept { *this = std::move(other); }

DumbFramebuffer& DumbFramebuffer::operator=(DumbFramebuffer&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.fd_;
        id_ = std::exchange(other.id_, 0);
        handle_ = std::exchange(other.handle_, 0);
        pitch_ = other.pitch_;
        bytes_ = other.bytes_;
        size_ = other.size_;
        mapping_ = std::move(other.mapping_);
    }
    return *this;
}

void DumbFramebuffer::reset() {
    mapping_.reset();
    if (id_ != 0) drmModeRmFB(fd_, std::exchange(id_, 0));
    if (handle_ != 0) drmModeDestroyDumbBuffer(fd_, std::exchange(handle_, 0));
}

} // namespace v4l2play
