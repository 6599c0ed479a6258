// The part of the video usability information that H.264 (Annex E) and H.265 (Annex E) have in common.
#pragma once

#include "decoder/codec/nal_syntax_reader.h"
#include "decoder/color.h"
#include "decoder/frame.h"

namespace v4l2play::nal {

/// vui_parameters() (H.264 E.1.1, H.265 E.2.1) from aspect_ratio_info_present_flag to
/// chroma_sample_loc_type_bottom_field. What is not there, or behind an error, stays as it is.
void parse_vui_of_pictures(SyntaxReader& r, Rational& sample_aspect, ColorDescription& color);

} // namespace v4l2play::nal
