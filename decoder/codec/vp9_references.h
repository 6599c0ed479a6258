// The reference slots of VP9, and what is forgotten when they are refreshed.
#pragma once

#include <array>

#include "decoder/codec/codec.h"
#include "decoder/codec/vp9_parser.h"

namespace v4l2play::vp9 {

/// A frame that a slot holds; several slots may hold the same.
struct Reference {
    FrameId id = 0; ///< 0: nothing there
    ReferenceSize size;
};

class References {
  public:
    [[nodiscard]] const Reference& operator[](std::size_t slot) const { return slots_[slot]; }
    [[nodiscard]] ReferenceSizes sizes() const;
    /// 6.1.2: the reference frame update process. Forgets what no slot holds any more, `current` as well when none
    /// does.
    void refresh(std::uint8_t refresh_frame_flags, const Reference& current, Steps& steps);
    /// Forgets all.
    void clear(Steps& steps);

  private:
    [[nodiscard]] bool holds(FrameId id) const;

    std::array<Reference, reference_slots> slots_;
};

} // namespace v4l2play::vp9
