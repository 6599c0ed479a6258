#include "decoder/software/software_decoder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "decoder/codec/av1_sequence.h"
#include "decoder/log.h"
#include "decoder/software/codec_setup.h"
#include "decoder/software/hdr_side_data.h"
#include "decoder/software/libav_log.h"
#include "decoder/software/libav_pixels.h"
#include "decoder/software/packet_source.h"
#include "decoder/software/picture_memory.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

// Field and flag names follow the library: FFmpeg 5.1 (59) to 7 (61).
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
#define V4L2PLAY_FRAME_DURATION duration
#else
#define V4L2PLAY_FRAME_DURATION pkt_duration
#endif

namespace v4l2play {
namespace {

struct Freer {
    void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
template <class T>
using Owned = std::unique_ptr<T, Freer>;

std::int64_t to_libav(Nanoseconds time) { return time == no_time ? AV_NOPTS_VALUE : time; }
Nanoseconds from_libav(std::int64_t time) { return time == AV_NOPTS_VALUE ? no_time : time; }

/// The first format whose pixels are in memory: a hardware format would need a device that we did not open.
AVPixelFormat choose_format(AVCodecContext*, const AVPixelFormat* offered) {
    for (; *offered != AV_PIX_FMT_NONE; ++offered) {
        const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(*offered);
        if (descriptor != nullptr && (descriptor->flags & AV_PIX_FMT_FLAG_HWACCEL) == 0) return *offered;
    }
    return AV_PIX_FMT_NONE;
}

int provide_buffer(AVCodecContext* codec, AVFrame* frame, int flags) {
    auto& memory = *static_cast<PictureMemory*>(codec->opaque);
    if ((codec->codec->capabilities & AV_CODEC_CAP_DR1) == 0) return avcodec_default_get_buffer2(codec, frame, flags);
    if (memory.is_direct(frame->format)) return memory.provide(*codec, *frame);
    // Where the output takes the picture's own layout later, or did before, some codecs want rows to stay as they are.
    const int provided = memory.provide_plain(*codec, *frame);
    return provided != AVERROR(ENOTSUP) ? provided : avcodec_default_get_buffer2(codec, frame, flags);
}

/// Marks a packet so that its frame can be told: newer libraries carry a pointer along, older ones the file position.
void set_mark(AVPacket& packet, std::uint32_t mark) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
    packet.opaque = reinterpret_cast<void*>(static_cast<std::uintptr_t>(mark));
#else
    packet.pos = mark;
#endif
}

std::uint32_t mark_of(const AVFrame& frame) {
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
    return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(frame.opaque));
#else
    return static_cast<std::uint32_t>(frame.pkt_pos);
#endif
}

Rect visible_rect(const AVFrame& frame) {
    const auto width = static_cast<std::size_t>(std::max(frame.width, 0));
    const auto height = static_cast<std::size_t>(std::max(frame.height, 0));
    const bool sane = frame.crop_left < width && frame.crop_right < width - frame.crop_left &&
                      frame.crop_top < height && frame.crop_bottom < height - frame.crop_top;
    if (!sane) return {0, 0, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
    return {static_cast<std::uint32_t>(frame.crop_left), static_cast<std::uint32_t>(frame.crop_top),
            static_cast<std::uint32_t>(width - frame.crop_left - frame.crop_right),
            static_cast<std::uint32_t>(height - frame.crop_top - frame.crop_bottom)};
}

/// The number in a field of enumeration type. libavcodec stores what the bitstream says there, named or not, and
/// reading that as the enumeration is undefined.
template <class Enumeration>
int number_in(const Enumeration& field) {
    std::underlying_type_t<Enumeration> number{};
    std::memcpy(&number, &field, sizeof number);
    return static_cast<int>(number);
}

/// libavutil's values are those of H.273; 0 is reserved there and stands for nothing said, like 2.
std::uint8_t code_point(int ours, std::uint8_t container) {
    return ours == 0 || ours == 2 || ours < 0 || ours > 255 ? container : static_cast<std::uint8_t>(ours);
}

ColorDescription color_of(const AVFrame& frame, const ColorDescription& container) {
    ColorDescription color;
    color.primaries = code_point(number_in(frame.color_primaries), container.primaries);
    color.transfer = code_point(number_in(frame.color_trc), container.transfer);
    const int matrix = number_in(frame.colorspace);
    color.matrix = matrix == AVCOL_SPC_RGB ? std::uint8_t{0} : code_point(matrix, container.matrix);
    const int range = number_in(frame.color_range);
    color.full_range = range == AVCOL_RANGE_UNSPECIFIED ? container.full_range : range == AVCOL_RANGE_JPEG;
    if (const auto pixels = from_libav_pixel_format(frame.format)) {
        if (pixels->full_range) color.full_range = true;
        if (pixels->identity_matrix || pixels->layout->rgb) color.matrix = 0;
    }
    return color;
}

HdrMetadata hdr_of(const AVFrame& frame) {
    HdrMetadata hdr;
    if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA))
        note_mastering_display({data->data, data->size}, hdr);
    if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL))
        note_content_light({data->data, data->size}, hdr);
    return hdr;
}

