#include "render/kms/stacking.h"

#include <algorithm>
#include <array>
#include <utility>

namespace v4l2play {
namespace {

/// Where a plane without zpos lies.
std::pair<int, std::uint32_t> natural_place(const KmsPlane& plane) {
    const int layer = plane.type == PlaneType::Primary ? 0 : plane.type == PlaneType::Overlay ? 1 : 2;
    return {layer, plane.id};
}

/// The lowest place of `plane` that is not under `least`; false when there is none.
bool place(const KmsPlane& plane, std::uint64_t least, std::uint64_t& zpos) {
    const bool fixed = plane.zpos.immutable;
    zpos = fixed ? plane.zpos.value : std::max(least, plane.zpos.minimum);
    return zpos >= least && (fixed || zpos <= plane.zpos.maximum);
}

} // namespace

bool stack_planes(std::span<const KmsPlane* const> planes, std::span<std::uint64_t> zpos) {
    std::uint64_t least = 0;
    for (std::size_t i = 0; i < planes.size(); ++i) {
        const KmsPlane& plane = *planes[i];
        const KmsPlane* below = i == 0 ? nullptr : planes[i - 1];
        const bool ordered = plane.zpos.id != 0;
        if (ordered && !place(plane, least, zpos[i])) return false;
        if (ordered) least = zpos[i] + 1;
        // The kernel leaves planes of unknown place in the order of their numbers.
        const bool comparable = below == nullptr || (ordered && below->zpos.id != 0);
        if (!comparable && natural_place(plane) < natural_place(*below)) return false;
    }
    return true;
}

bool may_be_above(const KmsPlane& upper, const KmsPlane& lower) {
    std::array<std::uint64_t, 2> zpos{};
    const std::array<const KmsPlane*, 2> planes{&lower, &upper};
    return stack_planes(planes, zpos);
}

} // namespace v4l2play
