#include "decoder/codec/mpeg2.h"

#include <cerrno>
#include <memory>

#include "decoder/codec/mpeg2_decoding.h"
#include "decoder/codec/mpeg2_parser.h"

namespace v4l2play {

namespace {

using namespace mpeg2;

// More than there is in what a container calls one access unit; bounds the memory that hostile ones cost.
constexpr unsigned maximum_pictures_in_unit = 64;
constexpr unsigned maximum_slices_in_unit = 8192;

class Mpeg2Codec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return first_known_ ? &first_sequence_ : nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override { decoding_.drain(steps); }
    void flush(Steps& steps) override { decoding_.flush(steps); }
    void resynchronise(Steps& steps) override { decoding_.drain(steps, DropReason::MissingReference); }

  private:
    Result<> receive(const Unit& unit, const AccessUnit& from, Steps& steps);
    Result<> receive_extension(const Unit& unit, Steps& steps);
    void receive_sequence_header(const Unit& unit, Steps& steps);
    void receive_group(const Unit& unit, Steps& steps);
    Result<> begin_picture(const Unit& unit, const AccessUnit& from, Steps& steps);
    void note(ParseResult result, Steps& steps);
    void add_slice(const Unit& unit);
    void finish_picture(Steps& steps);

    StreamInfo stream_;
    DecodingProcess decoding_{stream_};
    SequenceInfo first_sequence_;
    bool first_known_ = false;

    Sequence incoming_; ///< a header whose extension is still to come
    QuantMatrices incoming_matrices_ = default_matrices();
    bool header_seen_ = false; ///< without its extension: MPEG-1 has none
    Sequence sequence_;        ///< the last complete one
    bool any_sequence_ = false;
    QuantMatrices matrices_ = default_matrices();
    std::optional<Group> group_; ///< the next picture starts it
    bool follows_header_ = false;

