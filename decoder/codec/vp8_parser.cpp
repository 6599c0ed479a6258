#include "decoder/codec/vp8_parser.h"

#include "decoder/codec/vp8_bool_decoder.h"
#include "decoder/codec/vp8_tables.h"

namespace v4l2play::vp8 {

namespace {

tl::unexpected<const char*> malformed(const char* why) { return tl::unexpected(why); }

std::uint32_t little_endian_24(const std::uint8_t* bytes) {
    return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16;
}

/// A delta that is there or 0: quantizer_update, loop_filter_update, and those of quant_indices (section 19.2).
std::int8_t optional_delta(BoolDecoder& in, unsigned bits) {
    return in.flag() ? static_cast<std::int8_t>(in.signed_literal(bits)) : std::int8_t{0};
}

/// update_segmentation() (section 19.2)
void parse_segmentation(BoolDecoder& in, Segmentation& out) {
    out.update_map = in.flag();
    out.update_data = in.flag();
    if (out.update_data) {
        out.absolute = in.flag();
        for (auto& value : out.quantizer) value = optional_delta(in, 7);
        for (auto& value : out.loop_filter) value = optional_delta(in, 6);
    }
    if (!out.update_map) return;
    for (auto& probability : out.probabilities)
        probability = in.flag() ? static_cast<std::uint8_t>(in.literal(8)) : std::uint8_t{255};
}

/// mb_lf_adjustments() (section 19.2)
void parse_loop_filter_deltas(BoolDecoder& in, LoopFilter& out) {
    out.delta_enabled = in.flag();
    out.delta_update = out.delta_enabled && in.flag();
    if (!out.delta_update) return;
    for (auto* deltas : {&out.reference_delta, &out.mode_delta})
        for (auto& delta : *deltas)
            if (in.flag()) delta = static_cast<std::int8_t>(in.signed_literal(6));
}

/// quant_indices() (section 19.2)
void parse_quant_indices(BoolDecoder& in, QuantIndices& out) {
    out.y_ac_qi = static_cast<std::uint8_t>(in.literal(7));
    for (auto* delta : {&out.y_dc_delta, &out.y2_dc_delta, &out.y2_ac_delta, &out.uv_dc_delta, &out.uv_ac_delta})
        *delta = optional_delta(in, 4);
}

/// The buffers that an inter frame goes to (sections 9.7, 19.2)
void parse_references(BoolDecoder& in, FrameHeader& out) {
    out.refresh_golden = in.flag();
    out.refresh_alternate = in.flag();
    out.copy_to_golden = out.refresh_golden ? BufferCopy::None : static_cast<BufferCopy>(in.literal(2));
    out.copy_to_alternate = out.refresh_alternate ? BufferCopy::None : static_cast<BufferCopy>(in.literal(2));
    out.sign_bias_golden = in.flag();
    out.sign_bias_alternate = in.flag();
}

/// token_prob_update() (sections 13.4, 19.2)
void parse_coefficient_probabilities(BoolDecoder& in, CoefficientProbabilities& out) {
    for (std::size_t type = 0; type < out.size(); ++type)
        for (std::size_t band = 0; band < out[type].size(); ++band)
            for (std::size_t context = 0; context < out[type][band].size(); ++context)
                for (std::size_t branch = 0; branch < out[type][band][context].size(); ++branch)
                    if (in.read(coefficient_update_probabilities[type][band][context][branch]))
                        out[type][band][context][branch] = static_cast<std::uint8_t>(in.literal(8));
}

/// mv_prob_update() (sections 17.2, 19.2)
void parse_motion_probabilities(BoolDecoder& in, MotionProbabilities& out) {
    for (std::size_t component = 0; component < out.size(); ++component)
        for (std::size_t i = 0; i < out[component].size(); ++i) {
            if (!in.read(motion_update_probabilities[component][i])) continue;
            const std::uint32_t seven_bits = in.literal(7);
            out[component][i] = static_cast<std::uint8_t>(seven_bits != 0 ? seven_bits << 1 : 1);
        }
}

/// What inter frames have at the end of the header (section 19.2)
void parse_inter_probabilities(BoolDecoder& in, FrameHeader& out) {
    out.prob_intra = static_cast<std::uint8_t>(in.literal(8));
    out.prob_last = static_cast<std::uint8_t>(in.literal(8));
    out.prob_golden = static_cast<std::uint8_t>(in.literal(8));
    if (in.flag())
        for (auto& probability : out.probabilities.y_mode) probability = static_cast<std::uint8_t>(in.literal(8));
    if (in.flag())
        for (auto& probability : out.probabilities.uv_mode) probability = static_cast<std::uint8_t>(in.literal(8));
    parse_motion_probabilities(in, out.probabilities.motion);
}

/// Section 9.5: sizes of three bytes each stand before the partitions, but for the last, which takes the rest.
ParseResult parse_partition_sizes(std::span<const std::uint8_t> rest, FrameHeader& out) {
    const std::size_t table = std::size_t{3} * (out.partitions - 1U);
    if (rest.size() < table) return malformed("the sizes of the DCT partitions are cut off");
    std::size_t left = rest.size() - table;
    for (unsigned i = 0; i + 1 < out.partitions; ++i) {
        out.partition_size[i] = little_endian_24(rest.data() + std::size_t{3} * i);
        if (out.partition_size[i] > left) return malformed("a DCT partition is cut short");
        left -= out.partition_size[i];
    }
    out.partition_size[out.partitions - 1U] = static_cast<std::uint32_t>(left);
    return {};
}

} // namespace

ParseResult parse_frame_tag(std::span<const std::uint8_t> frame, FrameTag& tag) {
    constexpr std::uint32_t start_code = 0x2a019d;
    tag = {};
    if (frame.size() < 3) return malformed("the frame is shorter than its tag");
    const std::uint32_t bits = little_endian_24(frame.data());
    tag.key_frame = (bits & 1) == 0;
    tag.version = static_cast<std::uint8_t>(bits >> 1 & 7);
    tag.show_frame = (bits >> 4 & 1) != 0;
    tag.first_part_size = bits >> 5;
    tag.size = tag.key_frame ? 10 : 3;
    if (frame.size() < tag.size) return malformed("the key frame is shorter than its header");
    if (tag.first_part_size > frame.size() - tag.size) return malformed("the first partition is cut short");
    if (!tag.key_frame) return {};
    if (little_endian_24(frame.data() + 3) != start_code) return malformed("the key frame has no start code");
    const unsigned horizontal = frame[6] | unsigned{frame[7]} << 8;
    const unsigned vertical = frame[8] | unsigned{frame[9]} << 8;
    tag.width = horizontal & 0x3fff;
    tag.height = vertical & 0x3fff;
    tag.horizontal_scale = static_cast<std::uint8_t>(horizontal >> 14);
    tag.vertical_scale = static_cast<std::uint8_t>(vertical >> 14);
    if (tag.width == 0 || tag.height == 0) return malformed("the key frame has no size");
    return {};
}

/// Sections 9.3, 9.6, 9.11: a key frame starts with everything as at the beginning.
void HeaderParser::reset() {
    segmentation_ = {};
    loop_filter_ = {};
    probabilities_ = {default_coefficient_probabilities, default_motion_probabilities, default_y_mode_probabilities,
                      default_uv_mode_probabilities};
}

/// frame_header() (section 19.2)
ParseResult HeaderParser::parse(std::span<const std::uint8_t> frame, FrameHeader& header) {
    const FrameTag tag = header.tag;
    if (tag.key_frame) reset();
    BoolDecoder in(frame.subspan(tag.size, tag.first_part_size));
    header = {};
    header.tag = tag;
    // color_space says nothing (1 is reserved), clamping_type what the pixels do not need: no device asks for it.
    if (tag.key_frame) in.literal(2);
    header.segmentation = segmentation_;
    header.segmentation.update_map = header.segmentation.update_data = false;
    header.segmentation.enabled = in.flag();
    if (header.segmentation.enabled) parse_segmentation(in, header.segmentation);
    header.loop_filter = loop_filter_;
    header.loop_filter.simple = in.flag();
    header.loop_filter.level = static_cast<std::uint8_t>(in.literal(6));
    header.loop_filter.sharpness = static_cast<std::uint8_t>(in.literal(3));
    parse_loop_filter_deltas(in, header.loop_filter);
    header.partitions = static_cast<std::uint8_t>(1U << in.literal(2));
    parse_quant_indices(in, header.quant);
    if (!tag.key_frame) parse_references(in, header);
    const bool refresh_entropy_probs = in.flag();
    if (!tag.key_frame) header.refresh_last = in.flag();
    header.probabilities = probabilities_;
    parse_coefficient_probabilities(in, header.probabilities.coefficients);
    header.mb_no_coeff_skip = in.flag();
    if (header.mb_no_coeff_skip) header.prob_skip_false = static_cast<std::uint8_t>(in.literal(8));
    if (!tag.key_frame) parse_inter_probabilities(in, header);
    if (in.failed()) return malformed("the frame header is cut short");
    header.coder = {in.range(), in.value(), in.bit_count(), static_cast<std::uint32_t>(in.position())};
    if (const auto sizes = parse_partition_sizes(frame.subspan(tag.size + tag.first_part_size), header); !sizes)
        return sizes;

    segmentation_ = header.segmentation;
    loop_filter_ = header.loop_filter;
    if (refresh_entropy_probs) probabilities_ = header.probabilities;
    // Not kept: the modes of key frames are coded with probabilities of their own (section 11.2).
    if (tag.key_frame) {
        header.probabilities.y_mode = key_frame_y_mode_probabilities;
        header.probabilities.uv_mode = key_frame_uv_mode_probabilities;
    }
    return {};
}

} // namespace v4l2play::vp8
