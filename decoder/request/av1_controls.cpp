#include "decoder/request/av1_controls.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/request/av1_fill.h"
#include "decoder/v4l2/uapi.h"

namespace v4l2play {
namespace {

using av1::Av1Picture;

const Av1Picture& as_av1(const Picture& picture) { return static_cast<const Av1Picture&>(picture); }

} // namespace

std::uint32_t Av1Controls::coded_fourcc() const { return V4L2_PIX_FMT_AV1_FRAME; }

Result<> Av1Controls::probe(ControlProbe& probe) {
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_AV1_SEQUENCE, "AV1_SEQUENCE", sizeof sequence_));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_AV1_FRAME, "AV1_FRAME", sizeof frame_));
    V4L2PLAY_TRY(check_control(probe, V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY, "AV1_TILE_GROUP_ENTRY",
                               sizeof(v4l2_ctrl_av1_tile_group_entry)));
    maximum_tiles_ = array_capacity(probe, V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY);
    // Drivers without it leave the grain out, which is a picture of less noise.
    has_film_grain_ = probe.query(V4L2_CID_STATELESS_AV1_FILM_GRAIN).exists;
    if (!has_film_grain_) return {};
    return check_control(probe, V4L2_CID_STATELESS_AV1_FILM_GRAIN, "AV1_FILM_GRAIN", sizeof film_grain_);
}

Result<> Av1Controls::accepts(const SequenceInfo& sequence) {
    if (sequence.chroma_format_idc > 1 || sequence.bit_depth_luma > 10)
        return fail(ENOTSUP,
                    fmt::format("AV1 with {} bits and chroma_format_idc {}", sequence.bit_depth_luma,
                                sequence.chroma_format_idc),
                    "sequence_header_obu");
    return {};
}

std::span<v4l2_ext_control> Av1Controls::sequence_controls(const SequenceInfo& sequence) {
    av1::fill(sequence_, sequence);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_AV1_SEQUENCE, sequence_);
    return controls_.get();
}

/// The kernel takes no more elements than the driver has room for.
Result<> Av1Controls::takes(const Picture& picture) {
    const std::size_t tiles = as_av1(picture).tiles.size();
    if (tiles <= maximum_tiles_) return {};
    return fail(ENOTSUP, fmt::format("a frame of {} tiles; the driver takes {}", tiles, maximum_tiles_),
                "AV1_TILE_GROUP_ENTRY");
}

std::span<v4l2_ext_control> Av1Controls::picture_controls(const Picture& picture, unsigned) {
    const Av1Picture& av1 = as_av1(picture);
    av1::fill(sequence_, *av1.sequence);
    av1::fill(frame_, av1);
    tiles_.resize(av1.tiles.size());
    for (std::size_t i = 0; i < tiles_.size(); ++i) av1::fill(tiles_[i], av1.tiles[i]);
    controls_.clear();
    controls_.add(V4L2_CID_STATELESS_AV1_SEQUENCE, sequence_);
    controls_.add(V4L2_CID_STATELESS_AV1_FRAME, frame_);
    controls_.add_array(V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY, std::span(tiles_));
    if (has_film_grain_) {
        av1::fill(film_grain_, av1.header->film_grain);
        controls_.add(V4L2_CID_STATELESS_AV1_FILM_GRAIN, film_grain_);
    } else if (av1.header->film_grain.apply_grain && !std::exchange(grain_noted_, true)) {
        log_warning("av1", "the stream has film grain, which the driver has no control for: it is left out");
    }
    return controls_.get();
}

std::size_t Av1Controls::bitstream_size(const Picture& picture, unsigned) const {
    std::size_t size = 0;
    for (const auto& payload : as_av1(picture).payloads) size += payload.size();
    return size;
}

std::size_t Av1Controls::write_bitstream(const Picture& picture, unsigned, std::span<std::uint8_t> buffer) {
    auto out = buffer.begin();
    for (const auto& payload : as_av1(picture).payloads) out = std::copy(payload.begin(), payload.end(), out);
    return static_cast<std::size_t>(out - buffer.begin());
}

std::unique_ptr<CodecControls> create_av1_controls() { return std::make_unique<Av1Controls>(); }

} // namespace v4l2play
