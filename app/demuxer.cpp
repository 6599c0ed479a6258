#include "app/demuxer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include "app/key_index.h"
#include "app/libav_stream.h"
#include "app/packet_pool.h"
#include "app/raw_stream.h"
#include "decoder/codec/fwht_header.h"
#include "decoder/log.h"

namespace v4l2play {
namespace {

// What a local file may be. Formats that open other files (playlists, concat scripts, image sequences) are left out: a
// path from inside media is never followed.
constexpr const char* probed_formats =
    "mov,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,asf,ivf,obu,av1,h264,hevc,m4v,ogg,nut,mxf,rm,gxf,wtv,swf,dv,vc1,"
    "vc1test,h261,h263,mjpeg,y4m,yuv4mpegpipe,wav,flac,mp3,aac,amr,ac3,eac3,dirac,fwht,live_flv,dnxhd,bink,smk,roq";
constexpr const char* protocols = "file,pipe";
constexpr std::int64_t largest_unit = 64 << 20; // bytes; what no picture of any level needs

std::string av_reason(int error) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(error, text, sizeof text);
    return text;
}

/// When it is shown, or about that; no_time when the container tells nothing.
Nanoseconds time_of(const AccessUnit& unit) { return unit.pts == no_time ? unit.dts : unit.pts; }

/// libavformat does not know the codec of the kernel's virtual driver.
bool is_intra_fwht(std::span<const std::uint8_t> unit) {
    const auto header = fwht::parse_header(unit);
    return header && header->is_intra();
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
    Result<> open_input();
    Result<> select_stream();
    void fill_media_info();
    [[nodiscard]] std::int64_t to_stamp(Nanoseconds time) const;
    Result<> seek_container(Nanoseconds time);
    Result<> seek_by_container(Nanoseconds time);
    [[nodiscard]] bool is_entry(const AccessUnit& unit) const;
    Result<> rewind();
    Result<> seek_by_reading(Nanoseconds time);
    Result<> read_past(Nanoseconds time);
    Result<> go_to(Nanoseconds time);
    bool read_key(const KeyIndex::Entry& key);
    Result<> start_over();
    [[nodiscard]] Nanoseconds to_media_time(std::int64_t stamp) const;
    std::optional<AccessUnit> to_unit(PacketPool::Lease* lease);
    void note_time(const AccessUnit& unit);
    [[nodiscard]] bool is_before_start(const AccessUnit& unit) const;
    Result<std::optional<AccessUnit>> read_unit();
    void note_key(const AccessUnit& unit, std::int64_t position);
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
    std::optional<KeyIndex> keys_;    // once the container has turned out to have none
    std::unique_ptr<RawStream> raw_;  // there is no container
    bool gaps_ = false;               // the container tells the time of some pictures only
    Nanoseconds ahead_ = 0;           // by which pictures that others refer to are decoded before they are shown
    bool has_pts_ = false;            // some unit had
    Nanoseconds start_at_ = no_time;
    Nanoseconds read_until_ = 0;
    Nanoseconds last_time_ = no_time; // the latest so far
    Nanoseconds longest_gap_ = 0;     // between one picture and the next
    bool truncated_ = false;
};

/// With what to do about it.
std::string file_error(int error) {
    const char* cure = error == ENOENT || error == ENOTDIR ? ": check the name"
                       : error == EACCES                   ? ": allow this user to read it"
                                                           : "";
    return fmt::format("{}{}", std::strerror(error), cure);
}

constexpr const char* standard_input = "/dev/stdin";

Result<> check_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT && path.find("://") != std::string::npos)
            return fail(ENOENT, "is an address; only files are played: download it first", "open");
        return fail(errno, file_error(errno), "open");
    }
    if (path == standard_input && ::isatty(STDIN_FILENO) != 0)
        return fail(EBADMSG, "standard input is a terminal: pipe a media file into it", "open");
    if (S_ISDIR(status.st_mode)) return fail(EISDIR, "is a directory, not a media file: name the files in it", "open");
    if (::access(path.c_str(), R_OK) != 0) return fail(errno, file_error(errno), "open");
    if (S_ISREG(status.st_mode) && status.st_size == 0)
        return fail(EBADMSG, "the file is empty: copy it again", "open");
    return {};
}

