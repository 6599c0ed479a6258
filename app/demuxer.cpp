#include "app/demuxer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <span>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
}

#include "decoder/log.h"
#include "decoder/software/hdr_side_data.h"

namespace v4l2play {
namespace {

// What a local file may be. Formats that open other files (playlists, concat scripts, image sequences) are left out: a
// path from inside media is never followed.
constexpr const char* formats =
    "mov,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,asf,ivf,obu,av1,h264,hevc,m4v,ogg,nut,mxf,rm,gxf,wtv,swf,dv,vc1,"
    "vc1test,h261,h263,mjpeg,y4m,yuv4mpegpipe,wav,flac,mp3,aac,amr,ac3,eac3,dirac,fwht,live_flv,dnxhd,bink,smk,roq";
constexpr const char* protocols = "file,pipe";
constexpr std::int64_t largest_unit = 64 << 20; // bytes; what no picture of any level needs

std::string av_reason(int error) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(error, text, sizeof text);
    return text;
}

/// AVPackets that go round: a unit's payload gives its packet back here, from whatever thread.
class PacketPool {
  public:
    static std::shared_ptr<PacketPool> create() { return std::make_shared<PacketPool>(); }
    PacketPool() { idle_.reserve(128); }
    PacketPool(const PacketPool&) = delete;
    PacketPool& operator=(const PacketPool&) = delete;
    ~PacketPool() {
        for (Lease* lease : idle_) destroy(lease);
    }

    /// A packet on its way; it keeps the pool alive while a unit is out.
    struct Lease {
        AVPacket* packet = nullptr;
        std::shared_ptr<PacketPool> pool;
    };

    static Lease* take(const std::shared_ptr<PacketPool>& pool) {
        Lease* lease = pool->pop();
        if (lease == nullptr) lease = new Lease{av_packet_alloc(), nullptr};
        lease->pool = pool;
        return lease;
    }
    static void give_back(void* owner) {
        auto* lease = static_cast<Lease*>(owner);
        av_packet_unref(lease->packet);
        const std::shared_ptr<PacketPool> pool = std::move(lease->pool);
        const std::lock_guard lock(pool->mutex_);
        pool->idle_.push_back(lease);
    }

  private:
    Lease* pop() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return nullptr;
        Lease* lease = idle_.back();
        idle_.pop_back();
        return lease;
    }
    static void destroy(Lease* lease) {
        av_packet_free(&lease->packet);
        delete lease;
    }

    std::mutex mutex_;
    std::vector<Lease*> idle_;
};

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
    if (matrix.size() < 9 * sizeof(std::int32_t)) return 0;
    const double degrees = -av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix.data()));
    if (!(degrees > -360.5 && degrees < 360.5)) return 0;
    const int quarter = static_cast<int>(degrees / 90.0 + (degrees < 0 ? -0.5 : 0.5));
    return ((quarter % 4 + 4) % 4) * 90;
}

