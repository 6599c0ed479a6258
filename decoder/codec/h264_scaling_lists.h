// Scaling lists: their syntax, and which are in force.
#pragma once

#include "decoder/codec/h264_parser.h"

namespace v4l2play::h264 {

/// The first `count` (at most 12) of the lists of a parameter set, each after its present flag (7.3.2.1.1, 7.3.2.2).
void parse_scaling_lists(SyntaxReader& reader, unsigned count, ScalingLists& lists);

} // namespace v4l2play::h264
