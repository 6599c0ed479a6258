#include "tests/tools/writeback.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>

#include "decoder/kernel.h"
#include "render/kms/atomic.h"
#include "render/kms/properties.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t xrgb8888 = static_cast<std::uint32_t>(drm_fourcc('X', 'R', '2', '4'));
constexpr int fence_limit = 30000; // ms: vkms composes by software, slowly

struct LitCrtc {
    std::uint32_t id = 0;
    std::uint32_t bit = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};

std::optional<LitCrtc> find_lit_crtc(int fd, const drmModeRes& resources) {
    for (int i = 0; i < resources.count_crtcs; ++i) {
        const DrmPointer<drmModeCrtc, drmModeFreeCrtc> crtc(drmModeGetCrtc(fd, resources.crtcs[i]));
        if (crtc != nullptr && crtc->mode_valid != 0)
            return LitCrtc{crtc->crtc_id, 1U << i, crtc->mode.hdisplay, crtc->mode.vdisplay};
    }
    return std::nullopt;
}

std::optional<std::uint32_t> find_writeback(int fd, const drmModeRes& resources, const LitCrtc& crtc) {
    for (int i = 0; i < resources.count_connectors; ++i) {
        const DrmPointer<drmModeConnector, drmModeFreeConnector> connector(
            drmModeGetConnector(fd, resources.connectors[i]));
        if (connector != nullptr && connector->connector_type == DRM_MODE_CONNECTOR_WRITEBACK &&
            (drmModeConnectorGetPossibleCrtcs(fd, connector.get()) & crtc.bit) != 0)
            return connector->connector_id;
    }
    return std::nullopt;
}

/// Memory that the display engine writes and the CPU reads.
class Target {
  public:
    Target(int fd, const LitCrtc& crtc)
        : fd_(fd) {
        std::uint32_t handles[4] = {};
        std::uint32_t pitches[4] = {};
        const std::uint32_t offsets[4] = {};
        std::uint64_t offset = 0;
        if (drmModeCreateDumbBuffer(fd, crtc.width, crtc.height, 32, 0, &handle_, &pitch_, &size_) != 0) return;
        handles[0] = handle_;
        pitches[0] = pitch_;
        if (drmModeMapDumbBuffer(fd, handle_, &offset) != 0) return;
        void* address = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
        if (address == MAP_FAILED) return;
        bytes_ = static_cast<std::uint8_t*>(address);
        drmModeAddFB2(fd, crtc.width, crtc.height, xrgb8888, handles, pitches, offsets, &framebuffer_, 0);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() {
        if (framebuffer_ != 0) drmModeRmFB(fd_, framebuffer_);
        if (bytes_ != nullptr) munmap(bytes_, size_);
        if (handle_ != 0) drmModeDestroyDumbBuffer(fd_, handle_);
    }
    [[nodiscard]] std::uint32_t framebuffer() const { return framebuffer_; }
    [[nodiscard]] RgbImage read(const LitCrtc& crtc) const {
        RgbImage image;
        image.resize(crtc.width, crtc.height);
        for (std::uint32_t y = 0; y < crtc.height; ++y) {
            const std::uint8_t* from = bytes_ + std::size_t{y} * pitch_;
            std::uint8_t* to = image.row(y);
            for (std::uint32_t x = 0; x < crtc.width; ++x, from += 4, to += 3) {
                to[0] = from[2];
                to[1] = from[1];
                to[2] = from[0];
            }
        }
        return image;
    }

  private:
    int fd_;
    std::uint32_t handle_ = 0;
    std::uint32_t pitch_ = 0;
    std::uint64_t size_ = 0;
    std::uint8_t* bytes_ = nullptr;
    std::uint32_t framebuffer_ = 0;
};

Result<> write_back(int fd, const LitCrtc& crtc, std::uint32_t connector, const Target& target) {
    Kernel& kernel = system_kernel();
    const PropertyList properties(fd, connector, DRM_MODE_OBJECT_CONNECTOR);
    std::int32_t fence = -1;
    AtomicRequest request;
    request.object(connector);
    request.set(properties.find("CRTC_ID"), "CRTC_ID", crtc.id);
    request.set(properties.find("WRITEBACK_FB_ID"), "WRITEBACK_FB_ID", target.framebuffer());
    request.set(properties.find("WRITEBACK_OUT_FENCE_PTR"), "WRITEBACK_OUT_FENCE_PTR",
                reinterpret_cast<std::uintptr_t>(&fence));
    int error = request.commit(kernel, fd, DRM_MODE_ATOMIC_ALLOW_MODESET, 0);
    if (error != 0) return fail(-error, fmt::format("writeback is refused: {}", std::strerror(-error)));
    const UniqueFd fence_owner(kernel, fence);
    pollfd wait{fence, POLLIN, 0};
    const bool done = poll(&wait, 1, fence_limit) == 1;
    request.clear();
    request.object(connector);
    request.set(properties.find("CRTC_ID"), "CRTC_ID", 0);
    error = request.commit(kernel, fd, DRM_MODE_ATOMIC_ALLOW_MODESET, 0);
    if (error != 0) return fail(-error, "the writeback connector does not leave its CRTC");
    return done ? Result<>{} : fail(ETIMEDOUT, "writeback does not end");
}

} // namespace

Result<RgbImage> grab_screen(int fd) {
    if (drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1) != 0 ||
        drmSetClientCap(fd, DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1) != 0)
        return fail(ENOTSUP, "the driver has no writeback");
    const DrmPointer<drmModeRes, drmModeFreeResources> resources(drmModeGetResources(fd));
    if (resources == nullptr) return fail(ENODEV, "no display outputs");
    const auto crtc = find_lit_crtc(fd, *resources);
    if (!crtc) return fail(ENODEV, "nothing is shown");
    const auto connector = find_writeback(fd, *resources, *crtc);
    if (!connector) return fail(ENOTSUP, "the card has no writeback connector");
    const Target target(fd, *crtc);
    if (target.framebuffer() == 0) return fail(ENOMEM, "no memory to write to");
    V4L2PLAY_TRY(write_back(fd, *crtc, *connector, target));
    return target.read(*crtc);
}

} // namespace v4l2play
