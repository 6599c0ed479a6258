// screen_bands PID WxH[+X+Y] OUT: which frame the bands of the buffer on the screen carry, at every vblank, while
// process PID shows clips of WxH with bands (assets/README.md, cells of 8 pixels) through KMS: on a plane of their own,
// or with +X+Y drawn there in a larger picture, as a compositor does. Runs in the lab, in virtual time.
//
// OUT: a line for each vblank, its number, what was read just after it and at the end of its period: a frame number, or
// -1 when bands are unreadable or differ; and its time in µs (CLOCK_MONOTONIC). Whose memory the display reads is the
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
#include "tests/tools/borrow_master.h"
#include "tests/tools/fwht_pattern.h"

namespace v4l2play {
namespace {

constexpr unsigned rest_of_period = 14'000; // µs, of the 16667 of 60 Hz

/// Where the clip's picture is in the framebuffer.
struct Area {
    unsigned width = 0;
    unsigned height = 0;
    unsigned x = 0;
    unsigned y = 0;
    bool drawn = false; ///< in RGB, by a compositor
};

/// Luma of the clip's picture in a framebuffer, readable; its green will do.
class Picture {
  public:
    Picture() = default;
    Picture(void* address, std::size_t length, const drmModeFB2& info, const Area& area)
        : step(area.drawn ? 4 : 1)
        , pitch(info.pitches[0])
        , luma(static_cast<const std::uint8_t*>(address) + info.offsets[0] + std::size_t{area.y} * pitch +
               area.x * step + (area.drawn ? 1 : 0))
        , address_(address)
        , length_(length) {}
    Picture(Picture&& other) noexcept { *this = std::move(other); }
    Picture& operator=(Picture&& other) noexcept {
        std::swap(step, other.step);
        std::swap(pitch, other.pitch);
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

    unsigned step = 1; ///< bytes from pixel to pixel
    std::uint32_t pitch = 0;
    const std::uint8_t* luma = nullptr; ///< null when it cannot be read

  private:
    void* address_ = nullptr;
    std::size_t length_ = 0;
};

/// 235 and 16 are far apart: the middle of a cell tells.
std::uint32_t read_cells(const std::uint8_t* row, unsigned left, unsigned step) {
    std::uint32_t cells = 0;
    for (unsigned i = 0; i < 32; ++i) cells = cells << 1 | (row[(left + 8 * i + 4) * step] >= 128 ? 1U : 0U);
    return cells;
}

/// The number that all rows of all bands agree on, or -1.
long read_bands(const Picture& picture, const Area& area) {
    if (picture.luma == nullptr) return -1;
    const unsigned left = (area.width - 32 * 8) / 2 / 8 * 8;
    std::optional<std::uint32_t> number;
    for (unsigned band = 0; band < 8; ++band) {
        const unsigned top = 8 * (1 + band * (area.height / 8 - 3) / 7);
        for (unsigned y = top; y < top + 8; ++y) {
            const std::uint32_t cells = read_cells(picture.luma + std::size_t{y} * picture.pitch, left, picture.step);
            const std::uint32_t found = cells >> 10 & 0xFFFF;
            if (cells != test::band_cells(band, found) || found != number.value_or(found)) return -1;
            number = found;
        }
    }
    return static_cast<long>(*number);
}

class Screen {
  public:
    Screen(UniqueFd file, const Area& area)
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
            if (found.luma != nullptr) return found;
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
        if (!exported || rgb != area_.drawn) return {};
        const UniqueFd owner(system_kernel(), dmabuf);
        const off_t length = lseek(dmabuf, 0, SEEK_END);
        void* address = mmap(nullptr, static_cast<std::size_t>(length), PROT_READ, MAP_SHARED, dmabuf, 0);
        if (address == MAP_FAILED) return {};
        return {address, static_cast<std::size_t>(length), *info, area_};
    }
    void close_handles(const drmModeFB2& info) {
        for (unsigned i = 0; i < 4; ++i) {
            bool seen = info.handles[i] == 0;
            for (unsigned j = 0; j < i; ++j) seen = seen || info.handles[j] == info.handles[i];
            if (!seen) drmCloseBufferHandle(file_.get(), info.handles[i]);
        }
    }

    UniqueFd file_;
    const Area area_;
};

int watch(int pid, const Area& area, std::FILE* out) {
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
        const long first = read_bands(shown, area);
        usleep(rest_of_period);
        if (shown.luma != nullptr)
            fmt::print(out, "{} {} {} {}\n", vblank->sequence, first, read_bands(shown, area),
                       vblank->tval_sec * 1'000'000 + vblank->tval_usec);
        shown = screen.picture();
    }
    return 0;
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    v4l2play::Area area;
    const int numbers =
        argc == 4 ? std::sscanf(argv[2], "%ux%u+%u+%u", &area.width, &area.height, &area.x, &area.y) : 0;
    area.drawn = numbers == 4;
    if ((numbers != 2 && numbers != 4) || area.width < 272 || area.height < 88) {
        fmt::print(stderr, "usage: screen_bands PID WxH[+X+Y] OUT\n");
        return 2;
    }
    std::FILE* out = std::fopen(argv[3], "w");
    if (out == nullptr) return 2;
    std::setvbuf(out, nullptr, _IOLBF, 0); // it is ended by a signal
    const int status = v4l2play::watch(std::atoi(argv[1]), area, out);
    std::fclose(out);
    return status;
}
