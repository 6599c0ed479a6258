// Decodes the output of fwht_encode through our Decoder and prints one line per frame: number in its stream, MD5, and
// how close its luma is to the pattern. Runs in the lab.
//
//     fwht_play [--decoder=request|stateful] [--keep=N] [--flush-at=N] [--drain-at=N] [--format=NV12|YU12] [--frames=N]
//               [--lose=N] FILE
//
// --keep=N holds the last N frames, as a display would, and looks at each only when it lets it go: one that was
// overwritten in the meantime has another MD5. --flush-at=N seeks back to the start after N frames, --drain-at=N ends
// the stream after N units and goes on, --lose=N leaves the Nth unit out; each once. Exit code: 0 decoded to the end; 1
// the file cannot be read; 2 bad call; 3 no device, or it refuses the stream; 4 it failed on the way.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/frame_md5.h"
#include "decoder/codec/codec.h"
#include "decoder/codec/fwht.h"
#include "decoder/codec/fwht_header.h"
#include "decoder/frame_map.h"
#include "decoder/log.h"
#include "decoder/request/request_decoder.h"
#include "decoder/stateful/stateful_decoder.h"
#include "tests/tools/fwht_pattern.h"

namespace {

using namespace v4l2play;

struct Options {
    const char* file = nullptr;
    bool stateful = false;
    DrmFourcc format{};
    std::size_t keep = 0;
    unsigned flush_at = ~0U;
    unsigned drain_at = ~0U;
    unsigned frames = ~0U;
    unsigned lose = ~0U;
};

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const std::string_view value = word.substr(std::min(word.size(), word.find('=') + 1));
        const auto number = [&] { return static_cast<unsigned>(std::strtoul(value.data(), nullptr, 10)); };
        if (word == "--decoder=request" || word == "--decoder=stateful")
            options.stateful = value == "stateful";
        else if (word.starts_with("--format=") && value.size() == 4)
            options.format = drm_fourcc(value[0], value[1], value[2], value[3]);
        else if (word == "--verbose")
            set_log_level(LogLevel::Debug);
        else if (word.starts_with("--keep="))
            options.keep = number();
        else if (word.starts_with("--flush-at="))
            options.flush_at = number();
        else if (word.starts_with("--drain-at="))
            options.drain_at = number();
        else if (word.starts_with("--frames="))
            options.frames = number();
        else if (word.starts_with("--lose="))
            options.lose = number();
        else if (!word.starts_with("-") && options.file == nullptr)
            options.file = argv[i];
        else
            return false;
    }
    return options.file != nullptr;
}

/// Frames of a file, by their headers. The time of each is its number in milliseconds.
class Source {
  public:
    bool open(const char* path) {
        std::ifstream file(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
        return !bytes_.empty();
    }
    bool read(AccessUnit& unit) {
        const auto header = fwht::parse_header(std::span(bytes_).subspan(at_));
        if (!header) return false;
        const std::size_t size = fwht::header_size + header->size;
        unit = {};
        unit.payload = Payload(std::span(bytes_).subspan(at_, size), nullptr, nullptr);
        unit.pts = next_++ * millisecond;
        unit.key = header->is_intra();
        unit.serial = serial_;
        at_ += size;
        return true;
    }
    void rewind() {
        at_ = 0;
        next_ = 0;
        ++serial_;
    }

  private:
    std::vector<std::uint8_t> bytes_;
    std::size_t at_ = 0;
    Nanoseconds next_ = 0;
    std::uint32_t serial_ = 0;
};

class Player {
  public:
    Player(const Options& options, Source& source, Decoder& decoder)
        : options_(options)
        , source_(source)
        , decoder_(decoder) {}

    int run() {
        while (!over_) {
            feed();
            if (!take() && !over_)
                if (auto waited = decoder_.dispatch(10 * second); !waited) return complain(waited.error());
        }
        while (!kept_.empty()) let_go();
        const SlotStatistics statistics = pool_ == nullptr ? SlotStatistics{} : pool_->statistics();
        fmt::print("{} frames, {} corrupt, {} dropped, early reuse {}, illegal {}\n", shown_, corrupt_, dropped_,
                   early_reuse_ + statistics.early_reuse, illegal_ + statistics.illegal);
        return status_;
    }

