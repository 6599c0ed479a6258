#include "render/wayland/lease.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "decoder/kernel.h"
#include "decoder/log.h"
#include "render/wayland/display.h"
#include "render/wayland/protocols.h"
#include "render/wayland/proxy.h"

namespace v4l2play {

#ifdef HAVE_DRM_LEASE_V1
namespace {

constexpr Nanoseconds offer_limit = 5 * second;
constexpr Nanoseconds grant_limit = 30 * second;
constexpr Nanoseconds compositor_limit = 30 * second; // as in the Wayland output
constexpr Nanoseconds compositor_pause = second / 20;
constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

struct Offer {
    Proxy<wp_drm_lease_connector_v1> proxy;
    std::string name;
    std::string description;
    bool withdrawn = false;
};

/// A card of which something may be lent.
struct LeaseDevice {
    bool* told = nullptr; ///< set at the end of each change of its offers
    Proxy<wp_drm_lease_device_v1> proxy;
    std::vector<std::unique_ptr<Offer>> offers;
    bool complete = false; ///< all that it offers at first is told
    bool released = false;
};

void on_name(void* data, wp_drm_lease_connector_v1*, const char* name) { static_cast<Offer*>(data)->name = name; }
void on_description(void* data, wp_drm_lease_connector_v1*, const char* description) {
    static_cast<Offer*>(data)->description = description;
}
void on_connector_id(void*, wp_drm_lease_connector_v1*, std::uint32_t) {} // the lease itself tells
void on_connector_done(void*, wp_drm_lease_connector_v1*) {}
void on_withdrawn(void* data, wp_drm_lease_connector_v1*) { static_cast<Offer*>(data)->withdrawn = true; }
constexpr wp_drm_lease_connector_v1_listener offer_listener = {on_name, on_description, on_connector_id,
                                                               on_connector_done, on_withdrawn};

void on_drm_fd(void*, wp_drm_lease_device_v1*, int fd) { close(fd); } // to look around, which the offers save us
void on_connector(void* data, wp_drm_lease_device_v1*, wp_drm_lease_connector_v1* connector) {
    auto& offers = static_cast<LeaseDevice*>(data)->offers;
    offers.push_back(std::make_unique<Offer>());
    offers.back()->proxy.reset(connector);
    wp_drm_lease_connector_v1_add_listener(connector, &offer_listener, offers.back().get());
}
void on_device_done(void* data, wp_drm_lease_device_v1*) {
    auto& device = *static_cast<LeaseDevice*>(data);
    device.complete = *device.told = true;
}
void on_device_released(void* data, wp_drm_lease_device_v1*) { static_cast<LeaseDevice*>(data)->released = true; }
constexpr wp_drm_lease_device_v1_listener device_listener = {on_drm_fd, on_connector, on_device_done,
                                                             on_device_released};

struct Disconnect {
    void operator()(wl_display* display) const { wl_display_disconnect(display); }
};

class Lender final : public DrmLease {
  public:
    /// Reads what is offered.
    static Result<std::unique_ptr<Lender>> connect(const std::atomic<bool>* cancelled = nullptr);

    /// ENODEV when they are not offered.
    Result<> ask(const std::vector<std::string>& connectors, const std::atomic<bool>* cancelled = nullptr);
    Result<> ask_when_offered(const std::vector<std::string>& connectors, const std::atomic<bool>& cancelled);
    [[nodiscard]] std::vector<std::string> offers() const;
    [[nodiscard]] std::string card() const override { return fmt::format("fd:{}", fd_.get()); }
    [[nodiscard]] const std::vector<std::string>& connectors() const override { return connectors_; }
    [[nodiscard]] int fd() const override { return wl_display_get_fd(display_.get()); }
    Result<> check() override;

    // Called by the listeners.
    void on_global(wl_registry* registry, std::uint32_t name, std::string_view interface);
    void on_fd(int fd) {
        fd_ = UniqueFd(system_kernel(), fd);
        answered_ = true;
    }
    void on_finished() { answered_ = finished_ = true; }

  private:
    Result<> choose(const std::vector<std::string>& connectors, LeaseDevice*& device,
                    std::vector<const Offer*>& chosen) const;
    Result<> take_leave_of_devices(const std::atomic<bool>* cancelled);

