#include "decoder/request/picture_table.h"

#include <algorithm>

namespace v4l2play {

PictureRecord& PictureTable::add(const Picture& picture, const FrameInfo& info) {
    PictureRecord& record = records_.emplace_back();
    record.frame.id = picture.id;
    record.frame.info = info;
    record.frame.pts = picture.pts;
    record.frame.duration = picture.duration;
    record.frame.serial = picture.serial;
    record.frame.discard = picture.discard;
    return record;
}

PictureRecord* PictureTable::find(FrameId id) {
    const auto found =
        std::find_if(records_.begin(), records_.end(), [&](const PictureRecord& r) { return r.frame.id == id; });
    return found == records_.end() ? nullptr : &*found;
}

/// Order in the vector is the order of decoding; keeping it costs moves of a few dozen bytes.
void PictureTable::remove_if_over(PictureRecord& record) {
    const bool given_out = record.output && record.waiting == 0 && !record.in_flight;
    const bool dropped = record.forgotten && !record.in_flight && (record.unwanted || record.lost);
    if ((given_out && record.forgotten) || (dropped && !record.output))
        records_.erase(records_.begin() + (&record - records_.data()));
}

void PictureTable::output(const Step& step) {
    PictureRecord* record = find(step.id);
    if (record == nullptr || record->unwanted || record->waiting == UINT8_MAX) return;
    // Shown again: the hold for display went with the first frame, the one for reference is still there.
    if (record->output && record->waiting == 0 && record->reference)
        record->frame.slot = record->reference.also(Hold::Queue);
    record->output = true;
    ++record->waiting;
    order_.push(step);
}

void PictureTable::forget(FrameId id) {
    PictureRecord* record = find(id);
    if (record == nullptr) return;
    record->forgotten = true;
    record->reference.reset();
    remove_if_over(*record);
}

void PictureTable::finish(FrameId id, bool corrupt) {
    PictureRecord* record = find(id);
    if (record == nullptr) return;
    record->in_flight = false;
    record->frame.corrupt |= corrupt;
    remove_if_over(*record);
}

void PictureTable::lose(PictureRecord& record) {
    record.in_flight = false;
    record.lost = true;
    record.frame.slot.reset();
    record.reference.reset();
    remove_if_over(record);
}

/// The frame of one Output step; the record keeps a hold while more of them wait.
void PictureTable::give_out(PictureRecord& record, const Step& step, Frame& out) {
    SlotRef again = record.waiting > 0 ? record.frame.slot.also(Hold::Queue) : SlotRef();
    out = std::move(record.frame); // takes the slot; the rest stays
    record.frame.slot = std::move(again);
    if (!step.retimed) return;
    out.pts = step.pts;
    out.duration = step.duration;
    out.discard = step.discard;
}

bool PictureTable::next_frame(Frame& out) {
    while (!order_.empty()) {
        PictureRecord* record = find(order_.front().id);
        if (record != nullptr && record->in_flight) return false;
        const Step step = order_.pop();
        if (record == nullptr) continue;
        --record->waiting;
        const bool shown =
            record->frame.slot && !record->lost && !(step.retimed ? step.discard : record->frame.discard);
        if (shown) give_out(*record, step, out);
        if (record->waiting == 0) record->frame.slot.reset();
        remove_if_over(*record);
        if (shown) return true;
    }
    return false;
}

unsigned PictureTable::alive() const {
    return static_cast<unsigned>(std::count_if(records_.begin(), records_.end(), [](const PictureRecord& record) {
        return !record.lost && !record.unwanted && !(record.forgotten && record.output);
    }));
}

bool PictureTable::drop_oldest_unclaimed() {
    const auto found = std::find_if(records_.begin(), records_.end(),
                                    [](const PictureRecord& r) { return is_unclaimed(r) && !r.unwanted; });
    if (found == records_.end()) return false;
    found->unwanted = true;
    found->frame.slot.reset();
    remove_if_over(*found);
    return true;
}

void PictureTable::drop_all_unclaimed() {
    while (drop_oldest_unclaimed()) {
    }
}

unsigned PictureTable::lose_context() {
    unsigned lost = 0;
    for (std::size_t i = records_.size(); i-- > 0;) {
        records_[i].reference.reset();
        if (!records_[i].in_flight) continue;
        ++lost;
        lose(records_[i]);
    }
    return lost;
}

void PictureTable::abandon_all() {
    order_.clear();
    for (std::size_t i = records_.size(); i-- > 0;) {
        PictureRecord& record = records_[i];
        record.unwanted = true;
        record.forgotten = true;
        record.output = false;
        record.waiting = 0;
        record.frame.slot.reset();
        record.reference.reset();
        remove_if_over(record);
    }
}

} // namespace v4l2play
