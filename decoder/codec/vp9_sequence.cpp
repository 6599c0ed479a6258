#include "decoder/codec/vp9_sequence.h"

namespace v4l2play::vp9 {

namespace {

/// 7.2.2: color_space as a matrix of H.273; what the container says when it is unknown.
std::uint8_t matrix(ColorSpace space, std::uint8_t container) {
    switch (space) {
    case ColorSpace::Bt601:
        return 5;
    case ColorSpace::Bt709:
        return 1;
    case ColorSpace::Smpte170:
        return 6;
    case ColorSpace::Smpte240:
        return 7;
    case ColorSpace::Bt2020:
        return 9;
    default:
        return container;
    }
}

/// Samples that a buffer has: whole blocks of 8x8 (MiCols, MiRows).
std::uint32_t whole_blocks(std::uint32_t samples) { return (samples + 7) & ~std::uint32_t{7}; }

} // namespace

SequenceInfo describe_sequence(const FrameHeader& header, const ColorConfig* color, const StreamInfo& container) {
    SequenceInfo info;
    info.codec = CodecId::Vp9;
    info.coded_width = whole_blocks(header.frame_width);
    info.coded_height = whole_blocks(header.frame_height);
    info.bit_depth_luma = info.bit_depth_chroma = header.color.bit_depth;
    info.dpb_slots = reference_slots;
    info.info.visible = {0, 0, header.frame_width, header.frame_height};
    if (container.sample_aspect.positive()) info.info.sample_aspect = container.sample_aspect;
    info.info.color = container.color;
    info.info.hdr = container.hdr; // the bitstream has no place for it
    if (color != nullptr) {
        info.info.color.matrix = matrix(color->color_space, container.color.matrix);
        info.info.color.full_range = color->color_range;
    }
    return info;
}

bool same_sequence(const SequenceInfo& a, const SequenceInfo& b) { return same_buffers(a, b) && a.info == b.info; }

bool same_buffers(const SequenceInfo& a, const SequenceInfo& b) {
    return a.codec == b.codec && a.coded_width == b.coded_width && a.coded_height == b.coded_height &&
           a.bit_depth_luma == b.bit_depth_luma;
}

} // namespace v4l2play::vp9
