// A call of a driver that does not come back.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "decoder/decoder.h"
#include "tests/fakes/playback.h"

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

/// The decoder goes while the driver still hangs, and frames are released of which nobody is told any more; once the
/// call has come back nothing is left.
inline void end_decoder(std::unique_ptr<Decoder>& decoder, fakes::Playback& playback, Hang& hang,
                        fakes::FakeKernel& kernel) {
    decoder.reset();
    playback.release_all();
    playback.pools.clear();
    hang.end();
    while (!kernel.leaks().empty()) std::this_thread::yield();
    EXPECT_EQ("", kernel.violations());
}

} // namespace v4l2play::test
