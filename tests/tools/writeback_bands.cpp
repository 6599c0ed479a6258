// For LD_PRELOAD: reads the bands of every picture that a program shows through KMS, by the display engine's own word.
// The card's writeback connector joins the CRTC in the commit that lights it, and each commit that asks for an event,
// a flip, gets memory to write to besides. The display must be one to which that is no hindrance, as vkms.
//
// $WRITEBACK_BANDS, a file: lines as of screen_bands, vblank (0: not known), time in µs, number; with
// $WRITEBACK_AREA=WxH+X+Y, where on the screen a clip of WxH is. For virtual time: writing, which takes vkms a tenth of
// a second, is waited for before the next commit.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "render/kms/properties.h"
#include "tests/tools/bands.h"
#include "tests/tools/display_memory.h"
#include "tests/tools/ioctl_hook.h"

namespace v4l2play {
namespace {

constexpr int fence_limit = 30'000; // ms

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

template <class T>
std::vector<T> copy(std::uint64_t first, std::size_t count) {
    const T* from = reinterpret_cast<const T*>(static_cast<std::uintptr_t>(first));
    return {from, from + count};
}

/// A request of the program, to which one object can be added.
class Request {
  public:
    explicit Request(const drm_mode_atomic& given)
        : given_(given)
        , objects_(copy<std::uint32_t>(given.objs_ptr, given.count_objs))
        , counts_(copy<std::uint32_t>(given.count_props_ptr, given.count_objs)) {
        std::size_t count = 0;
        for (const std::uint32_t of_object : counts_) count += of_object;
        properties_ = copy<std::uint32_t>(given.props_ptr, count);
        values_ = copy<std::uint64_t>(given.prop_values_ptr, count);
    }

    /// What it sets a property to, whose number no other object's property has.
    [[nodiscard]] std::optional<std::uint64_t> value(std::uint32_t property) const {
        const auto found = std::find(properties_.begin(), properties_.end(), property);
        if (found == properties_.end()) return std::nullopt;
        return values_[static_cast<std::size_t>(found - properties_.begin())];
    }
    void object(std::uint32_t id) {
        objects_.push_back(id);
        counts_.push_back(0);
    }
    void set(const KmsProperty& property, std::uint64_t value) {
        properties_.push_back(property.id);
        values_.push_back(value);
        ++counts_.back();
    }
    int commit(int fd) {
        given_.count_objs = static_cast<std::uint32_t>(objects_.size());
        given_.objs_ptr = address(objects_.data());
        given_.count_props_ptr = address(counts_.data());
        given_.props_ptr = address(properties_.data());
        given_.prop_values_ptr = address(values_.data());
        return test::real_ioctl(fd, DRM_IOCTL_MODE_ATOMIC, &given_);
    }

  private:
    drm_mode_atomic given_;
    std::vector<std::uint32_t> objects_;
    std::vector<std::uint32_t> counts_;
    std::vector<std::uint32_t> properties_;
    std::vector<std::uint64_t> values_;
};

/// A file of ours for the card of `fd`, which may see writeback connectors.
int open_again(int fd) {
    const int file = open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR | O_CLOEXEC);
    drmSetClientCap(file, DRM_CLIENT_CAP_ATOMIC, 1);
    drmSetClientCap(file, DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1);
    return file;
}

/// The writeback connector of a card with one CRTC.
class Writeback {
  public:
    Writeback(int fd, const test::Area& area, std::FILE* out)
        : file_(open_again(fd))
        , area_(area)
        , out_(out) {
        const DrmPointer<drmModeRes, drmModeFreeResources> resources(drmModeGetResources(file_));
        for (int i = 0; resources != nullptr && i < resources->count_connectors; ++i) {
            const DrmPointer<drmModeConnector, drmModeFreeConnector> connector(
                drmModeGetConnectorCurrent(file_, resources->connectors[i]));
            if (connector == nullptr || connector->connector_type != DRM_MODE_CONNECTOR_WRITEBACK) continue;
            connector_ = connector->connector_id;
            crtc_ = resources->crtcs[0];
            const PropertyList properties(file_, connector_, DRM_MODE_OBJECT_CONNECTOR);
            crtc_id_ = properties.find("CRTC_ID");
            framebuffer_ = properties.find("WRITEBACK_FB_ID");
            fence_pointer_ = properties.find("WRITEBACK_OUT_FENCE_PTR");
            active_ = PropertyList(file_, crtc_, DRM_MODE_OBJECT_CRTC).find("ACTIVE");
        }
        if (connector_ == 0) std::fprintf(stderr, "writeback_bands: the card has no writeback connector\n");
    }

