// Clips made in the process, for tests of the software decoder: no file, no container.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "decoder/access_unit.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace v4l2play::test {

struct CodedUnit {
    std::vector<std::uint8_t> bytes; ///< with the zero padding that Payload demands; the last `padding` of them
    Nanoseconds pts = no_time;
    Nanoseconds dts = no_time;
    bool key = false;
};
constexpr std::size_t padding = 64;

struct Clip {
    StreamInfo stream;
    std::vector<CodedUnit> units;
};

struct ClipOptions {
    AVCodecID codec = AV_CODEC_ID_MPEG4;
    AVPixelFormat pixels = AV_PIX_FMT_YUV420P;
    int width = 176;
    int height = 144;
    int frames = 24;
    int b_frames = 0;
    const char* x264 = nullptr; ///< options of that encoder
};

/// Sample of component `component` of frame `frame`; every frame is different everywhere and moves a little.
inline unsigned sample(int frame, int component, int x, int y) {
    return static_cast<unsigned>((x + 2 * frame) * (component + 1) + y * 3 + frame * 5 + ((x / 16 + y / 16) % 3) * 40) &
           0xff;
}

struct Free {
    void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

/// Planar formats and RGB24.
inline void draw(AVFrame& frame, int index) {
    const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
    for (int c = 0; c < AV_NUM_DATA_POINTERS && frame.data[c] != nullptr; ++c) {
        const int rows = c == 0 ? frame.height : AV_CEIL_RSHIFT(frame.height, format.log2_chroma_h);
        const int samples = c == 0 ? frame.width : AV_CEIL_RSHIFT(frame.width, format.log2_chroma_w);
        for (int y = 0; y < rows; ++y) {
            std::uint8_t* row = frame.data[c] + y * frame.linesize[c];
            for (int x = 0; x < samples * format.comp[0].step; ++x)
                row[x] = static_cast<std::uint8_t>(sample(index, c, x, y));
            // More than 8 bits: the upper byte has what is left of the depth.
            for (int x = 1; format.comp[0].depth > 8 && x < samples * 2; x += 2)
                row[x] = static_cast<std::uint8_t>(row[x] & ((1 << (format.comp[0].depth - 8)) - 1));
        }
    }
}

class Encoder {
  public:
    explicit Encoder(const ClipOptions& options)
        : options_(options) {
        const AVCodec* codec = avcodec_find_encoder(options.codec);
        if (codec == nullptr) return;
        codec_.reset(avcodec_alloc_context3(codec));
        codec_->width = options.width;
        codec_->height = options.height;
        codec_->pix_fmt = options.pixels;
        codec_->time_base = {1, 25};
        codec_->framerate = {25, 1};
        codec_->gop_size = 12;
        codec_->max_b_frames = options.b_frames;
        codec_->bit_rate = 400'000;
        codec_->flags |= options.codec == AV_CODEC_ID_MPEG4 ? AV_CODEC_FLAG_GLOBAL_HEADER : 0;
        codec_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
        if (options.x264 != nullptr) av_opt_set(codec_->priv_data, "x264-params", options.x264, 0);
        if (avcodec_open2(codec_.get(), codec, nullptr) < 0) codec_.reset();
    }

    /// Empty when this libavcodec cannot encode that.
    Clip encode() {
        if (!codec_) return clip_;
        const std::unique_ptr<AVFrame, Free> frame(av_frame_alloc());
        for (int i = 0; i < options_.frames; ++i) {
            av_frame_unref(frame.get());
            frame->format = options_.pixels;
            frame->width = options_.width;
            frame->height = options_.height;
            av_frame_get_buffer(frame.get(), 0);
            draw(*frame, i);
            frame->pts = i;
            avcodec_send_frame(codec_.get(), frame.get());
            collect();
        }
        avcodec_send_frame(codec_.get(), nullptr);
        collect();
        clip_.stream.libav_codec_id = options_.codec;
        clip_.stream.codec_name = avcodec_get_name(options_.codec);
        clip_.stream.codec_tag = codec_->codec_tag;
        clip_.stream.bits_per_coded_sample = codec_->bits_per_coded_sample;
        clip_.stream.width = options_.width;
        clip_.stream.height = options_.height;
        clip_.stream.extradata.assign(codec_->extradata, codec_->extradata + codec_->extradata_size);
        return std::move(clip_);
    }

  private:
    void collect() {
        const std::unique_ptr<AVPacket, Free> packet(av_packet_alloc());
        while (avcodec_receive_packet(codec_.get(), packet.get()) == 0) {
            CodedUnit unit;
            unit.bytes.assign(packet->data, packet->data + packet->size);
            unit.bytes.resize(unit.bytes.size() + padding);
            unit.pts = packet->pts * 40 * millisecond;
            unit.dts = packet->dts * 40 * millisecond;
            unit.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
            clip_.units.push_back(std::move(unit));
            av_packet_unref(packet.get());
        }
    }

    ClipOptions options_;
    std::unique_ptr<AVCodecContext, Free> codec_;
    Clip clip_;
};

inline Clip make_clip(const ClipOptions& options) { return Encoder(options).encode(); }

} // namespace v4l2play::test
