// Several players in one process: how much each of them decodes in the same time.
//
//     fair_share [--seconds=N] [[--request|--stateful|--software] [--device=NAME] FILE...]...
//
// Each FILE is a demuxer that goes round, a decoder and their two threads; the options hold for the files behind them.
// All start at once; frames are let go as they come, at most one in four milliseconds. Prints a line for each:
// "DRIVER FILE FRAMES", FRAMES being those within the N seconds (1) after the last of them has shown its first frame.
// Exit code: 0; 1 when a decoder failed; 2 bad call or unplayable file.

#include <chrono>
#include <cstdlib>
#include <latch>
#include <memory>
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
using Clock = std::chrono::steady_clock;

class Player {
  public:
    explicit Player(const ChosenFile& file)
        : file_(file) {}

    bool open() {
        auto demuxer = Demuxer::open(file_.path);
        if (!demuxer) return complain(demuxer.error().what);
        demuxer_ = std::move(*demuxer);
        auto opened = open_decoder(file_, demuxer_->stream(), 1);
        if (!opened) return complain(opened.error().what);
        decoder_ = std::move(opened->decoder);
        return true;
    }
    void play(std::latch& all_show, std::chrono::seconds window) {
        demux_thread_ = std::make_unique<DemuxThread>(*demuxer_, units_, true);
        decode_thread_ = std::make_unique<DecodeThread>(*decoder_, units_, frames_);
        while (!failed_ && take() == 0) rest();
        all_show.arrive_and_wait();
        for (const auto end = Clock::now() + window; !failed_ && Clock::now() < end; rest()) count_ += take();
        decode_thread_.reset();
        demux_thread_.reset();
        frames_.clear();
    }
    /// False when it failed.
    bool report() const {
        fmt::print("{} {} {}\n", decoder_->description().driver, file_.path, count_);
        return !failed_;
    }

  private:
    static void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(4)); }
    bool complain(const std::string& what) {
        fmt::print("not ok {}: {}\n", file_.path, what);
        failed_ = true;
        return false;
    }
    /// The number of frames that came: one or none.
    unsigned take() {
        while (auto item = frames_.try_pop()) {
            if (std::holds_alternative<Frame>(*item)) return 1;
            if (const auto* failed = std::get_if<DecoderFailed>(&*item)) complain(failed->error.what);
            if (const auto* dropped = std::get_if<PicturesDropped>(&*item)) complain("dropped: " + dropped->why);
            if (std::holds_alternative<EndOfFrames>(*item)) complain("it does not go round");
        }
        return 0;
    }

    const ChosenFile file_;
    std::unique_ptr<Demuxer> demuxer_;
    std::unique_ptr<Decoder> decoder_;
    DemuxChannel units_{16, 8};
    FrameChannel frames_{6, 1};
    std::unique_ptr<DemuxThread> demux_thread_;
    std::unique_ptr<DecodeThread> decode_thread_;
    unsigned count_ = 0;
    bool failed_ = false;
};

} // namespace

int main(int argc, char** argv) {
    std::vector<std::unique_ptr<Player>> players;
    std::chrono::seconds window{1};
    ChosenFile next;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word.starts_with("--seconds=")) {
            window = std::chrono::seconds(std::strtoul(argv[i] + word.find('=') + 1, nullptr, 10));
        } else if (!word.starts_with("-")) {
            next.path = word;
            players.push_back(std::make_unique<Player>(next));
            if (!players.back()->open()) return 2;
        } else if (!next.take(word)) {
            return 2;
        }
    }
    if (players.empty()) return 2;
    std::latch all_show(static_cast<std::ptrdiff_t>(players.size()));
    std::vector<std::thread> threads;
    for (const auto& player : players) threads.emplace_back([&] { player->play(all_show, window); });
    for (std::thread& thread : threads) thread.join();
    bool good = true;
    for (const auto& player : players) good &= player->report();
    return good ? 0 : 1;
}
