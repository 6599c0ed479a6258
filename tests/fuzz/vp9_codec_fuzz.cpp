// Arbitrary VP9 units, with seeks and losses in between (tests/fuzz/codec_run.h), up to the controls, which are what
// the kernel takes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/vp9.h"
#include "decoder/request/vp9_controls.h"
#include "tests/fuzz/codec_run.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

bool all_within(std::span<const std::int8_t> values, int limit) {
    return std::all_of(values.begin(), values.end(), [=](int value) { return value >= -limit && value <= limit; });
}

bool all_zero(std::span<const std::uint8_t> values) {
    return std::all_of(values.begin(), values.end(), [](std::uint8_t value) { return value == 0; });
}

/// Has both controls, and no profile menu.
class DriverWithAll final : public ControlProbe {
  public:
    ControlFacts query(std::uint32_t id) override {
        ControlFacts facts;
        facts.exists = id == V4L2_CID_STATELESS_VP9_FRAME || id == V4L2_CID_STATELESS_VP9_COMPRESSED_HDR;
        facts.element_size = id == V4L2_CID_STATELESS_VP9_FRAME ? 168 : 2040;
        return facts;
    }
};

void check_segmentation(const v4l2_vp9_segmentation& seg) {
    constexpr int range[] = {255, 63, 3, 0};
    const bool map = (seg.flags & V4L2_VP9_SEGMENTATION_FLAG_UPDATE_MAP) != 0;
    require((seg.flags & ~0x1f) == 0 && all_zero(seg.reserved), "seg.flags");
    require((seg.flags & V4L2_VP9_SEGMENTATION_FLAG_ENABLED) != 0 || seg.flags == 0, "seg.flags without segmentation");
    require(map || (seg.flags & V4L2_VP9_SEGMENTATION_FLAG_TEMPORAL_UPDATE) == 0, "temporal update without a map");
    for (unsigned i = 0; i < 8; ++i) {
        require((seg.feature_enabled[i] & ~V4L2_VP9_SEGMENT_FEATURE_ENABLED_MASK) == 0, "seg.feature_enabled");
        for (unsigned j = 0; j < 4; ++j)
            require(seg.feature_data[i][j] >= -range[j] && seg.feature_data[i][j] <= range[j], "seg.feature_data");
    }
}

void check_fields(const v4l2_ctrl_vp9_frame& frame) {
    require(frame.lf.level < 64 && frame.lf.sharpness < 8 && (frame.lf.flags & ~3) == 0, "lf");
    require(all_within(frame.lf.ref_deltas, 63) && all_within(frame.lf.mode_deltas, 63), "lf deltas");
    require(all_within({&frame.quant.delta_q_y_dc, 3}, 15) && all_zero(frame.quant.reserved), "quant");
    check_segmentation(frame.seg);
    const unsigned flags = frame.flags;
    require((flags & ~0x3ffU) == 0, "flags");
    require((flags & V4L2_VP9_FRAME_FLAG_ERROR_RESILIENT) == 0 || (flags & V4L2_VP9_FRAME_FLAG_REFRESH_FRAME_CTX) == 0,
            "an error-resilient frame refreshes a context");
    constexpr unsigned subsampled = V4L2_VP9_FRAME_FLAG_X_SUBSAMPLING | V4L2_VP9_FRAME_FLAG_Y_SUBSAMPLING;
    require((flags & subsampled) == subsampled, "subsampling");
    require(frame.profile == 0 ? frame.bit_depth == 8 : frame.profile == 2 && frame.bit_depth == 10, "profile");
    require(frame.reset_frame_context <= V4L2_VP9_RESET_FRAME_CTX_ALL, "reset_frame_context");
    require(frame.frame_context_idx < V4L2_VP9_NUM_FRAME_CTX, "frame_context_idx");
    require(frame.interpolation_filter <= V4L2_VP9_INTERP_FILTER_SWITCHABLE, "interpolation_filter");
    require(frame.reference_mode <= V4L2_VP9_REFERENCE_MODE_SELECT, "reference_mode");
    require(frame.ref_frame_sign_bias < 8 && all_zero(frame.reserved), "ref_frame_sign_bias");
    // 7.2.11: tiles of 256 to 4096 samples
    const unsigned superblocks = (frame.frame_width_minus_1 + 64U) / 64;
    require(64U << frame.tile_cols_log2 >= superblocks, "tiles are too wide");
    require(frame.tile_cols_log2 == 0 || superblocks >> frame.tile_cols_log2 >= 4, "tiles are too narrow");
    require(frame.tile_rows_log2 <= 2, "tile_rows_log2");
}

