// Seeks at random in a file, with the player's own threads, and checks which pictures come after each seek.
//
//     seek_storm [--seed=N] [[--request|--stateful|--software] [--device=NAME] [--seeks=N] FILE...]...
//
// Each FILE is a demuxer, a decoder and their two threads, with the options before it; all run at the same time. Every
// one plays its file once from end to end, which tells the pictures that there are. After an exact seek the first
// picture must be the first at or after the time; after a seek to a key frame the last such at or before it; those that
// follow must be its successors; in a file without time stamps, any picture of it and its successors. A picture is
// known by its time and, where the decoder gives pixels, by these; visl gives none: there it is known by the bitstream
// that was sent for it. What a request decoder sends after a seek must refer to the same pictures as from end to end
// (tests/tools/reference_watch.h). Frames are held for a while, as a display would.
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
#include "app/frame_md5.h"
#include "tests/tools/chosen_file.h"
#include "tests/tools/reference_watch.h"

namespace {

using namespace v4l2play;

struct SoughtFile : ChosenFile {
    unsigned seeks = 100;
};

struct StormOptions {
    unsigned seed = 1;
    std::vector<SoughtFile> files;
};

/// A picture of the stream: when, and which.
struct Picture {
    Nanoseconds pts = no_time;
    std::string identity;

    bool operator==(const Picture&) const = default;
};
bool comes_before(const Picture& picture, Nanoseconds time) { return picture.pts < time; }

bool parse(int argc, char** argv, StormOptions& options) {
    SoughtFile next;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const std::string value(word.substr(std::min(word.size(), word.find('=') + 1)));
        const auto number = [&] { return static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10)); };
        if (word.starts_with("--seeks=")) {
            next.seeks = number();
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
        : file_(options.files[number])
        , name_(fmt::format("{} (context {})", file_.path, number))
        , random_(options.seed + number) {}

    bool open();
    void run();
    [[nodiscard]] unsigned problems() const { return problems_; }
    [[nodiscard]] std::string summary() const;

  private:
    enum class Next { Frame, End, Failed };
    Next next(Picture& picture);
    void take(DecodeItem item, std::optional<Next>& result, Picture& picture);
    std::string identify(const Frame& frame);
    void complain(const std::string& what) {
        fmt::print("not ok {}: {}\n", name_, what);
        ++problems_;
    }
    SeekRequest draw_request();
    void seek_once();
    [[nodiscard]] bool timeless() const { return pictures_.back().pts == no_time; }
    void check_first(const SeekRequest& request, Nanoseconds pts);
    void check_successors(std::size_t place);
    void check_references();
    void check_landings();
    void check_pools();

    const SoughtFile file_;
    const std::string name_;
    std::mt19937 random_;
    test::ReferenceWatch watch_;
    FrameHasher hasher_;
    std::unique_ptr<Demuxer> demuxer_;
    std::unique_ptr<Decoder> decoder_;
    bool has_pixels_ = true;
    DemuxChannel units_{16, 8};
    FrameChannel frames_{6, 1};
    std::unique_ptr<DemuxThread> demux_thread_;
    std::unique_ptr<DecodeThread> decode_thread_;
    std::vector<std::shared_ptr<SlotPool>> pools_;
    std::deque<Frame> held_;
    std::vector<Picture> pictures_;                             ///< all, in display order
    std::vector<std::pair<Nanoseconds, Nanoseconds>> landings_; ///< of seeks to a key frame: time, and picture's
    std::uint32_t serial_ = 0;
    unsigned problems_ = 0;
    unsigned seeks_ = 0;
    unsigned compared_ = 0; ///< pictures, after seeks
    bool failed_ = false;
};

bool Context::open() {
    auto demuxer = Demuxer::open(file_.path);
    if (!demuxer) {
        complain(demuxer.error().what);
        return false;
    }
    demuxer_ = std::move(*demuxer);
    auto opened = open_decoder(file_, demuxer_->stream(), frames_held, watch_);
    if (!opened) {
        complain(opened.error().what);
        return false;
    }
    decoder_ = std::move(opened->decoder);
    has_pixels_ = decoder_->description().driver != "visl";
    return true;
}

std::string Context::identify(const Frame& frame) {
    if (!has_pixels_) {
        const auto bitstream = watch_.picture(frame.id);
        if (bitstream == 0) complain(fmt::format("a picture at {} for which nothing was sent", frame.pts));
        return fmt::format("{:x}", bitstream);
    }
    auto digest = hasher_.add(frame);
    if (!digest) complain(digest.error().what);
    return digest ? *digest : std::string();
}

