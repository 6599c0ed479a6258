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
    bool operator==(const PlanePlan&) const = default;
};

/// Planes of one CRTC that may show video: the overlays, and the primary one.
struct CrtcPlanes {
    std::vector<const KmsPlane*> overlays;
    const KmsPlane* primary = nullptr;
};

/// The ladder: overlays scaled to fit, the primary plane scaled, overlays 1:1, the primary plane 1:1. Whether the
/// driver takes a rung only a test commit tells. Empty when no plane lists the format.
std::vector<PlanePlan> plan_ladder(const CrtcPlanes& planes, const FrameFormat& format, const FrameInfo& info,
                                   Size screen);

/// Everything that a plane needs to show `plan`; nothing is left to what another program left behind.
void add_plane(AtomicRequest& request, const PlanePlan& plan, std::uint32_t crtc, std::uint32_t framebuffer);
void add_plane_off(AtomicRequest& request, const KmsPlane& plane);
/// The whole of a framebuffer of the screen's size on the whole screen.
void add_full_screen(AtomicRequest& request, const KmsPlane& plane, std::uint32_t crtc, std::uint32_t framebuffer,
                     Size screen);

/// "plane 41 (overlay), 1:1 centred"
std::string describe(const PlanePlan& plan, const FrameInfo& info);

} // namespace v4l2play
