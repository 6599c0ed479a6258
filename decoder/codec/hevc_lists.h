// Reference picture lists: ITU-T H.265 clause 8.3.4.
#pragma once

#include "decoder/codec/hevc_picture.h"

namespace v4l2play::hevc {

/// Writes the lists of `slice`, from the sets of `picture`. False when one names a picture that is not there.
bool build_lists(const HevcPicture& picture, Slice& slice);

} // namespace v4l2play::hevc
