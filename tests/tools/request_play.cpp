// Decodes a file through the request decoder and prints one line per frame; nothing is shown.
//
//     request_play [--slices] [--no-start-codes] [--quiet] [--device=NAME] [--frames=N] [--flush-at=N] [--keep=N] FILE
//
// --keep=N holds the last N frames, as a display would; --flush-at=N seeks back to the start after N frames, once.
// Exit code: 0 decoded to the end; 1 the file cannot be opened; 2 bad call; 3 no device, or it refuses the stream; 4 it
// failed on the way.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "decoder/codec/codec.h"
#include "decoder/log.h"
#include "decoder/request/request_decoder.h"

namespace {

using namespace v4l2play;

struct Options {
    const char* file = nullptr;
    std::string_view device;
    ModePreference modes;
    bool quiet = false;
    unsigned frames = ~0U;
    unsigned flush_at = ~0U;
    std::size_t keep = 0;
};

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const std::string_view value = word.substr(std::min(word.size(), word.find('=') + 1));
        const auto number = [&] { return static_cast<unsigned>(std::strtoul(value.data(), nullptr, 10)); };
        if (word == "--slices")
            options.modes.decode = ModePreference::Decode::SliceBased;
        else if (word == "--no-start-codes")
            options.modes.start_code = ModePreference::StartCode::None;
        else if (word == "--quiet")
            options.quiet = true;
        else if (word == "--verbose")
            set_log_level(LogLevel::Debug);
        else if (word.starts_with("--device="))
            options.device = value;
        else if (word.starts_with("--frames="))
            options.frames = number();
        else if (word.starts_with("--flush-at="))
            options.flush_at = number();
        else if (word.starts_with("--keep="))
            options.keep = number();
        else if (!word.starts_with("-") && options.file == nullptr)
            options.file = argv[i];
        else
            return false;
    }
    return options.file != nullptr;
}

class Source {
  public:
    ~Source() { avformat_close_input(&context_); }

    bool open(const char* path) {
        if (avformat_open_input(&context_, path, nullptr, nullptr) < 0) return false;
        if (avformat_find_stream_info(context_, nullptr) < 0) return false;
        index_ = av_find_best_stream(context_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
        return index_ >= 0;
    }
    [[nodiscard]] StreamInfo info() const {
        const AVCodecParameters& codec = *context_->streams[index_]->codecpar;
        StreamInfo info;
        info.codec = codec.codec_id == AV_CODEC_ID_H264 ? CodecId::H264 : CodecId::Other;
        info.width = codec.width;
        info.height = codec.height;
        if (codec.extradata_size > 0) info.extradata.assign(codec.extradata, codec.extradata + codec.extradata_size);
        return info;
    }
    bool read(AccessUnit& unit) {
        for (;;) {
            AVPacket* packet = av_packet_alloc();
            if (av_read_frame(context_, packet) < 0) {
                av_packet_free(&packet);
                return false;
            }
            if (packet->stream_index != index_) {
                av_packet_free(&packet);
                continue;
            }
            unit.payload = Payload(
                {packet->data, static_cast<std::size_t>(packet->size)},
                [](void* owner) {
                    auto* owned = static_cast<AVPacket*>(owner);
                    av_packet_free(&owned);
                },
                packet);
            const AVRational base = context_->streams[index_]->time_base;
            unit.pts = packet->pts == AV_NOPTS_VALUE ? no_time : av_rescale_q(packet->pts, base, {1, 1'000'000'000});
            unit.discard = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
            unit.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
            unit.serial = serial_;
            return true;
        }
    }
    void rewind() {
        av_seek_frame(context_, index_, 0, AVSEEK_FLAG_BACKWARD);
        ++serial_;
    }

  private:
    AVFormatContext* context_ = nullptr;
    int index_ = -1;
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
        fmt::print("{} frames, {} corrupt, {} pictures dropped\n", shown_, corrupt_, dropped_);
        return status_;
    }

  private:
    void feed() {
        while (!ended_) {
            if (!has_unit_ && !(has_unit_ = source_.read(unit_))) {
                ended_ = true;
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
        }
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
        if (!options_.quiet)
            fmt::print("frame {} slot {}.{} pts {} serial {} {}x{}+{}+{}{}\n", frame.id, frame.slot.key().generation,
                       frame.slot.index(), frame.pts, frame.serial, frame.info.visible.width, frame.info.visible.height,
                       frame.info.visible.x, frame.info.visible.y, frame.corrupt ? " corrupt" : "");
        ++shown_;
        corrupt_ += frame.corrupt ? 1 : 0;
        kept_.push_back(std::move(frame));
        while (kept_.size() > options_.keep) kept_.pop_front();
        if (shown_ >= options_.frames) over_ = true;
        if (shown_ == options_.flush_at) {
            decoder_.flush();
            source_.rewind();
            has_unit_ = ended_ = false;
        }
    }
    void on(const PoolChanged& changed) {
        const FrameFormat& format = changed.pool->format();
        fmt::print("pool {}: {} {:#x} {}x{}, {} slots: {}\n", changed.pool->generation(), to_string(format.fourcc),
                   format.modifier, format.coded_width, format.coded_height, changed.pool->count(), changed.terms);
    }
    void on(const PicturesDropped& dropped) {
        dropped_ += dropped.count;
        fmt::print("dropped {}: {} {}\n", dropped.count, to_string(dropped.reason), dropped.why);
    }
    void on(const Drained&) { over_ = true; }
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
    AccessUnit unit_;
    bool has_unit_ = false;
    bool ended_ = false;
    bool over_ = false;
    int status_ = 0;
    unsigned shown_ = 0;
    unsigned corrupt_ = 0;
    unsigned dropped_ = 0;
    std::deque<Frame> kept_;
};

Result<std::unique_ptr<Decoder>> open_decoder(const Options& options, const StreamInfo& stream) {
    auto codec = create_codec(stream.codec);
    auto controls = create_controls(stream.codec, options.modes);
    if (codec == nullptr || controls == nullptr) return fail(ENOTSUP, "no codec for this");
    V4L2PLAY_TRY(codec->configure(stream));
    DecoderConfig config;
    config.stream = stream;
    const V4l2Fourcc coded{controls->coded_fourcc()};
    for (const DecoderDevice& device : find_decoders(system_kernel())) {
        if (options.device.empty() ? !device.stateless || device.find_format(coded) == nullptr
                                   : !is_meant(device, options.device))
            continue;
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
    auto decoder = open_decoder(options, source.info());
    if (!decoder) {
        fmt::print("refused: {}\n", decoder.error().what);
        return 3;
    }
    const DecoderDescription about = (*decoder)->description();
    fmt::print("{} {} {} {}\n", about.kind, about.driver, about.device, about.mode);
    return Player(options, source, **decoder).run();
}
