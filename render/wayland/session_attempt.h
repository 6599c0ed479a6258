// A connection that is being made while playback goes on.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>

#include "render/wayland/session.h"

namespace v4l2play {

/// A compositor that is starting takes connections, and may not answer for seconds: it is waited for in another thread,
/// which nobody else's Wayland objects are used in.
class SessionAttempt {
  public:
    /// Opens a session; gives up soon once it is cancelled.
    using Open = std::function<Result<std::unique_ptr<Session>>(const std::atomic<bool>& cancelled)>;

    /// Without another thread, where there is none left, `open` is called at once.
    explicit SessionAttempt(Open open);
    SessionAttempt(const SessionAttempt&) = delete;
    SessionAttempt& operator=(const SessionAttempt&) = delete;
    /// Cancels it, and waits for that.
    ~SessionAttempt();

    [[nodiscard]] bool is_done() const;
    /// Once, when it is done.
    Result<std::unique_ptr<Session>> take() { return coming_.get(); }

  private:
    std::atomic<bool> cancelled_ = false;
    std::future<Result<std::unique_ptr<Session>>> coming_;
};

} // namespace v4l2play
