// Seeks at random in a file, with the player's own threads, and checks which pictures come after each seek.
//
//     seek_storm [--seeks=N] [--seed=N] [[--request|--stateful|--software] [--device=NAME] FILE...]...
//
// Each FILE is a demuxer, a decoder and their two threads, with the options before it; all run at the same time. Every
// one plays its file once from end to end, which tells the time stamps that there are. After an exact seek the first
// picture must be the first at or after the time; after a seek to a key frame one at or before it; those that follow
// must be its successors; in a file without time stamps, any picture will do. Frames are held for a while, as a display
// would.
// Exit code: 0 all as it should be; 1 not (said on standard output); 2 bad call or unplayable file.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "app/decode_thread.h"
#include "app/demux_thread.h"
#include "tests/tools/chosen_file.h"

namespace {

using namespace v4l2play;

struct StormOptions {
    unsigned seeks = 100; ///< in each file
    unsigned seed = 1;
    std::vector<ChosenFile> files;
};

bool parse(int argc, char** argv, StormOptions& options) {
    ChosenFile next;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const std::string value(word.substr(std::min(word.size(), word.find('=') + 1)));
        const auto number = [&] { return static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10)); };
        if (word.starts_with("--seeks=")) {
            options.seeks = number();
        } else if (word.starts_with("--seed=")) {
            options.seed = number();
        } else if (!word.starts_with("-")) {
            next.path = word;
            options.files.push_back(next);
        } else if (!next.take(word)) {
            return false;
        }
    }
    return !options.files.empty();
}

constexpr std::size_t frames_held = 3;

/// One file, played and sought in.
class Context {
  public:
    Context(const StormOptions& options, unsigned number)
        : options_(options)
        , file_(options.files[number])
        , name_(fmt::format("{} (context {})", file_.path, number))
        , random_(options.seed + number) {}

    bool open();
    void run();
    [[nodiscard]] unsigned problems() const { return problems_; }
    [[nodiscard]] unsigned seeks() const { return seeks_; }
    [[nodiscard]] std::size_t pictures() const { return times_.size(); }

  private:
    enum class Next { Frame, End, Failed };
    Next next(Nanoseconds& pts);
    void take(DecodeItem item, std::optional<Next>& result, Nanoseconds& pts);
    void complain(const std::string& what) {
        fmt::print("not ok {}: {}\n", name_, what);
        ++problems_;
    }
    void seek_once();
    void check_first(const SeekRequest& request, Nanoseconds pts);
    void check_pools();

    const StormOptions& options_;
    const ChosenFile file_;
    const std::string name_;
    std::mt19937 random_;
    std::unique_ptr<Demuxer> demuxer_;
    std::unique_ptr<Decoder> decoder_;
    DemuxChannel units_{16, 8};
    FrameChannel frames_{6, 1};
    std::unique_ptr<DemuxThread> demux_thread_;
    std::unique_ptr<DecodeThread> decode_thread_;
    std::vector<std::shared_ptr<SlotPool>> pools_;
    std::deque<Frame> held_;
    std::vector<Nanoseconds> times_; ///< of all pictures, in display order
    std::uint32_t serial_ = 0;
    unsigned problems_ = 0;
    unsigned seeks_ = 0;
    bool failed_ = false;
};

bool Context::open() {
    auto demuxer = Demuxer::open(file_.path);
    if (!demuxer) {
        complain(demuxer.error().what);
        return false;
    }
    demuxer_ = std::move(*demuxer);
    auto opened = open_decoder(file_, demuxer_->stream(), frames_held);
    if (!opened) {
        complain(opened.error().what);
        return false;
    }
    decoder_ = std::move(opened->decoder);
    return true;
}

void Context::take(DecodeItem item, std::optional<Next>& result, Nanoseconds& pts) {
    if (auto* frame = std::get_if<Frame>(&item)) {
        if (frame->serial != serial_) return;
        pts = frame->pts;
        held_.push_back(std::move(*frame));
        while (held_.size() > frames_held) held_.pop_front();
        result = Next::Frame;
    } else if (auto* changed = std::get_if<PoolChanged>(&item)) {
        pools_.push_back(changed->pool);
    } else if (auto* dropped = std::get_if<PicturesDropped>(&item)) {
        if (!dropped->why.empty()) fmt::print("# {}: {} dropped: {}\n", name_, dropped->count, dropped->why);
    } else if (auto* end = std::get_if<EndOfFrames>(&item)) {
        if (end->serial == serial_) result = Next::End;
    } else if (auto* failed = std::get_if<DecoderFailed>(&item)) {
        complain(failed->error.what);
        failed_ = true;
        result = Next::Failed;
    }
}

