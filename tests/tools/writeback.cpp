#include "tests/tools/writeback.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <poll.h>

#include "decoder/kernel.h"
#include "render/kms/atomic.h"
#include "render/kms/properties.h"
#include "tests/tools/display_memory.h"

namespace v4l2play {
namespace {

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

RgbImage read(const test::DisplayMemory& memory, const LitCrtc& crtc) {
    RgbImage image;
    image.resize(crtc.width, crtc.height);
    for (std::uint32_t y = 0; y < crtc.height; ++y) {
        const std::uint8_t* from = memory.bytes() + std::size_t{y} * memory.pitch();
        std::uint8_t* to = image.row(y);
        for (std::uint32_t x = 0; x < crtc.width; ++x, from += 4, to += 3) {
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
        }
    }
    return image;
}

Result<> write_back(int fd, const LitCrtc& crtc, std::uint32_t connector, const test::DisplayMemory& target) {
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
    const test::DisplayMemory target(fd, crtc->width, crtc->height);
    if (target.framebuffer() == 0) return fail(ENOMEM, "no memory to write to");
    V4L2PLAY_TRY(write_back(fd, *crtc, *connector, target));
    return read(target, *crtc);
}

} // namespace v4l2play
