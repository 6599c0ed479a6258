#include "decoder/codec/h264_lists.h"

#include <algorithm>

namespace v4l2play::h264 {

namespace {

constexpr std::uint8_t no_picture = 0xff;

/// A list under construction: indices into H264Picture::dpb. One longer than a list, as in 8.2.4.3.1.
struct IndexList {
    std::array<std::uint8_t, maximum_list_entries + 1> index{};
    unsigned size = 0;

    void push(unsigned dpb_index) {
        if (size < maximum_list_entries) index[size++] = static_cast<std::uint8_t>(dpb_index);
    }
    auto begin() { return index.begin(); }
    auto end() { return index.begin() + size; }
};

std::int32_t frame_count(const DpbEntry& entry) {
    return std::min(entry.top_field_order_cnt, entry.bottom_field_order_cnt);
}

/// Adds the references for which `chosen`, those first for which `before` says so.
template <class Chosen, class Before>
void append_sorted(const H264Picture& picture, IndexList& list, Chosen chosen, Before before) {
    const auto first = list.size;
    for (unsigned i = 0; i < picture.dpb_count; ++i)
        if (picture.dpb[i].reference == Fields::Frame && chosen(picture.dpb[i])) list.push(i);
    std::sort(list.begin() + first, list.end(),
              [&](std::uint8_t a, std::uint8_t b) { return before(picture.dpb[a], picture.dpb[b]); });
}

bool lower_pic_num(const DpbEntry& a, const DpbEntry& b) { return a.pic_num < b.pic_num; }
bool higher_pic_num(const DpbEntry& a, const DpbEntry& b) { return a.pic_num > b.pic_num; }
bool lower_count(const DpbEntry& a, const DpbEntry& b) { return frame_count(a) < frame_count(b); }
bool higher_count(const DpbEntry& a, const DpbEntry& b) { return frame_count(a) > frame_count(b); }
bool is_long_term(const DpbEntry& entry) { return entry.long_term; }

/// 8.2.4.2.1
void initialise_p_frame(const H264Picture& picture, IndexList& list) {
    append_sorted(
        picture, list, [](const DpbEntry& entry) { return !entry.long_term; }, higher_pic_num);
    append_sorted(picture, list, is_long_term, lower_pic_num);
}

/// 8.2.4.2.3
void initialise_b_frame(const H264Picture& picture, std::array<IndexList, 2>& lists) {
    const std::int32_t current = std::min(picture.top_field_order_cnt, picture.bottom_field_order_cnt);
    // With pic_order_cnt_type 0 "non-existing" frames have no picture order count and are left out.
    const bool without_gaps = picture.sps->pic_order_cnt_type == 0;
    const auto short_term = [=](const DpbEntry& entry) {
        return !entry.long_term && !(without_gaps && entry.non_existing);
    };
    const auto before = [=](const DpbEntry& entry) { return short_term(entry) && frame_count(entry) <= current; };
    const auto after = [=](const DpbEntry& entry) { return short_term(entry) && frame_count(entry) > current; };
    append_sorted(picture, lists[0], before, higher_count);
    append_sorted(picture, lists[0], after, lower_count);
    append_sorted(picture, lists[1], after, lower_count);
    append_sorted(picture, lists[1], before, higher_count);
    for (IndexList& list : lists) append_sorted(picture, list, is_long_term, lower_pic_num);
    if (lists[1].size > 1 && std::equal(lists[0].begin(), lists[0].end(), lists[1].begin(), lists[1].end()))
        std::swap(lists[1].index[0], lists[1].index[1]);
}

unsigned find_reference(const H264Picture& picture, bool long_term, std::int32_t pic_num) {
    for (unsigned i = 0; i < picture.dpb_count; ++i) {
        const DpbEntry& entry = picture.dpb[i];
        if (entry.reference == Fields::Frame && entry.long_term == long_term && entry.pic_num == pic_num) return i;
    }
    return no_picture;
}

/// (8-37), (8-38): puts `picture` at `position`, and takes it out behind that.
void insert_reference(IndexList& list, unsigned position, std::uint8_t picture, unsigned size) {
    for (unsigned i = size; i > position; --i) list.index[i] = list.index[i - 1];
    list.index[position] = picture;
    unsigned kept = position + 1;
    for (unsigned i = position + 1; i <= size; ++i)
        if (list.index[i] != picture) list.index[kept++] = list.index[i];
}

/// 8.2.4.3. `list` has all of its `size` entries. False when a picture is not found.
bool modify(const H264Picture& picture, const SliceHeader& header, unsigned which, IndexList& list, unsigned size) {
    const std::int32_t max_pic_num = 1 << (picture.sps->log2_max_frame_num_minus4 + 4); // frames: MaxFrameNum
    const std::int32_t current_pic_num = header.frame_num;
    std::int32_t predicted = current_pic_num; // picNumLXPred
    bool found_all = true;
    const unsigned count = std::min<unsigned>(header.modification_count[which], size);
    for (unsigned position = 0; position < count; ++position) {
        const RefPicListModification& operation = header.modifications[which][position];
        const bool long_term = operation.modification_of_pic_nums_idc == 2;
        auto pic_num = static_cast<std::int32_t>(operation.value);
        if (!long_term) {
            const std::int32_t difference = pic_num + 1; // (8-34), (8-35): modulo MaxPicNum
            predicted += operation.modification_of_pic_nums_idc == 0 ? -difference : difference;
            predicted = (predicted % max_pic_num + max_pic_num) % max_pic_num;
            pic_num = predicted > current_pic_num ? predicted - max_pic_num : predicted; // (8-36)
        }
        const unsigned found = find_reference(picture, long_term, pic_num);
        found_all = found_all && found != no_picture;
        if (found != no_picture) insert_reference(list, position, static_cast<std::uint8_t>(found), size);
    }
    return found_all;
}

/// Writes the active entries to the slice.
void finish_list(const H264Picture& picture, const IndexList& list, unsigned size, unsigned which, Slice& slice,
                 ListVerdict& verdict) {
    slice.list_size[which] = static_cast<std::uint8_t>(size);
    bool any = false;
    for (unsigned i = 0; i < size; ++i) {
        const bool present = list.index[i] < picture.dpb_count;
        slice.list[which][i] = {list.index[i], Fields::Frame};
        any = any || present;
        verdict.absent = verdict.absent || !present;
    }
    verdict.empty = verdict.empty || !any;
}

} // namespace

ListVerdict build_lists(const H264Picture& picture, Slice& slice) {
    const SliceHeader& header = slice.header;
    slice.list_size = {};
    ListVerdict verdict;
    std::array<IndexList, 2> lists;
    const bool bipredictive = header.slice_type == SliceType::B;
    if (bipredictive)
        initialise_b_frame(picture, lists);
    else if (header.slice_type == SliceType::P)
        initialise_p_frame(picture, lists[0]);
    else
        return verdict;
    const std::array<unsigned, 2> sizes{header.num_ref_idx_l0_active_minus1 + 1U,
                                        header.num_ref_idx_l1_active_minus1 + 1U};
    for (unsigned which = 0; which < (bipredictive ? 2U : 1U); ++which) {
        IndexList& list = lists[which];
        const unsigned size = std::min(sizes[which], maximum_list_entries);
        std::fill(list.index.begin() + std::min(list.size, size), list.index.end(), no_picture);
        if (!modify(picture, header, which, list, size)) verdict.unresolved = true;
        finish_list(picture, list, size, which, slice, verdict);
    }
    return verdict;
}

} // namespace v4l2play::h264
