#include "decoder/request/mpeg2_controls.h"

#include <algorithm>

#include "decoder/request/mpeg2_fill.h"

namespace v4l2play {
namespace {

const mpeg2::Mpeg2Picture& as_mpeg2(const Picture& picture) { return static_cast<const mpeg2::Mpeg2Picture&>(picture); }

} // namespace

std::uint32_t Mpeg2Controls::coded_fourcc() const { return V4L2_PIX_FMT_MPEG2_SLICE; }

Result<> Mpeg2Controls::probe(ControlProbe& probe) {
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_MPEG2_SEQUENCE, "MPEG2_SEQUENCE", sizeof sequence_));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_MPEG2_PICTURE, "MPEG2_PICTURE", sizeof picture_));
    return check_control(probe, V4L2_CID_STATELESS_MPEG2_QUANTISATION, "MPEG2_QUANTISATION", sizeof quantisation_);
}

/// The driver's CAPTURE formats say what chroma formats it takes.
Result<> Mpeg2Controls::accepts(const SequenceInfo&) { return {}; }

std::span<v4l2_ext_control> Mpeg2Controls::sequence_controls(const SequenceInfo& sequence) {
    mpeg2::fill(sequence_, sequence);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_MPEG2_SEQUENCE, sequence_);
    return controls_.get();
}

std::span<v4l2_ext_control> Mpeg2Controls::picture_controls(const Picture& picture, unsigned) {
    const mpeg2::Mpeg2Picture& mpeg2 = as_mpeg2(picture);
    mpeg2::fill(sequence_, *mpeg2.sequence);
    mpeg2::fill(picture_, mpeg2);
    mpeg2::fill(quantisation_, *mpeg2.matrices);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_MPEG2_SEQUENCE, sequence_);
    controls_.add(V4L2_CID_STATELESS_MPEG2_PICTURE, picture_);
    controls_.add(V4L2_CID_STATELESS_MPEG2_QUANTISATION, quantisation_);
    return controls_.get();
}

std::size_t Mpeg2Controls::bitstream_size(const Picture& picture, unsigned) const {
    std::size_t size = 0;
    for (const auto slice : as_mpeg2(picture).slices) size += slice.size();
    return size;
}

std::size_t Mpeg2Controls::write_bitstream(const Picture& picture, unsigned, std::span<std::uint8_t> buffer) {
    std::uint8_t* out = buffer.data();
    for (const auto slice : as_mpeg2(picture).slices) out = std::copy(slice.begin(), slice.end(), out);
    return static_cast<std::size_t>(out - buffer.data());
}

std::unique_ptr<CodecControls> create_mpeg2_controls() { return std::make_unique<Mpeg2Controls>(); }

} // namespace v4l2play