/// Read once, from its beginning to its end.
bool is_pipe(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

Result<> LibavDemuxer::open_input() {
    V4L2PLAY_TRY(check_file(path_));
    context_ = avformat_alloc_context();
    if (context_ == nullptr) return fail(ENOMEM, "out of memory", "avformat_alloc_context");
    context_->max_streams = 64;
    context_->flags |= AVFMT_FLAG_NOPARSE; // taken back below where it is needed
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", protocols, 0);
    av_dict_set(&options, "format_whitelist", probed_formats, 0);
    // "file:" keeps a colon in a file name from being read as a protocol.
    const int status = avformat_open_input(&context_, ("file:" + path_).c_str(), nullptr, &options);
    av_dict_free(&options);
    if ((status == AVERROR_INVALIDDATA || status == AVERROR_EOF) && is_pipe(path_))
        return fail(EBADMSG, "nothing that can be played in one go comes out of this pipe: name the file", "open");
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

/// libavformat's choice, but of its equals the first: libavformat takes the one with the most frames or bits, and does
/// not tell auxiliary tracks (alpha, depth: ISO/IEC 14496-12, 12.1.1), which have the size of the video and follow it.
int find_video(AVFormatContext& context) {
    const int best = av_find_best_stream(&context, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    const auto equals = [&](const AVStream* stream) {
        const AVStream& other = *context.streams[best];
        const AVCodecParameters &a = *stream->codecpar, &b = *other.codecpar;
        return a.codec_type == b.codec_type && a.codec_id == b.codec_id && a.width == b.width && a.height == b.height &&
               stream->disposition == other.disposition;
    };
    if (best < 0) return best;
    return static_cast<int>(std::find_if(context.streams, context.streams + best, equals) - context.streams);
}

Result<> LibavDemuxer::select_stream() {
    index_ = find_video(*context_);
    const bool complete = index_ >= 0 && says_everything(*context_, *context_->streams[index_]);
    if (!complete) {
        context_->flags &= ~AVFMT_FLAG_NOPARSE;
        const int status = avformat_find_stream_info(context_, nullptr);
        if (status < 0) return fail(EBADMSG, av_reason(status), "find_stream_info");
        index_ = find_video(*context_);
    }
    if (index_ >= 0 && (context_->streams[index_]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) index_ = -1;
    if (index_ < 0) return fail(ENOMEDIUM, "there is no video in it: only files with video are played", "open");
    for (unsigned i = 0; i < context_->nb_streams; ++i)
        context_->streams[i]->discard = static_cast<int>(i) == index_ ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    return {};
}

void LibavDemuxer::fill_media_info() {
    info_.container = context_->iformat->name;
    if (context_->duration > 0) info_.duration = context_->duration * (second / AV_TIME_BASE);
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
        const bool selected = static_cast<int>(i) == index_;
        info_.streams.push_back(summarize_stream(*context_->streams[i], selected && raw_ != nullptr));
        info_.streams.back().selected = selected;
    }
}

/// Without a key, libavformat hands encrypted samples out as they are and says so beside each.
bool is_encrypted(const AVPacket& packet) {
    return av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr;
}

Result<> LibavDemuxer::open_file(const std::string& path) {
    path_ = path == "-" ? standard_input : path;
    V4L2PLAY_TRY(open_input());
    V4L2PLAY_TRY(select_stream());
    const AVStream& stream = *context_->streams[index_];
    stream_ = describe_stream(stream);
    raw_ = RawStream::of(*context_, stream);
    fill_media_info();
    if (raw_) {
        keys_.emplace();
        stream_.frame_rate = raw_->frame_rate();
        info_.duration = no_time; // guessed
    }
    gaps_ = leaves_times_out(*context_);
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

/// Whether it is only decoded; where nothing tells when it is shown, PictureTimes finds out which picture that is.
bool LibavDemuxer::is_before_start(const AccessUnit& unit) const {
    Nanoseconds time = has_pts_ && !gaps_ ? unit.pts : time_of(unit);
    // Of those without, libavformat knows when B pictures are shown: the others are later by as much as they are ahead.
    if (gaps_ && has_pts_ && unit.pts == no_time && time != no_time) time += ahead_;
    return start_at_ != no_time && time != no_time && time < start_at_;
}

/// Nothing when it is of no use.
std::optional<AccessUnit> LibavDemuxer::to_unit(PacketPool::Lease* lease) {
    const AVPacket& packet = *lease->packet;
    AccessUnit unit;
    unit.payload = Payload({packet.data, static_cast<std::size_t>(packet.size)}, PacketPool::give_back, lease);
    unit.pts = to_media_time(packet.pts);
    unit.dts = to_media_time(packet.dts);
    unit.duration = av_rescale_q(std::max<std::int64_t>(packet.duration, 0), context_->streams[index_]->time_base,
                                 AVRational{1, second});
    unit.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    if (raw_ && !raw_->take(packet, unit, *keys_)) return std::nullopt;
    has_pts_ = has_pts_ || unit.pts != no_time;
    if (unit.pts != no_time && unit.dts != no_time && unit.pts > unit.dts) ahead_ = unit.pts - unit.dts;
    unit.discard = (packet.flags & AV_PKT_FLAG_DISCARD) != 0 || is_before_start(unit);
    if (gaps_) {
        unit.shown_from = start_at_;
        // Counted by libavformat from wherever it began to read.
        if (unit.pts == no_time) unit.dts = no_time;
    }
    note_time(unit);
    if (stream_.codec == CodecId::Fwht) unit.key = is_intra_fwht(unit.payload.bytes());
    if (!raw_) note_key(unit, packet.pos);
    return unit;
}

void LibavDemuxer::note_time(const AccessUnit& unit) {
    const Nanoseconds time = time_of(unit);
    if (time == no_time) return;
    if (last_time_ != no_time) longest_gap_ = std::max(longest_gap_, time - last_time_);
    last_time_ = std::max(last_time_, time);
    read_until_ = std::max(read_until_, time + unit.duration);
}

void LibavDemuxer::note_key(const AccessUnit& unit, std::int64_t position) {
    const Nanoseconds time = time_of(unit);
    if (keys_ && unit.key && time != no_time && position >= 0) keys_->note({time, position});
}

/// With sound, the container's duration may be that.
Nanoseconds LibavDemuxer::video_duration() const {
    const Nanoseconds duration = duration_of(*context_->streams[index_]);
    return duration == no_time && context_->nb_streams == 1 ? info_.duration : duration;
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
    // The last picture may stay as long as any, and the only one for ever: not every container tells for how long.
    truncated_ = missing > second && missing > promised / 50 && longest_gap_ > 0 && missing > longest_gap_;
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
        if (packet.stream_index != index_ || packet.size <= 0 || packet.size >= largest_unit) {
            av_packet_unref(lease->packet);
            continue;
        }
        if (auto unit = to_unit(lease)) return unit;
        lease = PacketPool::take(packets_);
    }
}

/// The last that is not behind `time`: a key frame just behind it must not stand for it.
std::int64_t LibavDemuxer::to_stamp(Nanoseconds time) const {
    const AVRational base = context_->streams[index_]->time_base;
    const std::int64_t nearest = start_ + av_rescale_q(time, AVRational{1, second}, base);
    return to_media_time(nearest) > time ? nearest - 1 : nearest;
}

Result<> LibavDemuxer::seek_container(Nanoseconds time) {
    const std::int64_t stamp = to_stamp(time);
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

/// Whether playback may go on with it after a seek.
bool LibavDemuxer::is_entry(const AccessUnit& unit) const {
    return unit.key && !(gaps_ && has_pts_ && unit.pts == no_time);
}

/// Containers without an index (transport and program streams) go to any picture of about that time: then farther back,
/// until there is a key frame at or before it whose time is known.
Result<> LibavDemuxer::seek_by_container(Nanoseconds time) {
    for (Nanoseconds back = 0;; back = std::max(back * 4, second)) {
        const Nanoseconds from = std::max<Nanoseconds>(time - back, 0);
        V4L2PLAY_TRY(seek_container(from));
        auto unit = read_unit();
        while (unit && *unit && !is_entry(**unit)) unit = read_unit();
        if (!unit) return fail(std::move(unit).error());
        const Nanoseconds reached = *unit ? time_of(**unit) : 0;
        const bool before = *unit && (reached == no_time || reached <= time);
        if (before) {
            first_ = std::move(*unit);
            return {};
        }
        if (from == 0) return rewind();
    }
}

/// The file from its first byte: with the time stamps that it had the first time.
Result<> LibavDemuxer::start_over() {
    if (context_->pb == nullptr || (context_->pb->seekable & AVIO_SEEKABLE_NORMAL) == 0)
        return fail(ENOTSUP, "cannot seek in it: it is read from a pipe", "seek");
    AVFormatContext* before = std::exchange(context_, nullptr);
    const int index = index_;
    Result<> opened = open_input();
    if (opened) opened = select_stream();
    if (opened && index != index_) opened = fail(EBADMSG, "the file has changed while it was played", "seek");
    if (!opened) { // what was open is still asked for durations
        std::swap(context_, before);
        index_ = index;
    }
    avformat_close_input(&before);
    if (raw_) raw_->go_on(std::nullopt);
    return opened;
}

/// Reads until `time` lies behind, so that the random-access points before it are known.
Result<> LibavDemuxer::read_past(Nanoseconds time) {
    for (;;) {
        const auto unit = read_unit();
        if (!unit) return fail(unit.error());
        if (!*unit) return {};
        // Whatever the order of display: what comes later in the file has a later time to be decoded at.
        const Nanoseconds reached = (*unit)->dts == no_time ? (*unit)->pts : (*unit)->dts;
        if (reached != no_time && reached > time) return {};
    }
}

/// To the last known random-access point at or before `time`; to the start when there is none. Where a place in the
/// file alone does not lead to a time, everything before it is read over.
Result<> LibavDemuxer::go_to(Nanoseconds time) {
    const auto key = keys_->find(time);
    if (!key) return start_over();
    if (raw_) raw_->go_on(key);
    if (avformat_seek_file(context_, -1, INT64_MIN, key->position, INT64_MAX, AVSEEK_FLAG_BYTE) >= 0 && read_key(*key))
        return {};
    V4L2PLAY_TRY(start_over());
    if (raw_) {
        first_.reset();
        return {};
    }
    while (!read_key(*key))
        if (!first_) return start_over();
    return {};
}

/// The next unit into `first_`; whether it is that one.
bool LibavDemuxer::read_key(const KeyIndex::Entry& key) {
    auto unit = read_unit();
    first_.reset();
    if (unit) first_ = std::move(*unit);
    return first_ && first_->key && time_of(*first_) == key.time;
}

/// The container does not help: what has been read of it does, and where that ends, more is read.
Result<> LibavDemuxer::seek_by_reading(Nanoseconds time) {
    if (!keys_->covers(time)) {
        V4L2PLAY_TRY(go_to(time));
        first_.reset();
        V4L2PLAY_TRY(read_past(time));
    }
    return go_to(time);
}

Result<> LibavDemuxer::seek(Nanoseconds time, SeekMode mode) {
    start_at_ = time > 0 && mode == SeekMode::Exact ? time : no_time;
    last_time_ = no_time; // what is leapt over is no gap
    first_.reset();
    if (!keys_) {
        auto sought = seek_by_container(time);
        if (sought || sought.error().code != ENOTSUP) return sought;
        keys_.emplace();
    }
    return seek_by_reading(time);
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