void Context::take(DecodeItem item, std::optional<Next>& result, Picture& picture) {
    if (auto* frame = std::get_if<Frame>(&item)) {
        if (frame->serial != serial_) return;
        picture = {frame->pts, identify(*frame)};
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
Context::Next Context::next(Picture& picture) {
    for (unsigned waited = 0; waited < 20'000; ++waited) {
        std::optional<Next> result;
        while (!result) {
            auto item = frames_.try_pop();
            if (!item) break;
            take(std::move(*item), result, picture);
        }
        if (result) return *result;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    complain("nothing has come for 20 s");
    failed_ = true;
    return Next::Failed;
}

void Context::check_first(const SeekRequest& request, Nanoseconds pts) {
    const auto wanted = std::lower_bound(pictures_.begin(), pictures_.end(), request.time, comes_before);
    if (request.mode == SeekMode::Exact && (wanted == pictures_.end() || wanted->pts != pts))
        complain(
            fmt::format("sought {}: {} came, not {}", request.time, pts, wanted == pictures_.end() ? -1 : wanted->pts));
    if (request.mode == SeekMode::Exact) return;
    if (pts > request.time && pts != pictures_.front().pts)
        complain(fmt::format("sought the key frame before {}: {} came", request.time, pts));
    landings_.emplace_back(request.time, pts);
}

/// Where one seek has ended is a key frame: others must not have gone past it.
void Context::check_landings() {
    const std::string& container = demuxer_->info().container;
    if (container == "mpegts" || container == "mpeg") return; // there it may be an earlier one
    for (const auto& [time, landed] : landings_)
        for (const auto& [_, key] : landings_)
            if (landed < key && key <= time)
                return complain(fmt::format("sought the key frame before {}: {} came, not {}", time, landed, key));
}

SeekRequest Context::draw_request() {
    SeekRequest request;
    std::uniform_int_distribution<Nanoseconds> anywhere(0, timeless() ? 2 * second : pictures_.back().pts);
    request.time = anywhere(random_);
    // Often a time that there is: rounding must not make it the next.
    if (!timeless() && random_() % 2 == 0)
        request.time = std::lower_bound(pictures_.begin(), pictures_.end(), request.time, comes_before)->pts;
    request.mode = random_() % 4 == 0 ? SeekMode::KeyFrame : SeekMode::Exact;
    request.serial = ++serial_;
    return request;
}

void Context::seek_once() {
    const SeekRequest request = draw_request();
    std::optional<Next> nothing;
    Picture picture;
    while (auto item = frames_.try_pop()) take(std::move(*item), nothing, picture);
    demux_thread_->seek(request);
    ++seeks_;
    // Now and then the next seek comes before anything of this one.
    if (random_() % 8 == 0) return;
    const Next first = next(picture);
    if (first == Next::Failed) return;
    if (first == Next::End) return complain(fmt::format("sought {}: nothing came", request.time));
    if (!timeless()) check_first(request, picture.pts);
    const auto place = std::find(pictures_.begin(), pictures_.end(), picture);
    if (place == pictures_.end()) return complain(fmt::format("a picture at {} that the stream has not", picture.pts));
    ++compared_;
    check_successors(static_cast<std::size_t>(place - pictures_.begin()));
    check_references();
}

/// A few of them, of the picture at `place`.
void Context::check_successors(std::size_t place) {
    Picture picture;
    for (unsigned more = random_() % 6; more > 0; --more) {
        const Next what = next(picture);
        if (what == Next::Failed) return;
        const bool over = ++place == pictures_.size();
        if (what == Next::End) {
            if (!over) complain(fmt::format("it ends before {}", pictures_[place].pts));
            return;
        }
        if (over || pictures_[place] != picture)
            return complain(
                fmt::format("at {} came another picture than that after {}", picture.pts, pictures_[place - 1].pts));
        ++compared_;
    }
}

void Context::check_references() {
    for (const std::string& problem : watch_.check()) complain(problem);
}

std::string Context::summary() const {
    return fmt::format("# {}: {} pictures, {} seeks, {} pictures compared by {}, {} requests with {} references", name_,
                       pictures_.size(), seeks_, compared_, has_pixels_ ? "pixels" : "bitstream", watch_.compared(),
                       watch_.references());
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
    Picture picture;
    while (next(picture) == Next::Frame) pictures_.push_back(picture);
    const auto earlier = [](const Picture& a, const Picture& b) { return a.pts < b.pts; };
    if (!std::is_sorted(pictures_.begin(), pictures_.end(), earlier)) complain("the pictures are out of order");
    std::stable_sort(pictures_.begin(), pictures_.end(), earlier);
    if (pictures_.empty()) complain("there is no picture in it");
    watch_.learn();
    for (unsigned i = 0; i < file_.seeks && !failed_ && !pictures_.empty(); ++i) seek_once();
    check_landings();
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
    for (const auto& context : contexts) {
        problems += context->problems();
        fmt::print("{}\n", context->summary());
    }
    fmt::print("{} contexts, {} problems\n", contexts.size(), problems);
    return problems == 0 ? 0 : 1;
}