    int commit(int fd, const drm_mode_atomic& given) {
        read();
        Request request(given);
        const auto lit = request.value(active_.id);
        const bool flip = (given.flags & DRM_MODE_PAGE_FLIP_EVENT) != 0;
        if ((given.flags & DRM_MODE_ATOMIC_ALLOW_MODESET) != 0 && lit) {
            request.object(connector_);
            request.set(crtc_id_, *lit != 0 ? crtc_ : 0);
        } else if (flip && make_memory()) {
            request.object(connector_);
            request.set(framebuffer_, memory_->framebuffer());
            request.set(fence_pointer_, address(&fence_));
        }
        return request.commit(fd);
    }

  private:
    bool make_memory() {
        if (memory_ != nullptr) return true;
        const DrmPointer<drmModeCrtc, drmModeFreeCrtc> crtc(drmModeGetCrtc(file_, crtc_));
        if (crtc == nullptr || crtc->mode_valid == 0) return false;
        memory_ = std::make_unique<test::DisplayMemory>(file_, crtc->mode.hdisplay, crtc->mode.vdisplay);
        return memory_->framebuffer() != 0;
    }
    /// What the last commit has had written, when it is.
    void read() {
        if (fence_ < 0) return;
        pollfd wait{fence_, POLLIN, 0};
        sync_fence_info fence{};
        sync_file_info file{};
        file.num_fences = 1;
        file.sync_fence_info = address(&fence);
        const bool written = poll(&wait, 1, fence_limit) == 1 &&
                             test::real_ioctl(fence_, SYNC_IOC_FILE_INFO, &file) == 0 && fence.status == 1;
        const long number =
            written ? test::read_bands(test::luma_of_rgb(memory_->bytes(), memory_->pitch()), area_) : -1;
        std::fprintf(out_, "0 %llu %ld\n", static_cast<unsigned long long>(fence.timestamp_ns / 1000), number);
        close(fence_);
        fence_ = -1;
        // vkms stops writing in a work of its own, which must not hit what is to be written next: virtual time goes on
        // when there is no work left.
        usleep(1);
    }

    int file_;
    test::Area area_;
    std::FILE* out_;
    std::uint32_t connector_ = 0;
    std::uint32_t crtc_ = 0;
    KmsProperty crtc_id_;
    KmsProperty framebuffer_;
    KmsProperty fence_pointer_;
    KmsProperty active_;
    std::unique_ptr<test::DisplayMemory> memory_;
    std::int32_t fence_ = -1;
};

int commit(int fd, const drm_mode_atomic& request) {
    static const auto area = test::parse_area(std::getenv("WRITEBACK_AREA"));
    static std::FILE* const out = std::fopen(std::getenv("WRITEBACK_BANDS"), "w");
    static Writeback writeback(fd, area.value(), out);
    std::setvbuf(out, nullptr, _IOLBF, 0);
    return writeback.commit(fd, request);
}

} // namespace

int test::on_ioctl(int fd, unsigned long request, void* argument) {
    if (request != DRM_IOCTL_MODE_ATOMIC) return real_ioctl(fd, request, argument);
    const auto& given = *static_cast<const drm_mode_atomic*>(argument);
    if ((given.flags & DRM_MODE_ATOMIC_TEST_ONLY) != 0) return real_ioctl(fd, request, argument);
    return commit(fd, given);
}

} // namespace v4l2play
