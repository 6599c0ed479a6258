// Reads VP9 headers. Each function is one structure of section 6 of the specification; every element is range-checked
// where it is read. No allocation.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder/codec/syntax_error.h"
#include "decoder/codec/vp9_syntax.h"

namespace v4l2play::vp9 {

/// What 6.2.5 needs to know of a picture in a reference slot; a width of 0: there is none.
struct ReferenceSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};
using ReferenceSizes = std::array<ReferenceSize, reference_slots>;

/// The parser of uncompressed headers, and what stays from one to the next: loop filter deltas, segmentation, colour.
class HeaderParser {
  public:
    /// 6.1, 6.2. `frame` begins with the header; bytes may follow. What stays is taken over only on success.
    Parsed<> parse(std::span<const std::uint8_t> frame, const ReferenceSizes& references, FrameHeader& header);
    /// Forgets what was kept.
    void reset() { *this = {}; }

  private:
    LoopFilter loop_filter_;
    Segmentation segmentation_;
    ColorConfig color_;
    std::uint8_t profile_ = 0;
};

/// 6.3. `bytes`: header_size_in_bytes behind the uncompressed header.
Parsed<> parse_compressed_header(std::span<const std::uint8_t> bytes, const FrameHeader& header, CompressedHeader& out);

} // namespace v4l2play::vp9
