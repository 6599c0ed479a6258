#include "render/kms/session.h"

#include "decoder/log.h"

namespace v4l2play {

KmsSession::KmsSession(Kernel& kernel, std::unique_ptr<Seat> seat, int card)
    : kernel_(kernel)
    , seat_(std::move(seat))
    , card_(card) {
    if (seat_ == nullptr || seat_->fd() < 0) return;
    wait_ = UniqueFd(kernel_, kernel_.epoll_create());
    for (const int fd : {card_, seat_->fd()}) kernel_.epoll_add(wait_.get(), fd, EPOLLIN, 0);
}

bool KmsSession::dispatch() {
    if (seat_ != nullptr) seat_->dispatch();
    return std::exchange(was_active_, active()) != was_active_;
}

} // namespace v4l2play
