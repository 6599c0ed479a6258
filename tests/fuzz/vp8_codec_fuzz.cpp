// Arbitrary VP8 frames, with seeks and losses in between (tests/fuzz/codec_run.h), up to the controls, which are within
// the ranges of the kernel's interface.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "decoder/codec/vp8.h"
#include "decoder/request/vp8_controls.h"
#include "tests/fuzz/codec_run.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

bool all_within(std::span<const std::int8_t> values, int limit) {
    return std::all_of(values.begin(), values.end(), [=](int value) { return value >= -limit && value <= limit; });
}

void check_sizes(const v4l2_ctrl_vp8_frame& frame, std::size_t bytes) {
    const bool key = (frame.flags & V4L2_VP8_FRAME_FLAG_KEY_FRAME) != 0;
    const unsigned parts = frame.num_dct_parts;
    require(parts == 1 || parts == 2 || parts == 4 || parts == 8, "num_dct_parts");
    std::uint64_t total = (key ? 10U : 3U) + std::uint64_t{frame.first_part_size} + std::uint64_t{3} * (parts - 1);
    for (unsigned i = 0; i < parts; ++i) total += frame.dct_part_sizes[i];
    require(total == bytes, "partitions that are not the frame");
    require(frame.first_part_header_bits <= std::uint64_t{frame.first_part_size} * 8, "first_part_header_bits");
    require(frame.coder_state.range >= 128 && frame.coder_state.bit_count < 8, "coder_state");
    require(frame.coder_state.value < frame.coder_state.range, "coder_state.value");
}

/// 9.3: without segments, nothing of them is updated; a probability that is not sent is 255.
void check_segment(const v4l2_vp8_segment& segment) {
    constexpr unsigned update = V4L2_VP8_SEGMENT_FLAG_UPDATE_MAP | V4L2_VP8_SEGMENT_FLAG_UPDATE_FEATURE_DATA;
    require((segment.flags & V4L2_VP8_SEGMENT_FLAG_ENABLED) != 0 || (segment.flags & update) == 0, "segment.flags");
}

void check_fields(const v4l2_ctrl_vp8_frame& frame) {
    require(frame.width > 0 && frame.width < 1 << 14 && frame.height > 0 && frame.height < 1 << 14, "size");
    require(frame.horizontal_scale < 4 && frame.vertical_scale < 4, "scale");
    require(frame.version <= 3, "version");
    require((frame.flags & ~std::uint64_t{0x3d}) == 0, "flags");
    require((frame.segment.flags & ~15U) == 0 && frame.segment.padding == 0, "segment.flags");
    require(all_within(frame.segment.quant_update, 127) && all_within(frame.segment.lf_update, 63), "segment");
    require((frame.lf.flags & ~7U) == 0 && frame.lf.level < 64 && frame.lf.sharpness_level < 8, "lf");
    require(all_within(frame.lf.ref_frm_delta, 63) && all_within(frame.lf.mb_mode_delta, 63), "lf deltas");
    require(frame.quant.y_ac_qi < 128 && all_within({&frame.quant.y_dc_delta, 5}, 15), "quant");
    require(frame.lf.padding == 0 && frame.quant.padding == 0, "padding");
    for (const std::uint8_t byte : frame.entropy.padding) require(byte == 0, "entropy.padding");
    const auto flag = [&](std::uint64_t bit) { return (frame.flags & bit) != 0; };
    require(flag(V4L2_VP8_FRAME_FLAG_MB_NO_SKIP_COEFF) || frame.prob_skip_false == 0, "prob_skip_false");
    if (flag(V4L2_VP8_FRAME_FLAG_KEY_FRAME)) {
        require(frame.prob_intra == 0 && frame.prob_last == 0 && frame.prob_gf == 0, "probabilities of references");
        require(!flag(V4L2_VP8_FRAME_FLAG_SIGN_BIAS_GOLDEN) && !flag(V4L2_VP8_FRAME_FLAG_SIGN_BIAS_ALT), "sign bias");
    }
    check_segment(frame.segment);
    for (const auto& row : frame.entropy.mv_probs)
        for (const std::uint8_t probability : row) require(probability != 0, "mv_probs");
}

class Run final : public CodecRun {
  public:
    Run()
        : CodecRun(create_vp8_codec()) {}

  private:
    void check(const Picture& picture, std::span<const std::uint8_t> unit) override {
        const auto list = controls_.picture_controls(picture, 0);
        const auto& frame = *static_cast<const v4l2_ctrl_vp8_frame*>(list[0].ptr);
        check_fields(frame);
        check_sizes(frame, unit.size());
        const bool key = (frame.flags & V4L2_VP8_FRAME_FLAG_KEY_FRAME) != 0;
        for (const std::uint64_t time : {frame.last_frame_ts, frame.golden_frame_ts, frame.alt_frame_ts})
            require(key ? time == 0 : time % 1000 == 0 && alive().contains(time / 1000),
                    "a reference that is not there");
        std::vector<std::uint8_t> copy(controls_.bitstream_size(picture, 0));
        require(controls_.write_bitstream(picture, 0, copy) == unit.size(), "bitstream");
    }

    Vp8Controls controls_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run().play({data, size});
    return 0;
}