    // Of the current access unit. Pictures stay where they are until the next: steps point to them.
    std::vector<std::unique_ptr<CodedPicture>> pictures_;
    unsigned picture_count_ = 0;
    unsigned slice_count_ = 0;
    CodedPicture* current_ = nullptr;
};

Result<> Mpeg2Codec::configure(const StreamInfo& stream) {
    stream_ = stream;
    Units units(stream_.extradata);
    Steps none;
    while (const auto unit = units.next())
        if (unit->is(StartCode::SequenceHeader) || unit->is(StartCode::Extension))
            V4L2PLAY_TRY(receive(*unit, {}, none));
    if (!any_sequence_) return {};
    first_sequence_ = describe_sequence(sequence_, stream_, false);
    first_known_ = true;
    return {};
}

Result<> Mpeg2Codec::parse(const AccessUnit& unit, Steps& steps) {
    picture_count_ = slice_count_ = 0;
    current_ = nullptr;
    Units units(unit.payload.bytes());
    while (const auto next = units.next()) V4L2PLAY_TRY(receive(*next, unit, steps));
    finish_picture(steps);
    return {};
}

Result<> Mpeg2Codec::receive(const Unit& unit, const AccessUnit& from, Steps& steps) {
    if (unit.is_slice()) {
        add_slice(unit);
        return {};
    }
    switch (static_cast<StartCode>(unit.code)) {
    case StartCode::Picture:
        return begin_picture(unit, from, steps);
    case StartCode::SequenceHeader:
        receive_sequence_header(unit, steps);
        return {};
    case StartCode::Extension:
        return receive_extension(unit, steps);
    case StartCode::Group:
        receive_group(unit, steps);
        return {};
    case StartCode::SequenceEnd:
        finish_picture(steps);
        decoding_.drain(steps);
        return {};
    default: // user data, and what is reserved
        return {};
    }
}

/// 6.2.2.1. Headers are repeated within a sequence, so that decoding can start there.
void Mpeg2Codec::receive_sequence_header(const Unit& unit, Steps& steps) {
    finish_picture(steps);
    follows_header_ = true;
    const auto parsed = parse_sequence_header(unit.payload, incoming_, incoming_matrices_);
    header_seen_ = parsed.has_value();
    if (!parsed) skip(steps, DropReason::Malformed, parsed.error());
}

void Mpeg2Codec::receive_group(const Unit& unit, Steps& steps) {
    finish_picture(steps);
    follows_header_ = true;
    group_ = Group{};
    if (const auto parsed = parse_group(unit.payload, *group_); !parsed) group_.reset();
}

/// 6.2.2.2. Which extension may come where is told by what came before.
Result<> Mpeg2Codec::receive_extension(const Unit& unit, Steps& steps) {
    const auto id = parse_extension_id(unit.payload);
    if (!id) return {};
    switch (*id) {
    case ExtensionId::Sequence:
        if (!header_seen_) return {};
        header_seen_ = false;
        if (const auto parsed = parse_sequence_extension(unit.payload, incoming_); !parsed) {
            skip(steps, DropReason::Malformed, parsed.error());
            return {};
        }
        sequence_ = incoming_;
        matrices_ = incoming_matrices_;
        any_sequence_ = true;
        return {};
    case ExtensionId::SequenceDisplay:
        if (any_sequence_ && current_ == nullptr)
            note(parse_sequence_display_extension(unit.payload, sequence_), steps);
        return {};
    case ExtensionId::QuantMatrix:
        if (current_ != nullptr) note(parse_quant_matrix_extension(unit.payload, matrices_), steps);
        return {};
    case ExtensionId::SequenceScalable:
        return fail(ENOTSUP, "scalable MPEG-2 is not done by this decoder", "sequence_scalable_extension");
    case ExtensionId::PictureCoding:
        if (current_ == nullptr || current_->has_coding_extension) return {};
        note(parse_picture_coding_extension(unit.payload, current_->header), steps);
        current_->has_coding_extension = true;
        return {};
    default:
        return {};
    }
}

/// What is wrong with a structure is wrong with the picture that it is in.
void Mpeg2Codec::note(ParseResult result, Steps& steps) {
    if (result) return;
    if (current_ == nullptr) return skip(steps, DropReason::Malformed, result.error());
    if (current_->damage == nullptr) current_->damage = result.error();
}

/// Of several pictures in one unit the first has its time.
Result<> Mpeg2Codec::begin_picture(const Unit& unit, const AccessUnit& from, Steps& steps) {
    finish_picture(steps);
    if (!any_sequence_ && header_seen_)
        return fail(ENOTSUP, "MPEG-1 video is not done by this decoder", "sequence_extension");
    header_seen_ = false;
    if (!any_sequence_) {
        skip(steps, DropReason::BeforeRandomAccess, "waiting for a sequence header");
        return {};
    }
    if (picture_count_ == maximum_pictures_in_unit) {
        skip(steps, DropReason::Malformed, "too many pictures in one access unit");
        return {};
    }
    if (picture_count_ == pictures_.size()) pictures_.push_back(std::make_unique<CodedPicture>());
    current_ = pictures_[picture_count_].get();
    current_->damage = nullptr;
    current_->has_coding_extension = false;
    current_->slices.clear();
    current_->sequence = sequence_;
    current_->group = std::exchange(group_, std::nullopt);
    current_->follows_header = std::exchange(follows_header_, false);
    Picture& picture = current_->picture;
    picture.pts = picture_count_ == 0 ? from.pts : no_time;
    picture.duration = picture_count_ == 0 ? from.duration : 0;
    picture.serial = from.serial;
    picture.discard = from.discard;
    ++picture_count_;
    note(parse_picture_header(unit.payload, current_->header), steps);
    return {};
}

/// Slices that a device must not see are left out: the picture is concealed there, as where they are missing.
void Mpeg2Codec::add_slice(const Unit& unit) {
    if (current_ == nullptr || slice_count_ == maximum_slices_in_unit) return;
    const PictureHeader& header = current_->header;
    const unsigned rows = coded_height(current_->sequence) / (header.is_field() ? 32 : 16);
    if (!check_slice(unit, current_->sequence.vertical_size, rows)) return;
    current_->slices.push_back(unit.bytes);
    ++slice_count_;
}

void Mpeg2Codec::finish_picture(Steps& steps) {
    if (current_ == nullptr) return;
    CodedPicture& coded = *std::exchange(current_, nullptr);
    coded.matrices = matrices_;
    if (coded.damage == nullptr && !coded.has_coding_extension)
        coded.damage = "a picture without picture_coding_extension (6.2.2.2)";
    if (coded.damage == nullptr && coded.slices.empty()) coded.damage = "a picture without slices";
    if (coded.damage == nullptr && coded.sequence.progressive_sequence && coded.header.is_field())
        coded.damage = "a field picture in a progressive sequence (6.3.5)";
    decoding_.decode(coded, steps);
}

} // namespace

std::unique_ptr<Codec> create_mpeg2_codec() { return std::make_unique<Mpeg2Codec>(); }

} // namespace v4l2play
