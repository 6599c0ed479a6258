// The packets of a file's video, for the programs that compare headers.
#pragma once

#include <cstdint>
#include <span>

extern "C" {
#include <libavformat/avformat.h>
}

namespace v4l2play {

/// Hands what the container says of the video in `path` to `headers.stream`, where it has that, and each packet, or its
/// bytes, to `headers.packet`. 1: it cannot be opened, 3: its video is not `codec`, 0 otherwise.
template <class Headers>
int read_packets(const char* path, AVCodecID codec, Headers headers) {
    AVFormatContext* file = nullptr;
    if (avformat_open_input(&file, path, nullptr, nullptr) < 0) return 1;
    avformat_find_stream_info(file, nullptr);
    const int index = av_find_best_stream(file, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (index < 0 || file->streams[index]->codecpar->codec_id != codec) {
        avformat_close_input(&file);
        return 3;
    }
    if constexpr (requires { headers.stream(*file->streams[index]->codecpar); })
        headers.stream(*file->streams[index]->codecpar);
    AVPacket* packet = av_packet_alloc();
    for (; av_read_frame(file, packet) >= 0; av_packet_unref(packet)) {
        if (packet->stream_index != index) continue;
        if constexpr (requires { headers.packet(*packet); })
            headers.packet(*packet);
        else
            headers.packet({packet->data, static_cast<std::size_t>(packet->size)});
    }
    av_packet_free(&packet);
    avformat_close_input(&file);
    return 0;
}

} // namespace v4l2play
