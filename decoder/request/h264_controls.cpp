#include "decoder/request/h264_controls.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/request/h264_fill.h"

namespace v4l2play {
namespace {

using h264::H264Picture;
using h264::Slice;

const H264Picture& as_h264(const Picture& picture) { return static_cast<const H264Picture&>(picture); }

constexpr std::uint64_t menu_bit(v4l2_mpeg_video_h264_profile profile) { return std::uint64_t{1} << profile; }

/// Profiles of the menu that can decode such samples (Annex A.2). Intra profiles count: whether a sequence keeps to
/// them is not known here.
std::uint64_t profiles_for(const SequenceInfo& sequence) {
    const std::uint64_t full = menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_444_PREDICTIVE) |
                               menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_444_INTRA) |
                               menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_CAVLC_444_INTRA);
    if (sequence.chroma_format_idc == 3 || sequence.bit_depth_luma > 10) return full;
    const std::uint64_t high_422 =
        full | menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_422) | menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_422_INTRA);
    if (sequence.chroma_format_idc == 2) return high_422;
    const std::uint64_t high_10 = high_422 | menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_10) |
                                  menu_bit(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_10_INTRA);
    if (sequence.bit_depth_luma > 8) return high_10;
    return ~std::uint64_t{0};
}

} // namespace

std::uint32_t H264Controls::coded_fourcc() const { return V4L2_PIX_FMT_H264_SLICE; }

Result<> H264Controls::probe(ControlProbe& probe) {
    V4L2PLAY_TRY(modes_.probe(probe));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_H264_SPS, "H264_SPS", sizeof sps_));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_H264_PPS, "H264_PPS", sizeof pps_));
    V4L2PLAY_TRY(
        check_control(probe, V4L2_CID_STATELESS_H264_DECODE_PARAMS, "H264_DECODE_PARAMS", sizeof decode_params_));
    if (modes_.slice_based()) {
        V4L2PLAY_TRY(
            check_control(probe, V4L2_CID_STATELESS_H264_SLICE_PARAMS, "H264_SLICE_PARAMS", sizeof slice_params_));
        V4L2PLAY_TRY(
            check_control(probe, V4L2_CID_STATELESS_H264_PRED_WEIGHTS, "H264_PRED_WEIGHTS", sizeof pred_weights_));
    }
    has_scaling_matrix_ = probe.query(V4L2_CID_STATELESS_H264_SCALING_MATRIX).exists;
    if (has_scaling_matrix_)
        V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_H264_SCALING_MATRIX, "H264_SCALING_MATRIX",
                                   sizeof scaling_matrix_));
    profiles_ = probe.query(V4L2_CID_MPEG_VIDEO_H264_PROFILE).menu;
    return {};
}

Result<> H264Controls::accepts(const SequenceInfo& sequence) {
    if (sequence.chroma_format_idc != 0 && sequence.bit_depth_luma != sequence.bit_depth_chroma)
        return fail(ENOTSUP,
                    fmt::format("H.264 with {} bits of luma and {} of chroma", sequence.bit_depth_luma,
                                sequence.bit_depth_chroma),
                    "seq_parameter_set_data");
    if (profiles_ != 0 && (profiles_ & profiles_for(sequence)) == 0)
        return fail(ENOTSUP,
                    fmt::format("the driver has no H.264 profile with {} bits and chroma_format_idc {}",
                                sequence.bit_depth_luma, sequence.chroma_format_idc),
                    "QUERYMENU");
    return {};
}

std::span<v4l2_ext_control> H264Controls::sequence_controls(const SequenceInfo& sequence) {
    h264::fill(sps_, sequence);
    controls_.clear();
    modes_.add_to(controls_);
    controls_.add(V4L2_CID_STATELESS_H264_SPS, sps_);
    return controls_.get();
}

/// The slices that request `index` carries.
std::span<const Slice> H264Controls::slices(const Picture& picture, unsigned index) const {
    return modes_.carried(std::span<const Slice>(as_h264(picture).slices), index);
}

unsigned H264Controls::requests(const Picture& picture) const {
    return modes_.requests(std::span<const Slice>(as_h264(picture).slices));
}

std::span<v4l2_ext_control> H264Controls::picture_controls(const Picture& picture, unsigned index) {
    const H264Picture& h264 = as_h264(picture);
    const bool scaling = has_scaling_matrix_ && h264.scaling != nullptr;
    h264::fill(sps_, *h264.sps);
    h264::fill(pps_, *h264.pps, scaling);
    h264::fill(decode_params_, h264);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_H264_SPS, sps_);
    controls_.add(V4L2_CID_STATELESS_H264_PPS, pps_);
    controls_.add(V4L2_CID_STATELESS_H264_DECODE_PARAMS, decode_params_);
    if (scaling) {
        h264::fill(scaling_matrix_, *h264.scaling);
        controls_.add(V4L2_CID_STATELESS_H264_SCALING_MATRIX, scaling_matrix_);
    }
    if (!modes_.slice_based()) return controls_.get();
    const Slice& slice = h264.slices[index];
    h264::fill(slice_params_, slice, *h264.pps, decode_params_);
    controls_.add(V4L2_CID_STATELESS_H264_SLICE_PARAMS, slice_params_);
    if (V4L2_H264_CTRL_PRED_WEIGHTS_REQUIRED(&pps_, &slice_params_)) {
        h264::fill(pred_weights_, slice.header);
        controls_.add(V4L2_CID_STATELESS_H264_PRED_WEIGHTS, pred_weights_);
    }
    return controls_.get();
}

std::size_t H264Controls::bitstream_size(const Picture& picture, unsigned index) const {
    return NalModes::size(slices(picture, index));
}

std::size_t H264Controls::write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) {
    return modes_.write(slices(picture, index), buffer);
}

std::unique_ptr<CodecControls> create_h264_controls(ModePreference preference) {
    return std::make_unique<H264Controls>(preference);
}

} // namespace v4l2play
