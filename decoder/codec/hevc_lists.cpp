#include "decoder/codec/hevc_lists.h"

#include <algorithm>

namespace v4l2play::hevc {

namespace {

/// RefPicListTemp0 or 1 (8-8), (8-10), once through: the lists repeat it.
struct Candidates {
    std::array<std::uint8_t, 3 * maximum_set_pictures> index{};
    unsigned count = 0;

    void append(const ReferenceSet& set) {
        for (const std::uint8_t entry : set.entries()) index[count++] = entry;
    }
};

Candidates candidates(const HevcPicture& picture, unsigned list) {
    Candidates all;
    all.append(list == 0 ? picture.st_curr_before : picture.st_curr_after);
    all.append(list == 0 ? picture.st_curr_after : picture.st_curr_before);
    all.append(picture.lt_curr);
    return all;
}

} // namespace

bool build_lists(const HevcPicture& picture, Slice& slice) {
    bool complete = true;
    for (unsigned list = 0; list < 2; ++list) {
        const Candidates from = candidates(picture, list);
        for (unsigned i = 0; i < slice.header.active_references(list); ++i) {
            const bool modified = slice.header.ref_pic_list_modification_flag[list];
            const unsigned at = modified ? slice.header.list_entry[list][i] : i % std::max(from.count, 1U);
            slice.list[list][i] = at < from.count ? from.index[at] : no_picture;
            complete &= slice.list[list][i] != no_picture;
        }
    }
    return complete;
}

} // namespace v4l2play::hevc
