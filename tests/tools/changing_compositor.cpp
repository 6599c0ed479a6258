// changing_compositor SECONDS COMMAND...: runs COMMAND as the client of a compositor that shows each frame at the next
// of 60 refreshes a second, and would scan NV12 out, until after so long it would scan out YU12 instead. Its exit
// status is COMMAND's. In the lab.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

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
    explicit OnePlane(MockCompositor& compositor)
        : compositor_(compositor) {}

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
        if (shown_ != nothing) compositor_.release(shown_);
        shown_ = newest;
    }

  private:
    static constexpr std::size_t nothing = SIZE_MAX;

    void drop(std::size_t commit) {
        compositor_.discard(commit);
        compositor_.release(commit);
    }

    MockCompositor& compositor_;
    std::size_t next_ = 0;
    std::size_t shown_ = nothing;
};

int run(Nanoseconds change_after, char** command) {
    MockCompositor compositor({.formats = formats_told(false)});
    const pid_t client = fork();
    if (client == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    OnePlane plane(compositor);
    const Nanoseconds start = system_kernel().now();
    bool changed = false;
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
    const double seconds = argc > 2 ? std::atof(argv[1]) : 0;
    if (seconds <= 0) {
        fmt::print(stderr, "usage: changing_compositor SECONDS COMMAND...\n");
        return 2;
    }
    return v4l2play::run(static_cast<v4l2play::Nanoseconds>(seconds * v4l2play::second), argv + 2);
}
