// Arbitrary bytes for the VP9 parsers: superframes, uncompressed and compressed headers. What is accepted is in range,
// and no structure reaches behind its bytes.
//
// Input: one unit of the container. All reference slots hold frames of 64x64, so that inter headers go to their end.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

#include "decoder/codec/vp9_parser.h"
#include "decoder/codec/vp9_superframe.h"

namespace {

using namespace v4l2play::vp9;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

void check(const FrameHeader& header, std::size_t size) {
    require(header.profile == 0 || header.profile == 2, "profile");
    require(header.frame_width >= 1 && header.frame_width <= 65536, "frame_width");
    require(header.frame_height >= 1 && header.frame_height <= 65536, "frame_height");
    require(header.is_intra() || (header.frame_width >= 32 && header.frame_width <= 1024),
            "a size that is not scalable");
    require(!header.key_frame || (header.refresh_frame_flags == 0xff && !header.intra_only), "key frame");
    require(!header.intra_only || !header.show_frame, "an intra-only frame that is shown");
    require(!header.error_resilient_mode || (!header.refresh_frame_context && header.reset_frame_context == 0),
            "error_resilient_mode");
    for (const std::uint8_t index : header.ref_frame_idx) require(index < reference_slots, "ref_frame_idx");
    require(header.header_size_in_bytes > 0, "header_size_in_bytes");
    require(header.uncompressed_size + std::size_t{header.header_size_in_bytes} < size, "sizes");
}

void parse(HeaderParser& parser, const ReferenceSizes& references, std::span<const std::uint8_t> frame) {
    FrameHeader header;
    if (!parser.parse(frame, references, header) || header.show_existing_frame) return;
    check(header, frame.size());
    CompressedHeader compressed;
    const auto bytes = frame.subspan(header.uncompressed_size).first(header.header_size_in_bytes);
    if (!parse_compressed_header(bytes, header, compressed)) return;
    require(compressed.tx_mode <= (header.is_lossless() ? 0 : 4), "tx_mode");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> unit(data, size);
    const Superframe superframe = split_superframe(unit);
    ReferenceSizes references;
    references.fill({64, 64});
    HeaderParser parser;
    const std::uint8_t* last = data;
    for (unsigned i = 0; i < superframe.count; ++i) {
        const auto frame = superframe.frame[i];
        require(!frame.empty() && frame.data() >= last && frame.data() + frame.size() <= data + size, "superframe");
        last = frame.data() + frame.size();
        parse(parser, references, frame);
    }
    return 0;
}
