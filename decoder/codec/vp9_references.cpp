#include "decoder/codec/vp9_references.h"

#include <algorithm>
#include <utility>

namespace v4l2play::vp9 {

namespace {

void forget(FrameId id, Steps& steps) { steps.push_back(make_step(Step::Kind::Forget, id)); }

} // namespace

bool References::holds(FrameId id) const {
    return std::any_of(slots_.begin(), slots_.end(), [&](const Reference& slot) { return slot.id == id; });
}

ReferenceSizes References::sizes() const {
    ReferenceSizes sizes;
    for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = slots_[i].size;
    return sizes;
}

void References::refresh(std::uint8_t refresh_frame_flags, const Reference& current, Steps& steps) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if ((refresh_frame_flags >> i & 1) == 0) continue;
        const FrameId old = std::exchange(slots_[i], current).id;
        if (old != 0 && !holds(old)) forget(old, steps);
    }
    if (!holds(current.id)) forget(current.id, steps);
}

void References::clear(Steps& steps) {
    for (Reference& slot : slots_) {
        const FrameId old = std::exchange(slot, {}).id;
        if (old != 0 && !holds(old)) forget(old, steps);
    }
}

} // namespace v4l2play::vp9
