// Reference picture lists: ITU-T H.264 clause 8.2.4.
#pragma once

#include "decoder/codec/h264_picture.h"

namespace v4l2play::h264 {

/// What stands in the active entries of a slice's lists.
struct ListVerdict {
    bool absent = false;     ///< an entry with no picture behind it: the lists are longer than the DPB is full
    bool empty = false;      ///< a list without any picture
    bool unresolved = false; ///< a modification names a picture that is not in the DPB
};

/// Initialises and modifies RefPicList0 and 1 of `slice` over the references in `picture` (dpb, counts, structure and
/// sps have to be filled), and cuts them to num_ref_idx_lX_active_minus1 + 1 entries.
ListVerdict build_lists(const H264Picture& picture, Slice& slice);

} // namespace v4l2play::h264
