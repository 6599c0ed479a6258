#include "render/kms/hotplug.h"

#include <array>
#include <cerrno>
#include <string_view>

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "decoder/log.h"

namespace v4l2play {
namespace {

constexpr unsigned kernel_group = 1; // the kernel's own messages; group 2 are udev's

UniqueFd listen(Kernel& kernel) {
    UniqueFd socket(kernel, ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kernel_group;
    if (socket && bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    log_debug("kms", "no uevents here: displays are looked at every second");
    return {};
}

/// A message is a headline and then NAME=value, each ended by a zero.
bool of_a_card(std::string_view message) {
    using std::string_view_literals::operator""sv;
    return message.find("\0SUBSYSTEM=drm\0"sv) != std::string_view::npos;
}

} // namespace

HotplugMonitor::HotplugMonitor(Kernel& kernel, const std::string& card)
    : kernel_(kernel)
    , socket_(listen(kernel)) {
    using std::string_literals::operator""s;
    constexpr std::string_view devices = "/dev/";
    if (card.rfind(devices, 0) == 0) device_name_ = "\0DEVNAME="s + card.substr(devices.size()) + "\0"s;
}

bool HotplugMonitor::changed() {
    if (!socket_) return true;
    bool heard = false;
    std::array<char, 4096> message;
    for (;;) {
        const ssize_t size = kernel_.read(socket_.get(), message.data(), message.size());
        if (size <= 0) return heard || size == -ENOBUFS; // some were lost: look
        // Whoever may send here besides the kernel can do no more than make us look.
        const std::string_view text{message.data(), static_cast<std::size_t>(size)};
        heard = heard || of_a_card(text);
        removed_ = removed_ || (!device_name_.empty() && text.rfind("remove@", 0) == 0 &&
                                text.find(device_name_) != std::string_view::npos);
    }
}

void HotplugMonitor::wait(Nanoseconds limit) { kernel_.poll(socket_.get(), POLLIN, limit); }

} // namespace v4l2play
