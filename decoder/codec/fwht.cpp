#include "decoder/codec/fwht.h"

#include <algorithm>
#include <cerrno>

#include "decoder/codec/fwht_picture.h"

namespace v4l2play {

namespace {

using namespace fwht;

/// What is not a picture that can be shown, or not one of requests; null when there is nothing of it.
const char* unsupported(const Header& header) {
    if (header.version != version_of_requests) return "FWHT of an old version has no stateless decoder";
    if ((header.flags & pixel_encoding_mask) != pixel_encoding_yuv) return "FWHT of RGB or HSV is not done";
    if (header.components() != 3) return "FWHT with alpha, or without chroma, is not done";
    if (header.chroma_width_divisor() == 1 && header.chroma_height_divisor() == 2) return "FWHT of 4:4:0 is not done";
    return nullptr;
}

/// Blocks are 8x8 in every component.
std::uint32_t coded_side(std::uint32_t visible, unsigned chroma_divisor) {
    const std::uint32_t unit = 8 * chroma_divisor;
    return (visible + unit - 1) / unit * unit;
}

class FwhtCodec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override { forget(steps, DropReason::BeforeRandomAccess); }
    void flush(Steps& steps) override { forget(steps, DropReason::BeforeRandomAccess); }
    void resynchronise(Steps& steps) override { forget(steps, DropReason::MissingReference); }

  private:
    void announce(const Header& header, Steps& steps);
    void submit(const AccessUnit& unit, const Header& header, Steps& steps);
    void forget(Steps& steps, DropReason reason);

    Rational sample_aspect_{1, 1};
    FwhtPicture picture_;
    SequenceInfo sequence_; ///< as announced last
    FrameId previous_ = 0;  ///< 0: the next frame has to be an I frame
    FrameId last_id_ = 0;
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
};

Result<> FwhtCodec::configure(const StreamInfo& stream) {
    if (stream.sample_aspect.positive()) sample_aspect_ = stream.sample_aspect;
    return {};
}

Result<> FwhtCodec::parse(const AccessUnit& unit, Steps& steps) {
    const auto header = parse_header(unit.payload.bytes());
    if (!header) {
        skip(steps, DropReason::Malformed, header.error());
        forget(steps, DropReason::MissingReference);
        return {};
    }
    if (const char* why = unsupported(*header)) return fail(ENOTSUP, why, "fwht_cframe_hdr");
    if (!header->is_intra() && previous_ == 0) {
        skip(steps, waiting_reason_, "waiting for an I frame");
        return {};
    }
    announce(*header, steps);
    if (!header->is_intra() && previous_ == 0) {
        skip(steps, DropReason::Malformed, "a P frame has another size than the frame that it refers to");
        return {};
    }
    submit(unit, *header, steps);
    return {};
}

void FwhtCodec::announce(const Header& header, Steps& steps) {
    SequenceInfo sequence;
    sequence.codec = CodecId::Fwht;
    sequence.coded_width = coded_side(header.width, header.chroma_width_divisor());
    sequence.coded_height = coded_side(header.height, header.chroma_height_divisor());
    const unsigned divisors = header.chroma_width_divisor() + header.chroma_height_divisor();
    sequence.chroma_format_idc = static_cast<std::uint8_t>(5 - divisors); // 2+2: 4:2:0, 2+1: 4:2:2, 1+1: 4:4:4
    sequence.dpb_slots = 1;
    sequence.info.visible = {0, 0, header.width, header.height};
    sequence.info.sample_aspect = sample_aspect_;
    sequence.info.color = describe_color(header.colorspace, header.xfer_func, header.ycbcr_enc, header.quantization);
    if (sequence_.codec == CodecId::Fwht && sequence_.chroma_format_idc == sequence.chroma_format_idc &&
        sequence_.info == sequence.info)
        return;
    sequence_ = sequence;
    forget(steps, DropReason::Malformed);
    Step announcement = make_step(Step::Kind::Sequence);
    announcement.sequence = &sequence_;
    steps.push_back(announcement);
}

void FwhtCodec::submit(const AccessUnit& unit, const Header& header, Steps& steps) {
    picture_.header = header;
    picture_.id = ++last_id_;
    picture_.pts = unit.pts;
    picture_.duration = unit.duration;
    picture_.serial = unit.serial;
    picture_.discard = unit.discard;
    picture_.data = unit.payload.bytes().subspan(header_size, header.size);
    picture_.previous = header.is_intra() ? 0 : previous_;
    picture_.references = std::span(&picture_.previous, header.is_intra() ? 0 : 1);
    Step decode = make_step(Step::Kind::Decode, picture_.id);
    decode.picture = &picture_;
    steps.push_back(decode);
    steps.push_back(make_step(Step::Kind::Output, picture_.id));
    if (previous_ != 0) steps.push_back(make_step(Step::Kind::Forget, previous_));
    previous_ = picture_.id;
}

void FwhtCodec::forget(Steps& steps, DropReason reason) {
    if (previous_ != 0) steps.push_back(make_step(Step::Kind::Forget, previous_));
    previous_ = 0;
    waiting_reason_ = reason;
}

} // namespace

std::unique_ptr<Codec> create_fwht_codec() { return std::make_unique<FwhtCodec>(); }

} // namespace v4l2play
