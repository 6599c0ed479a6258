#include "decoder/request/vp8_controls.h"

#include <cstring>

#include "decoder/request/vp8_fill.h"

namespace v4l2play {
namespace {

const vp8::Vp8Picture& as_vp8(const Picture& picture) { return static_cast<const vp8::Vp8Picture&>(picture); }

} // namespace

std::uint32_t Vp8Controls::coded_fourcc() const { return V4L2_PIX_FMT_VP8_FRAME; }

Result<> Vp8Controls::probe(ControlProbe& probe) {
    return check_control(probe, V4L2_CID_STATELESS_VP8_FRAME, "VP8_FRAME", sizeof frame_);
}

/// The version of the bitstream (profile 0 to 3) is not the driver's choice: a VP8 decoder has all four.
Result<> Vp8Controls::accepts(const SequenceInfo&) { return {}; }

std::span<v4l2_ext_control> Vp8Controls::sequence_controls(const SequenceInfo& sequence) {
    vp8::fill(frame_, sequence);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_VP8_FRAME, frame_);
    return controls_.get();
}

std::span<v4l2_ext_control> Vp8Controls::picture_controls(const Picture& picture, unsigned) {
    vp8::fill(frame_, as_vp8(picture));
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_VP8_FRAME, frame_);
    return controls_.get();
}

std::size_t Vp8Controls::bitstream_size(const Picture& picture, unsigned) const { return as_vp8(picture).data.size(); }

std::size_t Vp8Controls::write_bitstream(const Picture& picture, unsigned, std::span<std::uint8_t> buffer) {
    const auto data = as_vp8(picture).data;
    std::memcpy(buffer.data(), data.data(), data.size());
    return data.size();
}

std::unique_ptr<CodecControls> create_vp8_controls() { return std::make_unique<Vp8Controls>(); }

} // namespace v4l2play