/// libavformat leaves pictures of H.264 in MP4/Matroska whole and stamps them: no parser has to look at them again, and
/// nothing has to be decoded to find out what the container has said already.
bool says_everything(const AVFormatContext& context, const AVStream& stream) {
    const char* name = context.iformat->name;
    const bool framed = std::strstr(name, "matroska") != nullptr || std::strstr(name, "mov,") != nullptr;
    const AVCodecParameters& codec = *stream.codecpar;
    const bool rate = stream.avg_frame_rate.num > 0 || stream.r_frame_rate.num > 0;
    return framed && rate && codec.codec_id == AV_CODEC_ID_H264 && codec.width > 0 && codec.height > 0 &&
           codec.extradata_size >= 7;
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

std::string stream_details(const AVStream& stream) {
    const AVCodecParameters& codec = *stream.codecpar;
    if (codec.codec_type == AVMEDIA_TYPE_VIDEO) {
        const double rate = av_q2d(stream.avg_frame_rate.den == 0 ? AVRational{0, 1} : stream.avg_frame_rate);
        const char* profile = avcodec_profile_name(codec.codec_id, codec.profile);
        return fmt::format("{}x{}{}{}{}", codec.width, codec.height, rate > 0 ? fmt::format(", {:.3f} fps", rate) : "",
                           profile == nullptr ? "" : ", ", profile == nullptr ? "" : profile);
    }
    if (codec.codec_type == AVMEDIA_TYPE_AUDIO) return fmt::format("{} Hz", codec.sample_rate);
    return {};
}

class LibavDemuxer final : public Demuxer {
  public:
    LibavDemuxer() = default;
    LibavDemuxer(const LibavDemuxer&) = delete;
    LibavDemuxer& operator=(const LibavDemuxer&) = delete;
    ~LibavDemuxer() override { avformat_close_input(&context_); }

    Result<> open_file(const std::string& path);
    [[nodiscard]] const StreamInfo& stream() const override { return stream_; }
    [[nodiscard]] const MediaInfo& info() const override { return info_; }
    Result<std::optional<AccessUnit>> read() override;
    Result<> seek(Nanoseconds time, SeekMode mode) override;
    [[nodiscard]] Nanoseconds read_until() const override { return read_until_; }
    [[nodiscard]] std::optional<std::uint64_t> promised_frames(Nanoseconds time) const override;
    [[nodiscard]] bool truncated() const override { return truncated_; }

  private:
    Result<> open_input(const std::string& path);
    Result<> seek_container(Nanoseconds time);
    Result<> rewind();
    Result<> select_stream();
    void fill_stream_info(const AVStream& stream);
    void fill_media_info();
    [[nodiscard]] Nanoseconds to_media_time(std::int64_t stamp) const;
    AccessUnit to_unit(PacketPool::Lease* lease);
    Result<std::optional<AccessUnit>> read_unit();
    Result<std::optional<AccessUnit>> end_of_file(int status);
    [[nodiscard]] Nanoseconds video_duration() const;

    std::string path_;
    AVFormatContext* context_ = nullptr;
    int index_ = -1;
    std::int64_t start_ = 0; // time stamp of media time 0, in the stream's time base
    StreamInfo stream_;
    MediaInfo info_;
    std::shared_ptr<PacketPool> packets_ = PacketPool::create();
    std::optional<AccessUnit> first_; // read ahead at the start: it tells whether the video is encrypted
    Nanoseconds start_at_ = no_time;
    Nanoseconds read_until_ = 0;
    bool truncated_ = false;
};

/// With what to do about it.
std::string file_error(int error) {
    const char* cure = error == ENOENT || error == ENOTDIR ? ": check the name"
                       : error == EACCES                   ? ": allow this user to read it"
                                                           : "";
    return fmt::format("{}{}", std::strerror(error), cure);
}

Result<> check_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return fail(errno, file_error(errno), "open");
    if (S_ISDIR(status.st_mode)) return fail(EISDIR, "is a directory, not a media file: name the files in it", "open");
    if (::access(path.c_str(), R_OK) != 0) return fail(errno, file_error(errno), "open");
    if (S_ISREG(status.st_mode) && status.st_size == 0)
        return fail(EBADMSG, "the file is empty: copy it again", "open");
    return {};
}

Result<> LibavDemuxer::open_input(const std::string& path) {
    V4L2PLAY_TRY(check_file(path));
    context_ = avformat_alloc_context();
    if (context_ == nullptr) return fail(ENOMEM, "out of memory", "avformat_alloc_context");
    context_->max_streams = 64;
    context_->flags |= AVFMT_FLAG_NOPARSE; // taken back below where it is needed
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", protocols, 0);
    av_dict_set(&options, "format_whitelist", formats, 0);
    // "file:" keeps a colon in a file name from being read as a protocol.
    const int status = avformat_open_input(&context_, ("file:" + path).c_str(), nullptr, &options);
    av_dict_free(&options);
    if (status == AVERROR_INVALIDDATA)
        return fail(EBADMSG, "not a media file, or damaged beyond recognition: is it the right file, copied whole?",
                    "open");
    if (status == AVERROR(EINVAL))
        return fail(EBADMSG, "not a media file of a kind that is played: convert it to Matroska or MP4", "open");
    if (status == AVERROR_EOF || status == AVERROR(EIO))
        return fail(EBADMSG, "the file ends in its head, or cannot be read: copy it again", "open");
    // Sizes in it that are larger than what there is.
    if (status == AVERROR(ENOMEM)) return fail(EBADMSG, "damaged beyond recognition: copy it again", "open");
    if (status < 0) return fail(-status, av_reason(status), "open");
    return {};
}

