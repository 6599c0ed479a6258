#include "app/raw_stream.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include "app/libav_stream.h"

namespace v4l2play {
namespace {

/// Of libavformat's: those whose pictures are not shown in the order in which they are coded.
constexpr std::array<std::string_view, 6> names{"h264", "hevc", "vvc", "mpegvideo", "vc1", "cavsvideo"};

/// How long, in fields (libavcodec's `repeat_pict`: one more than that); 0 is also what parsers leave that do not tell.
int fields_of(const AVCodecParserContext& parser) { return std::clamp(1 + parser.repeat_pict, 2, 7); }

} // namespace

std::unique_ptr<RawStream> RawStream::of(const AVFormatContext& context, const AVStream& stream) {
    if (std::find(names.begin(), names.end(), context.iformat->name) == names.end()) return nullptr;
    return std::unique_ptr<RawStream>(new RawStream(stream));
}

RawStream::RawStream(const AVStream& stream)
    : codec_(avcodec_alloc_context3(nullptr))
    , parser_(av_parser_init(stream.codecpar->codec_id))
    , has_order_(stream.codecpar->codec_id == AV_CODEC_ID_H264 || stream.codecpar->codec_id == AV_CODEC_ID_HEVC) {
    if (const auto rate = raw_frame_rate(stream)) rate_ = *rate;
    if (codec_ != nullptr) (void)avcodec_parameters_to_context(codec_, stream.codecpar);
    if (parser_ != nullptr) parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
}

RawStream::~RawStream() {
    av_parser_close(parser_);
    avcodec_free_context(&codec_);
}

Nanoseconds RawStream::time_of(std::int64_t fields) const {
    return av_rescale(fields, second * rate_.den, 2 * static_cast<std::int64_t>(rate_.num));
}

RawStream::Look RawStream::look_at(const AVPacket& packet) {
    Look look;
    look.intra = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    if (parser_ == nullptr || codec_ == nullptr) return look;
    std::uint8_t* out = nullptr;
    int size = 0;
    (void)av_parser_parse2(parser_, codec_, &out, &size, packet.data, packet.size, AV_NOPTS_VALUE, AV_NOPTS_VALUE,
                           packet.pos);
    look.intra = parser_->pict_type == AV_PICTURE_TYPE_I;
    look.b = parser_->pict_type == AV_PICTURE_TYPE_B;
    // HEVC has no pairs: each field is a picture (H.265 D.3.3). Of MPEG-2 libavformat puts both into one unit.
    const bool may_pair = codec_->codec_id == AV_CODEC_ID_H264;
    look.bottom = parser_->picture_structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
    look.is_field = may_pair && (look.bottom || parser_->picture_structure == AV_PICTURE_STRUCTURE_TOP_FIELD);
    look.order = parser_->output_picture_number;
    look.fields = fields_of(*parser_);
    return look;
}

/// Of opposite parity to the first, which came just before (ISO/IEC 14496-10 3.30).
bool RawStream::is_second_field(const Look& look) {
    const auto first = std::exchange(first_field_, std::nullopt);
    const bool pairs = look.is_field && first && *first != look.bottom;
    if (look.is_field && !pairs) first_field_ = look.bottom;
    return pairs;
}

/// Whether it is shown before the key picture that it comes after.
bool RawStream::leads(const Look& look) const { return has_order_ ? look.order < key_->order : look.b; }

bool RawStream::take(const AVPacket& packet, AccessUnit& unit, KeyIndex& keys) {
    const Look look = look_at(packet);
    unit.pts = unit.dts = no_time;
    unit.duration = 0;
    if (is_second_field(look)) return !left_out_;
    left_out_ = false;
    const auto expected = std::exchange(expected_, std::nullopt);
    // What refreshes the picture bit by bit is none: nothing would be shown for a while.
    unit.key = unit.key && look.intra && (!expected || *expected == packet.pos);
    if (key_ && !unit.key && leads(look)) {
        left_out_ = skip_leading_;
        if (left_out_) return false;
        key_->fields += look.fields;
    } else if (key_) {
        if (key_->position >= 0) keys.note({time_of(key_->fields), key_->position});
        key_.reset();
        skip_leading_ = false;
    }
    if (unit.key) key_ = Candidate{fields_, packet.pos, look.order};
    unit.dts = time_of(fields_);
    fields_ += look.fields;
    unit.duration = time_of(fields_) - unit.dts;
    return true;
}

void RawStream::go_on(const std::optional<KeyIndex::Entry>& from) {
    fields_ = from ? av_rescale(from->time, 2 * static_cast<std::int64_t>(rate_.num), second * rate_.den) : 0;
    skip_leading_ = from.has_value();
    expected_ = from ? std::optional(from->position) : std::nullopt;
    key_.reset();
    first_field_.reset();
    left_out_ = false;
}

} // namespace v4l2play
