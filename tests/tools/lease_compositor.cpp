// lease_compositor CARD [WORD]... COMMAND...: runs COMMAND as the client of a compositor that shows nothing and lends
// the first connected display of the card (drm-lease-v1), by a lease of the kernel. In the lab; its exit status is
// COMMAND's.
//     none          lends nothing
//     refuse        says no
//     silent        does not answer
//     revoke=MS     takes the lease back so many milliseconds after it was given
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <drm-lease-v1-server-protocol.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wayland-server.h>

#include "tests/tools/lendable.h"

namespace v4l2play {
namespace {

constexpr const char* connector_name = "Virtual-1";

struct Lender {
    int card = -1;
    std::string path;
    std::vector<std::uint32_t> objects;
    bool none = false;
    bool refuse = false;
    bool silent = false;
    int revoke_after = 0; ///< milliseconds; 0: never

    wl_display* display = nullptr;
    wl_resource* connector = nullptr;
    wl_resource* lease = nullptr;
    wl_event_source* timer = nullptr;
    std::uint32_t lessee = 0; ///< 0: nothing is lent

    void take_back() {
        if (lessee != 0) drmModeRevokeLease(card, lessee);
        lessee = 0;
    }
};

Lender& lender_of(wl_resource* resource) { return *static_cast<Lender*>(wl_resource_get_user_data(resource)); }
void destroy(wl_client*, wl_resource* resource) { wl_resource_destroy(resource); }

const struct wp_drm_lease_v1_interface lease_calls = {destroy};
const struct wp_drm_lease_connector_v1_interface connector_calls = {destroy};

void forget_lease(wl_resource* resource) {
    Lender& lender = lender_of(resource);
    lender.take_back();
    lender.lease = nullptr;
}

int revoke(void* data) {
    Lender& lender = *static_cast<Lender*>(data);
    lender.take_back();
    if (lender.lease != nullptr) wp_drm_lease_v1_send_finished(lender.lease);
    return 0;
}

void request_connector(wl_client*, wl_resource*, wl_resource*) {} // there is one

void submit(wl_client* client, wl_resource* request, std::uint32_t id) {
    Lender& lender = lender_of(request);
    wl_resource* lease = wl_resource_create(client, &wp_drm_lease_v1_interface, 1, id);
    wl_resource_set_implementation(lease, &lease_calls, &lender, forget_lease);
    wl_resource_destroy(request);
    if (lender.silent) return;
    if (lender.refuse) return wp_drm_lease_v1_send_finished(lease);
    const int fd = drmModeCreateLease(lender.card, lender.objects.data(), static_cast<int>(lender.objects.size()), 0,
                                      &lender.lessee);
    if (fd < 0) give_up("drmModeCreateLease");
    lender.lease = lease;
    wp_drm_lease_v1_send_lease_fd(lease, fd);
    close(fd);
    wp_drm_lease_connector_v1_send_withdrawn(lender.connector);
    if (lender.revoke_after != 0) wl_event_source_timer_update(lender.timer, lender.revoke_after);
}

const struct wp_drm_lease_request_v1_interface request_calls = {request_connector, submit};

void create_request(wl_client* client, wl_resource* device, std::uint32_t id) {
    wl_resource* request = wl_resource_create(client, &wp_drm_lease_request_v1_interface, 1, id);
    wl_resource_set_implementation(request, &request_calls, &lender_of(device), nullptr);
}

void release_device(wl_client*, wl_resource* device) {
    wp_drm_lease_device_v1_send_released(device);
    wl_resource_destroy(device);
}

const struct wp_drm_lease_device_v1_interface device_calls = {create_request, release_device};

void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
    Lender& lender = *static_cast<Lender*>(data);
    wl_resource* device = wl_resource_create(client, &wp_drm_lease_device_v1_interface, static_cast<int>(version), id);
    wl_resource_set_implementation(device, &device_calls, &lender, nullptr);
    const int fd = open(lender.path.c_str(), O_RDWR | O_CLOEXEC);
    drmDropMaster(fd);
    wp_drm_lease_device_v1_send_drm_fd(device, fd);
    close(fd);
    if (!lender.none) {
        lender.connector = wl_resource_create(client, &wp_drm_lease_connector_v1_interface, 1, 0);
        wl_resource_set_implementation(lender.connector, &connector_calls, &lender, nullptr);
        wp_drm_lease_device_v1_send_connector(device, lender.connector);
        wp_drm_lease_connector_v1_send_name(lender.connector, connector_name);
        wp_drm_lease_connector_v1_send_description(lender.connector, "a display to lend");
        wp_drm_lease_connector_v1_send_connector_id(lender.connector, lender.objects.front());
        wp_drm_lease_connector_v1_send_done(lender.connector);
    }
    wp_drm_lease_device_v1_send_done(device);
}

int run(Lender& lender, char** command) {
    lender.display = wl_display_create();
    setenv("WAYLAND_DISPLAY", wl_display_add_socket_auto(lender.display), 1);
    wl_global_create(lender.display, &wp_drm_lease_device_v1_interface, 1, &lender, bind);
    wl_event_loop* loop = wl_display_get_event_loop(lender.display);
    lender.timer = wl_event_loop_add_timer(loop, revoke, &lender);
    const pid_t child = fork();
    if (child == 0) {
        execvp(*command, command);
        give_up(*command);
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        wl_event_loop_dispatch(loop, 10);
        wl_display_flush_clients(lender.display);
    }
    wl_display_destroy_clients(lender.display);
    wl_display_destroy(lender.display);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

bool take(Lender& lender, std::string_view word) {
    constexpr std::string_view revoke_word = "revoke=";
    if (word == "none") return lender.none = true;
    if (word == "refuse") return lender.refuse = true;
    if (word == "silent") return lender.silent = true;
    if (!word.starts_with(revoke_word)) return false;
    lender.revoke_after = std::atoi(word.data() + revoke_word.size());
    return true;
}

} // namespace
} // namespace v4l2play

int main(int count, char** arguments) {
    v4l2play::Lender lender;
    int at = 2;
    while (at < count && v4l2play::take(lender, arguments[at])) ++at;
    if (at >= count) return 125;
    lender.path = arguments[1];
    lender.card = open(arguments[1], O_RDWR | O_CLOEXEC);
    if (lender.card < 0) v4l2play::give_up(arguments[1]);
    drmSetClientCap(lender.card, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
    lender.objects = v4l2play::choose_objects(lender.card);
    return v4l2play::run(lender, arguments + at);
}
