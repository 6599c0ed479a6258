#include "decoder/codec/vp9.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "decoder/codec/vp9_parser.h"
#include "decoder/codec/vp9_picture.h"
#include "decoder/codec/vp9_references.h"
#include "decoder/codec/vp9_sequence.h"
#include "decoder/codec/vp9_superframe.h"

namespace v4l2play {

namespace {

using namespace vp9;

constexpr unsigned reset_one_context = 2; ///< 7.2: reset_frame_context
constexpr unsigned reset_all_contexts = 3;

/// A frame, and everything that its picture points to. They stay where they are until the codec's next call.
struct CodedFrame {
    Vp9Picture picture;
    FrameHeader header;
    CompressedHeader compressed;
    SequenceInfo sequence;
    std::array<FrameId, references_of_frame> references{};
};

/// The frame contexts (one bit each) that 7.2, reset_frame_context, sets before this frame.
unsigned contexts_reset(const FrameHeader& header) {
    if (!header.is_intra() && !header.error_resilient_mode) return 0;
    if (header.key_frame || header.error_resilient_mode || header.reset_frame_context == reset_all_contexts)
        return (1U << frame_contexts) - 1;
    return header.reset_frame_context == reset_one_context ? 1U << header.frame_context_idx : 0;
}

/// The frame context (as a bit) that this frame loads its probabilities from.
unsigned context_used(const FrameHeader& header) {
    return header.is_intra() || header.error_resilient_mode ? 1U : 1U << header.frame_context_idx;
}

class Vp9Codec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override { start_over(DropReason::BeforeRandomAccess, steps); }
    void flush(Steps& steps) override { start_over(DropReason::BeforeRandomAccess, steps); }
    void resynchronise(Steps& steps) override { start_over(DropReason::MissingReference, steps); }

  private:
    Result<> receive_frame(std::span<const std::uint8_t> data, const AccessUnit& unit, CodedFrame& coded, Steps& steps);
    void decode(std::span<const std::uint8_t> data, const AccessUnit& unit, CodedFrame& coded, Steps& steps);
    void refuse(const SyntaxError& error, Steps& steps);
    void lose(DropReason reason, const char* why, Steps& steps);
    void show_existing(const FrameHeader& header, const AccessUnit& unit, Steps& steps);
    void enter_sequence(CodedFrame& coded, Steps& steps);
    void submit(CodedFrame& coded, Steps& steps);
    void start_over(DropReason reason, Steps& steps);

    StreamInfo container_;
    HeaderParser parser_;
    References references_;
    unsigned contexts_ = 0; ///< frame contexts that hold probabilities, one bit each
    bool started_ = false;
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
    FrameId last_id_ = 0;

    SequenceInfo announced_;
    bool any_announced_ = false;
    ColorConfig color_; ///< coded last
    bool color_known_ = false;

