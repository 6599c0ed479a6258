// The order of planes from the bottom to the top. Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "render/kms/device.h"

namespace v4l2play {

/// Values of the property zpos with which `planes` lie on each other, the first at the bottom. False when they cannot.
/// Planes without that property lie in the kernel's order: the primary one, overlays by their numbers, the cursor.
[[nodiscard]] bool stack_planes(std::span<const KmsPlane* const> planes, std::span<std::uint64_t> zpos);
[[nodiscard]] bool may_be_above(const KmsPlane& upper, const KmsPlane& lower);

} // namespace v4l2play
