// What follows from the headers of an MPEG-2 sequence (ITU-T H.262 clause 6.3.3).
#pragma once

#include "decoder/access_unit.h"
#include "decoder/codec/codec.h"
#include "decoder/codec/mpeg2_syntax.h"

namespace v4l2play::mpeg2 {

/// Luminance rows of the frame that are coded.
unsigned coded_height(const Sequence& sequence);
/// `container` fills in what the stream leaves open. `fields`: the sequence begins with a field picture. A sequence of
/// frames may have field pictures later, but hardly any has: a device that cannot do them may have it.
SequenceInfo describe_sequence(const Sequence& sequence, const StreamInfo& container, bool fields);
/// Buffers made for the one do for the other.
bool same_pictures(const Sequence& a, const Sequence& b);

} // namespace v4l2play::mpeg2
