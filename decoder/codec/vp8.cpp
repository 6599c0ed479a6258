#include "decoder/codec/vp8.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "decoder/codec/vp8_parser.h"
#include "decoder/codec/vp8_picture.h"

namespace v4l2play {

namespace {

using namespace vp8;

/// The three buffers that frames are predicted from (section 9.7); 0: nothing there.
struct References {
    FrameId last = 0;
    FrameId golden = 0;
    FrameId alternate = 0;

    [[nodiscard]] std::array<FrameId, 3> all() const { return {last, golden, alternate}; }
    [[nodiscard]] bool has(FrameId id) const { return id == last || id == golden || id == alternate; }
};

FrameId after_copy(BufferCopy copy, FrameId own, FrameId last, FrameId other) {
    if (copy == BufferCopy::Last) return last;
    return copy == BufferCopy::Other ? other : own;
}

/// Section 9.7. The alternate frame is copied to first, and golden may be a copy of that: the text does not say it, the
/// reference decoder does it so (section 20: dixie.c). What is refreshed comes last.
References after_frame(const FrameHeader& header, const References& before, FrameId current) {
    References after = before;
    after.alternate = after_copy(header.copy_to_alternate, before.alternate, before.last, before.golden);
    after.golden = after_copy(header.copy_to_golden, before.golden, before.last, after.alternate);
    if (header.refresh_golden) after.golden = current;
    if (header.refresh_alternate) after.alternate = current;
    if (header.refresh_last) after.last = current;
    return after;
}

/// Hidden frames come out too, only not to be shown: whoever has the buffers knows at once that nobody waits for them.
Step output(FrameId id, const AccessUnit& unit, bool hidden) {
    Step result = make_step(Step::Kind::Output, id);
    result.retimed = true;
    result.discard = unit.discard || hidden;
    result.pts = unit.pts;
    result.duration = unit.duration;
    return result;
}

class Vp8Codec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override { forget_all(steps, DropReason::BeforeRandomAccess); }
    void flush(Steps& steps) override { forget_all(steps, DropReason::BeforeRandomAccess); }
    void resynchronise(Steps& steps) override { forget_all(steps, DropReason::MissingReference); }

  private:
    void announce(Steps& steps);
    void submit(const AccessUnit& unit, Steps& steps);
    void update_references(FrameId current, Steps& steps);
    void repeat(const AccessUnit& unit, Steps& steps) const;
    void refuse(const char* why, Steps& steps);
    void forget_all(Steps& steps, DropReason reason);

