// Scaling lists: ITU-T H.265 clauses 7.3.4 and 7.4.5.
#pragma once

#include "decoder/codec/hevc_parser.h"

namespace v4l2play::hevc {

/// Tables 7-5 and 7-6
ScalingLists default_scaling_lists();
/// scaling_list_data(), 7.3.4; prediction is resolved.
void parse_scaling_list_data(SyntaxReader& r, ScalingLists& lists);

} // namespace v4l2play::hevc
