#include "render/kms/scene.h"

#include <algorithm>

#include "render/kms/formats.h"
#include "render/kms/stacking.h"

namespace v4l2play {

SceneStack::SceneStack(const Scene& scene, const KmsPlane& primary) {
    if (scene.video.black_beneath) push(&primary);
    push(scene.video.plane);
    if (scene.overlay_plane != nullptr) push(scene.overlay_plane);
    possible_ = stack_planes(planes(), zpos_);
}

bool SceneStack::contains(const KmsPlane* plane) const {
    return std::find(planes().begin(), planes().end(), plane) != planes().end();
}

std::uint64_t SceneStack::zpos(const KmsPlane* plane) const {
    return zpos_[static_cast<std::size_t>(std::find(planes_.begin(), planes_.end(), plane) - planes_.begin())];
}

std::vector<const KmsPlane*> overlay_candidates(const CrtcPlanes& planes, const Scene& scene) {
    std::vector<const KmsPlane*> candidates;
    const auto consider = [&](const KmsPlane* plane) {
        if (plane == nullptr || plane == scene.video.plane || !takes(plane->formats, {fourcc_argb, modifier_linear}))
            return;
        Scene with = scene;
        with.overlay_plane = plane;
        if (SceneStack(with, *planes.primary).possible()) candidates.push_back(plane);
    };
    for (const KmsPlane* overlay : planes.overlays) consider(overlay);
    if (!scene.video.black_beneath) consider(planes.primary);
    for (const KmsPlane* cursor : planes.cursors) consider(cursor);
    return candidates;
}

} // namespace v4l2play
