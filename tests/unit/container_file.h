// A file that libavformat writes, of a clip without B pictures; it goes away with the object.
#pragma once

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

extern "C" {
#include <libavformat/avformat.h>
}

#include "tests/unit/encoded_clip.h"

namespace v4l2play::test {

class ContainerFile {
  public:
    /// For each of `steps` a track, which has one picture in so many of the clip's.
    explicit ContainerFile(const char* extension, Clip clip, std::vector<std::size_t> steps = {1})
        : path_(testing::TempDir() + "v4l2play-clip-" + std::to_string(::getpid()) + "." + extension)
        , clip_(std::move(clip))
        , steps_(std::move(steps)) {
        AVFormatContext* context = nullptr;
        EXPECT_GE(avformat_alloc_output_context2(&context, nullptr, nullptr, path_.c_str()), 0);
        context_.reset(context);
        for (std::size_t track = 0; track < steps_.size(); ++track) add_track();
    }
    ContainerFile(const ContainerFile&) = delete;
    ContainerFile& operator=(const ContainerFile&) = delete;
    ~ContainerFile() { std::remove(path_.c_str()); }

    /// What it is to say of the first track, before it is written.
    AVStream& stream() { return *context_->streams[0]; }

    /// Once; the file's path.
    const std::string& write() {
        EXPECT_GE(avio_open(&context_->pb, path_.c_str(), AVIO_FLAG_WRITE), 0);
        EXPECT_GE(avformat_write_header(context_.get(), nullptr), 0);
        for (std::size_t at = 0; at < clip_.units.size(); ++at)
            for (std::size_t track = 0; track < steps_.size(); ++track)
                if (at % steps_[track] == 0) write_unit(clip_.units[at], static_cast<int>(track));
        EXPECT_EQ(av_write_trailer(context_.get()), 0);
        avio_closep(&context_->pb);
        return path_;
    }

  private:
    struct FreeContext {
        void operator()(AVFormatContext* context) const { avformat_free_context(context); }
    };

    void add_track() {
        AVStream& stream = *avformat_new_stream(context_.get(), nullptr);
        AVCodecParameters& parameters = *stream.codecpar;
        parameters.codec_type = AVMEDIA_TYPE_VIDEO;
        parameters.codec_id = static_cast<AVCodecID>(clip_.stream.libav_codec_id);
        parameters.width = clip_.stream.width;
        parameters.height = clip_.stream.height;
        parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(clip_.stream.extradata.size() + padding));
        std::copy(clip_.stream.extradata.begin(), clip_.stream.extradata.end(), parameters.extradata);
        parameters.extradata_size = static_cast<int>(clip_.stream.extradata.size());
        stream.time_base = {1, 1000};
        stream.disposition = AV_DISPOSITION_DEFAULT;
    }
    void write_unit(const CodedUnit& unit, int track) {
        const std::unique_ptr<AVPacket, Free> packet(av_packet_alloc());
        av_new_packet(packet.get(), static_cast<int>(unit.bytes.size() - padding));
        std::copy_n(unit.bytes.begin(), packet->size, packet->data);
        packet->stream_index = track;
        packet->pts = packet->dts =
            av_rescale_q(unit.pts / millisecond, {1, 1000}, context_->streams[track]->time_base);
        packet->flags = unit.key ? AV_PKT_FLAG_KEY : 0;
        EXPECT_GE(av_write_frame(context_.get(), packet.get()), 0);
    }

    const std::string path_;
    const Clip clip_;
    const std::vector<std::size_t> steps_;
    std::unique_ptr<AVFormatContext, FreeContext> context_;
};

} // namespace v4l2play::test
