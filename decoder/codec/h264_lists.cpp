#include "decoder/codec/h264_lists.h"

#include <algorithm>

namespace v4l2play::h264 {

namespace {

constexpr std::uint8_t no_picture = 0xff;

/// A list under construction. One longer than a list, as in 8.2.4.3.1.
struct EntryList {
    std::array<ListEntry, maximum_list_entries + 1> entry{};
    unsigned size = 0;

    void push(unsigned dpb_index, Fields fields) {
        if (size < maximum_list_entries) entry[size++] = {static_cast<std::uint8_t>(dpb_index), fields};
    }
    auto begin() { return entry.begin(); }
    auto end() { return entry.begin() + size; }
};

/// Frames in the order in which their fields are taken: indices into H264Picture::dpb.
struct FrameList {
    std::array<std::uint8_t, maximum_dpb_frames> index{};
    unsigned size = 0;
};

bool is_field(const H264Picture& picture) { return picture.structure != Fields::Frame; }

/// PicOrderCnt() of what is decoded of a frame (8-1)
std::int32_t frame_count(const DpbEntry& entry) {
    if (entry.decoded == Fields::Top) return entry.top_field_order_cnt;
    if (entry.decoded == Fields::Bottom) return entry.bottom_field_order_cnt;
    return std::min(entry.top_field_order_cnt, entry.bottom_field_order_cnt);
}

/// PicOrderCnt( CurrPic )
std::int32_t current_count(const H264Picture& picture) {
    if (picture.structure == Fields::Top) return picture.top_field_order_cnt;
    if (picture.structure == Fields::Bottom) return picture.bottom_field_order_cnt;
    return std::min(picture.top_field_order_cnt, picture.bottom_field_order_cnt);
}

/// Adds the frames for which `chosen`, those first for which `before` says so.
template <class Chosen, class Before>
void append_sorted(const H264Picture& picture, FrameList& list, Chosen chosen, Before before) {
    const auto first = list.index.begin() + list.size;
    for (unsigned i = 0; i < picture.dpb_count; ++i)
        if (chosen(picture.dpb[i]) && list.size < list.index.size())
            list.index[list.size++] = static_cast<std::uint8_t>(i);
    std::sort(first, list.index.begin() + list.size,
              [&](std::uint8_t a, std::uint8_t b) { return before(picture.dpb[a], picture.dpb[b]); });
}

bool higher_frame_num(const DpbEntry& a, const DpbEntry& b) { return a.frame_num_wrap > b.frame_num_wrap; }
bool lower_index(const DpbEntry& a, const DpbEntry& b) { return a.long_term_frame_idx < b.long_term_frame_idx; }
bool lower_count(const DpbEntry& a, const DpbEntry& b) { return frame_count(a) < frame_count(b); }
bool higher_count(const DpbEntry& a, const DpbEntry& b) { return frame_count(a) > frame_count(b); }

/// Of the marked fields, those that count: for a frame both have to be marked, for a field one is enough.
bool suffices(const H264Picture& picture, Fields marked) {
    return is_field(picture) ? any(marked) : marked == Fields::Frame;
}

/// 8.2.4.2.5: fields by turns, of the current field's parity first. A frame that lacks the one is passed over; when
/// one parity is used up, the rest of the other follows.
void append_alternating(const H264Picture& picture, const FrameList& frames, Fields DpbEntry::*marking,
                        EntryList& list) {
    std::array<unsigned, 2> next{};
    const std::array<Fields, 2> parity{picture.structure, opposite(picture.structure)};
    const auto take = [&](unsigned which) {
        while (next[which] < frames.size) {
            const unsigned index = frames.index[next[which]++];
            if (!any(picture.dpb[index].*marking & parity[which])) continue;
            list.push(index, parity[which]);
            return true;
        }
        return false;
    };
    unsigned turn = 0;
    while (take(turn)) turn = 1 - turn;
    while (take(1 - turn)) {
    }
}

void append(const H264Picture& picture, const FrameList& frames, Fields DpbEntry::*marking, EntryList& list) {
    if (is_field(picture)) {
        append_alternating(picture, frames, marking, list);
        return;
    }
    for (unsigned i = 0; i < frames.size; ++i) list.push(frames.index[i], Fields::Frame);
}

/// 8.2.4.2.1, 8.2.4.2.2, and the end of 8.2.4.2.3 and 8.2.4.2.4
void append_long_term(const H264Picture& picture, EntryList& list) {
    FrameList frames;
    append_sorted(
        picture, frames, [&](const DpbEntry& entry) { return suffices(picture, entry.long_term); }, lower_index);
    append(picture, frames, &DpbEntry::long_term, list);
}

/// 8.2.4.2.1, 8.2.4.2.2
void initialise_p(const H264Picture& picture, EntryList& list) {
    FrameList frames;
    append_sorted(
        picture, frames, [&](const DpbEntry& entry) { return suffices(picture, entry.short_term); }, higher_frame_num);
    append(picture, frames, &DpbEntry::short_term, list);
    append_long_term(picture, list);
}

/// 8.2.4.2.3, 8.2.4.2.4
void initialise_b(const H264Picture& picture, std::array<EntryList, 2>& lists) {
    const std::int32_t current = current_count(picture);
    // With pic_order_cnt_type 0 "non-existing" frames have no picture order count and are left out.
    const bool without_gaps = picture.sps->pic_order_cnt_type == 0;
    const auto short_term = [&](const DpbEntry& entry) {
        return suffices(picture, entry.short_term) && !(without_gaps && entry.non_existing);
    };
    const auto before = [&](const DpbEntry& entry) { return short_term(entry) && frame_count(entry) <= current; };
    const auto after = [&](const DpbEntry& entry) { return short_term(entry) && frame_count(entry) > current; };
    std::array<FrameList, 2> frames;
    append_sorted(picture, frames[0], before, higher_count);
    append_sorted(picture, frames[0], after, lower_count);
    append_sorted(picture, frames[1], after, lower_count);
    append_sorted(picture, frames[1], before, higher_count);
    for (unsigned which = 0; which < 2; ++which) {
        append(picture, frames[which], &DpbEntry::short_term, lists[which]);
        append_long_term(picture, lists[which]);
    }
    if (lists[1].size > 1 && std::equal(lists[0].begin(), lists[0].end(), lists[1].begin(), lists[1].end()))
        std::swap(lists[1].entry[0], lists[1].entry[1]);
}

/// The reference of that PicNum or LongTermPicNum (8-28 to 8-33).
ListEntry find_reference(const H264Picture& picture, bool long_term, std::int32_t pic_num) {
    const bool same_parity = (pic_num & 1) != 0;
    const Fields fields = same_parity || !is_field(picture) ? picture.structure : opposite(picture.structure);
    const std::int32_t number = is_field(picture) ? pic_num >> 1 : pic_num;
    for (unsigned i = 0; i < picture.dpb_count; ++i) {
        const DpbEntry& entry = picture.dpb[i];
        const Fields marked = (long_term ? entry.long_term : entry.short_term) & fields;
        if (marked == fields && (long_term ? entry.long_term_frame_idx : entry.frame_num_wrap) == number)
            return {static_cast<std::uint8_t>(i), fields};
    }
    return {no_picture, fields};
}

/// (8-37), (8-38): puts `picture` at `position`, and takes it out behind that.
void insert_reference(EntryList& list, unsigned position, ListEntry picture, unsigned size) {
    for (unsigned i = size; i > position; --i) list.entry[i] = list.entry[i - 1];
    list.entry[position] = picture;
    unsigned kept = position + 1;
    for (unsigned i = position + 1; i <= size; ++i)
        if (!(list.entry[i] == picture)) list.entry[kept++] = list.entry[i];
}

/// 8.2.4.3. `list` has all of its `size` entries. False when a picture is not found.
bool modify(const H264Picture& picture, const SliceHeader& header, unsigned which, EntryList& list, unsigned size) {
    const std::int32_t max_frame_num = 1 << (picture.sps->log2_max_frame_num_minus4 + 4);
    const std::int32_t max_pic_num = is_field(picture) ? 2 * max_frame_num : max_frame_num;
    const std::int32_t current_pic_num = is_field(picture) ? 2 * header.frame_num + 1 : header.frame_num;
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
        const ListEntry found = find_reference(picture, long_term, pic_num);
        found_all = found_all && found.dpb_index != no_picture;
        if (found.dpb_index != no_picture) insert_reference(list, position, found, size);
    }
    return found_all;
}

/// Writes the active entries to the slice.
void finish_list(const H264Picture& picture, const EntryList& list, unsigned size, unsigned which, Slice& slice,
                 ListVerdict& verdict) {
    slice.list_size[which] = static_cast<std::uint8_t>(size);
    bool any_present = false;
    for (unsigned i = 0; i < size; ++i) {
        const bool present = list.entry[i].dpb_index < picture.dpb_count;
        slice.list[which][i] = list.entry[i];
        any_present = any_present || present;
        verdict.absent = verdict.absent || !present;
    }
    verdict.empty = verdict.empty || !any_present;
}

} // namespace

ListVerdict build_lists(const H264Picture& picture, Slice& slice) {
    const SliceHeader& header = slice.header;
    slice.list_size = {};
    ListVerdict verdict;
    std::array<EntryList, 2> lists;
    const bool bipredictive = header.slice_type == SliceType::B;
    if (bipredictive)
        initialise_b(picture, lists);
    else if (header.slice_type == SliceType::P)
        initialise_p(picture, lists[0]);
    else
        return verdict;
    const std::array<unsigned, 2> sizes{header.num_ref_idx_l0_active_minus1 + 1U,
                                        header.num_ref_idx_l1_active_minus1 + 1U};
    for (unsigned which = 0; which < (bipredictive ? 2U : 1U); ++which) {
        EntryList& list = lists[which];
        const unsigned size = std::min(sizes[which], maximum_list_entries);
        std::fill(list.begin() + std::min(list.size, size), list.entry.end(), ListEntry{no_picture, picture.structure});
        if (!modify(picture, header, which, list, size)) verdict.unresolved = true;
        finish_list(picture, list, size, which, slice, verdict);
    }
    return verdict;
}

} // namespace v4l2play::h264
