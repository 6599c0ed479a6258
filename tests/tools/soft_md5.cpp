// soft_md5 [-t THREADS] FILE...: decodes the first video stream of each file with the software decoder and prints the
// MD5 of all frames, how many there were, what was dropped, and the name. Demuxes by itself, so that it tests nothing
// but the decoder, the slots and the hash.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "app/frame_md5.h"
#include "decoder/log.h"
#include "decoder/software/software_decoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace v4l2play {
namespace {

struct Closer {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};

class Run {
  public:
    Result<> open(const char* path, unsigned threads);
    Result<> decode();

    FrameHasher hasher_;
    unsigned frames_ = 0;
    unsigned dropped_ = 0;
    unsigned corrupt_ = 0;

  private:
    Result<> send(AccessUnit unit);
    Result<> take_events();

    std::unique_ptr<AVFormatContext, Closer> container_;
    int stream_ = 0;
    std::unique_ptr<Decoder> decoder_;
    bool drained_ = false;
};

Result<> Run::open(const char* path, unsigned threads) {
    AVFormatContext* container = nullptr;
    if (avformat_open_input(&container, path, nullptr, nullptr) < 0) return fail(EBADMSG, "cannot be opened");
    container_.reset(container);
    if (avformat_find_stream_info(container, nullptr) < 0) return fail(EBADMSG, "no stream information");
    for (stream_ = 0; stream_ < static_cast<int>(container->nb_streams); ++stream_) {
        if (container->streams[stream_]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) break;
    }
    if (stream_ == static_cast<int>(container->nb_streams)) return fail(ENOMEDIUM, "no video");
    const AVCodecParameters& codec = *container->streams[stream_]->codecpar;
    DecoderConfig config;
    config.output_needs_dmabuf = false;
    config.threads = threads;
    config.stream.libav_codec_id = codec.codec_id;
    config.stream.codec_name = avcodec_get_name(codec.codec_id);
    config.stream.codec_tag = codec.codec_tag;
    config.stream.bits_per_coded_sample = codec.bits_per_coded_sample;
    config.stream.profile = codec.profile;
    config.stream.width = codec.width;
    config.stream.height = codec.height;
    if (codec.extradata_size > 0)
        config.stream.extradata.assign(codec.extradata, codec.extradata + codec.extradata_size);
    auto decoder = create_software_decoder(system_kernel(), config);
    if (!decoder) return fail(std::move(decoder).error());
    decoder_ = *std::move(decoder);
    log_info("soft_md5", "{}", decoder_->description().mode);
    return {};
}

void free_packet(void* packet) {
    auto* owned = static_cast<AVPacket*>(packet);
    av_packet_free(&owned);
}

Result<> Run::decode() {
    AVPacket* packet = av_packet_alloc();
    while (av_read_frame(container_.get(), packet) >= 0) {
        if (packet->stream_index != stream_) {
            av_packet_unref(packet);
            continue;
        }
        const AVRational base = container_->streams[stream_]->time_base;
        const auto to_time = [base](std::int64_t stamp) {
            return stamp == AV_NOPTS_VALUE ? no_time : av_rescale_q(stamp, base, {1, static_cast<int>(second)});
        };
        AccessUnit unit;
        unit.pts = to_time(packet->pts);
        unit.dts = to_time(packet->dts);
        unit.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
        unit.discard = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
        AVPacket* owned = av_packet_alloc();
        av_packet_move_ref(owned, packet);
        unit.payload = Payload({owned->data, static_cast<std::size_t>(owned->size)}, free_packet, owned);
        V4L2PLAY_TRY(send(std::move(unit)));
    }
    av_packet_free(&packet);
    decoder_->drain();
    while (!drained_) {
        V4L2PLAY_TRY(take_events());
        if (!drained_) V4L2PLAY_TRY(decoder_->dispatch(10 * millisecond));
    }
    return {};
}

Result<> Run::send(AccessUnit unit) {
    for (;;) {
        auto sent = decoder_->send(unit);
        if (!sent) return fail(std::move(sent).error());
        V4L2PLAY_TRY(take_events());
        if (*sent == SendStatus::Accepted) return {};
        V4L2PLAY_TRY(decoder_->dispatch(10 * millisecond));
    }
}

Result<> Run::take_events() {
    while (auto event = decoder_->next_event()) {
        if (auto* frame = std::get_if<Frame>(&*event)) {
            const auto digest = hasher_.add(*frame);
            if (!digest) return fail(digest.error());
            log_info("soft_md5", "{} {}x{} pts {} {}{}", *digest, frame->info.visible.width, frame->info.visible.height,
                     frame->pts, to_string(frame->slot.pool().format().fourcc), frame->corrupt ? " corrupt" : "");
            ++frames_;
            corrupt_ += frame->corrupt ? 1 : 0;
        } else if (auto* failed = std::get_if<DecoderFailed>(&*event)) {
            return fail(std::move(failed->error));
        } else if (auto* dropped = std::get_if<PicturesDropped>(&*event)) {
            dropped_ += dropped->count;
        } else if (auto* changed = std::get_if<PoolChanged>(&*event)) {
            log_info("soft_md5", "{}", changed->terms);
        } else {
            drained_ = true;
        }
    }
    return {};
}

int run(int argc, char** argv) {
    unsigned threads = 0;
    int failures = 0;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "-v") == 0) {
            set_log_level(LogLevel::Debug);
        } else if (std::strcmp(argv[i], "-t") == 0 && i + 1 < argc) {
            threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
        } else {
            Run file;
            auto result = file.open(argv[i], threads);
            if (result) result = file.decode();
            failures += result ? 0 : 1;
            fmt::print("{}\t{}\t{}\t{}\t{}\t{}\n", file.hasher_.digest(), file.frames_, file.dropped_, file.corrupt_,
                       argv[i], result ? "" : result.error().what);
            std::fflush(stdout);
        }
    }
    return failures == 0 ? 0 : 1;
}

} // namespace
} // namespace v4l2play

int main(int argc, char** argv) { return v4l2play::run(argc, argv); }