    ColorDescription color_;
    Rational sample_aspect_{1, 1};
    HeaderParser parser_;
    FrameHeader header_;
    Vp8Picture picture_;
    std::array<FrameId, 3> named_{}; ///< what `picture_.references` points to
    SequenceInfo sequence_;          ///< as announced last
    References references_;
    bool started_ = false; ///< there has been a key frame, and nothing was lost since
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
    FrameId last_id_ = 0;
};

Result<> Vp8Codec::configure(const StreamInfo& stream) {
    constexpr std::uint8_t unspecified = 2;
    constexpr std::uint8_t bt601 = 6;
    color_ = stream.color;
    // Section 9.2: the one colour space there is, unless the container knows better.
    if (color_.matrix == unspecified) color_.matrix = bt601;
    if (stream.sample_aspect.positive()) sample_aspect_ = stream.sample_aspect;
    return {};
}

Result<> Vp8Codec::parse(const AccessUnit& unit, Steps& steps) {
    const auto data = unit.payload.bytes();
    if (data.empty()) {
        repeat(unit, steps);
        return {};
    }
    if (const auto tag = parse_frame_tag(data, header_.tag); !tag) {
        refuse(tag.error(), steps);
        return {};
    }
    if (!header_.tag.key_frame && !started_) {
        skip(steps, waiting_reason_, "waiting for a key frame");
        return {};
    }
    if (header_.tag.version > maximum_version) {
        // Of an inter frame it is damage: the version belongs to the stream.
        if (header_.tag.key_frame) return fail(ENOTSUP, "VP8 of a reserved version", "frame_tag");
        refuse("the version is reserved", steps);
        return {};
    }
    if (const auto parsed = parser_.parse(data, header_); !parsed) {
        refuse(parsed.error(), steps);
        return {};
    }
    if (header_.tag.key_frame) announce(steps);
    submit(unit, steps);
    return {};
}

/// Section 9.1: only a key frame can change the size.
void Vp8Codec::announce(Steps& steps) {
    const FrameTag& tag = header_.tag;
    picture_.width = tag.width;
    picture_.height = tag.height;
    picture_.horizontal_scale = tag.horizontal_scale;
    picture_.vertical_scale = tag.vertical_scale;
    if (started_) forget_all(steps, DropReason::BeforeRandomAccess);
    started_ = true;
    const Rect visible{0, 0, tag.width, tag.height};
    if (sequence_.codec == CodecId::Vp8 && sequence_.info.visible == visible) return;
    sequence_ = {};
    sequence_.codec = CodecId::Vp8;
    sequence_.coded_width = (tag.width + 15U) & ~15U;
    sequence_.coded_height = (tag.height + 15U) & ~15U;
    sequence_.dpb_slots = 3;
    sequence_.info.visible = visible;
    sequence_.info.sample_aspect = sample_aspect_;
    sequence_.info.color = color_;
    Step announcement = make_step(Step::Kind::Sequence);
    announcement.sequence = &sequence_;
    steps.push_back(announcement);
}

void Vp8Codec::submit(const AccessUnit& unit, Steps& steps) {
    picture_.header = &header_;
    picture_.id = ++last_id_;
    picture_.pts = unit.pts;
    picture_.duration = unit.duration;
    picture_.serial = unit.serial;
    picture_.discard = unit.discard;
    picture_.data = unit.payload.bytes();
    picture_.last = references_.last;
    picture_.golden = references_.golden;
    picture_.alternate = references_.alternate;
    std::size_t count = 0;
    for (const FrameId id : references_.all())
        if (id != 0 && std::find(named_.begin(), named_.begin() + count, id) == named_.begin() + count)
            named_[count++] = id;
    picture_.references = std::span(named_).first(count);
    Step decode = make_step(Step::Kind::Decode, picture_.id);
    decode.picture = &picture_;
    steps.push_back(decode);
    steps.push_back(output(picture_.id, unit, !header_.tag.show_frame));
    update_references(picture_.id, steps);
}

void Vp8Codec::update_references(FrameId current, Steps& steps) {
    const References before = references_;
    references_ = after_frame(header_, before, current);
    for (const FrameId id : picture_.references)
        if (!references_.has(id)) steps.push_back(make_step(Step::Kind::Forget, id));
    if (!references_.has(current)) steps.push_back(make_step(Step::Kind::Forget, current));
}

/// A frame of no bytes: the encoder dropped it, and what is in the buffer of the last frame is shown once more.
void Vp8Codec::repeat(const AccessUnit& unit, Steps& steps) const {
    if (!started_) return skip(steps, waiting_reason_, "waiting for a key frame");
    steps.push_back(output(references_.last, unit, false));
}

/// A frame that cannot be read: what it would have left in the buffers is missing from now on.
void Vp8Codec::refuse(const char* why, Steps& steps) {
    skip(steps, DropReason::Malformed, why);
    forget_all(steps, DropReason::MissingReference);
}

void Vp8Codec::forget_all(Steps& steps, DropReason reason) {
    const auto ids = references_.all();
    for (auto id = ids.begin(); id != ids.end(); ++id)
        if (*id != 0 && std::find(ids.begin(), id, *id) == id) steps.push_back(make_step(Step::Kind::Forget, *id));
    references_ = {};
    started_ = false;
    waiting_reason_ = reason;
}

} // namespace

std::unique_ptr<Codec> create_vp8_codec() { return std::make_unique<Vp8Codec>(); }

} // namespace v4l2play
