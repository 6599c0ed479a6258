// Plays the start of a file through the request decoder again and again; each time another allocation of the kernel on
// our behalf fails: the first, the second, ... until there are no more (Documentation/fault-injection, fail-nth).
//
//     fault_storm [--from=N] FILE      as root, where /sys/kernel/debug/failslab/ignore-gfp-wait is N
//
// Whatever fails, the decoder must say so or get over it: no hang, no descriptor left, no slot used early. Exit code: 0
// all well; 1 not (said on standard output); 2 bad call, no fault injection, or unplayable file.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/decoder_factory.h"
#include "app/demuxer.h"

namespace {

using namespace v4l2play;

/// /proc/thread-self/fail-nth, kept open: opening it could fail too.
class FailNth {
  public:
    FailNth()
        : fd_(::open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC)) {}
    FailNth(const FailNth&) = delete;
    FailNth& operator=(const FailNth&) = delete;
    ~FailNth() { ::close(fd_); }
    [[nodiscard]] bool usable() const { return fd_ >= 0; }
    void arm(unsigned n) {
        const std::string text = std::to_string(n);
        if (::pwrite(fd_, text.data(), text.size(), 0) < 0) std::abort();
    }
    /// What is left to count; 0 = the fault has happened.
    int left() {
        char text[16] = {};
        return ::pread(fd_, text, sizeof text - 1, 0) <= 0 ? 0 : std::atoi(text);
    }

  private:
    int fd_;
};

using Units = std::vector<std::vector<std::uint8_t>>;

struct Outcome {
    std::string error; ///< empty when it was played to its end
    unsigned frames = 0;
    unsigned dropped = 0;
    bool hung = false;
    bool early = false;
};

class Run {
  public:
    Run(const StreamInfo& stream, const Units& units)
        : stream_(stream)
        , units_(units) {}

    Outcome play() {
        Options options;
        options.decoder = DecoderChoice::Request;
        DecoderConfig config;
        config.stream = stream_;
        auto opened = open_decoder(options, config);
        if (!opened) {
            outcome_.error = "refused: " + opened.error().what;
            return outcome_;
        }
        feed(*opened->decoder);
        for (const auto& pool : pools_) outcome_.early = outcome_.early || pool->statistics().early_reuse != 0;
        return outcome_;
    }

  private:
    void feed(Decoder& decoder) {
        std::size_t next = 0;
        bool drained = false;
        AccessUnit unit;
        bool parked = false;
        for (unsigned idle = 0; !over_; ++idle) {
            if (idle > 200) {
                outcome_.hung = true;
                return;
            }
            while (!over_ && next < units_.size()) {
                if (!parked) {
                    unit = AccessUnit{};
                    unit.payload = Payload(units_[next], nullptr, nullptr);
                    unit.pts = static_cast<Nanoseconds>(next) * 40 * millisecond;
                    parked = true;
                }
                auto sent = decoder.send(unit);
                if (!sent) {
                    outcome_.error = sent.error().what;
                    return;
                }
                if (*sent == SendStatus::Full) break;
                parked = false;
                ++next;
                idle = 0;
            }
            if (next == units_.size() && !drained) {
                drained = true;
                decoder.drain();
            }
            while (auto event = decoder.next_event()) {
                std::visit([this](auto& what) { on(what); }, *event);
                idle = 0;
            }
            if (over_) return;
            if (auto waited = decoder.dispatch(100 * millisecond); !waited) {
                outcome_.error = waited.error().what;
                return;
            }
        }
    }
    void on(Frame&) { ++outcome_.frames; }
    void on(const PoolChanged& changed) { pools_.push_back(changed.pool); }
    void on(const PicturesDropped& dropped) { outcome_.dropped += dropped.count; }
    void on(const Drained&) { over_ = true; }
    void on(const DecoderFailed& failed) {
        outcome_.error = failed.error.what;
        over_ = true;
    }

    const StreamInfo& stream_;
    const Units& units_;
    std::vector<std::shared_ptr<SlotPool>> pools_;
    Outcome outcome_;
    bool over_ = false;
};

unsigned open_descriptors() {
    unsigned count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

bool load(const char* path, unsigned pictures, StreamInfo& stream, Units& units) {
    auto demuxer = Demuxer::open(path);
    if (!demuxer) return false;
    stream = (*demuxer)->stream();
    while (units.size() < pictures) {
        auto unit = (*demuxer)->read();
        if (!unit || !*unit) break;
        const auto bytes = (*unit)->payload.bytes();
        std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
        copy.resize(copy.size() + 64);
        copy.resize(bytes.size());
        units.push_back(std::move(copy));
    }
    return !units.empty();
}

/// The heap grows now, so that no allocation of our own is among those that fail.
void reserve_heap() {
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    void* volatile block = std::malloc(std::size_t{64} << 20);
    std::free(block);
}

} // namespace

int main(int argc, char** argv) {
    constexpr unsigned pictures = 12;
    unsigned n = 1;
    int next = 1;
    if (argc > 1 && std::string_view(argv[1]).starts_with("--from=")) {
        n = static_cast<unsigned>(std::strtoul(argv[1] + 7, nullptr, 10));
        next = 2;
    }
    const unsigned first = n;
    StreamInfo stream;
    Units units;
    FailNth fault;
    if (next != argc - 1 || !fault.usable() || !load(argv[next], pictures, stream, units)) return 2;
    reserve_heap();
    const Outcome whole = Run(stream, units).play();
    if (!whole.error.empty() || whole.frames == 0) {
        fmt::print("not ok {}: without any fault: {}\n", argv[next], whole.error);
        return 2;
    }
    const unsigned descriptors = open_descriptors();
    std::map<std::string, unsigned> ways;
    unsigned problems = 0;
    for (;; ++n) {
        // Said first: a driver may not survive it.
        fmt::print("{}\r", n);
        std::fflush(stdout);
        fault.arm(n);
        const Outcome outcome = Run(stream, units).play();
        const bool happened = fault.left() == 0;
        fault.arm(0);
        if (!happened) break;
        const bool good = !outcome.hung && !outcome.early && open_descriptors() == descriptors &&
                          (!outcome.error.empty() || outcome.frames + outcome.dropped >= whole.frames);
        if (!good) {
            ++problems;
            fmt::print("not ok {}: allocation {}: {}{}{}; {} frames, {} dropped, {} descriptors more\n", argv[next], n,
                       outcome.error, outcome.hung ? " hung" : "", outcome.early ? " early reuse" : "", outcome.frames,
                       outcome.dropped, static_cast<int>(open_descriptors() - descriptors));
        }
        ++ways[!outcome.error.empty() ? "ended with an error" : outcome.dropped != 0 ? "lost pictures" : "played all"];
    }
    fmt::print("{} allocations failed, one in each run:", n - first);
    for (const auto& [way, count] : ways) fmt::print(" {} {},", count, way);
    fmt::print(" {} problems\n", problems);
    return problems == 0 && n > first ? 0 : 1;
}
