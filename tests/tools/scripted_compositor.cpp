// scripted_compositor [WORD]... COMMAND...: runs COMMAND as the client of a compositor that takes what is newest, and
// complete, at each of 60 refreshes a second, and tells what the client made of it. In the lab; its exit status is
// COMMAND's, or 99 when that has not been a good client: a buffer attached while it is being read, a release point used
// twice, two pictures for one refresh, a commit of nothing.
//     hold=N        keeps N buffers more than the one on the screen, and lets go of the oldest, or with `r` of any
//     lead=N        what it has taken is on the screen N refreshes later
//     fence=N       reads what it has shown for N refreshes after it has let go of it, as the dmabuf's fence tells
//     lose=N[xM]    never lets go of every N-th, M at most
//     plane=WHO     scans out the `window` and no subsurface, or `nobody`; else both
//     extras        has fifo-v1 and commit-timing-v1, and keeps to them; colour, scale, idle, content type, icon
//     timelines     has linux-drm-syncobj-v1, and lets go by it (vgem)
//     discard[=1]   discards at once what is committed while the window is hidden; frame callbacks wait until it is
//                   shown, or with `=1` come once a second
//     keep          answers and lets go of nothing that is committed while the window is hidden, until it is shown
//     bands=FILE    writes down what is on the screen when a refresh begins and when it ends: a line with the number of
//                   the commit, and of the frame that its bands name, -1 for none
//     SECONDS:WHAT  after that time: `formats` (it would scan YU12 out, not NV12), `hide`, `suspend` (hides, and says
//                   so), `show`, `overlay` (key i), `full` (screen), WIDTHxHEIGHT (of the window; of the screen that it
//                   fills with an `f` behind it)
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <linux/input-event-codes.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder/kernel.h"
#include "tests/tools/compositor_script.h"
#include "tests/tools/drm_timelines.h"
#include "tests/tools/one_plane.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {
namespace {

constexpr int screen_width = 1920, screen_height = 1080;
constexpr int bad_client = 99;

std::vector<MockFormat> formats_told(bool changed) {
    const MockFormat nv12{{fourcc_nv12, modifier_linear}, !changed};
    const MockFormat yu12{{fourcc_yuv420, modifier_linear}, changed};
    const MockFormat xrgb{{fourcc_xrgb, modifier_linear}, false};
    return changed ? std::vector{yu12, nv12, xrgb} : std::vector{nv12, yu12, xrgb};
}

void perform(const std::string& what, MockCompositor& compositor, OnePlane& plane) {
    if (what == "formats") return compositor.change_formats(formats_told(true));
    if (!compositor.has_window()) return;
    if (what == "overlay") return compositor.press(KEY_I);
    if (what == "full") return compositor.configure(screen_width, screen_height, true);
    if (const auto x = what.find('x'); x != std::string::npos)
        return compositor.configure(number_in(what), number_in(std::string_view(what).substr(x + 1)),
                                    what.ends_with('f'));
    plane.hide(what != "show");
    if (what != "hide") compositor.suspend(what == "suspend");
}

int play(const CompositorScript& script, MockCompositor& compositor, OnePlane& plane, pid_t client) {
    const Nanoseconds start = system_kernel().now();
    auto event = script.events.begin();
    int status = 0;
    for (Nanoseconds refresh = start; waitpid(client, &status, WNOHANG) == 0; refresh += refresh_period) {
        usleep(static_cast<useconds_t>(std::max<Nanoseconds>(refresh - system_kernel().now(), 0) / 1000));
        plane.refresh(refresh);
        for (; event != script.events.end() && refresh >= start + event->at; ++event)
            perform(event->what, compositor, plane);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(const CompositorScript& script, char** command) {
    std::optional<Fences> fences;
    std::optional<DrmTimelines> timelines;
    MockOptions options{.formats = formats_told(false), .strict = true, .extras = script.extras, .shell_version = 6};
    if (script.timelines) options.timelines = &timelines.emplace();
    if (script.fence != 0) fences.emplace();
    std::optional<ScreenBands> bands;
    if (!script.bands.empty()) bands.emplace(script.bands);
    options.imported = [&](std::uint32_t buffer, int fd) {
        if (fences) fences->import(buffer, fd);
        if (bands) bands->import(buffer, fd);
    };
    MockCompositor compositor(options);
    const pid_t client = fork();
    if (client == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    OnePlane plane(compositor, script, fences ? &*fences : nullptr, bands ? &*bands : nullptr);
    const int status = play(script, compositor, plane, client);
    fmt::print("compositor: {}\n", plane.account());
    std::vector<std::string> complaints = compositor.complaints();
    for (const std::string& more : plane.complaints()) complaints.push_back(more);
    for (const std::string& complaint : complaints) fmt::print("compositor complains: {}\n", complaint);
    return status == 0 && !complaints.empty() ? bad_client : status;
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    v4l2play::CompositorScript script;
    int word = 1;
    while (word < argc && script.take(argv[word])) ++word;
    if (word == argc) {
        fmt::print(stderr, "usage: scripted_compositor {} COMMAND...\n", v4l2play::compositor_words);
        return 2;
    }
    return v4l2play::run(script, argv + word);
}
