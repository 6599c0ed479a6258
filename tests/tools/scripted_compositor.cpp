// scripted_compositor [hold=N[r]] [lead=N] [fence=N] [plane=WHO] [SECONDS:WHAT]... COMMAND...: runs COMMAND as the
// client of a compositor that takes what is newest at each of 60 refreshes a second. In the lab; its exit status is
// COMMAND's.
//     hold=N        keeps N buffers more than the one on the screen, and lets go of the oldest, or with `r` of any
//     lead=N        what it has taken is on the screen N refreshes later
//     fence=N       reads what it has shown for N refreshes after it has let go of it, as the dmabuf's fence tells
//     plane=WHO     scans out the `window` and no subsurface, or `nobody`; else both
//     SECONDS:WHAT  after that time: `formats` (it would scan YU12 out, not NV12), `hide`, `suspend` (hides, and says
//     so),
//                   `show`, `overlay` (key i), `full` (screen), WIDTHxHEIGHT (of the window; of the
//                   screen that it fills with an `f` behind it)
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/input-event-codes.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decoder/kernel.h"
#include "tests/tools/reader_fences.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds refresh_period = second / 60;
constexpr int screen_width = 1920, screen_height = 1080;

std::vector<MockFormat> formats_told(bool changed) {
    const MockFormat nv12{{fourcc_nv12, modifier_linear}, !changed};
    const MockFormat yu12{{fourcc_yuv420, modifier_linear}, changed};
    return changed ? std::vector{yu12, nv12} : std::vector{nv12, yu12};
}

int number_in(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

struct Event {
    Nanoseconds at = 0;
    std::string what;
};

struct Script {
    std::size_t hold = 0;
    bool shuffle = false;
    std::size_t lead = 0;
    std::uint64_t fence = 0;
    std::string plane = "all";
    std::vector<Event> events;

    /// False when it is none of a script's words.
    bool take(std::string_view word);
};

bool Script::take(std::string_view word) {
    if (word.starts_with("hold=")) {
        hold = static_cast<std::size_t>(number_in(word.substr(5)));
        shuffle = word.ends_with('r');
    } else if (word.starts_with("lead=")) {
        lead = static_cast<std::size_t>(number_in(word.substr(5)));
    } else if (word.starts_with("fence=")) {
        fence = static_cast<std::uint64_t>(number_in(word.substr(6)));
    } else if (word.starts_with("plane=")) {
        plane = word.substr(6);
    } else if (const auto colon = word.find(':'); colon != std::string_view::npos) {
        events.push_back(
            {static_cast<Nanoseconds>(std::atof(word.data()) * second), std::string(word.substr(colon + 1))});
    } else {
        return false;
    }
    return true;
}

/// The dmabufs that were imported, and who still reads them.
class Fences {
  public:
    /// In the compositor's thread, before any commit with that buffer.
    void import(std::uint32_t buffer, int fd) {
        dmabufs_.insert_or_assign(buffer, UniqueFd(system_kernel(), fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    }
    void begin(std::size_t commit, std::uint32_t buffer) {
        if (const std::uint32_t fence = kernel_.add(dmabufs_.at(buffer).get()); fence != 0) reading_[commit] = fence;
    }
    void end(std::size_t commit, std::uint64_t at) {
        if (const auto found = reading_.find(commit); found != reading_.end()) ending_.emplace_back(at, found->second);
        reading_.erase(commit);
    }
    void refresh(std::uint64_t count) {
        for (; !ending_.empty() && ending_.front().first <= count; ending_.pop_front())
            kernel_.signal(ending_.front().second);
    }

  private:
    ReaderFences kernel_;
    std::map<std::uint32_t, UniqueFd> dmabufs_;
    std::map<std::size_t, std::uint32_t> reading_;
    std::deque<std::pair<std::uint64_t, std::uint32_t>> ending_;
};

/// What a display with one plane does at each refresh.
class OnePlane {
  public:
    /// `fences`: null for who reads nothing longer than he holds it.
    OnePlane(MockCompositor& compositor, const Script& script, Fences* fences)
        : compositor_(compositor)
        , script_(script)
        , fences_(fences) {}

    void hide(bool hidden) { hidden_ = hidden; }

    void refresh(Nanoseconds time) {
        take_newest();
        // Not before: what the client does then is for the next refresh.
        if (fences_ != nullptr) fences_->refresh(++refreshes_);
        // What was taken before it was hidden is seen yet.
        taken_.push_back(hidden_ ? nothing : std::exchange(newest_, nothing));
        if (taken_.size() <= script_.lead) return;
        const std::size_t due = taken_.front();
        taken_.pop_front();
        if (due != nothing) show(due, time);
    }

  private:
    static constexpr std::size_t nothing = SIZE_MAX;
    static constexpr std::uint32_t window = 1; ///< the client's first surface

    void take_newest() {
        const std::vector<MockCommit> commits = compositor_.commits();
        for (; next_ < commits.size(); ++next_) {
            const bool overlay = commits[next_].buffer == 0;
            std::size_t& place = overlay ? overlay_ : newest_;
            if (overlay && place != nothing) compositor_.release(place);
            if (!overlay && place != nothing) drop(place);
            place = next_;
        }
    }

    void show(std::size_t commit, Nanoseconds time) {
        const MockCommit what = compositor_.commits()[commit];
        if (fences_ != nullptr) fences_->begin(commit, what.buffer);
        const bool scanned_out = script_.plane == "all" || (script_.plane == "window" && what.surface == window);
        compositor_.present(commit, time, refresh_period, scanned_out);
        held_.push_back(commit);
        while (held_.size() > script_.hold + 1) release();
    }

    void release() {
        const std::size_t which = script_.shuffle ? random_() % (held_.size() - 1) : 0;
        if (fences_ != nullptr) fences_->end(held_[which], refreshes_ + script_.fence);
        compositor_.release(held_[which]);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void drop(std::size_t commit) {
        compositor_.discard(commit);
        compositor_.release(commit);
    }

    MockCompositor& compositor_;
    const Script& script_;
    Fences* fences_;
    std::uint64_t refreshes_ = 0;
    bool hidden_ = false;
    std::size_t next_ = 0;
    std::size_t newest_ = nothing; ///< picture that was not taken yet
    std::size_t overlay_ = nothing;
    std::deque<std::size_t> taken_; ///< at the last refreshes
    std::mt19937 random_{1};
    std::vector<std::size_t> held_; ///< the newest is on the screen
};

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

int run(const Script& script, char** command) {
    std::optional<Fences> fences;
    MockOptions options{.formats = formats_told(false), .shell_version = 6};
    if (script.fence != 0) {
        fences.emplace();
        options.imported = [&](std::uint32_t buffer, int fd) { fences->import(buffer, fd); };
    }
    MockCompositor compositor(options);
    const pid_t client = fork();
    if (client == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    OnePlane plane(compositor, script, fences ? &*fences : nullptr);
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

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) {
    v4l2play::Script script;
    int word = 1;
    while (word < argc && script.take(argv[word])) ++word;
    if (word == argc) {
        fmt::print(
            stderr,
            "usage: scripted_compositor [hold=N[r]] [lead=N] [fence=N] [plane=WHO] [SECONDS:WHAT]... COMMAND...\n");
        return 2;
    }
    return v4l2play::run(script, argv + word);
}
