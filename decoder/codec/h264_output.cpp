#include "decoder/codec/h264_output.h"

#include <algorithm>
#include <utility>

namespace v4l2play::h264 {

void OutputOrder::configure(unsigned num_reorder_frames) {
    num_reorder_frames_ = std::min(num_reorder_frames, dpb_.capacity());
}

/// The waiting picture with the lowest count.
FrameStore* OutputOrder::next() {
    FrameStore* lowest = nullptr;
    for (FrameStore& frame : dpb_.frames())
        if (frame.needed_for_output && !frame.open &&
            (lowest == nullptr || frame.counts.frame() < lowest->counts.frame()))
            lowest = &frame;
    return lowest;
}

unsigned OutputOrder::waiting() const {
    const auto frames = std::as_const(dpb_).frames();
    return static_cast<unsigned>(std::count_if(
        frames.begin(), frames.end(), [](const FrameStore& frame) { return frame.needed_for_output && !frame.open; }));
}

void OutputOrder::note_output(const FrameStore& frame, Steps& steps) {
    last_output_ = frame.counts.frame();
    any_output_ = true;
    steps.push_back(make_step(Step::Kind::Output, frame.id));
}

bool OutputOrder::bump(Steps& steps) {
    FrameStore* frame = next();
    if (frame == nullptr) return false;
    frame->needed_for_output = false;
    note_output(*frame, steps);
    dpb_.release(steps);
    return true;
}

/// "Bumping" (C.4.5.3). Ends early when nothing waits.
void OutputOrder::make_room(unsigned occupied_at_most, Steps& steps) {
    dpb_.release(steps);
    while (dpb_.occupied() > occupied_at_most && bump(steps)) {
    }
}

/// A picture is due before one that is out: the stream promised a smaller num_reorder_frames than it needs. The next
/// ones shall come in order.
void OutputOrder::notice_late(const FrameStore& current) {
    if (any_output_ && current.needed_for_output && current.counts.frame() < last_output_)
        num_reorder_frames_ = std::min(num_reorder_frames_ + 1, dpb_.capacity());
}

/// C.4.5.2: without an empty frame buffer, a non-reference picture that is next in output order is not stored.
bool OutputOrder::output_directly(const FrameStore& current, Steps& steps) {
    while (dpb_.occupied() >= dpb_.capacity()) {
        const FrameStore* lowest = next();
        if (lowest == nullptr || current.counts.frame() < lowest->counts.frame()) {
            note_output(current, steps);
            steps.push_back(make_step(Step::Kind::Forget, current.id));
            return true;
        }
        bump(steps);
    }
    return false;
}

void OutputOrder::store(const FrameStore& current, Steps& steps) {
    dpb_.release(steps);
    notice_late(current);
    if (!current.is_reference()) {
        if (!current.needed_for_output || output_directly(current, steps)) return;
    } else if (!current.lost) {
        make_room(dpb_.capacity() - 1, steps);
    }
    dpb_.store(current);
    while (waiting() > num_reorder_frames_) bump(steps);
    dpb_.release(steps);
}

void OutputOrder::complete(FrameStore& open, Steps& steps) {
    open.open = false;
    while (waiting() > num_reorder_frames_) bump(steps);
    dpb_.release(steps);
}

void OutputOrder::store_inferred(const FrameStore& frame, Steps& steps) {
    dpb_.store(frame);
    make_room(dpb_.capacity(), steps);
}

void OutputOrder::output_all(Steps& steps) {
    while (bump(steps)) {
    }
    any_output_ = false;
}

} // namespace v4l2play::h264
