// Which planes take what decoders make: for `v4l2play devices`.
#pragma once

#include <string>
#include <vector>

#include "decoder/decoder.h"
#include "decoder/v4l2/format.h"
#include "render/kms/cards.h"

namespace v4l2play {

/// A decoder, and what its CAPTURE queue offers for any of its codecs before it has seen a stream: some drivers name
/// formats of 10 bits only when they know that there are so many.
struct DecoderPixels {
    std::string name;
    std::vector<V4l2Fourcc> formats;
};

/// Those of this machine; a decoder that is busy tells nothing and is left out.
std::vector<DecoderPixels> list_decoder_pixels();

/// What this machine's decoders would make of such a stream, laid out as their drivers say; those for 10 bits are
/// missing where the driver has to see the stream first.
std::vector<FrameFormat> decoder_formats(const StreamInfo& stream);

/// A line for each format of each decoder:
///
///     visl (platform:visl)
///       NV12          card1 Virtual-1: planes 31 36 37
///       P010          no plane takes P010
///
std::vector<std::string> cross(const std::vector<DecoderPixels>& decoders, const std::vector<KmsCard>& cards);

} // namespace v4l2play
