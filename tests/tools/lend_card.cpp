// lend_card CARD [--revoke-after MS] COMMAND...: leases the first connected display of a card, with a CRTC and the
// planes that it can have, to COMMAND, in which "fd:N" is the lease. Takes it back after so many milliseconds, and in
// any case when COMMAND has ended, whose exit status is its own.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(125);
}

/// A connector, the first CRTC that it can have, and that one's planes; empty when nothing is connected.
std::vector<std::uint32_t> choose_objects(int card) {
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

} // namespace

int main(int count, char** arguments) {
    if (count < 3) return 125;
    char** command = arguments + 2;
    unsigned revoke_after = 0;
    if (std::string_view(*command) == "--revoke-after") {
        revoke_after = static_cast<unsigned>(std::strtoul(command[1], nullptr, 10));
        command += 2;
    }
    const int card = open(arguments[1], O_RDWR | O_CLOEXEC);
    if (card < 0) give_up(arguments[1]);
    drmSetClientCap(card, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
    const std::vector<std::uint32_t> objects = choose_objects(card);
    std::uint32_t lessee = 0;
    const int lease = drmModeCreateLease(card, objects.data(), static_cast<int>(objects.size()), 0, &lessee);
    if (lease < 0) give_up("drmModeCreateLease");
    std::string name = "fd:" + std::to_string(lease);
    const pid_t child = fork();
    if (child == 0) {
        for (char** word = command; *word != nullptr; ++word)
            if (char* at = std::strstr(*word, "fd:N"); at != nullptr) {
                name.insert(0, *word, static_cast<std::size_t>(at - *word));
                *word = name.data();
                break;
            }
        execvp(*command, command);
        give_up(*command);
    }
    close(lease);
    if (revoke_after != 0) {
        usleep(revoke_after * 1000);
        drmModeRevokeLease(card, lessee);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
