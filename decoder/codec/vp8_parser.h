// Parses VP8 frame headers (RFC 6386 sections 9 and 19.2).
#pragma once

#include <cstdint>
#include <span>

#include <tl/expected.hpp>

#include "decoder/codec/vp8_syntax.h"

namespace v4l2play::vp8 {

/// Why a frame cannot be read; static text.
using ParseResult = tl::expected<void, const char*>;

/// uncompressed_data_chunk() (section 9.1). Needs no other frame.
ParseResult parse_frame_tag(std::span<const std::uint8_t> frame, FrameTag& tag);

/// Headers of one frame after the other: keeps what outlives a frame.
class HeaderParser {
  public:
    /// `header.tag` is that of `frame`. After an error only a key frame can be parsed.
    ParseResult parse(std::span<const std::uint8_t> frame, FrameHeader& header);

  private:
    void reset();

    // In force for the next frame.
    Segmentation segmentation_;
    LoopFilter loop_filter_;
    Probabilities probabilities_;
};

} // namespace v4l2play::vp8
