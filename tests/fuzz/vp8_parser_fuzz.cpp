// Arbitrary bytes as VP8 frames, one after the other for one parser: what it accepts keeps what vp8_syntax.h promises.
//
// Input: per frame two bytes of length, and the frame.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

#include "decoder/codec/vp8_parser.h"

namespace {

using namespace v4l2play::vp8;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

bool within(std::span<const std::int8_t> values, int limit) {
    return std::all_of(values.begin(), values.end(), [=](int value) { return value >= -limit && value <= limit; });
}

void check_tag(const FrameTag& tag, std::size_t size) {
    require(tag.size <= size, "tag");
    require(tag.size == (tag.key_frame ? 10U : 3U), "size of the tag");
    require(tag.horizontal_scale <= 3 && tag.vertical_scale <= 3, "scale");
    require(tag.width < 1 << 14 && tag.height < 1 << 14, "size");
}

void check(const FrameHeader& header, std::size_t size) {
    const unsigned parts = header.partitions;
    require(parts == 1 || parts == 2 || parts == 4 || parts == 8, "partitions");
    std::uint64_t total = header.tag.size + std::uint64_t{header.tag.first_part_size} + std::uint64_t{3} * (parts - 1);
    for (unsigned i = 0; i < parts; ++i) total += header.partition_size[i];
    require(total == size, "partitions that are not the frame");
    require(header.coder.header_bits <= std::uint64_t{header.tag.first_part_size} * 8, "header_bits");
    require(header.coder.range >= 128 && header.coder.value < header.coder.range, "coder");
    require(header.coder.bit_count < 8, "bit_count");
    require(within(header.segmentation.quantizer, 127) && within(header.segmentation.loop_filter, 63), "segmentation");
    require(within(header.loop_filter.reference_delta, 63) && within(header.loop_filter.mode_delta, 63), "deltas");
    require(header.loop_filter.level <= 63 && header.loop_filter.sharpness <= 7, "loop filter");
    require(header.quant.y_ac_qi <= 127 && within({&header.quant.y_dc_delta, 5}, 15), "quant_indices");
    for (const auto& row : header.probabilities.motion)
        require(std::find(row.begin(), row.end(), 0) == row.end(), "a motion probability of 0");
}

/// `started`: the frame before it was read. Without it, only a key frame can be.
void frame(HeaderParser& parser, std::span<const std::uint8_t> bytes, bool& started) {
    FrameHeader header;
    if (!parse_frame_tag(bytes, header.tag)) return;
    check_tag(header.tag, bytes.size());
    if (!started && !header.tag.key_frame) return;
    started = parser.parse(bytes, header).has_value();
    if (started) check(header, bytes.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    HeaderParser parser;
    bool started = false;
    std::span<const std::uint8_t> rest(data, size);
    while (rest.size() > 2) {
        const std::size_t length = std::min<std::size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
        frame(parser, rest.subspan(2, length), started);
        rest = rest.subspan(2 + length);
    }
    return 0;
}
