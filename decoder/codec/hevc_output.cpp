#include "decoder/codec/hevc_output.h"

#include <utility>

namespace v4l2play::hevc {

namespace {

/// A dropped picture has its turn, too, so that whoever keeps it sees the end of it.
void output(FrameId id, bool discard, Steps& steps) {
    Step step = make_step(Step::Kind::Output, id);
    step.retimed = step.discard = discard;
    steps.push_back(step);
}

} // namespace

void OutputOrder::configure(const Sps& sps) {
    max_num_reorder_ = sps.sps_max_num_reorder_pics;
    max_latency_ = 0;
    if (sps.sps_max_latency_increase_plus1 != 0) // (7-9)
        max_latency_ = std::uint64_t{sps.sps_max_num_reorder_pics} + sps.sps_max_latency_increase_plus1 - 1;
}

/// C.5.2.3: more wait than may, or one waits for too long.
bool OutputOrder::over_limits() const {
    unsigned waiting = 0;
    bool late = false;
    for (const StoredPicture& picture : std::as_const(dpb_).pictures()) {
        if (!picture.needed_for_output) continue;
        ++waiting;
        late |= max_latency_ != 0 && picture.latency_count >= max_latency_;
    }
    return waiting > max_num_reorder_ || late;
}

/// C.5.2.4: outputs the first in output order. False when nothing waits.
bool OutputOrder::bump(Steps& steps) {
    StoredPicture* first = nullptr;
    for (StoredPicture& picture : dpb_.pictures())
        if (picture.needed_for_output && (first == nullptr || picture.pic_order_cnt < first->pic_order_cnt))
            first = &picture;
    if (first == nullptr) return false;
    first->needed_for_output = false;
    output(first->id, false, steps);
    dpb_.release(steps);
    return true;
}

bool OutputOrder::make_room(Steps& steps) {
    dpb_.release(steps);
    while ((over_limits() || dpb_.full()) && bump(steps)) {
    }
    return !dpb_.full();
}

void OutputOrder::store(StoredPicture current, Steps& steps) {
    if (current.needed_for_output) {
        for (StoredPicture& picture : dpb_.pictures())
            if (picture.needed_for_output && picture.pic_order_cnt > current.pic_order_cnt) ++picture.latency_count;
    } else {
        output(current.id, true, steps);
    }
    dpb_.store(current);
    while (over_limits() && bump(steps)) {
    }
}

void OutputOrder::output_all(Steps& steps) {
    while (bump(steps)) {
    }
}

void OutputOrder::discard_all(Steps& steps) {
    for (StoredPicture& picture : dpb_.pictures()) {
        if (!picture.needed_for_output) continue;
        picture.needed_for_output = false;
        output(picture.id, true, steps);
    }
}

} // namespace v4l2play::hevc
