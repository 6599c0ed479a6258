#include "app/libav_stream.h"

#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
}

#include "decoder/software/hdr_side_data.h"

namespace v4l2play {
namespace {

CodecId to_codec_id(AVCodecID id) {
    switch (id) {
    case AV_CODEC_ID_H264:
        return CodecId::H264;
    case AV_CODEC_ID_HEVC:
        return CodecId::Hevc;
    case AV_CODEC_ID_VP8:
        return CodecId::Vp8;
    case AV_CODEC_ID_VP9:
        return CodecId::Vp9;
    case AV_CODEC_ID_AV1:
        return CodecId::Av1;
    case AV_CODEC_ID_MPEG2VIDEO:
        return CodecId::Mpeg2;
    case AV_CODEC_ID_NONE:
        return CodecId::Unknown;
    default:
        return CodecId::Other;
    }
}

Rational to_rational(AVRational value) { return {value.num, value.den == 0 ? 1 : value.den}; }

/// What the container says beside a stream's parameters; empty when it does not. It lives in the stream, or from
/// libavformat 60.15 on in its codec parameters.
std::span<const std::uint8_t> side_data(const AVStream& stream, AVPacketSideDataType type) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData* data =
        av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, type);
    if (data == nullptr) return {};
    return {data->data, data->size};
#else
    std::size_t size = 0;
    const std::uint8_t* data = av_stream_get_side_data(&stream, type, &size);
    return {data, data == nullptr ? 0 : size};
#endif
}

HdrMetadata hdr_of(const AVStream& stream) {
    HdrMetadata hdr;
    note_mastering_display(side_data(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA), hdr);
    note_content_light(side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL), hdr);
    return hdr;
}

int rotation_of(const AVStream& stream) {
    const auto matrix = side_data(stream, AV_PKT_DATA_DISPLAYMATRIX);
    std::int32_t values[9];
    if (matrix.size() < sizeof values) return 0;
    std::memcpy(values, matrix.data(), sizeof values);
    const double degrees = -av_display_rotation_get(values);
    if (!(degrees > -360.5 && degrees < 360.5)) return 0;
    const int quarter = static_cast<int>(degrees / 90.0 + (degrees < 0 ? -0.5 : 0.5));
    return ((quarter % 4 + 4) % 4) * 90;
}

const char* kind_name(AVMediaType type) {
    switch (type) {
    case AVMEDIA_TYPE_VIDEO:
        return "video";
    case AVMEDIA_TYPE_AUDIO:
        return "audio";
    case AVMEDIA_TYPE_SUBTITLE:
        return "subtitle";
    case AVMEDIA_TYPE_ATTACHMENT:
        return "attachment";
    default:
        return "data";
    }
}

bool is_usable(AVRational rate) { return rate.num > 0 && rate.den > 0 && rate.num / rate.den < 1000; }

/// The rate of frames as it is coded, for streams without a container. Of these the mean is a guess: libavformat 59
/// counts fields in it, and 61 takes 25; the "real" rate of 61 is that of the fields of some codecs. It says the coded
/// rate apart, and 59 has no such member.
template <typename Parameters>
AVRational coded_rate(const AVStream& stream, const Parameters& codec) {
    if constexpr (requires { codec.framerate; }) {
        if (is_usable(codec.framerate)) return codec.framerate;
    } else if (is_usable(stream.r_frame_rate)) {
        return stream.r_frame_rate;
    }
    return stream.avg_frame_rate;
}

std::string stream_details(const AVStream& stream, bool raw) {
    const AVCodecParameters& codec = *stream.codecpar;
    if (codec.codec_type == AVMEDIA_TYPE_VIDEO) {
        const AVRational frame_rate = raw ? coded_rate(stream, codec) : stream.avg_frame_rate;
        const double rate = frame_rate.den == 0 ? 0 : av_q2d(frame_rate);
        const char* profile = avcodec_profile_name(codec.codec_id, codec.profile);
        return fmt::format("{}x{}{}{}{}", codec.width, codec.height, rate > 0 ? fmt::format(", {:.3f} fps", rate) : "",
                           profile == nullptr ? "" : ", ", profile == nullptr ? "" : profile);
    }
    if (codec.codec_type == AVMEDIA_TYPE_AUDIO) return fmt::format("{} Hz", codec.sample_rate);
    return {};
}

