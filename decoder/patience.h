// Waiting for what may never end: drivers that do not come back from a system call.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "decoder/nanoseconds.h"

namespace v4l2play {

/// How long a driver may take to close a context, or to stop streaming, before it is left alone with it.
constexpr Nanoseconds usual_teardown_limit = 2 * second;

/// Raised once, by another thread.
class DoneFlag {
  public:
    void raise() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        raised_.notify_all();
    }
    /// False when it is not raised within `limit`.
    bool wait_for(Nanoseconds limit) {
        std::unique_lock lock(mutex_);
        return raised_.wait_for(lock, std::chrono::nanoseconds(limit), [this] { return done_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable raised_;
    bool done_ = false;
};

/// Destroys `object` on a thread of its own. False when that has not ended within `limit`: the thread is left to
/// itself. Here and below: where the system has no thread left, the caller's does it, without a limit.
template <class T>
bool destroy_within(Nanoseconds limit, std::unique_ptr<T> object) {
    auto done = std::make_shared<DoneFlag>();
    std::thread thread;
    try {
        thread = std::thread([done, object = std::move(object)]() mutable {
            object.reset();
            done->raise();
        });
    } catch (const std::system_error&) {
        return true; // it went with what the thread would have called
    }
    const bool ended = done->wait_for(limit);
    if (ended)
        thread.join();
    else
        thread.detach();
    return ended;
}

/// Calls `work` with `object` on a thread of its own. Empty when it does not come back within `limit`: the thread, and
/// `object` with it, are left to themselves.
template <class T, class Work>
auto call_within(Nanoseconds limit, std::unique_ptr<T>& object, Work work) -> std::optional<decltype(work(*object))> {
    struct Call {
        std::unique_ptr<T> object;
        std::optional<decltype(work(*object))> answer;
        DoneFlag done;
    };
    auto call = std::make_shared<Call>();
    call->object = std::move(object);
    std::thread thread;
    try {
        thread = std::thread([call, work] {
            call->answer = work(*call->object);
            call->done.raise();
        });
    } catch (const std::system_error&) {
        object = std::move(call->object);
        return work(*object);
    }
    if (!call->done.wait_for(limit)) {
        thread.detach();
        return std::nullopt;
    }
    thread.join();
    object = std::move(call->object);
    return std::move(call->answer);
}

} // namespace v4l2play
