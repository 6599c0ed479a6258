// OpenGL ES on a card, without a window: what reads and writes dmabufs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decoder/format.h"
#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/slot_memory.h"

namespace v4l2play {

/// A dmabuf, or a part of one, as GL sees it.
struct GlesPlane {
    int dmabuf = -1;
    DrmFourcc fourcc{}; ///< R8, GR88, R16, GR1616 or XRGB8888, linear
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t offset = 0; ///< bytes
    std::uint32_t pitch = 0;  ///< bytes
};

/// By what the driver turns YUV into RGB, as far as EGL has names for it.
struct GlesColors {
    enum class Matrix : std::uint8_t { Bt601, Bt709, Bt2020 };
    Matrix matrix = Matrix::Bt601;
    bool full_range = false;
    bool operator==(const GlesColors&) const = default;
};

/// Whether this machine has a device that draws, and lets us: starting GL to learn that there is none takes time, and
/// Mesa says things on the way.
bool has_gpu(Kernel& kernel);

/// A context that is current in the thread that made it, for as long as it lives.
class GlesContext {
  public:
    /// ENOTSUP, with the reason, where there is no GL. The card is opened anew: GEM handles are not counted, and those
    /// that GL closes must not be ours.
    static Result<std::unique_ptr<GlesContext>> create(Kernel& kernel, const std::string& card);
    GlesContext(const GlesContext&) = delete;
    GlesContext& operator=(const GlesContext&) = delete;
    ~GlesContext();

    /// "llvmpipe (LLVM 15.0.6, 256 bits)"
    [[nodiscard]] const std::string& renderer() const { return renderer_; }
    /// The CPU draws.
    [[nodiscard]] bool software() const { return software_; }
    /// A sync_file that signals when all that was drawn is done; none where there are none, and it is done.
    UniqueFd fence();
    /// Waits until all that was drawn is done.
    void finish();
    /// A texture (GL_TEXTURE_2D, linear, clamped) of that memory, which stays as long as the texture. ENOTSUP.
    Result<unsigned> import(const GlesPlane& plane);
    /// The YUV formats that the driver says it samples as a whole, in whatever layout (tiles, columns, compressed).
    [[nodiscard]] std::vector<FormatModifier> whole_formats() const;
    [[nodiscard]] bool samples_whole(const FormatModifier& format) const;
    /// A texture (GL_TEXTURE_EXTERNAL_OES) of such a picture, in RGB. ENOTSUP.
    Result<unsigned> import_whole(const FrameFormat& format, const SlotMemory& memory, const GlesColors& colors);

  private:
    GlesContext() = default;
    [[nodiscard]] bool can_read(int dmabuf) const;
    void read_formats();
    Result<unsigned> make_texture(unsigned target, const int* attributes, const std::string& what);

    Kernel* kernel_ = nullptr;
    UniqueFd card_;
    void* device_ = nullptr;  ///< gbm_device
    void* display_ = nullptr; ///< EGLDisplay
    void* context_ = nullptr; ///< EGLContext
    std::string renderer_;
    bool software_ = false;
    bool fences_ = false;               ///< EGL_ANDROID_native_fence_sync
    std::vector<FormatModifier> whole_; ///< of video; the implicit modifier where the driver names none
};

} // namespace v4l2play
