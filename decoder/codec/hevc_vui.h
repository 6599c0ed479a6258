// Video usability information: ITU-T H.265 Annex E.
#pragma once

#include "decoder/codec/hevc_parser.h"

namespace v4l2play::hevc {

/// vui_parameters() (E.2.1). What was read before an error stays.
void parse_vui_parameters(SyntaxReader& r, Sps& sps);

} // namespace v4l2play::hevc
