#include "decoder/codec/h264_sequence.h"

#include <algorithm>
#include <tuple>

namespace v4l2play::h264 {

namespace {

constexpr unsigned profile_baseline = 66;

unsigned frame_height_in_mbs(const Sps& sps) {
    return (sps.pic_height_in_map_units_minus1 + 1U) * (sps.frame_mbs_only_flag ? 1 : 2);
}

/// constraint_setN_flag
bool constraint_set(const Sps& sps, unsigned n) { return (sps.constraint_set_flags >> n & 1) != 0; }

/// MaxDpbMbs of Table A-1; that of the highest level for unknown ones.
unsigned max_dpb_mbs(const Sps& sps) {
    struct Level {
        std::uint8_t level_idc;
        std::uint32_t max_dpb_mbs;
    };
    constexpr std::array<Level, 20> levels{{{9, 396},     {10, 396},    {11, 900},    {12, 2376},   {13, 2376},
                                            {20, 2376},   {21, 4752},   {22, 8100},   {30, 8100},   {31, 18000},
                                            {32, 20480},  {40, 32768},  {41, 32768},  {42, 34816},  {50, 110400},
                                            {51, 184320}, {52, 184320}, {60, 696320}, {61, 696320}, {62, 696320}}};
    // Level 1b of the older profiles is level_idc 11 with constraint_set3_flag (A.3.1).
    const bool older = sps.profile_idc == profile_baseline || sps.profile_idc == 77 || sps.profile_idc == 88;
    const unsigned level_idc = older && sps.level_idc == 11 && constraint_set(sps, 3) ? 9 : sps.level_idc;
    for (const Level& level : levels)
        if (level.level_idc == level_idc) return level.max_dpb_mbs;
    return levels.back().max_dpb_mbs;
}

/// Profiles whose every picture is intra: E.2.1 infers max_dec_frame_buffering 0.
bool is_intra_profile(const Sps& sps) {
    constexpr std::array<std::uint8_t, 6> with_constraint_set3{44, 86, 100, 110, 122, 244};
    return constraint_set(sps, 3) && std::find(with_constraint_set3.begin(), with_constraint_set3.end(),
                                               sps.profile_idc) != with_constraint_set3.end();
}

/// max_dec_frame_buffering, inferred when absent
unsigned max_dec_frame_buffering(const Sps& sps) {
    if (sps.bitstream_restriction_flag) return sps.max_dec_frame_buffering;
    if (is_intra_profile(sps)) return 0;
    const unsigned frame_size = (sps.pic_width_in_mbs_minus1 + 1U) * frame_height_in_mbs(sps);
    return std::min(max_dpb_mbs(sps) / frame_size, maximum_dpb_frames);
}

/// 7.4.2.1.1: (7-19) to (7-22)
Rect visible_rectangle(const Sps& sps, std::uint32_t coded_width, std::uint32_t coded_height) {
    const bool subsampled = !sps.separate_colour_plane_flag;
    const std::uint32_t sub_width = subsampled && (sps.chroma_format_idc == 1 || sps.chroma_format_idc == 2) ? 2 : 1;
    const std::uint32_t sub_height = subsampled && sps.chroma_format_idc == 1 ? 2 : 1;
    const std::uint32_t unit_y = sub_height * (sps.frame_mbs_only_flag ? 1 : 2);
    return {sub_width * sps.frame_crop_left_offset, unit_y * sps.frame_crop_top_offset,
            coded_width - sub_width * (sps.frame_crop_left_offset + sps.frame_crop_right_offset),
            coded_height - unit_y * (sps.frame_crop_top_offset + sps.frame_crop_bottom_offset)};
}

ColorDescription color(const Sps& sps, const StreamInfo& container) {
    return sps.color == ColorDescription{} ? container.color : complete(sps.color, container.color);
}

auto fields(const SequenceInfo& s) {
    return std::tie(s.codec, s.coded_width, s.coded_height, s.bit_depth_luma, s.bit_depth_chroma, s.chroma_format_idc,
                    s.interlaced, s.dpb_slots, s.info.visible, s.info.sample_aspect.num, s.info.sample_aspect.den,
                    s.info.color);
}

} // namespace

unsigned dpb_frames(const Sps& sps) {
    return std::max({max_dec_frame_buffering(sps), unsigned{sps.max_num_ref_frames}, 1U});
}

unsigned reorder_frames(const Sps& sps) {
    if (sps.pic_order_cnt_type == 2) return 0; // 8.2.1.3: output order is decoding order
    if (sps.bitstream_restriction_flag) return sps.max_num_reorder_frames;
    // Without B slices pictures could still be out of order, but encoders that say nothing of it (cameras, calls) do
    // not do that, and would have to wait for a full DPB. OutputOrder learns of the exception.
    return sps.profile_idc == profile_baseline ? 0 : max_dec_frame_buffering(sps);
}

SequenceInfo describe_sequence(const Sps& sps, const StreamInfo& container) {
    SequenceInfo info;
    info.codec = CodecId::H264;
    info.coded_width = (sps.pic_width_in_mbs_minus1 + 1U) * 16;
    info.coded_height = frame_height_in_mbs(sps) * 16;
    info.bit_depth_luma = static_cast<std::uint8_t>(sps.bit_depth_luma_minus8 + 8);
    info.bit_depth_chroma = static_cast<std::uint8_t>(sps.bit_depth_chroma_minus8 + 8);
    info.chroma_format_idc = sps.chroma_format_idc;
    info.interlaced = !sps.frame_mbs_only_flag;
    info.dpb_slots = dpb_frames(sps);
    info.info.visible = visible_rectangle(sps, info.coded_width, info.coded_height);
    info.info.sample_aspect = first_positive(sps.sample_aspect, container.sample_aspect);
    info.info.color = color(sps, container);
    info.info.hdr = container.hdr;
    return info;
}

bool same_sequence(const SequenceInfo& a, const SequenceInfo& b) { return fields(a) == fields(b); }

} // namespace v4l2play::h264
