// Short-term reference picture sets: ITU-T H.265 clauses 7.3.7 and 7.4.8.
#pragma once

#include "decoder/codec/hevc_parser.h"

namespace v4l2play::hevc {

/// st_ref_pic_set(stRpsIdx), 7.3.7. `earlier`: the sets of the SPS that may be predicted from, all before stRpsIdx.
/// `in_slice`: sent in a slice header, where any earlier set may be named.
void parse_short_term_ref_pic_set(SyntaxReader& r, std::span<const ShortTermRefPicSet> earlier, bool in_slice,
                                  ShortTermRefPicSet& set);

} // namespace v4l2play::hevc
