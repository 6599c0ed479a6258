// Ways to put frames of one format on the screen, best first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "decoder/frame.h"
#include "render/kms/atomic.h"
#include "render/kms/device.h"
#include "render/kms/planner.h"

namespace v4l2play {

/// One way: which plane, which part of the picture where, and what is beneath.
struct PlanePlan {
    const KmsPlane* plane = nullptr;
    PlaneGeometry geometry;
    ColorDescription color;
    bool black_beneath = false; ///< the primary plane shows black; otherwise it is off, which saves memory bandwidth
    bool tell_color = true;     ///< false only to find out what a driver refuses
    bool operator==(const PlanePlan&) const = default;
};

/// Planes of one CRTC: the overlays and the primary one, which may show video, and cursors.
struct CrtcPlanes {
    std::vector<const KmsPlane*> overlays;
    const KmsPlane* primary = nullptr;
    std::vector<const KmsPlane*> cursors;
};

/// YUV formats that the planes take: overlays first, NV12 before all others, each once.
std::vector<FormatModifier> offered_formats(const CrtcPlanes& planes);

/// The ladder: overlays scaled to fit, the primary plane scaled, overlays 1:1, the primary plane 1:1, all of them with
/// the picture rotated clockwise by `rotation`. Whether the driver takes a rung only a test commit tells. Empty when no
/// plane lists the format and can rotate by so much.
std::vector<PlanePlan> plan_ladder(const CrtcPlanes& planes, const FrameFormat& format, const FrameInfo& info,
                                   Size screen, unsigned rotation = 0);
/// The bit of the property `rotation` for pictures turned clockwise by 0, 90, 180 or 270 degrees.
[[nodiscard]] std::uint64_t rotation_bit(unsigned rotation);
[[nodiscard]] bool can_rotate(const KmsPlane& plane, unsigned rotation);

/// What a plane is told beside its geometry and colours.
struct PlaneTarget {
    std::uint32_t crtc = 0;
    std::uint32_t framebuffer = 0;
    std::uint64_t zpos = 0; ///< see `stack_planes`
};
/// Everything that a plane needs to show `plan`; nothing is left to what another program left behind.
void add_plane(AtomicRequest& request, const PlanePlan& plan, const PlaneTarget& target);
/// RGB, not scaled.
void add_picture(AtomicRequest& request, const KmsPlane& plane, const PlaneTarget& target, const Rect& destination);
void add_plane_off(AtomicRequest& request, const KmsPlane& plane);

/// "plane 41 (overlay), 1:1 centred"
std::string describe(const PlanePlan& plan, const FrameInfo& info);

} // namespace v4l2play