/// What it refers to has not been decoded, so it cannot be whole (set_up_codec asks for such pictures).
bool is_before_recovery(const AVCodecContext& codec, const AVFrame& frame) {
    return codec.codec_id == AV_CODEC_ID_H264 && (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0;
}

/// What is remembered of a packet while libavcodec has it.
struct Sent {
    std::uint32_t mark = 0;
    std::uint32_t serial = 0;
    bool discard = false;
};

class SoftwareDecoder final : public Decoder {
  public:
    SoftwareDecoder(Kernel& kernel, const DecoderConfig& config, std::unique_ptr<Waker> waker, UniqueFd epoll,
                    std::unique_ptr<SlotAllocator> allocator)
        : kernel_(kernel)
        , stream_(config.stream)
        , waker_(std::move(waker))
        , epoll_(std::move(epoll))
        , memory_(kernel, std::move(allocator), *waker_, config) {}

    Result<> open(const DecoderConfig& config);

    Result<SendStatus> send(AccessUnit& unit) override;
    void drain() override;
    void offer_formats(const std::vector<FormatModifier>& formats) override { offered_ = formats; }
    void flush() override;
    std::optional<DecoderEvent> next_event() override;
    Result<> dispatch(Nanoseconds timeout) override;
    Waker& waker() override { return *waker_; }
    [[nodiscard]] DecoderDescription description() const override;

  private:
    [[nodiscard]] bool can_take_unit();
    void fill_packet(const AccessUnit& unit);
    void pull();
    bool receive();
    void on_frame();
    bool check_failure();
    void emit(SlotRef slot, bool copied);
    void announce(const SlotRef& slot);
    void end_of_drain();
    void dropped(int code);
    Result<> wait(Nanoseconds timeout);
    [[nodiscard]] const Sent* sent_for(const AVFrame& frame) const;

    Kernel& kernel_;
    const StreamInfo stream_;
    std::unique_ptr<Waker> waker_;
    UniqueFd epoll_;
    // libavcodec gives slots and payloads back when its context is freed: these two must be destroyed after it.
    PictureMemory memory_;
    PacketSource packets_;
    Owned<AVCodecContext> codec_;
    Owned<AVPacket> packet_{av_packet_alloc()};
    Owned<AVFrame> frame_{av_frame_alloc()};

    std::optional<std::vector<FormatModifier>> offered_; ///< of the output, from the next key picture on
    std::vector<DecoderEvent> events_;
    std::size_t next_ = 0; ///< first of `events_` not taken yet
    std::array<Sent, 512> sent_{};
    std::uint32_t mark_ = 0;
    std::uint32_t serial_ = 0;
    FrameId frame_id_ = 0;
    std::uint32_t announced_ = 0; ///< generation of the pool last announced
    int last_error_ = 0;
    bool output_possible_ = false; ///< libavcodec may have a frame
    bool frame_waits_ = false;     ///< `frame_` waits for a slot to be copied into
    bool draining_ = false;
    bool drain_sent_ = false; ///< libavcodec has been told
    bool refused_ = false;    ///< the last `send` answered Full
    bool failed_ = false;
};

const AVCodec* find_codec(const StreamInfo& stream) {
    const AVCodec* codec = avcodec_find_decoder(static_cast<AVCodecID>(stream.libav_codec_id));
    return codec == nullptr || codec->type != AVMEDIA_TYPE_VIDEO ? nullptr : codec;
}

Result<> SoftwareDecoder::open(const DecoderConfig& config) {
    V4L2PLAY_TRY(kernel_.epoll_add(epoll_.get(), waker_->fd(), EPOLLIN | EPOLLET, 0) == 0
                     ? Result<>()
                     : fail(EINVAL, "cannot watch the waker", "epoll_ctl"));
    const AVCodec* codec = find_codec(stream_);
    if (codec == nullptr)
        return fail(ENOTSUP, fmt::format("libavcodec has no decoder for {}", stream_.codec_name), "software");
    codec_.reset(avcodec_alloc_context3(codec));
    if (!codec_ || !packet_ || !frame_) return fail(ENOMEM, "no memory for the decoder", "software");
    // libdav1d takes the first operating point for one that is not there, without a word.
    V4L2PLAY_TRY(av1::check_operating_point(stream_, stream_.extradata));
    V4L2PLAY_TRY(set_up_codec(*codec_, config));
    codec_->opaque = &memory_;
    codec_->get_buffer2 = provide_buffer;
    codec_->get_format = choose_format;
    if (const int result = avcodec_open2(codec_.get(), codec, nullptr); result < 0)
        return fail(ENOTSUP, fmt::format("{} refuses the stream: {}", codec->name, libav_error_text(result)),
                    "software");
    const bool frame_threads = (codec_->active_thread_type & FF_THREAD_FRAME) != 0;
    memory_.set_frame_threads(frame_threads ? static_cast<unsigned>(codec_->thread_count) : 0);
    events_.reserve(8);
    return {};
}

DecoderDescription SoftwareDecoder::description() const {
    const bool frames = (codec_->active_thread_type & FF_THREAD_FRAME) != 0;
    const bool slices = (codec_->active_thread_type & FF_THREAD_SLICE) != 0;
    const bool direct = (codec_->codec->capabilities & AV_CODEC_CAP_DR1) != 0;
    return {"software",
            fmt::format("libavcodec {}.{} {}", avcodec_version() >> 16, (avcodec_version() >> 8) & 0xff,
                        codec_->codec->name),
            "",
            fmt::format("{}{}, {}, {}",
                        frames   ? "frame threads x "
                        : slices ? "slice threads x "
                                 : "one thread",
                        frames || slices ? fmt::format("{}", codec_->thread_count) : "",
                        direct ? "into slots" : "copied into slots", memory_.description())};
}

/// With frame threads, the picture of the unit before may not have taken its slot yet.
bool SoftwareDecoder::can_take_unit() {
    const bool frame_threads = (codec_->active_thread_type & FF_THREAD_FRAME) != 0;
    return !draining_ && !frame_waits_ && memory_.has_room(frame_threads ? 2 : 1);
}

void SoftwareDecoder::fill_packet(const AccessUnit& unit) {
    packet_->pts = to_libav(unit.pts);
    packet_->dts = to_libav(unit.dts);
    packet_->duration = unit.duration;
    packet_->flags = unit.key ? AV_PKT_FLAG_KEY : 0;
    if (++mark_ == 0) ++mark_;
    set_mark(*packet_, mark_);
    sent_[mark_ % sent_.size()] = {mark_, unit.serial, unit.discard};
}

Result<SendStatus> SoftwareDecoder::send(AccessUnit& unit) {
    if (failed_) return fail(EINVAL, "the decoder has failed", "send");
    // An empty packet would mean the end of the stream to libavcodec.
    if (unit.payload.bytes().empty()) return SendStatus::Accepted;
    refused_ = !can_take_unit();
    if (refused_) return SendStatus::Full;
    V4L2PLAY_TRY(av1::check_operating_point(stream_, unit.payload.bytes()));
    // From there on no picture of before is shown between those of after: layouts do not alternate.
    if (offered_ && unit.key) memory_.offer_formats(*std::exchange(offered_, std::nullopt));
    V4L2PLAY_TRY(packets_.wrap(unit.payload, *packet_));
    fill_packet(unit);
    const int result = avcodec_send_packet(codec_.get(), packet_.get());
    output_possible_ = true;
    if (result == AVERROR(EAGAIN)) {
        unit.payload = packets_.unwrap(*packet_);
        refused_ = true;
        return SendStatus::Full;
    }
    av_packet_unref(packet_.get());
    serial_ = unit.serial;
    // The error may be that of an earlier packet; this one has been taken in any case.
    if (result < 0) dropped(result);
    return SendStatus::Accepted;
}

void SoftwareDecoder::drain() {
    if (draining_ || failed_) return;
    draining_ = true;
    drain_sent_ = false;
    output_possible_ = true;
}

void SoftwareDecoder::flush() {
    avcodec_flush_buffers(codec_.get());
    av_frame_unref(frame_.get());
    // A new pool is news still, though its first frame is not.
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    std::erase_if(events_, [](const DecoderEvent& event) {
        return !std::holds_alternative<PoolChanged>(event) && !std::holds_alternative<DecoderFailed>(event);
    });
    output_possible_ = frame_waits_ = draining_ = drain_sent_ = false;
}

std::optional<DecoderEvent> SoftwareDecoder::next_event() {
    if (next_ == events_.size()) pull();
    if (next_ == events_.size()) return {};
    std::optional<DecoderEvent> event(std::move(events_[next_]));
    if (++next_ == events_.size()) {
        events_.clear();
        next_ = 0;
    }
    return event;
}

/// Goes on until there is an event, or nothing to be had from libavcodec.
void SoftwareDecoder::pull() {
    while (next_ == events_.size() && !failed_) {
        if (!frame_waits_ && !receive()) return;
        if (next_ != events_.size()) return;
        on_frame();
        if (frame_waits_) return;
    }
}

/// True when `frame_` has a frame, or an event tells why not.
bool SoftwareDecoder::receive() {
    if (!output_possible_) return false;
    int result = avcodec_receive_frame(codec_.get(), frame_.get());
    // Not before all output is taken: the end would overtake a packet that libavcodec has not looked at yet. libdav1d's
    // part of it says EAGAIN while it, and dav1d, have one each that come before.
    for (int held = 2; held > 0 && result == AVERROR(EAGAIN) && draining_ && !drain_sent_; --held)
        result = avcodec_receive_frame(codec_.get(), frame_.get());
    if (result == AVERROR(EAGAIN) && draining_ && !std::exchange(drain_sent_, true)) {
        (void)avcodec_send_packet(codec_.get(), nullptr);
        result = avcodec_receive_frame(codec_.get(), frame_.get());
    }
    if (result == AVERROR(EAGAIN)) {
        output_possible_ = false;
        return check_failure();
    }
    if (result == AVERROR_EOF) {
        end_of_drain();
    } else if (result < 0) {
        dropped(result);
    }
    return true;
}

void SoftwareDecoder::end_of_drain() {
    if (check_failure()) return;
    avcodec_flush_buffers(codec_.get());
    draining_ = false;
    output_possible_ = false;
    events_.emplace_back(Drained{});
}

/// Tells of what `get_buffer2` met, once.
bool SoftwareDecoder::check_failure() {
    auto failure = memory_.failure();
    if (!failure || failed_) return false;
    failed_ = true;
    events_.emplace_back(DecoderFailed{*std::move(failure)});
    return true;
}

void SoftwareDecoder::dropped(int code) {
    if (check_failure()) return;
    const bool again = std::exchange(last_error_, code) == code;
    // Too little memory is the machine's fault.
    const DropReason reason = code == AVERROR(ENOMEM) ? DropReason::DeviceError : DropReason::Malformed;
    events_.emplace_back(PicturesDropped{reason, 1, again ? std::string() : libav_error_text(code)});
}

const Sent* SoftwareDecoder::sent_for(const AVFrame& frame) const {
    const std::uint32_t mark = mark_of(frame);
    const Sent& sent = sent_[mark % sent_.size()];
    return mark != 0 && sent.mark == mark ? &sent : nullptr;
}

void SoftwareDecoder::on_frame() {
    const Sent* sent = sent_for(*frame_);
    frame_waits_ = false;
    if (sent != nullptr && sent->discard) {
        av_frame_unref(frame_.get());
        return;
    }
    if (is_before_recovery(*codec_, *frame_)) {
        av_frame_unref(frame_.get());
        events_.emplace_back(PicturesDropped{DropReason::BeforeRandomAccess, 1, {}});
        return;
    }
    if (SlotRef slot = memory_.slot_of(*frame_)) return emit(std::move(slot), false);
    auto copy = memory_.copy_of(*frame_);
    if (copy && *copy) return emit(*std::move(copy), true);
    frame_waits_ = copy.has_value();
    if (copy) return;
    failed_ = true;
    events_.emplace_back(DecoderFailed{std::move(copy).error()});
}

void SoftwareDecoder::announce(const SlotRef& slot) {
    if (slot.key().generation == announced_) return;
    announced_ = slot.key().generation;
    events_.emplace_back(PoolChanged{slot.pool().shared_from_this(), memory_.terms_of(slot)});
}

void SoftwareDecoder::emit(SlotRef slot, bool copied) {
    announce(slot);
    const Sent* sent = sent_for(*frame_);
    Frame frame;
    frame.id = ++frame_id_;
    frame.slot = std::move(slot);
    frame.copied = copied;
    frame.info.visible = visible_rect(*frame_);
    const AVRational aspect = frame_->sample_aspect_ratio;
    frame.info.sample_aspect =
        aspect.num > 0 && aspect.den > 0 ? Rational{aspect.num, aspect.den} : stream_.sample_aspect;
    frame.info.color = color_of(*frame_, stream_.color);
    frame.info.hdr = complete(hdr_of(*frame_), stream_.hdr);
    frame.pts = from_libav(frame_->best_effort_timestamp);
    frame.duration = std::max<std::int64_t>(frame_->V4L2PLAY_FRAME_DURATION, 0);
    frame.serial = sent != nullptr ? sent->serial : serial_;
    frame.corrupt = (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame_->decode_error_flags != 0;
    av_frame_unref(frame_.get());
    events_.emplace_back(std::move(frame));
}

/// Events that the caller has left (it has no place for frames) do not end the wait, or it would not be one.
Result<> SoftwareDecoder::dispatch(Nanoseconds timeout) {
    waker_->arm(); // before looking, so that what happens after it ends the wait
    const bool full = next_ != events_.size();
    if (!full) pull();
    const bool news = !full && next_ != events_.size();
    // The caller is told once that a unit which was refused would be taken now.
    const bool room = refused_ && can_take_unit();
    if (room) refused_ = false;
    Result<> waited = news || room ? Result<>() : wait(timeout);
    waker_->disarm();
    return waited;
}

Result<> SoftwareDecoder::wait(Nanoseconds timeout) {
    std::array<epoll_event, 1> events{};
    const int count = kernel_.epoll_wait(epoll_.get(), events, timeout);
    if (count < 0) return fail(-count, "cannot wait", "epoll_wait");
    return {};
}

} // namespace

bool has_software_decoder(const StreamInfo& stream) { return find_codec(stream) != nullptr; }

Result<std::unique_ptr<Decoder>> create_software_decoder(Kernel& kernel, const DecoderConfig& config,
                                                         std::unique_ptr<SlotAllocator> allocator) {
    redirect_libav_log();
    if (!allocator) {
        auto chosen = create_slot_allocator(kernel, config.output_needs_dmabuf);
        if (!chosen) return fail(std::move(chosen).error());
        allocator = *std::move(chosen);
    }
    auto waker = Waker::create(kernel);
    if (!waker) return fail(std::move(waker).error());
    const int epoll = kernel.epoll_create();
    if (epoll < 0) return fail(-epoll, "cannot create an epoll", "epoll_create1");
    auto decoder = std::make_unique<SoftwareDecoder>(kernel, config, *std::move(waker), UniqueFd(kernel, epoll),
                                                     std::move(allocator));
    V4L2PLAY_TRY(decoder->open(config));
    return decoder;
}

} // namespace v4l2play
