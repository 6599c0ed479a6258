#include "decoder/codec/mpeg2_sequence.h"

#include <numeric>

namespace v4l2play::mpeg2 {

namespace {

/// Table 6-3: the ratio of the displayed picture; 0 for square samples and what is reserved.
Rational display_aspect(std::uint8_t aspect_ratio_information) {
    switch (aspect_ratio_information) {
    case 2:
        return {4, 3};
    case 3:
        return {16, 9};
    case 4:
        return {221, 100};
    default:
        return {0, 1};
    }
}

/// 6.3.3: of the display size, where there is one.
Rational sample_aspect(const Sequence& sequence, const StreamInfo& container) {
    const Rational display = display_aspect(sequence.aspect_ratio_information);
    if (display.num == 0)
        return sequence.aspect_ratio_information == 1 ? Rational{1, 1}
                                                      : first_positive(container.sample_aspect, {1, 1});
    const bool has_display = sequence.display_horizontal_size != 0 && sequence.display_vertical_size != 0;
    const std::int64_t width = has_display ? sequence.display_horizontal_size : sequence.horizontal_size;
    const std::int64_t height = has_display ? sequence.display_vertical_size : sequence.vertical_size;
    const std::int64_t across = display.num * height;
    const std::int64_t down = display.den * width;
    const std::int64_t divisor = std::gcd(across, down);
    return {across / divisor, down / divisor};
}

} // namespace

unsigned coded_height(const Sequence& sequence) {
    // Of both fields a whole number of macroblocks
    const unsigned multiple = sequence.progressive_sequence ? 16 : 32;
    return (sequence.vertical_size + multiple - 1) / multiple * multiple;
}

SequenceInfo describe_sequence(const Sequence& sequence, const StreamInfo& container, bool fields) {
    SequenceInfo info;
    info.codec = CodecId::Mpeg2;
    info.coded_width = (sequence.horizontal_size + 15U) / 16 * 16;
    info.coded_height = coded_height(sequence);
    info.chroma_format_idc = sequence.chroma_format;
    info.interlaced = fields;
    info.dpb_slots = 2;
    info.info.visible = {0, 0, sequence.horizontal_size, sequence.vertical_size};
    info.info.sample_aspect = sample_aspect(sequence, container);
    info.info.color = complete(sequence.color, container.color);
    info.info.color.full_range = container.color.full_range; // the stream has no word for it
    return info;
}

bool same_pictures(const Sequence& a, const Sequence& b) {
    return a.horizontal_size == b.horizontal_size && a.vertical_size == b.vertical_size &&
           a.progressive_sequence == b.progressive_sequence && a.chroma_format == b.chroma_format;
}

} // namespace v4l2play::mpeg2
