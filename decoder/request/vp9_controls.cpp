#include "decoder/request/vp9_controls.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "decoder/request/vp9_fill.h"

namespace v4l2play {
namespace {

using vp9::Vp9Picture;

const Vp9Picture& as_vp9(const Picture& picture) { return static_cast<const Vp9Picture&>(picture); }

} // namespace

Result<> Vp9Controls::probe(ControlProbe& probe) {
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_VP9_FRAME, "VP9_FRAME", sizeof frame_));
    has_compressed_header_ = probe.query(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR).exists;
    if (has_compressed_header_)
        V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, "VP9_COMPRESSED_HDR",
                                   sizeof compressed_header_));
    profiles_ = probe.query(V4L2_CID_MPEG_VIDEO_VP9_PROFILE).menu;
    return {};
}

Result<> Vp9Controls::accepts(const SequenceInfo& sequence) {
    const unsigned profile =
        sequence.bit_depth_luma > 8 ? V4L2_MPEG_VIDEO_VP9_PROFILE_2 : V4L2_MPEG_VIDEO_VP9_PROFILE_0;
    if (profiles_ != 0 && (profiles_ >> profile & 1) == 0)
        return fail(ENOTSUP, fmt::format("the driver does not have VP9 profile {}", profile), "QUERYMENU");
    return {};
}

std::span<v4l2_ext_control> Vp9Controls::sequence_controls(const SequenceInfo& sequence) {
    vp9::fill(frame_, sequence);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_VP9_FRAME, frame_);
    return controls_.get();
}

std::span<v4l2_ext_control> Vp9Controls::picture_controls(const Picture& picture, unsigned) {
    const Vp9Picture& vp9 = as_vp9(picture);
    vp9::fill(frame_, vp9);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_VP9_FRAME, frame_);
    if (has_compressed_header_) {
        vp9::fill(compressed_header_, *vp9.compressed);
        controls_.add(V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, compressed_header_);
    }
    return controls_.get();
}

std::size_t Vp9Controls::bitstream_size(const Picture& picture, unsigned) const { return as_vp9(picture).data.size(); }

std::size_t Vp9Controls::write_bitstream(const Picture& picture, unsigned, std::span<std::uint8_t> buffer) {
    const std::span<const std::uint8_t> data = as_vp9(picture).data;
    std::memcpy(buffer.data(), data.data(), data.size());
    return data.size();
}

const char* Vp9Controls::mode() const {
    return has_compressed_header_ ? "frame-based, compressed header parsed" : "frame-based";
}

std::unique_ptr<CodecControls> create_vp9_controls() { return std::make_unique<Vp9Controls>(); }

} // namespace v4l2play
