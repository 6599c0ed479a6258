#include "render/kms/session.h"

#include <array>

#include "decoder/log.h"

namespace v4l2play {
namespace {

enum Source : std::uint64_t { from_card, from_seat, from_keyboards, from_hotplug };

} // namespace

KmsSession::KmsSession(Kernel& kernel, std::unique_ptr<Seat> seat, const KmsOptions& options, int card, int hotplug,
                       bool first)
    : kernel_(kernel)
    , ours_(std::move(seat))
    , seat_(options.seat)
    , card_(card) {
    if (first) console_.emplace(kernel);
    if (first && options.keyboards && !console_->active()) keyboards_.emplace(kernel, seat_);
    const int seat_fd = first && seat_ != nullptr ? seat_->fd() : -1;
    const int keyboards_fd = keyboards_ ? keyboards_->fd() : -1;
    if (seat_fd < 0 && keyboards_fd < 0 && hotplug < 0) return;
    wait_ = UniqueFd(kernel_, kernel_.epoll_create());
    const auto waits_for = [&](int fd, std::uint64_t source) {
        return fd < 0 || kernel_.epoll_add(wait_.get(), fd, EPOLLIN, source) == 0;
    };
    const bool waits = wait_ && waits_for(card_, from_card) && waits_for(seat_fd, from_seat) &&
                       waits_for(keyboards_fd, from_keyboards) && waits_for(hotplug, from_hotplug);
    if (waits) return;
    log_warning("kms",
                "keys, displays and other sessions are looked for only when a frame is shown: no descriptors are left");
    wait_ = {};
}

bool KmsSession::dispatch(bool busy) {
    hotplug_told_ = false;
    if (wait_ && busy) return false;
    std::array<epoll_event, 4> events{};
    const int count = wait_ ? kernel_.epoll_wait(wait_.get(), events, 0) : 0;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t source = events[static_cast<std::size_t>(i)].data.u64;
        if (source == from_seat) seat_->dispatch();
        if (source == from_keyboards) keyboards_->dispatch();
        if (source == from_hotplug) hotplug_told_ = true;
    }
    if (!wait_ && ours_ != nullptr) ours_->dispatch();
    if (!wait_ && keyboards_) keyboards_->dispatch();
    if (active() == was_active_) return false;
    was_active_ = active();
    if (keyboards_) keyboards_->set_active(was_active_);
    return true;
}

std::optional<OutputKey> KmsSession::next_key() {
    while (const auto press = keyboards_ ? keyboards_->next() : std::nullopt) {
        if (press->key) return press->key;
        if (seat_ != nullptr) seat_->switch_to(press->session);
    }
    return std::nullopt;
}

} // namespace v4l2play
