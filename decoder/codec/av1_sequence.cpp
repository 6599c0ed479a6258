#include "decoder/codec/av1_sequence.h"

#include <bit>
#include <cerrno>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "decoder/codec/av1_parser.h"

namespace v4l2play::av1 {

namespace {

ColorDescription color(const ColorConfig& config, const StreamInfo& container) {
    return complete(
        {config.color_primaries, config.transfer_characteristics, config.matrix_coefficients, config.color_range},
        container.color);
}

/// render_and_frame_size_different stretches the frame to the size that it is meant for (6.8.5).
Rational sample_aspect(const FrameSize& size, const StreamInfo& container) {
    const std::int64_t num = std::int64_t{size.render_width} * size.frame_height;
    const std::int64_t den = std::int64_t{size.render_height} * size.upscaled_width;
    const std::int64_t common = std::gcd(num, den);
    if (num != den) return {num / common, den / common};
    return first_positive(container.sample_aspect, {1, 1});
}

std::uint8_t chroma_format_idc(const ColorConfig& config) {
    if (config.mono_chrome) return 0;
    if (config.subsampling_y) return 1;
    return config.subsampling_x ? 2 : 3;
}

/// More than one: the frames of one moment would come out in several sizes.
bool has_spatial_layers(const SequenceHeader& sequence, unsigned operating_point) {
    const unsigned spatial_layers = sequence.operating_point_idc[operating_point] >> 8U;
    return std::popcount(spatial_layers) > 1;
}

auto buffers(const SequenceInfo& s) {
    return std::tie(s.codec, s.coded_width, s.coded_height, s.bit_depth_luma, s.chroma_format_idc, s.dpb_slots);
}

auto looks(const SequenceInfo& s) {
    return std::tie(s.info.visible, s.info.sample_aspect.num, s.info.sample_aspect.den, s.info.color, s.info.hdr);
}

} // namespace

FrameSize largest_size(const SequenceHeader& sequence) {
    FrameSize size;
    size.upscaled_width = size.frame_width = size.render_width = sequence.max_frame_width_minus_1 + 1U;
    size.frame_height = size.render_height = sequence.max_frame_height_minus_1 + 1U;
    return size;
}

SequenceInfo describe_sequence(const SequenceHeader& sequence, const FrameSize& size, const StreamInfo& container,
                               const HdrMetadata& hdr) {
    constexpr std::uint32_t block = 8; // MiCols and MiRows count halves of it
    SequenceInfo info;
    info.codec = CodecId::Av1;
    info.coded_width = (size.upscaled_width + block - 1) / block * block;
    info.coded_height = (size.frame_height + block - 1) / block * block;
    info.bit_depth_luma = info.bit_depth_chroma = sequence.color.bit_depth;
    info.chroma_format_idc = chroma_format_idc(sequence.color);
    info.dpb_slots = num_ref_frames;
    info.info.visible = {0, 0, size.upscaled_width, size.frame_height};
    info.info.sample_aspect = sample_aspect(size, container);
    info.info.color = color(sequence.color, container);
    info.info.hdr = complete(hdr, container.hdr);
    return info;
}

std::optional<std::string> unsupported(const SequenceHeader& sequence, unsigned operating_point) {
    if (sequence.seq_profile == 1) return "AV1 High profile (4:4:4) is not done by this decoder";
    if (sequence.seq_profile > 1) return "AV1 Professional profile (4:2:2 or 12 bit) is not done by this decoder";
    if (auto why = lacks(sequence, operating_point)) return why;
    if (!has_spatial_layers(sequence, operating_point)) return std::nullopt;
    for (unsigned other = operating_point + 1; other <= sequence.operating_points_cnt_minus_1; ++other)
        if (!has_spatial_layers(sequence, other))
            return fmt::format("AV1 with spatial layers is not done by this decoder; operating point {} has none, at a "
                               "lower quality",
                               other);
    return "AV1 with spatial layers is not done by this decoder";
}

std::optional<std::string> lacks(const SequenceHeader& sequence, unsigned operating_point) {
    const unsigned last = sequence.operating_points_cnt_minus_1;
    if (operating_point <= last) return std::nullopt;
    return fmt::format("there is no operating point {} in the stream, the last is {}", operating_point, last);
}

/// operating_points_cnt_minus_1 of section 5.5.1. What cannot be read is left to the decoder.
Result<> check_operating_point(const StreamInfo& stream, std::span<const std::uint8_t> units) {
    if (stream.codec != CodecId::Av1 || stream.operating_point == 0) return {}; // there is always the first
    auto configuration = parse_av1_configuration(units);
    if (!configuration) return {};
    while (const auto obu = configuration->units.next()) {
        SequenceHeader sequence;
        if (obu->type != ObuType::SequenceHeader || !parse_sequence_header(obu->payload, sequence)) continue;
        if (auto why = lacks(sequence, stream.operating_point))
            return fail(ENOTSUP, std::move(*why), "sequence_header_obu");
    }
    return {};
}

bool same_buffers(const SequenceInfo& a, const SequenceInfo& b) { return buffers(a) == buffers(b); }
bool same_sequence(const SequenceInfo& a, const SequenceInfo& b) { return same_buffers(a, b) && looks(a) == looks(b); }

} // namespace v4l2play::av1
