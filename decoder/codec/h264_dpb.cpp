#include "decoder/codec/h264_dpb.h"

#include <algorithm>

namespace v4l2play::h264 {

Step step(Step::Kind kind, FrameId id) {
    Step made;
    made.kind = kind;
    made.id = id;
    return made;
}

void Dpb::configure(unsigned capacity, unsigned max_num_ref_frames) {
    max_num_ref_frames_ = std::clamp(max_num_ref_frames, 1U, maximum_dpb_frames);
    capacity_ = std::clamp(capacity, max_num_ref_frames_, maximum_dpb_frames);
}

unsigned Dpb::occupied() const {
    return static_cast<unsigned>(
        std::count_if(frames().begin(), frames().end(), [](const FrameStore& frame) { return !frame.lost; }));
}

void Dpb::update_frame_num_wrap(unsigned frame_num, unsigned max_frame_num) {
    for (FrameStore& frame : frames()) {
        frame.frame_num_wrap = frame.frame_num;
        if (frame.frame_num > frame_num) frame.frame_num_wrap -= static_cast<std::int32_t>(max_frame_num);
    }
}

void Dpb::list_references(H264Picture& picture, bool recovered) const {
    picture.dpb_count = 0;
    for (const FrameStore& frame : frames()) {
        if (!frame.is_reference() || picture.dpb_count == picture.dpb.size()) continue;
        DpbEntry& entry = picture.dpb[picture.dpb_count++];
        entry = {};
        entry.id = frame.id;
        if (frame.id == 0) entry.substitute = frame.substitute != 0 ? frame.substitute : newest_reference();
        entry.long_term = frame.long_term != Fields::None;
        entry.frame_num = frame.frame_num;
        entry.long_term_frame_idx = frame.long_term_frame_idx;
        entry.pic_num = entry.long_term ? frame.long_term_frame_idx : frame.frame_num_wrap; // (8-28), (8-29)
        entry.reference = frame.reference();
        entry.decoded = frame.decoded;
        entry.field_pair = frame.field_pair;
        entry.non_existing = frame.non_existing;
        entry.lost = frame.lost && !(recovered && frame.excused);
        entry.top_field_order_cnt = frame.counts.top;
        entry.bottom_field_order_cnt = frame.counts.bottom;
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
    if (header.idr_pic_flag) {
        unmark_all();
        if (marking.long_term_reference_flag) assign_long_term(current, 0);
    } else if (marking.adaptive_ref_pic_marking_mode_flag) {
        for (unsigned i = 0; i < marking.count; ++i) apply(marking.operations[i], header, current);
        slide_window(); // conforming streams have made room themselves
    } else {
        slide_window();
    }
    if (current.long_term == Fields::None) current.short_term = current.decoded;
}

void Dpb::slide_window() {
    for (unsigned references = count_references(); references >= max_num_ref_frames_; --references) {
        FrameStore* oldest = nullptr;
        for (FrameStore& frame : frames())
            if (frame.short_term != Fields::None &&
                (oldest == nullptr || frame.frame_num_wrap < oldest->frame_num_wrap))
                oldest = &frame;
        for (FrameStore& frame : frames()) // 8.2.5.3: numShortTerm shall be greater than 0; here it is not
            if (oldest == nullptr && frame.is_reference()) oldest = &frame;
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

/// 8.2.5.4.1 to 8.2.5.4.6, for frames. Operations on pictures that are not there do nothing.
void Dpb::apply(const Mmco& operation, const SliceHeader& header, FrameStore& current) {
    const auto difference = static_cast<std::int32_t>(operation.difference_of_pic_nums_minus1) + 1;
    const std::int32_t pic_num = header.frame_num - difference; // picNumX (8-39)
    switch (operation.operation) {
    case 1:
        if (FrameStore* frame = find_short_term(pic_num)) frame->unmark();
        break;
    case 2:
        if (FrameStore* frame = find_long_term(operation.long_term_pic_num)) frame->unmark();
        break;
    case 3:
        if (FrameStore* frame = find_short_term(pic_num)) assign_long_term(*frame, operation.long_term_frame_idx);
        break;
    case 4:
        unmark_long_term_above(operation.max_long_term_frame_idx_plus1);
        break;
    case 5:
        unmark_all();
        break;
    case 6:
        assign_long_term(current, operation.long_term_frame_idx);
        break;
    default:
        break;
    }
}

FrameStore* Dpb::find_short_term(std::int32_t pic_num) {
    for (FrameStore& frame : frames())
        if (frame.short_term == Fields::Frame && frame.frame_num_wrap == pic_num) return &frame;
    return nullptr;
}

FrameStore* Dpb::find_long_term(unsigned long_term_frame_idx) {
    for (FrameStore& frame : frames())
        if (frame.long_term != Fields::None && frame.long_term_frame_idx == long_term_frame_idx) return &frame;
    return nullptr;
}

void Dpb::unmark_long_term_above(unsigned maximum_plus1) {
    for (FrameStore& frame : frames())
        if (frame.long_term != Fields::None && frame.long_term_frame_idx >= maximum_plus1) frame.unmark();
}

void Dpb::assign_long_term(FrameStore& frame, unsigned long_term_frame_idx) {
    if (FrameStore* holder = find_long_term(long_term_frame_idx); holder != nullptr && holder != &frame)
        holder->unmark();
    frame.short_term = Fields::None;
    frame.long_term = frame.decoded;
    frame.long_term_frame_idx = static_cast<std::uint16_t>(long_term_frame_idx);
}

unsigned Dpb::count_references() const {
    return static_cast<unsigned>(
        std::count_if(frames().begin(), frames().end(), [](const FrameStore& frame) { return frame.is_reference(); }));
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
            steps.push_back(step(Step::Kind::Forget, lent_[i]));
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
                steps.push_back(step(Step::Kind::Forget, frame.id));
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
