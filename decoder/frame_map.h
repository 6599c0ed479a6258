// A CPU view of a decoded picture, for checksums and screenshots; never on the way to the screen.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "decoder/pixel_layout.h"
#include "decoder/slot.h"

namespace v4l2play {

/// Readable memory of one picture for as long as it lives; ends the CPU access of its dmabufs when destroyed. The slot
/// must stay held, and the FrameMapper that made it alive, until then. Move-only.
class FrameView {
  public:
    FrameView() = default;
    FrameView(FrameView&& other) noexcept;
    FrameView& operator=(FrameView&& other) noexcept;
    FrameView(const FrameView&) = delete;
    FrameView& operator=(const FrameView&) = delete;
    ~FrameView() { reset(); }

    void reset();

    /// Row `y` of component `component` (numbered as in FrameFormat::layout), counted in samples of that component.
    [[nodiscard]] const std::uint8_t* row(unsigned component, std::uint32_t y) const {
        return data_[component] + std::size_t{y} * pitch_[component];
    }
    [[nodiscard]] const PixelLayout& layout() const { return *layout_; }

  private:
    friend class FrameMapper;

    Kernel* kernel_ = nullptr;
    const PixelLayout* layout_ = nullptr;
    std::array<int, 4> synced_{-1, -1, -1, -1}; ///< dmabufs whose CPU access has begun
    std::array<const std::uint8_t*, 4> data_{};
    std::array<std::uint32_t, 4> pitch_{};
};

/// Makes views. Mappings are made once per slot and kept until frames of another pool come.
class FrameMapper {
  public:
    explicit FrameMapper(Kernel& kernel)
        : kernel_(kernel) {}

    /// ENOTSUP for memory that is not linear and for unknown formats; EINVAL when the format reaches beyond its memory.
    Result<FrameView> map(const SlotRef& slot);

  private:
    struct MappedSlot {
        std::array<Mapping, 4> planes;
    };

    Result<const std::uint8_t*> plane_memory(const SlotRef& slot, const SlotMemory& memory, unsigned plane);

    Kernel& kernel_;
    std::uint32_t generation_ = 0;
    std::vector<MappedSlot> slots_; ///< by slot index, of the pool with that generation
};

} // namespace v4l2play
