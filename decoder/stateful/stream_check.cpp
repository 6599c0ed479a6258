#include "decoder/stateful/stream_check.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/v4l2/format.h"
#include "decoder/v4l2/quirks.h"

namespace v4l2play {
namespace {

/// Of a menu control with profiles: those that go with the sequence.
struct ProfileMenu {
    std::uint32_t control = 0; ///< 0: none
    std::uint64_t items = 0;
};

constexpr std::uint64_t item(unsigned number) { return std::uint64_t{1} << number; }

ProfileMenu h264_profiles(const SequenceInfo& sequence) {
    constexpr std::uint64_t all = item(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_444_PREDICTIVE);
    constexpr std::uint64_t high_422 = item(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_422);
    constexpr std::uint64_t high_10 = item(V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_10);
    if (sequence.chroma_format_idc > 2 || sequence.bit_depth_luma > 10) return {V4L2_CID_MPEG_VIDEO_H264_PROFILE, all};
    if (sequence.chroma_format_idc == 2) return {V4L2_CID_MPEG_VIDEO_H264_PROFILE, all | high_422};
    return {V4L2_CID_MPEG_VIDEO_H264_PROFILE, all | high_422 | high_10};
}

ProfileMenu profiles_for(const SequenceInfo& sequence) {
    const bool main_10 = sequence.chroma_format_idc <= 1 && sequence.bit_depth_luma <= 10;
    switch (sequence.codec) {
    case CodecId::H264:
        return h264_profiles(sequence);
    case CodecId::Hevc:
        return {V4L2_CID_MPEG_VIDEO_HEVC_PROFILE, main_10 ? item(V4L2_MPEG_VIDEO_HEVC_PROFILE_MAIN_10) : 0};
    case CodecId::Vp9:
        return {V4L2_CID_MPEG_VIDEO_VP9_PROFILE,
                main_10 ? item(V4L2_MPEG_VIDEO_VP9_PROFILE_2) : item(V4L2_MPEG_VIDEO_VP9_PROFILE_3)};
    default:
        return {};
    }
}

bool has_profile(const VideoDevice& device, const SequenceInfo& sequence) {
    const ProfileMenu wanted = profiles_for(sequence);
    v4l2_query_ext_ctrl control{};
    return wanted.control != 0 && device.query_control(wanted.control, control) &&
           (device.menu_items(control) & wanted.items) != 0;
}

bool has_format(const VideoDevice& device, const SequenceInfo& sequence) {
    const auto offered = device.formats(QueueSide::Capture);
    return std::any_of(offered.begin(), offered.end(), [&](V4l2Fourcc fourcc) {
        const FormatFacts* facts = find_format(fourcc);
        return facts != nullptr && can_be_shown(*facts) &&
               facts->chroma_format_idc == std::max<std::uint8_t>(sequence.chroma_format_idc, 1) &&
               facts->bit_depth >= sequence.bit_depth_luma;
    });
}

} // namespace

Result<> StreamCheck::configure(const StreamInfo& stream) {
    // FWHT has no profiles, and the driver that does it does all of it.
    if (stream.codec == CodecId::Fwht) return {};
    codec_ = create_codec(stream.codec);
    if (codec_ == nullptr) return {};
    if (auto configured = codec_->configure(stream); !configured) {
        if (configured.error().code == ENOTSUP) return configured;
        codec_.reset(); // malformed: for the driver to judge
        return {};
    }
    if (const SequenceInfo* sequence = codec_->sequence()) sequence_ = *sequence;
    return {};
}

Result<> StreamCheck::look_at(const AccessUnit& unit) {
    if (codec_ == nullptr) return {};
    AccessUnit copy;
    copy.payload = Payload(unit.payload.bytes(), nullptr, nullptr);
    copy.key = unit.key;
    steps_.clear();
    if (sequence_) codec_->flush(steps_);
    auto parsed = codec_->parse(copy, steps_);
    for (const Step& step : steps_)
        if (step.kind == Step::Kind::Sequence) sequence_ = *step.sequence;
    if (parsed) return {};
    codec_.reset();
    return parsed.error().code == ENOTSUP ? parsed : Result<>{};
}

Result<> check_sequence(const VideoDevice& device, const SequenceInfo& sequence) {
    const std::uint32_t quirks = quirks_of(device.driver(), device.kernel_version());
    if (sequence.interlaced && has_quirk(quirks, Quirk::NoInterlaced))
        return fail(ENOTSUP, fmt::format("{} does not do interlaced video", device.driver()), "quirks");
    const bool plain =
        sequence.bit_depth_luma == 8 && sequence.bit_depth_chroma == 8 && sequence.chroma_format_idc <= 1;
    if (plain || has_profile(device, sequence) || has_format(device, sequence)) return {};
    return fail(ENOTSUP,
                fmt::format("{} has no profile and no picture format for {} bits and chroma_format_idc {}",
                            device.driver(), sequence.bit_depth_luma, sequence.chroma_format_idc),
                "QUERYMENU");
}

} // namespace v4l2play