    std::array<CodedFrame, maximum_frames_in_superframe> frames_; ///< of the current unit
};

Result<> Vp9Codec::configure(const StreamInfo& stream) {
    container_ = stream;
    if (stream.profile == 1 || stream.profile == 3)
        return fail(ENOTSUP, "VP9 other than 4:2:0 (profiles 1 and 3) is not done by any driver", "profile");
    return {};
}

Result<> Vp9Codec::parse(const AccessUnit& unit, Steps& steps) {
    const Superframe superframe = split_superframe(unit.payload.bytes());
    for (unsigned i = 0; i < superframe.count; ++i)
        V4L2PLAY_TRY(receive_frame(superframe.frame[i], unit, frames_[i], steps));
    if (superframe.cut) lose(DropReason::Malformed, "a superframe is cut short", steps);
    return {};
}

/// frame(), 6.1
Result<> Vp9Codec::receive_frame(std::span<const std::uint8_t> data, const AccessUnit& unit, CodedFrame& coded,
                                 Steps& steps) {
    const auto parsed = parser_.parse(data, references_.sizes(), coded.header);
    if (parsed && coded.header.show_existing_frame) {
        show_existing(coded.header, unit, steps);
        return {};
    }
    if (parsed) {
        decode(data, unit, coded, steps);
        return {};
    }
    if (parsed.error().code == ENOTSUP) return fail(ENOTSUP, parsed.error().why, "uncompressed_header");
    // One byte can be nothing but a frame that is shown again; encoders put others where they dropped a frame.
    if (data.size() > 1) refuse(parsed.error(), steps);
    return {};
}

/// 6.1, behind the uncompressed header
void Vp9Codec::decode(std::span<const std::uint8_t> data, const AccessUnit& unit, CodedFrame& coded, Steps& steps) {
    const FrameHeader& header = coded.header;
    contexts_ |= contexts_reset(header);
    if ((contexts_ & context_used(header)) == 0) {
        // Also where decoding would start at an intra-only frame that counts on what came before it.
        lose(started_ ? DropReason::MissingReference : waiting_reason_, "uses probabilities that were never set",
             steps);
        return;
    }
    const auto tiles = data.subspan(header.uncompressed_size);
    const auto parsed = parse_compressed_header(tiles.first(header.header_size_in_bytes), header, coded.compressed);
    if (!parsed) {
        refuse(parsed.error(), steps);
        return;
    }
    enter_sequence(coded, steps);
    coded.picture.data = data;
    coded.picture.pts = unit.pts;
    coded.picture.duration = unit.duration;
    coded.picture.serial = unit.serial;
    coded.picture.discard = unit.discard;
    submit(coded, steps);
    started_ = true;
}

/// Announces what has changed. Any frame may have another size; all but key frames leave references of the old one.
void Vp9Codec::enter_sequence(CodedFrame& coded, Steps& steps) {
    const FrameHeader& header = coded.header;
    if (header.has_color_config) {
        color_ = header.color;
        color_known_ = true;
    }
    coded.sequence = describe_sequence(header, color_known_ ? &color_ : nullptr, container_);
    if (any_announced_ && same_sequence(coded.sequence, announced_)) return;
    coded.sequence.continues = !header.key_frame;
    announced_ = coded.sequence;
    any_announced_ = true;
    Step step = make_step(Step::Kind::Sequence);
    step.sequence = &coded.sequence;
    steps.push_back(step);
}

void Vp9Codec::submit(CodedFrame& coded, Steps& steps) {
    Vp9Picture& picture = coded.picture;
    picture.id = ++last_id_;
    picture.header = &coded.header;
    picture.compressed = &coded.compressed;
    picture.reference_frames = {};
    std::size_t count = 0;
    for (std::size_t i = 0; i < references_of_frame && !coded.header.is_intra(); ++i) {
        const FrameId id = references_[coded.header.ref_frame_idx[i]].id;
        picture.reference_frames[i] = id;
        const auto end = coded.references.begin() + static_cast<std::ptrdiff_t>(count);
        if (std::find(coded.references.begin(), end, id) == end) coded.references[count++] = id;
    }
    picture.references = std::span(coded.references).first(count);
    Step step = make_step(Step::Kind::Decode, picture.id);
    step.picture = &picture;
    steps.push_back(step);
    Step output = make_step(Step::Kind::Output, picture.id);
    if (!coded.header.show_frame) output.retimed = output.discard = true;
    steps.push_back(output);
    const Reference current{picture.id, {coded.header.frame_width, coded.header.frame_height}};
    references_.refresh(coded.header.refresh_frame_flags, current, steps);
}

/// 6.2: show_existing_frame. Nothing is decoded, and nothing changes.
void Vp9Codec::show_existing(const FrameHeader& header, const AccessUnit& unit, Steps& steps) {
    const FrameId id = references_[header.frame_to_show_map_idx].id;
    if (id == 0) {
        skip(steps, started_ ? DropReason::Malformed : waiting_reason_, "shows a frame that is not there");
        return;
    }
    Step output = make_step(Step::Kind::Output, id);
    output.retimed = true;
    output.pts = unit.pts;
    output.duration = unit.duration;
    output.discard = unit.discard;
    steps.push_back(output);
}

/// A frame whose headers cannot be read.
void Vp9Codec::refuse(const SyntaxError& error, Steps& steps) {
    if (error.code != ENOENT)
        lose(DropReason::Malformed, error.why, steps);
    else if (started_)
        lose(DropReason::MissingReference, error.why, steps);
    else
        skip(steps, waiting_reason_, "waiting for a key frame");
}

/// A frame is left out: what it would have changed, probabilities too, is not known from here on.
void Vp9Codec::lose(DropReason reason, const char* why, Steps& steps) {
    skip(steps, reason, why);
    start_over(started_ ? DropReason::MissingReference : waiting_reason_, steps);
}

/// Waits for a frame that needs nothing of those before it.
void Vp9Codec::start_over(DropReason reason, Steps& steps) {
    references_.clear(steps);
    parser_.reset();
    contexts_ = 0;
    started_ = false;
    waiting_reason_ = reason;
}

} // namespace

std::unique_ptr<Codec> create_vp9_codec() { return std::make_unique<Vp9Codec>(); }

} // namespace v4l2play
