// What of a card can be leased to a client.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <xf86drm.h>
#include <xf86drmMode.h>

namespace v4l2play {

[[noreturn]] inline void give_up(const char* what) {
    std::perror(what);
    std::exit(125);
}

/// A connector, the first CRTC that it can have, and that one's planes; empty when nothing is connected.
inline std::vector<std::uint32_t> choose_objects(int card) {
    std::vector<std::uint32_t> objects;
    drmModeResPtr resources = drmModeGetResources(card);
    if (resources == nullptr) give_up("drmModeGetResources");
    std::uint32_t crtcs = 0;
    for (int i = 0; i < resources->count_connectors && objects.empty(); ++i) {
        drmModeConnectorPtr connector = drmModeGetConnector(card, resources->connectors[i]);
        if (connector != nullptr && connector->connection == DRM_MODE_CONNECTED && connector->count_encoders > 0) {
            drmModeEncoderPtr encoder = drmModeGetEncoder(card, connector->encoders[0]);
            crtcs = encoder->possible_crtcs;
            drmModeFreeEncoder(encoder);
            objects.push_back(connector->connector_id);
        }
        drmModeFreeConnector(connector);
    }
    if (objects.empty() || crtcs == 0) return {};
    const int crtc = __builtin_ctz(crtcs);
    objects.push_back(resources->crtcs[crtc]);
    drmModeFreeResources(resources);
    drmModePlaneResPtr planes = drmModeGetPlaneResources(card);
    for (std::uint32_t i = 0; i < planes->count_planes; ++i) {
        drmModePlanePtr plane = drmModeGetPlane(card, planes->planes[i]);
        if ((plane->possible_crtcs >> crtc & 1U) != 0) objects.push_back(plane->plane_id);
        drmModeFreePlane(plane);
    }
    drmModeFreePlaneResources(planes);
    return objects;
}

} // namespace v4l2play