void check_compressed(const v4l2_ctrl_vp9_compressed_hdr& header, const v4l2_ctrl_vp9_frame& frame) {
    require(header.tx_mode <= V4L2_VP9_TX_MODE_SELECT, "tx_mode");
    const bool intra = (frame.flags & (V4L2_VP9_FRAME_FLAG_KEY_FRAME | V4L2_VP9_FRAME_FLAG_INTRA_ONLY)) != 0;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&header);
    constexpr std::size_t inter = offsetof(v4l2_ctrl_vp9_compressed_hdr, inter_mode);
    require(!intra || all_zero({bytes + inter, sizeof header - inter}), "an intra frame with inter probabilities");
    constexpr std::size_t mv = offsetof(v4l2_ctrl_vp9_compressed_hdr, mv);
    require(std::none_of(bytes, bytes + mv, [](std::uint8_t delta) { return delta == 255; }), "a delta out of range");
    require(std::all_of(bytes + mv, bytes + sizeof header, [](std::uint8_t p) { return p == 0 || p % 2 != 0; }),
            "a motion vector probability that is even");
    for (const auto& rows : header.uv_mode) require(all_zero(rows), "uv_mode");
}

class Run final : public CodecRun {
  public:
    Run()
        : CodecRun(create_vp9_codec()) {
        DriverWithAll driver;
        require(controls_.probe(driver).has_value(), "the probe");
    }

  private:
    void announce(const SequenceInfo& sequence) override { sequence_ = sequence; }
    void check(const Picture& picture, std::span<const std::uint8_t> unit) override {
        const auto list = controls_.picture_controls(picture, 0);
        require(list.size() == 2, "controls");
        const auto& frame = *static_cast<const v4l2_ctrl_vp9_frame*>(list[0].ptr);
        check_fields(frame);
        check_compressed(*static_cast<const v4l2_ctrl_vp9_compressed_hdr*>(list[1].ptr), frame);
        check_references(frame);
        const std::size_t size = controls_.bitstream_size(picture, 0);
        require(size <= unit.size(), "more bytes than the unit has");
        require(frame.uncompressed_header_size + std::size_t{frame.compressed_header_size} < size, "header sizes");
        require(frame.uncompressed_header_size > 0 && frame.compressed_header_size > 0, "empty headers");
        std::vector<std::uint8_t> copy(size);
        require(controls_.write_bitstream(picture, 0, copy) == size, "bitstream");
        // The buffers that were announced are those of this frame.
        require(sequence_.info.visible.width == frame.frame_width_minus_1 + 1U &&
                    sequence_.info.visible.height == frame.frame_height_minus_1 + 1U &&
                    sequence_.bit_depth_luma == frame.bit_depth,
                "a frame that is not of its sequence");
    }
    void check_references(const v4l2_ctrl_vp9_frame& frame) const {
        const bool intra = (frame.flags & (V4L2_VP9_FRAME_FLAG_KEY_FRAME | V4L2_VP9_FRAME_FLAG_INTRA_ONLY)) != 0;
        for (const std::uint64_t time : {frame.last_frame_ts, frame.golden_frame_ts, frame.alt_frame_ts})
            require(intra ? time == 0 : time % 1000 == 0 && alive().contains(time / 1000),
                    "a reference that is not there");
    }

    Vp9Controls controls_;
    SequenceInfo sequence_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run().play({data, size});
    return 0;
}
