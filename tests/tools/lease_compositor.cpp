// lease_compositor CARD [WORD]... COMMAND...: runs COMMAND as the client of a compositor that shows nothing and lends
// the first connected display of the card (drm-lease-v1), by a lease of the kernel. In the lab; its exit status is
// COMMAND's.
//     none          lends nothing
//     refuse        says no
//     silent        does not answer
//     then=WORD     does so (`refuse`, `silent`) when it is asked again
//     revoke=MS     takes the lease back so many milliseconds after it was given
//     again=MS      and offers the display so many after that
//     leave=MS      is gone so many after it gave a lease
//     return=MS     and is there so many after that
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
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

long milliseconds() {
    using std::chrono::milliseconds;
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Lender {
    std::string path;
    bool none = false;
    std::string answer; ///< "refuse", "silent"; empty: a lease
    std::string next_answer;
    std::map<std::string, int, std::less<>> pauses{{"revoke", 0}, {"again", 0}, {"leave", 0}, {"return", 0}};

    int card = -1;
    std::vector<std::uint32_t> objects;
    wl_display* display = nullptr;
    wl_resource* device = nullptr;
    wl_resource* connector = nullptr;
    wl_resource* lease = nullptr;
    std::uint32_t lessee = 0; ///< 0: nothing is lent
    bool offered = true;
    std::map<std::string, long, std::less<>> due; ///< what of `pauses` is to happen when

    void open_card();
    void open_display();
    void close_all();
    void offer();
    void revoke();
    void take_back() {
        if (lessee != 0) drmModeRevokeLease(card, lessee);
        lessee = 0;
    }
    void plan(const char* what) {
        if (pauses[what] != 0) due[what] = milliseconds() + pauses[what];
    }
    bool take_due(const char* what) {
        const auto found = due.find(what);
        if (found == due.end() || milliseconds() < found->second) return false;
        due.erase(found);
        return true;
    }
    void act();
};

Lender& lender_of(wl_resource* resource) { return *static_cast<Lender*>(wl_resource_get_user_data(resource)); }
void destroy(wl_client*, wl_resource* resource) { wl_resource_destroy(resource); }

const struct wp_drm_lease_v1_interface lease_calls = {destroy};
const struct wp_drm_lease_connector_v1_interface connector_calls = {destroy};

void forget_connector(wl_resource* resource) {
    Lender& lender = lender_of(resource);
    if (lender.connector == resource) lender.connector = nullptr;
}
void forget_device(wl_resource* resource) {
    Lender& lender = lender_of(resource);
    if (lender.device == resource) lender.device = nullptr;
}

void forget_lease(wl_resource* resource) {
    Lender& lender = lender_of(resource);
    if (lender.lease != resource) return;
    lender.take_back();
    lender.lease = nullptr;
}

void Lender::revoke() {
    take_back();
    if (lease != nullptr) wp_drm_lease_v1_send_finished(lease);
    plan("again");
}

void Lender::offer() {
    offered = true;
    if (device == nullptr) return;
    connector = wl_resource_create(wl_resource_get_client(device), &wp_drm_lease_connector_v1_interface, 1, 0);
    wl_resource_set_implementation(connector, &connector_calls, this, forget_connector);
    wp_drm_lease_device_v1_send_connector(device, connector);
    wp_drm_lease_connector_v1_send_name(connector, connector_name);
    wp_drm_lease_connector_v1_send_description(connector, "a display to lend");
    wp_drm_lease_connector_v1_send_connector_id(connector, objects.front());
    wp_drm_lease_connector_v1_send_done(connector);
    wp_drm_lease_device_v1_send_done(device);
}

void request_connector(wl_client*, wl_resource*, wl_resource*) {} // there is one

void submit(wl_client* client, wl_resource* request, std::uint32_t id) {
    Lender& lender = lender_of(request);
    wl_resource* lease = wl_resource_create(client, &wp_drm_lease_v1_interface, 1, id);
    wl_resource_set_implementation(lease, &lease_calls, &lender, forget_lease);
    wl_resource_destroy(request);
    const std::string answer = lender.answer;
    if (!lender.next_answer.empty()) lender.answer = lender.next_answer;
    if (answer == "silent") return;
    if (answer == "refuse") return wp_drm_lease_v1_send_finished(lease);
    const int fd = drmModeCreateLease(lender.card, lender.objects.data(), static_cast<int>(lender.objects.size()), 0,
                                      &lender.lessee);
    if (fd < 0) give_up("drmModeCreateLease");
    lender.lease = lease;
    wp_drm_lease_v1_send_lease_fd(lease, fd);
    close(fd);
    wp_drm_lease_connector_v1_send_withdrawn(lender.connector);
    lender.offered = false;
    lender.plan("revoke");
    lender.plan("leave");
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
    wl_resource_set_implementation(device, &device_calls, &lender, forget_device);
    lender.device = device;
    const int fd = open(lender.path.c_str(), O_RDWR | O_CLOEXEC);
    drmDropMaster(fd);
    wp_drm_lease_device_v1_send_drm_fd(device, fd);
    close(fd);
    if (!lender.none && lender.offered) return lender.offer();
    wp_drm_lease_device_v1_send_done(device);
}

void Lender::open_card() {
    card = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (card < 0) give_up(path.c_str());
    drmSetClientCap(card, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
    objects = choose_objects(card);
}

void Lender::open_display() {
    open_card();
    display = wl_display_create();
    setenv("WAYLAND_DISPLAY", wl_display_add_socket_auto(display), 1);
    wl_global_create(display, &wp_drm_lease_device_v1_interface, 1, this, bind);
    offered = true;
}

void Lender::close_all() {
    wl_display_destroy_clients(display);
    wl_display_destroy(display);
    display = nullptr;
    close(card);
    due.clear();
    plan("return");
}

void Lender::act() {
    if (take_due("revoke")) revoke();
    if (take_due("again")) offer();
    if (take_due("leave")) close_all();
    if (take_due("return")) open_display();
}

int run(Lender& lender, char** command) {
    lender.open_display();
    const pid_t child = fork();
    if (child == 0) {
        execvp(*command, command);
        give_up(*command);
    }
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (lender.display == nullptr) {
            usleep(10000);
        } else {
            wl_event_loop_dispatch(wl_display_get_event_loop(lender.display), 10);
            wl_display_flush_clients(lender.display);
        }
        lender.act();
    }
    if (lender.display != nullptr) lender.close_all();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

bool take(Lender& lender, const std::string& word) {
    if (word == "none") return lender.none = true;
    if (word == "refuse" || word == "silent") return !(lender.answer = word).empty();
    const auto equals = word.find('=');
    if (equals == std::string::npos) return false;
    const std::string value = word.substr(equals + 1);
    if (word.substr(0, equals) == "then") return !(lender.next_answer = value).empty();
    const auto pause = lender.pauses.find(word.substr(0, equals));
    if (pause == lender.pauses.end()) return false;
    pause->second = std::atoi(value.c_str());
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
    return v4l2play::run(lender, arguments + at);
}
