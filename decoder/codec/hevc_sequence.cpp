#include "decoder/codec/hevc_sequence.h"

#include <algorithm>
#include <tuple>

namespace v4l2play::hevc {

namespace {

/// 7.4.3.2.1: the conformance window, in luma samples
Rect visible_rectangle(const Sps& sps) {
    const std::uint32_t sub_width = sps.chroma_format_idc == 1 || sps.chroma_format_idc == 2 ? 2 : 1; // Table 6-1
    const std::uint32_t sub_height = sps.chroma_format_idc == 1 ? 2 : 1;
    return {sub_width * sps.conf_win_left_offset, sub_height * sps.conf_win_top_offset,
            sps.pic_width_in_luma_samples - sub_width * (sps.conf_win_left_offset + sps.conf_win_right_offset),
            sps.pic_height_in_luma_samples - sub_height * (sps.conf_win_top_offset + sps.conf_win_bottom_offset)};
}

ColorDescription color(const Sps& sps, const StreamInfo& container) {
    return sps.color == ColorDescription{} ? container.color : complete(sps.color, container.color);
}

auto fields(const SequenceInfo& s) {
    return std::tie(s.codec, s.coded_width, s.coded_height, s.bit_depth_luma, s.bit_depth_chroma, s.chroma_format_idc,
                    s.interlaced, s.dpb_slots, s.info.visible, s.info.sample_aspect.num, s.info.sample_aspect.den,
                    s.info.color, s.info.hdr);
}

} // namespace

unsigned dpb_pictures(const Sps& sps) {
    unsigned pictures = std::max<unsigned>(sps.sps_max_dec_pic_buffering_minus1, 1);
    for (const ShortTermRefPicSet& set : std::span(sps.short_term_ref_pic_sets).first(sps.num_short_term_ref_pic_sets))
        pictures = std::max(pictures, set.num_delta_pocs());
    return pictures;
}

SequenceInfo describe_sequence(const Sps& sps, const StreamInfo& container, std::uint8_t preferred_transfer,
                               const HdrMetadata& hdr) {
    SequenceInfo info;
    info.codec = CodecId::Hevc;
    info.coded_width = sps.pic_width_in_luma_samples;
    info.coded_height = sps.pic_height_in_luma_samples;
    info.bit_depth_luma = static_cast<std::uint8_t>(sps.bit_depth_luma_minus8 + 8);
    info.bit_depth_chroma = static_cast<std::uint8_t>(sps.bit_depth_chroma_minus8 + 8);
    info.chroma_format_idc = sps.chroma_format_idc;
    info.dpb_slots = dpb_pictures(sps);
    info.info.visible = visible_rectangle(sps);
    info.info.sample_aspect = first_positive(sps.sample_aspect, container.sample_aspect);
    info.info.color = color(sps, container);
    // D.3.38: what the stream says itself is for decoders that do not know the characteristics it prefers (HLG).
    if (preferred_transfer != 0) info.info.color.transfer = preferred_transfer;
    info.info.hdr = complete(hdr, container.hdr);
    return info;
}

bool same_sequence(const SequenceInfo& a, const SequenceInfo& b) { return fields(a) == fields(b); }

} // namespace v4l2play::hevc