  private:
    void feed() {
        while (!ended_) {
            if (sent_ == options_.drain_at && !drained_once_) {
                drained_once_ = ended_ = true;
                decoder_.drain();
                return;
            }
            if (!has_unit_ && !(has_unit_ = next_unit())) {
                ended_ = last_ = true;
                decoder_.drain();
                return;
            }
            auto sent = decoder_.send(unit_);
            if (!sent) {
                over_ = true;
                status_ = complain(sent.error());
                return;
            }
            if (*sent == SendStatus::Full) return;
            has_unit_ = false;
            ++sent_;
        }
    }
    bool next_unit() {
        if (read_++ == options_.lose && source_.read(unit_)) fmt::print("lost\n");
        return source_.read(unit_);
    }
    bool take() {
        bool any = false;
        while (auto event = decoder_.next_event()) {
            any = true;
            std::visit([this](auto& what) { on(what); }, *event);
        }
        return any;
    }
    void on(Frame& frame) {
        if (over_) return;
        ++shown_;
        corrupt_ += frame.corrupt ? 1 : 0;
        kept_.push_back(std::move(frame));
        while (kept_.size() > options_.keep) let_go();
        if (shown_ >= options_.frames) over_ = true;
        if (shown_ != options_.flush_at) return;
        decoder_.flush();
        source_.rewind();
        while (!kept_.empty()) let_go();
        has_unit_ = ended_ = false;
    }
    void let_go() {
        const Frame& frame = kept_.front();
        const auto md5 = hasher_.add(frame);
        fmt::print("frame {} serial {} {}x{} {} md5 {} psnr {:.1f}{}\n", frame.pts / millisecond, frame.serial,
                   frame.info.visible.width, frame.info.visible.height, to_string(frame.slot.pool().format().fourcc),
                   md5 ? *md5 : md5.error().what, psnr(frame), frame.corrupt ? " corrupt" : "");
        kept_.pop_front();
    }
    /// Of the luma, beside the pattern: dB.
    double psnr(const Frame& frame) {
        const auto view = mapper_.map(frame.slot);
        if (!view) return 0;
        const Rect& visible = frame.info.visible;
        const auto n = static_cast<std::uint32_t>(frame.pts / millisecond);
        double sum = 0;
        for (std::uint32_t y = 0; y < visible.height; ++y) {
            const std::uint8_t* row = view->row(0, y);
            for (std::uint32_t x = 0; x < visible.width; ++x) {
                const int difference = row[x] - test::pattern_luma(x, y, n, visible.width);
                sum += difference * difference;
            }
        }
        const double mean = sum / (double{1} * visible.width * visible.height);
        return mean == 0 ? 99 : 10 * std::log10(255.0 * 255.0 / mean);
    }
    void on(const PoolChanged& changed) {
        if (pool_ != nullptr) {
            early_reuse_ += pool_->statistics().early_reuse;
            illegal_ += pool_->statistics().illegal;
        }
        pool_ = changed.pool;
        const FrameFormat& format = pool_->format();
        fmt::print("pool: {} {}x{}, {} slots: {}\n", to_string(format.fourcc), format.coded_width, format.coded_height,
                   pool_->count(), changed.terms);
    }
    void on(const PicturesDropped& dropped) {
        dropped_ += dropped.count;
        fmt::print("dropped {}: {} {}\n", dropped.count, to_string(dropped.reason), dropped.why);
    }
    void on(const Drained&) {
        fmt::print("drained\n");
        if (last_) over_ = true;
        ended_ = false;
    }
    void on(const DecoderFailed& failed) {
        over_ = true;
        status_ = complain(failed.error);
    }
    static int complain(const Error& error) {
        fmt::print("failed: {} ({}, {})\n", error.what, error.where, error.code);
        return 4;
    }

    const Options& options_;
    Source& source_;
    Decoder& decoder_;
    FrameHasher hasher_;
    FrameMapper mapper_{system_kernel()};
    std::shared_ptr<SlotPool> pool_;
    AccessUnit unit_;
    bool has_unit_ = false;
    bool ended_ = false; ///< waits for Drained
    bool last_ = false;
    bool drained_once_ = false;
    bool over_ = false;
    int status_ = 0;
    unsigned read_ = 0;
    unsigned sent_ = 0;
    unsigned shown_ = 0;
    unsigned corrupt_ = 0;
    unsigned dropped_ = 0;
    std::uint64_t early_reuse_ = 0;
    std::uint64_t illegal_ = 0;
    std::deque<Frame> kept_;
};

Result<std::unique_ptr<Decoder>> open_decoder(const Options& options) {
    DecoderConfig config;
    config.stream.codec = CodecId::Fwht;
    config.stream.codec_name = "fwht";
    if (options.format != DrmFourcc{}) config.output_formats.push_back({options.format, modifier_linear});
    config.presenter_slots = static_cast<unsigned>(std::max<std::size_t>(options.keep, 3));
    auto codec = create_fwht_codec();
    auto controls = create_fwht_controls();
    V4L2PLAY_TRY(codec->configure(config.stream));
    const V4l2Fourcc coded{options.stateful ? V4L2_PIX_FMT_FWHT : controls->coded_fourcc()};
    for (const DecoderDevice& device : find_decoders(system_kernel())) {
        if (device.driver != "vicodec" || device.stateless == options.stateful || device.find_format(coded) == nullptr)
            continue;
        if (options.stateful) return create_stateful_decoder(system_kernel(), device, config);
        return create_request_decoder(system_kernel(), device, std::move(codec), std::move(controls), config);
    }
    return fail(ENODEV, "no device for this");
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) return 2;
    Source source;
    if (!source.open(options.file)) return 1;
    auto decoder = open_decoder(options);
    if (!decoder) {
        fmt::print("refused: {}\n", decoder.error().what);
        return 3;
    }
    const DecoderDescription about = (*decoder)->description();
    fmt::print("{} {} {} {}\n", about.kind, about.driver, about.device, about.mode);
    return Player(options, source, **decoder).run();
}