/// The next frame of the place that was sought last.
Context::Next Context::next(Nanoseconds& pts) {
    for (unsigned waited = 0; waited < 20'000; ++waited) {
        std::optional<Next> result;
        while (!result) {
            auto item = frames_.try_pop();
            if (!item) break;
            take(std::move(*item), result, pts);
        }
        if (result) return *result;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    complain("nothing has come for 20 s");
    failed_ = true;
    return Next::Failed;
}

void Context::check_first(const SeekRequest& request, Nanoseconds pts) {
    const auto exact = std::lower_bound(times_.begin(), times_.end(), request.time);
    if (request.mode == SeekMode::Exact && (exact == times_.end() || *exact != pts))
        complain(fmt::format("sought {}: {} came, not {}", request.time, pts, exact == times_.end() ? -1 : *exact));
    if (request.mode == SeekMode::KeyFrame && pts > request.time && pts != times_.front())
        complain(fmt::format("sought the key frame before {}: {} came", request.time, pts));
}

void Context::seek_once() {
    SeekRequest request;
    const bool timeless = times_.back() == no_time;
    std::uniform_int_distribution<Nanoseconds> anywhere(0, timeless ? 2 * second : times_.back());
    request.time = anywhere(random_);
    // Often a time that there is: rounding must not make it the next.
    if (!timeless && random_() % 2 == 0) request.time = *std::lower_bound(times_.begin(), times_.end(), request.time);
    request.mode = random_() % 4 == 0 ? SeekMode::KeyFrame : SeekMode::Exact;
    request.serial = ++serial_;
    std::optional<Next> nothing;
    Nanoseconds no_matter = 0;
    while (auto item = frames_.try_pop()) take(std::move(*item), nothing, no_matter);
    demux_thread_->seek(request);
    ++seeks_;
    // Now and then the next seek comes before anything of this one.
    if (random_() % 8 == 0) return;
    Nanoseconds pts = no_time;
    const Next first = next(pts);
    if (first == Next::Failed) return;
    if (first == Next::End) return complain(fmt::format("sought {}: nothing came", request.time));
    if (timeless) return;
    check_first(request, pts);
    auto place = std::lower_bound(times_.begin(), times_.end(), pts);
    if (place == times_.end() || *place != pts) return complain(fmt::format("a picture at {}, where none is", pts));
    for (unsigned more = random_() % 6; more > 0; --more) {
        const Next what = next(pts);
        ++place;
        if (what == Next::Failed) return;
        if (what == Next::End) {
            if (place != times_.end()) complain(fmt::format("sought {}: it ends before {}", request.time, *place));
            return;
        }
        if (place == times_.end() || *place != pts)
            return complain(fmt::format("sought {}: {} came out of its order", request.time, pts));
    }
}

/// When everything is given back, every slot is FREE, and none was used early.
void Context::check_pools() {
    held_.clear();
    for (const auto& pool : pools_) {
        const SlotStatistics statistics = pool->statistics();
        if (statistics.early_reuse != 0) complain(fmt::format("{} slots were used early", statistics.early_reuse));
        if (statistics.illegal != 0) complain(fmt::format("{} illegal transitions", statistics.illegal));
        if (pool->free_count() != pool->count())
            complain(fmt::format("{} of {} slots are not FREE at the end", pool->count() - pool->free_count(),
                                 pool->count()));
    }
}

void Context::run() {
    demux_thread_ = std::make_unique<DemuxThread>(*demuxer_, units_, false);
    decode_thread_ = std::make_unique<DecodeThread>(*decoder_, units_, frames_);
    Nanoseconds pts = no_time;
    while (next(pts) == Next::Frame) times_.push_back(pts);
    if (!std::is_sorted(times_.begin(), times_.end())) complain("the pictures are out of order");
    std::sort(times_.begin(), times_.end());
    if (times_.empty()) complain("there is no picture in it");
    for (unsigned i = 0; i < options_.seeks && !failed_ && !times_.empty(); ++i) seek_once();
    decode_thread_.reset();
    demux_thread_.reset();
    frames_.clear();
    decoder_.reset();
    check_pools();
}

} // namespace

int main(int argc, char** argv) {
    StormOptions options;
    if (!parse(argc, argv, options)) return 2;
    std::vector<std::unique_ptr<Context>> contexts;
    for (unsigned i = 0; i < options.files.size(); ++i) {
        contexts.push_back(std::make_unique<Context>(options, i));
        if (!contexts.back()->open()) return 2;
    }
    std::vector<std::thread> threads;
    for (const auto& context : contexts) threads.emplace_back([&context] { context->run(); });
    for (std::thread& thread : threads) thread.join();
    unsigned problems = 0;
    unsigned seeks = 0;
    std::size_t pictures = 0;
    for (const auto& context : contexts) {
        problems += context->problems();
        seeks += context->seeks();
        pictures += context->pictures();
    }
    fmt::print("{} contexts, {} pictures, {} seeks, {} problems\n", contexts.size(), pictures, seeks, problems);
    return problems == 0 ? 0 : 1;
}
