#include "render/wayland/session_attempt.h"

#include <chrono>
#include <system_error>
#include <utility>

namespace v4l2play {

SessionAttempt::SessionAttempt(Open open) {
    const auto run = [this, open = std::move(open)] { return open(cancelled_); };
    try {
        coming_ = std::async(std::launch::async, run);
    } catch (const std::system_error&) {
        std::promise<Result<std::unique_ptr<Session>>> made;
        made.set_value(run());
        coming_ = made.get_future();
    }
}

SessionAttempt::~SessionAttempt() {
    cancelled_ = true;
    if (coming_.valid()) coming_.wait();
}

bool SessionAttempt::is_done() const { return coming_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

} // namespace v4l2play