Result<> LibavDemuxer::select_stream() {
    index_ = av_find_best_stream(context_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    const bool complete = index_ >= 0 && says_everything(*context_, *context_->streams[index_]);
    if (!complete) {
        context_->flags &= ~AVFMT_FLAG_NOPARSE;
        const int status = avformat_find_stream_info(context_, nullptr);
        if (status < 0) return fail(EBADMSG, av_reason(status), "find_stream_info");
        index_ = av_find_best_stream(context_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    }
    if (index_ >= 0 && (context_->streams[index_]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) index_ = -1;
    fill_media_info();
    if (index_ < 0) return fail(ENOMEDIUM, "there is no video in it: only files with video are played", "open");
    for (unsigned i = 0; i < context_->nb_streams; ++i)
        context_->streams[i]->discard = static_cast<int>(i) == index_ ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    return {};
}

void LibavDemuxer::fill_media_info() {
    info_.container = context_->iformat->name;
    if (context_->duration > 0) info_.duration = context_->duration * (second / AV_TIME_BASE);
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
        const AVStream& stream = *context_->streams[i];
        info_.streams.push_back({kind_name(stream.codecpar->codec_type), avcodec_get_name(stream.codecpar->codec_id),
                                 stream_details(stream), static_cast<int>(i) == index_});
    }
}

/// Without a key, libavformat hands encrypted samples out as they are and says so beside each.
bool is_encrypted(const AVPacket& packet) {
    return av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr;
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

void LibavDemuxer::fill_stream_info(const AVStream& stream) {
    const AVCodecParameters& codec = *stream.codecpar;
    stream_.codec = to_codec_id(codec.codec_id);
    stream_.libav_codec_id = codec.codec_id;
    stream_.codec_name = avcodec_get_name(codec.codec_id);
    stream_.codec_tag = codec.codec_tag;
    // libavcodec knows nothing of the codec of the kernel's virtual driver.
    if (codec.codec_tag == MKTAG('F', 'W', 'H', 'T')) {
        stream_.codec = CodecId::Fwht;
        stream_.codec_name = "fwht";
    }
    stream_.codec_tag = codec.codec_tag;
    stream_.bits_per_coded_sample = codec.bits_per_coded_sample;
    stream_.profile = codec.profile;
    const char* profile = avcodec_profile_name(codec.codec_id, profile_of(codec));
    if (profile != nullptr) stream_.profile_name = profile;
    stream_.width = codec.width;
    stream_.height = codec.height;
    stream_.frame_rate = to_rational(stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate);
    stream_.sample_aspect =
        to_rational(stream.sample_aspect_ratio.num > 0 ? stream.sample_aspect_ratio : codec.sample_aspect_ratio);
    stream_.time_base = to_rational(stream.time_base);
    stream_.color = {static_cast<std::uint8_t>(codec.color_primaries), static_cast<std::uint8_t>(codec.color_trc),
                     static_cast<std::uint8_t>(codec.color_space), codec.color_range == AVCOL_RANGE_JPEG};
    stream_.hdr = hdr_of(stream);
    stream_.rotation = rotation_of(stream);
    if (codec.extradata_size > 0) stream_.extradata.assign(codec.extradata, codec.extradata + codec.extradata_size);
}

Result<> LibavDemuxer::open_file(const std::string& path) {
    path_ = path;
    V4L2PLAY_TRY(open_input(path));
    V4L2PLAY_TRY(select_stream());
    const AVStream& stream = *context_->streams[index_];
    fill_stream_info(stream);
    // Media time 0 is where the video starts.
    start_ = stream.start_time == AV_NOPTS_VALUE ? 0 : stream.start_time;
    auto first = read_unit();
    if (!first) return fail(std::move(first).error());
    first_ = std::move(*first);
    return {};
}

Nanoseconds LibavDemuxer::to_media_time(std::int64_t stamp) const {
    if (stamp == AV_NOPTS_VALUE) return no_time;
    const AVRational base = context_->streams[index_]->time_base;
    return av_rescale_q(stamp - start_, base, AVRational{1, second});
}

AccessUnit LibavDemuxer::to_unit(PacketPool::Lease* lease) {
    const AVPacket& packet = *lease->packet;
    AccessUnit unit;
    unit.pts = to_media_time(packet.pts);
    unit.dts = to_media_time(packet.dts);
    unit.duration = av_rescale_q(std::max<std::int64_t>(packet.duration, 0), context_->streams[index_]->time_base,
                                 AVRational{1, second});
    unit.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    unit.discard = (packet.flags & AV_PKT_FLAG_DISCARD) != 0 ||
                   (start_at_ != no_time && unit.pts != no_time && unit.pts < start_at_);
    const Nanoseconds time = unit.pts == no_time ? unit.dts : unit.pts;
    if (time != no_time) read_until_ = std::max(read_until_, time + unit.duration);
    unit.payload = Payload({packet.data, static_cast<std::size_t>(packet.size)}, PacketPool::give_back, lease);
    return unit;
}

/// What the container says of the video stream alone: sound may go on longer. no_time when it does not.
Nanoseconds LibavDemuxer::video_duration() const {
    const AVStream& stream = *context_->streams[index_];
    if (stream.duration > 0) return av_rescale_q(stream.duration, stream.time_base, AVRational{1, second});
    // Matroska's statistics: "00:00:04.000000000"
    const AVDictionaryEntry* tag = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
    unsigned hours = 0;
    unsigned minutes = 0;
    double seconds = 0;
    if (tag != nullptr && std::sscanf(tag->value, "%3u:%2u:%12lf", &hours, &minutes, &seconds) == 3 && seconds < 60)
        return (hours * 60LL + minutes) * 60 * second + static_cast<Nanoseconds>(seconds * 1e9);
    return context_->nb_streams == 1 ? info_.duration : no_time;
}

/// Other containers guess their duration, or have none.
std::optional<std::uint64_t> LibavDemuxer::promised_frames(Nanoseconds time) const {
    const AVStream& stream = *context_->streams[index_];
    const std::string_view container = context_->iformat->name;
    const bool tells = container.starts_with("matroska") || container.starts_with("mov");
    const bool constant = stream.avg_frame_rate.num > 0 && av_cmp_q(stream.avg_frame_rate, stream.r_frame_rate) == 0;
    const Nanoseconds duration = video_duration();
    if (!tells || !constant || duration == no_time) return std::nullopt;
    const std::int64_t frames =
        av_rescale_q(duration - std::min(time, duration), {1, second}, av_inv_q(stream.avg_frame_rate));
    return static_cast<std::uint64_t>(frames);
}

Result<std::optional<AccessUnit>> LibavDemuxer::end_of_file(int status) {
    if (context_->pb != nullptr && context_->pb->error < 0 && context_->pb->error != AVERROR_EOF)
        status = context_->pb->error;
    const Nanoseconds promised = video_duration();
    const Nanoseconds missing = promised == no_time ? 0 : promised - read_until_;
    truncated_ = missing > second && missing > promised / 50;
    if (status == AVERROR_EOF || status == AVERROR_INVALIDDATA) return std::optional<AccessUnit>{};
    return fail(-status, av_reason(status), "read");
}

Result<std::optional<AccessUnit>> LibavDemuxer::read() {
    if (!first_) return read_unit();
    std::optional<AccessUnit> unit = std::move(first_);
    first_.reset();
    return unit;
}

Result<std::optional<AccessUnit>> LibavDemuxer::read_unit() {
    PacketPool::Lease* lease = PacketPool::take(packets_);
    int broken = 0;
    for (;;) {
        const int status = av_read_frame(context_, lease->packet);
        if (status == AVERROR(EAGAIN)) continue;
        // Some demuxers report damage in the middle and go on after it; without progress that is the end.
        if (status == AVERROR_INVALIDDATA && ++broken < 16) continue;
        if (status < 0) {
            PacketPool::give_back(lease);
            return end_of_file(status);
        }
        const AVPacket& packet = *lease->packet;
        if (packet.stream_index == index_ && is_encrypted(packet)) {
            PacketPool::give_back(lease);
            return fail(ENOTSUP, "the video is encrypted, and there is no key for it: play a copy without encryption",
                        "read");
        }
        if (packet.stream_index == index_ && packet.size > 0 && packet.size < largest_unit)
            return std::optional(to_unit(lease));
        av_packet_unref(lease->packet);
    }
}

Result<> LibavDemuxer::seek_container(Nanoseconds time) {
    const AVRational base = context_->streams[index_]->time_base;
    const std::int64_t stamp = start_ + av_rescale_q(time, AVRational{1, second}, base);
    int status = av_seek_frame(context_, index_, stamp, AVSEEK_FLAG_BACKWARD);
    if (status < 0) status = avformat_seek_file(context_, index_, INT64_MIN, stamp, INT64_MAX, 0);
    if (status < 0 && time == 0) status = avformat_seek_file(context_, -1, INT64_MIN, 0, INT64_MAX, AVSEEK_FLAG_BYTE);
    if (status < 0) return fail(ENOTSUP, "cannot seek in it: " + av_reason(status), "seek");
    return {};
}

/// From the start, whatever is there. Transport streams find no time before their first; their first byte they do.
Result<> LibavDemuxer::rewind() {
    if ((context_->iformat->flags & AVFMT_TS_DISCONT) == 0) return seek_container(0);
    const int status = avformat_seek_file(context_, -1, INT64_MIN, 0, INT64_MAX, AVSEEK_FLAG_BYTE);
    if (status < 0) return fail(ENOTSUP, "cannot seek in it: " + av_reason(status), "seek");
    return {};
}

/// Containers without an index (transport streams) go to any picture of about that time: then farther back, until there
/// is a key frame at or before it.
Result<> LibavDemuxer::seek(Nanoseconds time, SeekMode mode) {
    start_at_ = time > 0 && mode == SeekMode::Exact ? time : no_time;
    first_.reset();
    for (Nanoseconds back = 0;; back = std::max(back * 4, second)) {
        const Nanoseconds from = std::max<Nanoseconds>(time - back, 0);
        V4L2PLAY_TRY(seek_container(from));
        auto unit = read_unit();
        while (unit && *unit && !(*unit)->key) unit = read_unit();
        if (!unit) return fail(std::move(unit).error());
        const bool before = *unit && ((*unit)->pts == no_time || (*unit)->pts <= time);
        if (before) {
            first_ = std::move(*unit);
            return {};
        }
        if (from == 0) return rewind();
    }
}

void forward_log(void*, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_WARNING || !log_enabled(LogLevel::Debug)) return;
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    line[std::strcspn(line, "\n")] = '\0';
    if (line[0] != '\0') log_debug("libav", "{}", static_cast<const char*>(line));
}

} // namespace

Result<std::unique_ptr<Demuxer>> Demuxer::open(const std::string& path) {
    av_log_set_callback(forward_log);
    auto demuxer = std::make_unique<LibavDemuxer>();
    V4L2PLAY_TRY(demuxer->open_file(path));
    return std::unique_ptr<Demuxer>(std::move(demuxer));
}

} // namespace v4l2play
