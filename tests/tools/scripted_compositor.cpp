// scripted_compositor SECONDS HOLD[r] COMMAND...: runs COMMAND as the client of a compositor that shows each frame at
// the next of 60 refreshes a second. It would scan NV12 out, until after SECONDS (0: never) it would scan out YU12
// instead. It keeps HOLD buffers more than the one on the screen, and lets go of the oldest, or with `r` of any. Its
// exit status is COMMAND's. In the lab.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder/kernel.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds refresh_period = second / 60;

std::vector<MockFormat> formats_told(bool changed) {
    const MockFormat nv12{{fourcc_nv12, modifier_linear}, !changed};
    const MockFormat yu12{{fourcc_yuv420, modifier_linear}, changed};
    return changed ? std::vector{yu12, nv12} : std::vector{nv12, yu12};
}

/// What a display with one plane does at each refresh.
class OnePlane {
  public:
    OnePlane(MockCompositor& compositor, std::size_t hold, bool shuffle)
        : compositor_(compositor)
        , hold_(hold)
        , shuffle_(shuffle) {}

    void refresh(Nanoseconds time) {
        const std::vector<MockCommit> commits = compositor_.commits();
        std::size_t newest = nothing;
        for (; next_ < commits.size(); ++next_) {
            if (commits[next_].buffer == 0) continue;
            if (newest != nothing) drop(newest);
            newest = next_;
        }
        if (newest == nothing) return;
        compositor_.present(newest, time, refresh_period, true);
        held_.push_back(newest);
        while (held_.size() > hold_ + 1) release();
    }

  private:
    static constexpr std::size_t nothing = SIZE_MAX;

    void release() {
        const std::size_t which = shuffle_ ? random_() % (held_.size() - 1) : 0;
        compositor_.release(held_[which]);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void drop(std::size_t commit) {
        compositor_.discard(commit);
        compositor_.release(commit);
    }

    MockCompositor& compositor_;
    std::size_t next_ = 0;
    const std::size_t hold_;
    const bool shuffle_;
    std::mt19937 random_{1};
    std::vector<std::size_t> held_; ///< the newest is on the screen
};

int run(Nanoseconds change_after, std::string_view hold, char** command) {
    MockCompositor compositor({.formats = formats_told(false)});
    const pid_t client = fork();
    if (client == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    OnePlane plane(compositor, static_cast<std::size_t>(std::atoi(hold.data())), hold.ends_with('r'));
    const Nanoseconds start = system_kernel().now();
    bool changed = change_after == 0;
    int status = 0;
    for (Nanoseconds refresh = start; waitpid(client, &status, WNOHANG) == 0; refresh += refresh_period) {
        usleep(static_cast<useconds_t>(std::max<Nanoseconds>(refresh - system_kernel().now(), 0) / 1000));
        plane.refresh(refresh);
        if (!changed && refresh >= start + change_after) {
            compositor.change_formats(formats_told(true));
            changed = true;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    if (argc < 4) {
        fmt::print(stderr, "usage: scripted_compositor SECONDS HOLD[r] COMMAND...\n");
        return 2;
    }
    return v4l2play::run(static_cast<v4l2play::Nanoseconds>(std::atof(argv[1]) * v4l2play::second), argv[2], argv + 3);
}
