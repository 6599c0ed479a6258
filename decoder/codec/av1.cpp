#include "decoder/codec/av1.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "decoder/codec/av1_decoding.h"
#include "decoder/codec/av1_parser.h"

namespace v4l2play {

namespace {

using namespace av1;

// Bounds the memory that a hostile temporal unit costs; a proper one shows one frame.
constexpr unsigned maximum_frames_in_unit = 64;

class Av1Codec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return first_known_ ? &first_sequence_ : nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override { decoding_.drain(steps); }
    void flush(Steps& steps) override { decoding_.flush(steps); }
    void resynchronise(Steps& steps) override { decoding_.drain(steps, DropReason::MissingReference); }

  private:
    Result<> receive_obu(const Obu& obu, const AccessUnit& unit, Steps& steps);
    Result<> receive_sequence_header(const Obu& obu, Steps& steps);
    Result<> receive_frame_header(const Obu& obu, const AccessUnit& unit, Steps& steps);
    Result<> refuse_header(const SyntaxError& error, const FrameHeader& header, Steps& steps);
    [[nodiscard]] bool is_copy(const Obu& obu) const;
    void receive_tile_group(const Obu& obu, SyntaxReader& reader, Steps& steps);
    void finish_frame(Steps& steps);
    [[nodiscard]] unsigned operating_point_idc() const;
    [[nodiscard]] bool is_dropped(const Obu& obu) const;
    void begin_frame(const AccessUnit& unit);
    ShowTime take_time(const AccessUnit& unit);

    StreamInfo stream_;
    DecodingProcess decoding_{stream_};
    SequenceInfo first_sequence_;
    bool first_known_ = false;
    SequenceHeader sequence_;
    bool any_sequence_ = false;
    HdrMetadata hdr_; ///< of the sequence

