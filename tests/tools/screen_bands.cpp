// screen_bands PID WxH[+X+Y] OUT: which frame the bands of the buffer on the screen carry, at every vblank, while
// process PID shows clips of WxH with bands (assets/README.md, cells of 8 pixels) through KMS: on a plane of their own,
// or with +X+Y drawn there in a larger picture, as a compositor does. Runs in the lab, in virtual time.
//
// OUT: a line for each vblank, its number, its time in µs (CLOCK_MONOTONIC), and what was read just after it and at the
// end of its period: a frame number, or -1 when bands are unreadable or differ. Whose memory the display reads is the
// kernel's word: the plane's framebuffer as it is late in the period before, when the commit for the vblank has been
// made. Ends with the process.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decoder/format.h"
#include "render/kms/properties.h"
#include "tests/tools/bands.h"
#include "tests/tools/borrow_master.h"

namespace v4l2play {
namespace {

constexpr unsigned rest_of_period = 14'000; // µs, of the 16667 of 60 Hz

/// A framebuffer, readable.
class Picture {
  public:
    Picture() = default;
    Picture(void* address, std::size_t length, const drmModeFB2& info, bool rgb)
        : address_(address)
        , length_(length) {
        const std::uint8_t* first = static_cast<const std::uint8_t*>(address) + info.offsets[0];
        luma = rgb ? test::luma_of_rgb(first, info.pitches[0]) : test::Luma{first, info.pitches[0]};
    }
    Picture(Picture&& other) noexcept { *this = std::move(other); }
    Picture& operator=(Picture&& other) noexcept {
        std::swap(luma, other.luma);
        std::swap(address_, other.address_);
        std::swap(length_, other.length_);
        return *this;
    }
    Picture(const Picture&) = delete;
    Picture& operator=(const Picture&) = delete;
    ~Picture() {
        if (address_ != nullptr) munmap(address_, length_);
    }

    test::Luma luma;

  private:
    void* address_ = nullptr;
    std::size_t length_ = 0;
};

class Screen {
  public:
    Screen(UniqueFd file, const test::Area& area)
        : file_(std::move(file))
        , area_(area) {}

    /// What the plane shows that has the video: the one with a YUV format, or a compositor's only one. Imported each
    /// time, because numbers of framebuffers are used again.
    Picture picture() {
        const DrmPointer<drmModePlaneRes, drmModeFreePlaneResources> planes(drmModeGetPlaneResources(file_.get()));
        for (std::uint32_t i = 0; planes != nullptr && i < planes->count_planes; ++i) {
            const DrmPointer<drmModePlane, drmModeFreePlane> plane(drmModeGetPlane(file_.get(), planes->planes[i]));
            if (plane == nullptr || plane->fb_id == 0) continue;
            Picture found = import(plane->fb_id);
            if (found.luma.first != nullptr) return found;
        }
        return {};
    }

    /// Waits for the next vblank; nothing when the display is off.
    std::optional<drmVBlankReply> wait() {
        drmVBlank vblank{};
        vblank.request.type = DRM_VBLANK_RELATIVE;
        vblank.request.sequence = 1;
        if (drmWaitVBlank(file_.get(), &vblank) != 0) return std::nullopt;
        return vblank.reply;
    }

  private:
    Picture import(std::uint32_t framebuffer) {
        const DrmPointer<drmModeFB2, drmModeFreeFB2> info(drmModeGetFB2(file_.get(), framebuffer));
        if (info == nullptr || info->handles[0] == 0) return {};
        if (info->width < area_.x + area_.width || info->height < area_.y + area_.height) return {};
        int dmabuf = -1;
        const bool exported = drmPrimeHandleToFD(file_.get(), info->handles[0], DRM_CLOEXEC, &dmabuf) == 0;
        close_handles(*info);
        const bool rgb = info->pixel_format == static_cast<std::uint32_t>(drm_fourcc('X', 'R', '2', '4'));
        if (!exported || rgb != area_.placed) return {};
        const UniqueFd owner(system_kernel(), dmabuf);
        const off_t length = lseek(dmabuf, 0, SEEK_END);
        void* address = mmap(nullptr, static_cast<std::size_t>(length), PROT_READ, MAP_SHARED, dmabuf, 0);
        if (address == MAP_FAILED) return {};
        return {address, static_cast<std::size_t>(length), *info, rgb};
    }
    void close_handles(const drmModeFB2& info) {
        for (unsigned i = 0; i < 4; ++i) {
            bool seen = info.handles[i] == 0;
            for (unsigned j = 0; j < i; ++j) seen = seen || info.handles[j] == info.handles[i];
            if (!seen) drmCloseBufferHandle(file_.get(), info.handles[i]);
        }
    }

    UniqueFd file_;
    const test::Area area_;
};

int watch(int pid, const test::Area& area, std::FILE* out) {
    auto file = borrow_master(pid);
    if (!file) {
        fmt::print(stderr, "screen_bands: {}\n", file.error().what);
        return 1;
    }
    Screen screen(std::move(*file), area);
    Picture shown;
    while (kill(pid, 0) == 0) {
        const auto vblank = screen.wait();
        if (!vblank) {
            usleep(1000);
            continue;
        }
        const long first = test::read_bands(shown.luma, area);
        usleep(rest_of_period);
        if (shown.luma.first != nullptr)
            fmt::print(out, "{} {} {} {}\n", vblank->sequence, vblank->tval_sec * 1'000'000 + vblank->tval_usec, first,
                       test::read_bands(shown.luma, area));
        shown = screen.picture();
    }
    return 0;
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    const auto area = v4l2play::test::parse_area(argc == 4 ? argv[2] : nullptr);
    if (!area) {
        fmt::print(stderr, "usage: screen_bands PID WxH[+X+Y] OUT\n");
        return 2;
    }
    std::FILE* out = std::fopen(argv[3], "w");
    if (out == nullptr) return 2;
    std::setvbuf(out, nullptr, _IOLBF, 0); // it is ended by a signal
    const int status = v4l2play::watch(std::atoi(argv[1]), *area, out);
    std::fclose(out);
    return status;
}