    std::unique_ptr<wl_display, Disconnect> display_; ///< goes last; with it ends the lease
    std::vector<std::unique_ptr<LeaseDevice>> devices_;
    Proxy<wp_drm_lease_v1> lease_;
    UniqueFd fd_;
    std::vector<std::string> connectors_;
    bool answered_ = false;
    bool finished_ = false;
    bool told_ = false; ///< of a change of what is offered
};

void on_lease_fd(void* data, wp_drm_lease_v1*, int fd) { static_cast<Lender*>(data)->on_fd(fd); }
void on_lease_finished(void* data, wp_drm_lease_v1*) { static_cast<Lender*>(data)->on_finished(); }
constexpr wp_drm_lease_v1_listener lease_listener = {on_lease_fd, on_lease_finished};

void on_lender_global(void* data, wl_registry* registry, std::uint32_t name, const char* interface, std::uint32_t) {
    static_cast<Lender*>(data)->on_global(registry, name, interface);
}
void on_lender_global_remove(void*, wl_registry*, std::uint32_t) {} // its offers are withdrawn
constexpr wl_registry_listener lender_registry_listener = {on_lender_global, on_lender_global_remove};

void Lender::on_global(wl_registry* registry, std::uint32_t name, std::string_view interface) {
    if (interface != wp_drm_lease_device_v1_interface.name) return;
    devices_.push_back(std::make_unique<LeaseDevice>());
    LeaseDevice& device = *devices_.back();
    device.told = &told_;
    device.proxy.reset(
        static_cast<wp_drm_lease_device_v1*>(wl_registry_bind(registry, name, &wp_drm_lease_device_v1_interface, 1)));
    wp_drm_lease_device_v1_add_listener(device.proxy.get(), &device_listener, &device);
}

Result<std::unique_ptr<Lender>> Lender::connect(const std::atomic<bool>* cancelled) {
    const Result<wl_display*> connected = connect_to_compositor();
    if (!connected) return fail(connected.error());
    wl_display* const display = *connected;
    auto lender = std::make_unique<Lender>();
    lender->display_.reset(display);
    const Nanoseconds until = system_kernel().now() + offer_limit;
    const Proxy<wl_registry> registry(wl_display_get_registry(display));
    wl_registry_add_listener(registry.get(), &lender_registry_listener, lender.get());
    V4L2PLAY_TRY(wait_for_answers(display, nullptr, until, cancelled));
    if (lender->devices_.empty())
        return fail(ENOTSUP, "the compositor has no wp_drm_lease_device_v1: it lends no display", "wl_registry");
    for (const auto& device : lender->devices_)
        V4L2PLAY_TRY(wait_for_event(display, nullptr, device->complete, until, cancelled));
    return lender;
}

std::vector<std::string> Lender::offers() const {
    std::vector<std::string> lines;
    for (const auto& device : devices_)
        for (const auto& offer : device->offers)
            if (!offer->withdrawn) lines.push_back(fmt::format("{}  {}", offer->name, offer->description));
    return lines;
}

/// All of them on one card.
Result<> Lender::choose(const std::vector<std::string>& connectors, LeaseDevice*& device,
                        std::vector<const Offer*>& chosen) const {
    for (const auto& candidate : devices_) {
        chosen.clear();
        for (const auto& offer : candidate->offers) {
            const bool wanted = connectors.empty()
                                    ? chosen.empty()
                                    : std::find(connectors.begin(), connectors.end(), offer->name) != connectors.end();
            if (wanted && !offer->withdrawn) chosen.push_back(offer.get());
        }
        device = candidate.get();
        if (!chosen.empty() && chosen.size() >= connectors.size()) return {};
    }
    const std::vector<std::string> lines = offers();
    return fail(ENODEV,
                fmt::format("the compositor lends no {}; it offers: {}",
                            connectors.empty() ? "display" : fmt::format("{}", fmt::join(connectors, " and ")),
                            lines.empty() ? "nothing" : fmt::format("{}", fmt::join(lines, ", "))),
                "wp_drm_lease_device_v1");
}

Result<> Lender::ask(const std::vector<std::string>& connectors, const std::atomic<bool>* cancelled) {
    LeaseDevice* device = nullptr;
    std::vector<const Offer*> chosen;
    V4L2PLAY_TRY(choose(connectors, device, chosen));
    wp_drm_lease_request_v1* request = wp_drm_lease_device_v1_create_lease_request(device->proxy.get());
    for (const Offer* offer : chosen) {
        wp_drm_lease_request_v1_request_connector(request, offer->proxy.get());
        connectors_.push_back(offer->name);
    }
    lease_.reset(wp_drm_lease_request_v1_submit(request));
    wp_drm_lease_v1_add_listener(lease_.get(), &lease_listener, this);
    const std::string names = fmt::format("{}", fmt::join(connectors_, " and "));
    log_info("wayland", "asking the compositor for a lease of {}", names);
    const Nanoseconds until = system_kernel().now() + grant_limit;
    V4L2PLAY_TRY(wait_for_event(display_.get(), nullptr, answered_, until, cancelled));
    if (fd_) return take_leave_of_devices(cancelled);
    const bool withdrawn =
        std::any_of(chosen.begin(), chosen.end(), [](const Offer* offer) { return offer->withdrawn; });
    return fail(withdrawn ? ENODEV : EACCES, fmt::format("the compositor does not lend {}", names), "wp_drm_lease_v1");
}

/// Who asked in the moment in which an offer was withdrawn waits for the next one.
Result<> Lender::ask_when_offered(const std::vector<std::string>& connectors, const std::atomic<bool>& cancelled) {
    for (;;) {
        for (const auto& device : devices_)
            std::erase_if(device->offers, [](const auto& offer) { return offer->withdrawn; });
        connectors_.clear();
        answered_ = finished_ = told_ = false;
        Result<> asked = ask(connectors, &cancelled);
        if (asked || asked.error().code != ENODEV) return asked;
        V4L2PLAY_TRY(wait_for_event(display_.get(), nullptr, told_, never, &cancelled));
    }
}

/// Of a lease that lasts nothing is of interest but its end.
Result<> Lender::take_leave_of_devices(const std::atomic<bool>* cancelled) {
    for (const auto& device : devices_) {
        device->offers.clear();
        wp_drm_lease_device_v1_release(device->proxy.get());
    }
    const Nanoseconds until = system_kernel().now() + offer_limit;
    for (const auto& device : devices_)
        V4L2PLAY_TRY(wait_for_event(display_.get(), nullptr, device->released, until, cancelled));
    devices_.clear();
    return {};
}

Result<> Lender::check() {
    while (wl_display_prepare_read(display_.get()) != 0)
        if (wl_display_dispatch_pending(display_.get()) < 0) return connection_broken(display_.get());
    if (wl_display_read_events(display_.get()) < 0 || wl_display_dispatch_pending(display_.get()) < 0)
        return connection_broken(display_.get());
    if (finished_) return fail(ENOENT, "the lease was taken back", "wp_drm_lease_v1");
    return {};
}

} // namespace

Result<std::unique_ptr<DrmLease>> ask_for_lease(const std::vector<std::string>& connectors) {
    auto lender = Lender::connect();
    if (!lender) return fail(std::move(lender).error());
    V4L2PLAY_TRY((*lender)->ask(connectors));
    return std::move(*lender);
}

Result<std::unique_ptr<DrmLease>> ask_for_lease_again(const std::vector<std::string>& connectors,
                                                      const std::atomic<bool>& cancelled) {
    for (Nanoseconds until = system_kernel().now() + compositor_limit;;) {
        auto lender = Lender::connect(&cancelled);
        const Result<> asked = lender ? (*lender)->ask_when_offered(connectors, cancelled) : fail(lender.error());
        if (asked) return std::move(*lender);
        const Nanoseconds now = system_kernel().now();
        if (lender) until = now + compositor_limit;
        if (cancelled || now >= until || (lender && asked.error().code != EPIPE)) return fail(asked.error());
        std::this_thread::sleep_for(std::chrono::nanoseconds(compositor_pause));
    }
}

std::vector<std::string> lent_connectors() {
    const auto lender = Lender::connect();
    if (!lender) return {lender.error().what};
    std::vector<std::string> lines = (*lender)->offers();
    if (lines.empty()) lines.emplace_back("the compositor lends no display");
    return lines;
}

#else

Result<std::unique_ptr<DrmLease>> ask_for_lease(const std::vector<std::string>&) {
    return fail(ENOTSUP, "this v4l2play was built without drm-lease-v1 (wayland-protocols)", "wayland");
}

Result<std::unique_ptr<DrmLease>> ask_for_lease_again(const std::vector<std::string>& connectors,
                                                      const std::atomic<bool>&) {
    return ask_for_lease(connectors);
}

std::vector<std::string> lent_connectors() { return {ask_for_lease({}).error().what}; }

#endif

} // namespace v4l2play