/// libavformat alone does not look into what the container says of the codec: ISO/IEC 14496-15 5.3.3.1.2 (avcC) and
/// 8.3.3.1.2 (hvcC), AV1 in ISO Base Media File Format 2.3.3 (av1C).
int profile_of(const AVCodecParameters& codec) {
    const std::uint8_t* record = codec.extradata;
    if (codec.profile >= 0 || codec.extradata_size < 4) return codec.profile;
    if (codec.codec_id == AV_CODEC_ID_H264 && record[0] == 1) return record[1];
    if (codec.codec_id == AV_CODEC_ID_HEVC && record[0] == 1) return record[1] & 31;
    if (codec.codec_id == AV_CODEC_ID_AV1 && record[0] == 0x81) return record[1] >> 5;
    return codec.profile;
}

} // namespace

StreamInfo describe_stream(const AVStream& stream) {
    StreamInfo info;
    const AVCodecParameters& codec = *stream.codecpar;
    info.codec = to_codec_id(codec.codec_id);
    info.libav_codec_id = codec.codec_id;
    info.codec_name = avcodec_get_name(codec.codec_id);
    // libavcodec knows nothing of the codec of the kernel's virtual driver.
    if (codec.codec_tag == MKTAG('F', 'W', 'H', 'T')) {
        info.codec = CodecId::Fwht;
        info.codec_name = "fwht";
    }
    info.codec_tag = codec.codec_tag;
    info.bits_per_coded_sample = codec.bits_per_coded_sample;
    info.profile = codec.profile;
    const char* profile = avcodec_profile_name(codec.codec_id, profile_of(codec));
    if (profile != nullptr) info.profile_name = profile;
    info.width = codec.width;
    info.height = codec.height;
    info.frame_rate = to_rational(stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate);
    info.sample_aspect =
        to_rational(stream.sample_aspect_ratio.num > 0 ? stream.sample_aspect_ratio : codec.sample_aspect_ratio);
    info.time_base = to_rational(stream.time_base);
    info.color = {static_cast<std::uint8_t>(codec.color_primaries), static_cast<std::uint8_t>(codec.color_trc),
                  static_cast<std::uint8_t>(codec.color_space), codec.color_range == AVCOL_RANGE_JPEG};
    info.hdr = hdr_of(stream);
    info.rotation = rotation_of(stream);
    if (codec.extradata_size > 0) info.extradata.assign(codec.extradata, codec.extradata + codec.extradata_size);
    return info;
}

StreamSummary summarize_stream(const AVStream& stream, bool raw) {
    const AVCodecParameters& codec = *stream.codecpar;
    return {kind_name(codec.codec_type), avcodec_get_name(codec.codec_id), stream_details(stream, raw), false};
}

std::optional<Rational> raw_frame_rate(const AVStream& stream) {
    const AVRational rate = coded_rate(stream, *stream.codecpar);
    if (!is_usable(rate)) return std::nullopt;
    return to_rational(rate);
}

bool says_everything(const AVFormatContext& context, const AVStream& stream) {
    const char* name = context.iformat->name;
    const bool framed = std::strstr(name, "matroska") != nullptr || std::strstr(name, "mov,") != nullptr;
    const AVCodecParameters& codec = *stream.codecpar;
    const bool rate = stream.avg_frame_rate.num > 0 || stream.r_frame_rate.num > 0;
    return framed && rate && codec.codec_id == AV_CODEC_ID_H264 && codec.width > 0 && codec.height > 0 &&
           codec.extradata_size >= 7;
}

bool leaves_times_out(const AVFormatContext& context) {
    const std::string_view name = context.iformat->name;
    return name == "mpeg" || name == "mpegts";
}

Nanoseconds duration_of(const AVStream& stream) {
    if (stream.duration > 0) return av_rescale_q(stream.duration, stream.time_base, AVRational{1, second});
    // Matroska's statistics: "00:00:04.000000000"
    const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
    unsigned hours = 0;
    unsigned minutes = 0;
    double seconds = 0;
    if (tag != nullptr && std::sscanf(tag->value, "%3u:%2u:%12lf", &hours, &minutes, &seconds) == 3 && seconds < 60)
        return (hours * 60LL + minutes) * 60 * second + static_cast<Nanoseconds>(seconds * 1e9);
    return no_time;
}

} // namespace v4l2play
