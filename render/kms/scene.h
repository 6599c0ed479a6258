// What the planes of one CRTC show together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "render/kms/plane_plan.h"

namespace v4l2play {

/// A picture above the video.
struct OverlayPicture {
    std::uint32_t framebuffer = 0;
    Rect place; ///< on the screen; shows the top left part of the framebuffer that is so large
    /// Of the framebuffer; nothing outside of it differs from the picture committed before. None: any of it may.
    std::optional<Rect> damage = {};
    bool operator==(const OverlayPicture&) const = default;
};

/// Video and what is above it; black, where the plan wants it, beneath.
struct Scene {
    PlanePlan video;
    std::uint32_t framebuffer = 0;
    const KmsPlane* overlay_plane = nullptr; ///< null: there is no overlay
    OverlayPicture overlay;
    int in_fence = -1; ///< a sync_file: the video's picture is complete when it signals; -1: it is complete
};

/// The planes of a scene from the bottom to the top.
class SceneStack {
  public:
    SceneStack(const Scene& scene, const KmsPlane& primary);
    /// False when these planes cannot lie in this order.
    [[nodiscard]] bool possible() const { return possible_; }
    [[nodiscard]] std::span<const KmsPlane* const> planes() const { return {planes_.data(), count_}; }
    [[nodiscard]] bool contains(const KmsPlane* plane) const;
    [[nodiscard]] std::uint64_t zpos(const KmsPlane* plane) const;

  private:
    void push(const KmsPlane* plane) { planes_[count_++] = plane; }

    std::array<const KmsPlane*, 3> planes_{};
    std::array<std::uint64_t, 3> zpos_{};
    std::size_t count_ = 0;
    bool possible_ = false;
};

/// Planes that may show ARGB above the video of `scene`, best first: overlays, the primary plane when it shows no
/// black, cursors. Whether the driver takes them only a test commit tells.
std::vector<const KmsPlane*> overlay_candidates(const CrtcPlanes& planes, const Scene& scene);

} // namespace v4l2play
