// Memory that the display engine writes and the CPU reads.
#pragma once

#include <cstdint>

#include <fcntl.h>
#include <sys/mman.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

namespace v4l2play::test {

/// A framebuffer in XRGB8888.
class DisplayMemory {
  public:
    DisplayMemory(int fd, std::uint32_t width, std::uint32_t height)
        : fd_(fd) {
        std::uint64_t offset = 0;
        if (drmModeCreateDumbBuffer(fd, width, height, 32, 0, &handle_, &pitch_, &size_) != 0) return;
        if (drmModeMapDumbBuffer(fd, handle_, &offset) != 0) return;
        void* address = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
        if (address == MAP_FAILED) return;
        bytes_ = static_cast<std::uint8_t*>(address);
        const std::uint32_t handles[4] = {handle_};
        const std::uint32_t pitches[4] = {pitch_};
        const std::uint32_t offsets[4] = {};
        constexpr std::uint32_t xrgb8888 = 'X' | 'R' << 8 | '2' << 16 | '4' << 24;
        drmModeAddFB2(fd, width, height, xrgb8888, handles, pitches, offsets, &framebuffer_, 0);
    }
    DisplayMemory(const DisplayMemory&) = delete;
    DisplayMemory& operator=(const DisplayMemory&) = delete;
    ~DisplayMemory() {
        if (framebuffer_ != 0) drmModeRmFB(fd_, framebuffer_);
        if (bytes_ != nullptr) munmap(bytes_, size_);
        if (handle_ != 0) drmModeDestroyDumbBuffer(fd_, handle_);
    }
    /// 0 when there is no such memory.
    [[nodiscard]] std::uint32_t framebuffer() const { return framebuffer_; }
    [[nodiscard]] const std::uint8_t* bytes() const { return bytes_; }
    [[nodiscard]] std::uint32_t pitch() const { return pitch_; }

  private:
    int fd_;
    std::uint32_t handle_ = 0;
    std::uint32_t pitch_ = 0;
    std::uint64_t size_ = 0;
    std::uint8_t* bytes_ = nullptr;
    std::uint32_t framebuffer_ = 0;
};

} // namespace v4l2play::test
