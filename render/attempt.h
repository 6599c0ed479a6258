// What takes long and is made while playback goes on.
#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <future>
#include <system_error>
#include <utility>

#include "decoder/result.h"

namespace v4l2play {

/// A compositor that is starting takes connections, and may not answer for seconds: it is waited for in another thread,
/// which nobody else's objects are used in.
template <class T>
class Attempt {
  public:
    /// Makes it; gives up soon once it is cancelled.
    using Make = std::function<Result<T>(const std::atomic<bool>& cancelled)>;

    /// EAGAIN where there is no thread left.
    explicit Attempt(Make make) {
        try {
            coming_ = std::async(std::launch::async, [this, make = std::move(make)] { return make(cancelled_); });
        } catch (const std::system_error&) {
            std::promise<Result<T>> failed;
            failed.set_value(fail(EAGAIN, "no thread is left to wait in", "pthread_create"));
            coming_ = failed.get_future();
        }
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    /// Cancels it, and waits for that.
    ~Attempt() {
        cancelled_ = true;
        if (coming_.valid()) coming_.wait();
    }

    [[nodiscard]] bool is_done() const {
        return coming_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    /// Once, when it is done.
    Result<T> take() { return coming_.get(); }

  private:
    std::atomic<bool> cancelled_ = false;
    std::future<Result<T>> coming_;
};

} // namespace v4l2play
