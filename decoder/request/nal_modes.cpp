#include "decoder/request/nal_modes.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t by_slice = V4L2_STATELESS_H264_DECODE_MODE_SLICE_BASED;
constexpr std::uint32_t by_frame = V4L2_STATELESS_H264_DECODE_MODE_FRAME_BASED;
constexpr std::uint32_t bare = V4L2_STATELESS_H264_START_CODE_NONE;
constexpr std::uint32_t annex_b = V4L2_STATELESS_H264_START_CODE_ANNEX_B;
static_assert(std::uint32_t{V4L2_STATELESS_HEVC_DECODE_MODE_SLICE_BASED} == by_slice &&
              std::uint32_t{V4L2_STATELESS_HEVC_DECODE_MODE_FRAME_BASED} == by_frame &&
              std::uint32_t{V4L2_STATELESS_HEVC_START_CODE_NONE} == bare &&
              std::uint32_t{V4L2_STATELESS_HEVC_START_CODE_ANNEX_B} == annex_b);

std::optional<std::uint32_t> item(ModePreference::Decode preferred) {
    if (preferred == ModePreference::Decode::Best) return std::nullopt;
    return preferred == ModePreference::Decode::SliceBased ? by_slice : by_frame;
}

std::optional<std::uint32_t> item(ModePreference::StartCode preferred) {
    if (preferred == ModePreference::StartCode::Best) return std::nullopt;
    return preferred == ModePreference::StartCode::AnnexB ? annex_b : bare;
}

} // namespace

Result<> NalModes::probe(ControlProbe& probe) {
    const auto mode = choose_item(probe, controls_.decode_mode, controls_.decode_mode_name, item(preferred_.decode),
                                  by_frame, by_slice);
    if (!mode) return fail(mode.error());
    const auto code =
        choose_item(probe, controls_.start_code, controls_.start_code_name, item(preferred_.start_code), annex_b, bare);
    if (!code) return fail(code.error());
    slice_based_ = *mode == by_slice;
    start_codes_ = *code == annex_b;
    return {};
}

std::int32_t NalModes::decode_mode() const { return static_cast<std::int32_t>(slice_based_ ? by_slice : by_frame); }
std::int32_t NalModes::start_code_item() const { return static_cast<std::int32_t>(start_codes_ ? annex_b : bare); }

const char* NalModes::name() const {
    if (slice_based_) return start_codes_ ? "slice-based, Annex B" : "slice-based, no start codes";
    return start_codes_ ? "frame-based, Annex B" : "frame-based, no start codes";
}

} // namespace v4l2play
