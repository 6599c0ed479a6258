// A call of a driver that does not come back.
#pragma once

#include <functional>
#include <future>

namespace v4l2play::test {

/// Hangs in a call of the driver until it is let go.
class Hang {
  public:
    std::function<void()> wait() {
        return [gone = gone_] { gone.wait(); };
    }
    void end() { go_.set_value(); }

  private:
    std::promise<void> go_;
    std::shared_future<void> gone_ = go_.get_future();
};

} // namespace v4l2play::test
