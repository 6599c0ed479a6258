#include "decoder/codec/h264_dpb.h"

#include <algorithm>

namespace v4l2play::h264 {

namespace {

/// PicNum or LongTermPicNum of `field` when `structure` is decoded, of FrameNumWrap or LongTermFrameIdx (8-28 to 8-33).
std::int32_t picture_number(std::int32_t frame_number, Fields structure, Fields field) {
    if (structure == Fields::Frame) return frame_number;
    return 2 * frame_number + (field == structure ? 1 : 0);
}

/// What such a number names when `structure` is decoded: the number of the frame, and the fields of it.
struct Named {
    std::int32_t frame_number = 0;
    Fields fields = Fields::Frame;
};
Named name(std::int32_t pic_num, Fields structure) {
    if (structure == Fields::Frame) return {pic_num, Fields::Frame};
    return {pic_num >> 1, (pic_num & 1) != 0 ? structure : opposite(structure)};
}

/// The field that comes first in decoding order or, of a frame, in output order.
Fields first_field(const FrameStore& frame) {
    if (frame.first != Fields::Frame) return frame.first;
    return frame.counts.top < frame.counts.bottom ? Fields::Top : Fields::Bottom;
}

void describe(DpbEntry& entry, const FrameStore& frame, Fields structure) {
    entry = {};
    entry.id = frame.id;
    entry.frame_num = frame.frame_num;
    entry.frame_num_wrap = frame.frame_num_wrap;
    entry.long_term_frame_idx = frame.long_term_frame_idx;
    entry.short_term = frame.short_term;
    entry.long_term = frame.long_term;
    entry.pic_num = picture_number(entry.is_long_term() ? frame.long_term_frame_idx : frame.frame_num_wrap, structure,
                                   first_field(frame));
    entry.decoded = frame.decoded;
    entry.field_pair = frame.first != Fields::Frame && frame.decoded == Fields::Frame;
    entry.non_existing = frame.non_existing;
    if (any(frame.decoded & Fields::Top)) entry.top_field_order_cnt = frame.counts.top;
    if (any(frame.decoded & Fields::Bottom)) entry.bottom_field_order_cnt = frame.counts.bottom;
}

} // namespace

void FrameStore::add(Fields field, PicOrderCnt count) {
    (field == Fields::Top ? counts.top : counts.bottom) = count.frame();
    decoded = decoded | field;
}

void Dpb::configure(unsigned capacity, unsigned max_num_ref_frames) {
    max_num_ref_frames_ = std::clamp(max_num_ref_frames, 1U, maximum_dpb_frames);
    capacity_ = std::clamp(capacity, max_num_ref_frames_, maximum_dpb_frames);
}

unsigned Dpb::occupied() const {
    return static_cast<unsigned>(
        std::count_if(frames().begin(), frames().end(), [](const FrameStore& frame) { return frame.has_buffer(); }));
}

void Dpb::update_frame_num_wrap(unsigned frame_num, unsigned max_frame_num) {
    for (FrameStore& frame : frames()) {
        frame.frame_num_wrap = frame.frame_num;
        if (frame.frame_num > frame_num) frame.frame_num_wrap -= static_cast<std::int32_t>(max_frame_num);
    }
}

FrameStore* Dpb::open_frame() {
    for (FrameStore& frame : frames())
        if (frame.open) return &frame;
    return nullptr;
}

void Dpb::list_references(H264Picture& picture, bool recovered) const {
    picture.dpb_count = 0;
    for (const FrameStore& frame : frames()) {
        if (!frame.is_reference() || picture.dpb_count == picture.dpb.size()) continue;
        // 8.2.4.2.1, 8.2.4.2.3: frames refer to frames of which both fields are marked. Devices that make the lists
        // themselves take every entry for one.
        if (picture.structure == Fields::Frame && frame.reference() != Fields::Frame) continue;
        DpbEntry& entry = picture.dpb[picture.dpb_count++];
        describe(entry, frame, picture.structure);
        if (frame.id == 0) entry.substitute = frame.substitute != 0 ? frame.substitute : newest_reference();
        entry.lost = frame.lost && !(recovered && frame.excused);
    }
}

FrameId Dpb::newest_reference() const {
    for (unsigned i = count_; i > 0; --i) {
        const FrameStore& frame = frames_[i - 1];
        if (!frame.is_reference()) continue;
        if (frame.id != 0 || frame.substitute != 0) return frame.id != 0 ? frame.id : frame.substitute;
    }
    return 0;
}

void Dpb::mark(const SliceHeader& header, FrameStore& current) {
    const DecRefPicMarking& marking = header.dec_ref_pic_marking;
    const Fields fields = coded_fields(header);
    if (header.idr_pic_flag) {
        // An IDR picture is a first field, or a frame; some encoders call the second field one too.
        if (!current.open) unmark_all();
        if (marking.long_term_reference_flag) assign_long_term({&current, fields}, 0);
    } else {
        if (marking.adaptive_ref_pic_marking_mode_flag)
            for (unsigned i = 0; i < marking.count; ++i) apply(marking.operations[i], header, current);
        slide_window(&current); // after operations too: conforming streams have made room themselves
    }
    if (!any(current.long_term & fields)) current.short_term = current.short_term | fields;
}

void Dpb::slide_window(const FrameStore* current) {
    for (unsigned references = count_references(current); references >= max_num_ref_frames_; --references) {
        FrameStore* oldest = nullptr;
        for (FrameStore& frame : frames())
            if (&frame != current && any(frame.short_term) &&
                (oldest == nullptr || frame.frame_num_wrap < oldest->frame_num_wrap))
                oldest = &frame;
        for (FrameStore& frame : frames()) // 8.2.5.3: numShortTerm shall be greater than 0; here it is not
            if (oldest == nullptr && &frame != current && frame.is_reference()) oldest = &frame;
        if (oldest == nullptr) return;
        oldest->unmark();
    }
}

void Dpb::unmark_all() {
    for (FrameStore& frame : frames()) frame.unmark();
}

void Dpb::excuse_lost() {
    for (FrameStore& frame : frames()) frame.excused = frame.lost;
}

/// 8.2.5.4.1 to 8.2.5.4.6. Operations on pictures that are not there do nothing.
void Dpb::apply(const Mmco& operation, const SliceHeader& header, FrameStore& current) {
    const Fields structure = coded_fields(header);
    const auto difference = static_cast<std::int32_t>(operation.difference_of_pic_nums_minus1) + 1;
    const std::int32_t pic_num = picture_number(header.frame_num, structure, structure) - difference; // (8-39)
    const auto long_term_pic_num = static_cast<std::int32_t>(operation.long_term_pic_num);
    switch (operation.operation) {
    case 1:
        if (const Found found = find_short_term(pic_num, structure); found.frame != nullptr)
            found.frame->short_term = without(found.frame->short_term, found.fields);
        break;
    case 2:
        if (const Found found = find_long_term(long_term_pic_num, structure); found.frame != nullptr)
            found.frame->long_term = without(found.frame->long_term, found.fields);
        break;
    case 3:
        if (const Found found = find_short_term(pic_num, structure); found.frame != nullptr)
            assign_long_term(found, operation.long_term_frame_idx);
        break;
    case 4:
        unmark_long_term_above(operation.max_long_term_frame_idx_plus1);
        break;
    case 5:
        unmark_all();
        break;
    case 6:
        assign_long_term({&current, structure}, operation.long_term_frame_idx);
        break;
    default:
        break;
    }
}

Dpb::Found Dpb::find_short_term(std::int32_t pic_num, Fields structure) {
    const Named named = name(pic_num, structure);
    for (FrameStore& frame : frames())
        if ((frame.short_term & named.fields) == named.fields && frame.frame_num_wrap == named.frame_number)
            return {&frame, named.fields};
    return {};
}

Dpb::Found Dpb::find_long_term(std::int32_t long_term_pic_num, Fields structure) {
    const Named named = name(long_term_pic_num, structure);
    for (FrameStore& frame : frames())
        if ((frame.long_term & named.fields) == named.fields && frame.long_term_frame_idx == named.frame_number)
            return {&frame, named.fields};
    return {};
}

void Dpb::unmark_long_term_above(unsigned maximum_plus1) {
    for (FrameStore& frame : frames())
        if (frame.long_term_frame_idx >= maximum_plus1) frame.long_term = Fields::None;
}

/// The index is taken from whoever has it, but for the other field of the same frame.
void Dpb::assign_long_term(Found picture, unsigned long_term_frame_idx) {
    FrameStore& frame = *picture.frame;
    for (FrameStore& holder : frames())
        if (&holder != &frame && holder.long_term_frame_idx == long_term_frame_idx) holder.long_term = Fields::None;
    frame.short_term = without(frame.short_term, picture.fields);
    frame.long_term = frame.long_term | picture.fields;
    frame.long_term_frame_idx = static_cast<std::uint16_t>(long_term_frame_idx);
}

unsigned Dpb::count_references(const FrameStore* except) const {
    return static_cast<unsigned>(std::count_if(frames().begin(), frames().end(), [=](const FrameStore& frame) {
        return &frame != except && frame.is_reference();
    }));
}

void Dpb::store(const FrameStore& frame) {
    if (count_ < frames_.size()) frames_[count_++] = frame;
}

bool Dpb::is_substitute(FrameId id) const {
    return std::any_of(frames().begin(), frames().end(), [=](const FrameStore& frame) {
        return frame.id == 0 && frame.substitute == id && frame.is_reference();
    });
}

void Dpb::keep_lent(FrameId id) {
    if (lent_count_ < lent_.size()) lent_[lent_count_++] = id;
}

void Dpb::forget_unlent(Steps& steps) {
    unsigned kept = 0;
    for (unsigned i = 0; i < lent_count_; ++i) {
        if (is_substitute(lent_[i]))
            lent_[kept++] = lent_[i];
        else
            steps.push_back(make_step(Step::Kind::Forget, lent_[i]));
    }
    lent_count_ = kept;
}

void Dpb::release(Steps& steps) {
    forget_unlent(steps);
    unsigned kept = 0;
    for (unsigned i = 0; i < count_; ++i) {
        FrameStore& frame = frames_[i];
        if (!frame.is_reference() && frame.id != 0 && !frame.forgotten) {
            frame.forgotten = true;
            if (is_substitute(frame.id))
                keep_lent(frame.id);
            else
                steps.push_back(make_step(Step::Kind::Forget, frame.id));
        }
        if (!frame.is_reference() && !frame.needed_for_output) continue;
        if (kept != i) frames_[kept] = frame;
        ++kept;
    }
    count_ = kept;
}

void Dpb::clear(Steps& steps) {
    for (FrameStore& frame : frames()) {
        frame.unmark();
        frame.needed_for_output = false;
    }
    release(steps);
}

} // namespace v4l2play::h264