    // Of the current temporal unit. Frames stay where they are until the next: steps point to them.
    std::vector<std::unique_ptr<CodedFrame>> frames_;
    unsigned frame_count_ = 0;
    CodedFrame* current_ = nullptr; ///< whose tile groups are being collected
    /// Of the last frame_header_obu, while its tile groups are to come (SeenFrameHeader): also of one that was refused.
    std::span<const std::uint8_t> last_header_;
    bool time_taken_ = false; ///< a frame of this unit has been shown
};

Result<> Av1Codec::configure(const StreamInfo& stream) {
    stream_ = stream;
    auto configuration = parse_av1_configuration(stream_.extradata);
    if (!configuration) return fail(std::move(configuration).error());
    SequenceHeader described;
    described.seq_profile = configuration->seq_profile;
    described.operating_points_cnt_minus_1 = max_operating_points - 1; // it does not tell of them
    if (auto why = unsupported(described, stream_.operating_point)) return fail(ENOTSUP, std::move(*why), "av1C");
    Steps none;
    while (const auto obu = configuration->units.next()) {
        if (obu->type == ObuType::SequenceHeader) V4L2PLAY_TRY(receive_sequence_header(*obu, none));
        if (obu->type == ObuType::Metadata) parse_metadata(obu->payload, hdr_);
    }
    if (!any_sequence_) return {};
    first_sequence_ = describe_sequence(sequence_, largest_size(sequence_), stream_, hdr_);
    first_known_ = true;
    return {};
}

Result<> Av1Codec::parse(const AccessUnit& unit, Steps& steps) {
    frame_count_ = 0;
    current_ = nullptr;
    last_header_ = {};
    time_taken_ = false;
    ObuReader units(unit.payload.bytes());
    while (const auto obu = units.next()) V4L2PLAY_TRY(receive_obu(*obu, unit, steps));
    if (units.malformed() && current_ == nullptr) skip(steps, DropReason::Malformed, "an OBU is cut short");
    finish_frame(steps);
    return {};
}

/// OperatingPointIdc of 5.5.1. Where `choose_operating_point` has a choice, it is the caller's; 0 where no sequence
/// header has come.
unsigned Av1Codec::operating_point_idc() const { return sequence_.operating_point_idc[stream_.operating_point]; }

/// 5.3.1: units of layers that the operating point does not have.
bool Av1Codec::is_dropped(const Obu& obu) const {
    const unsigned idc = operating_point_idc();
    if (!obu.has_extension || idc == 0) return false;
    return (idc >> obu.temporal_id & 1) == 0 || (idc >> (obu.spatial_id + 8U) & 1) == 0;
}

Result<> Av1Codec::receive_obu(const Obu& obu, const AccessUnit& unit, Steps& steps) {
    if (obu.type == ObuType::SequenceHeader) return receive_sequence_header(obu, steps);
    if (obu.type == ObuType::TemporalDelimiter) {
        last_header_ = {};
        finish_frame(steps);
        return {};
    }
    if (is_dropped(obu)) return {};
    switch (obu.type) {
    case ObuType::FrameHeader:
    case ObuType::Frame:
        return receive_frame_header(obu, unit, steps);
    case ObuType::TileGroup: {
        SyntaxReader reader(obu.payload);
        receive_tile_group(obu, reader, steps);
        return {};
    }
    case ObuType::Metadata:
        parse_metadata(obu.payload, hdr_);
        return {};
    case ObuType::TileList:
        return fail(ENOTSUP, "AV1 large scale tile decoding is not done by this decoder", "tile_list_obu");
    default: // RedundantFrameHeader says nothing new; reserved types are to be ignored
        return {};
    }
}

/// 7.5: a sequence header that differs starts a new coded video sequence, that is, a key frame follows.
Result<> Av1Codec::receive_sequence_header(const Obu& obu, Steps& steps) {
    SequenceHeader received;
    if (const auto parsed = parse_sequence_header(obu.payload, received); !parsed) {
        skip(steps, DropReason::Malformed, parsed.error().why);
        return {};
    }
    if (any_sequence_ && received == sequence_) return {};
    finish_frame(steps);
    if (auto why = unsupported(received, stream_.operating_point))
        return fail(ENOTSUP, std::move(*why), "sequence_header_obu");
    if (any_sequence_) {
        decoding_.drain(steps);
        hdr_ = {};
    }
    sequence_ = received;
    any_sequence_ = true;
    return {};
}

/// frame_header_copy() of 5.9.1. The comparison keeps a frame apart whose predecessor has lost tile groups.
bool Av1Codec::is_copy(const Obu& obu) const {
    return obu.type == ObuType::FrameHeader && !last_header_.empty() &&
           std::equal(last_header_.begin(), last_header_.end(), obu.payload.begin(), obu.payload.end());
}

/// 5.9.1, and 5.10 with the tile group behind it
Result<> Av1Codec::receive_frame_header(const Obu& obu, const AccessUnit& unit, Steps& steps) {
    if (is_copy(obu)) return {};
    finish_frame(steps);
    if (!any_sequence_) {
        skip(steps, DropReason::BeforeRandomAccess, "a frame comes before any sequence header");
        return {};
    }
    // Where the operating point has layers at all, it has this one alone (`unsupported`).
    if (obu.spatial_id > 0 && operating_point_idc() == 0)
        return fail(ENOTSUP, "AV1 with spatial layers is not done by this decoder", "obu_header");
    if (frame_count_ == maximum_frames_in_unit) {
        skip(steps, DropReason::Malformed, "too many frames in one temporal unit");
        return {};
    }
    begin_frame(unit);
    CodedFrame& coded = *frames_[frame_count_];
    SyntaxReader reader(obu.payload);
    const auto parsed = parse_frame_header(reader, obu, sequence_, decoding_.saved(), coded.header);
    if (obu.type == ObuType::FrameHeader && !coded.header.show_existing_frame) last_header_ = obu.payload;
    if (!parsed) return refuse_header(parsed.error(), coded.header, steps);
    if (coded.header.show_existing_frame) {
        decoding_.show_existing(coded.header, take_time(unit), steps);
        return {};
    }
    ++frame_count_;
    current_ = &coded;
    if (coded.header.show_frame) {
        const ShowTime time = take_time(unit);
        coded.picture.pts = time.pts;
        coded.picture.duration = time.duration;
    }
    if (obu.type == ObuType::Frame) {
        reader.bits().align();
        receive_tile_group(obu, reader, steps);
    }
    return {};
}

/// A header that cannot be read. Without it nothing is known of what the frame would have changed, unless the parser
/// got that far.
Result<> Av1Codec::refuse_header(const SyntaxError& error, const FrameHeader& header, Steps& steps) {
    if (error.code == ENOTSUP) return fail(ENOTSUP, error.why, "uncompressed_header");
    if (error.code == ENOENT) {
        decoding_.miss(header, error.why, steps);
        return {};
    }
    skip(steps, DropReason::Malformed, error.why);
    decoding_.drain(steps, DropReason::MissingReference);
    return {};
}

/// 5.11.1
void Av1Codec::receive_tile_group(const Obu& obu, SyntaxReader& reader, Steps& steps) {
    if (current_ == nullptr) return;
    CodedFrame& coded = *current_;
    const auto parsed = parse_tile_group(reader, coded.header.tile_info, coded.bitstream_size, coded.tiles);
    if (!parsed) {
        coded.damage = parsed.error().why;
        finish_frame(steps);
        return;
    }
    coded.payloads.push_back(obu.payload);
    coded.bitstream_size += static_cast<std::uint32_t>(obu.payload.size());
    if (coded.tiles.size() == coded.header.tile_info.count()) finish_frame(steps);
}

/// A frame with no tiles yet.
void Av1Codec::begin_frame(const AccessUnit& unit) {
    if (frame_count_ == frames_.size()) frames_.push_back(std::make_unique<CodedFrame>());
    CodedFrame& coded = *frames_[frame_count_];
    coded.sequence = sequence_;
    coded.hdr = hdr_;
    coded.tiles.clear();
    coded.payloads.clear();
    coded.bitstream_size = 0;
    coded.damage = nullptr;
    coded.picture.pts = no_time;
    coded.picture.duration = 0;
    coded.picture.serial = unit.serial;
    coded.picture.discard = unit.discard;
}

/// Of several frames shown in one unit the first has its time.
ShowTime Av1Codec::take_time(const AccessUnit& unit) {
    if (std::exchange(time_taken_, true)) return {no_time, 0, unit.discard};
    return {unit.pts, unit.duration, unit.discard};
}

void Av1Codec::finish_frame(Steps& steps) {
    if (current_ == nullptr) return;
    CodedFrame& coded = *std::exchange(current_, nullptr);
    last_header_ = {};
    if (coded.tiles.size() < coded.header.tile_info.count() && coded.damage == nullptr)
        coded.damage = "tiles are missing";
    decoding_.decode(coded, steps);
}

} // namespace

std::unique_ptr<Codec> create_av1_codec() { return std::make_unique<Av1Codec>(); }

} // namespace v4l2play
