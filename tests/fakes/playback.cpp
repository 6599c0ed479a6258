#include "tests/fakes/playback.h"

#include <algorithm>

#include <fmt/format.h>

namespace v4l2play::fakes {
namespace {

constexpr int most_turns = 4000;

} // namespace

Playback::Playback(FakeKernel& kernel)
    : kernel_(kernel) {
    kernel_.world().on_capture_queued = [this](unsigned, std::uint64_t content) { check_reuse(content); };
}

Playback::~Playback() { kernel_.world().on_capture_queued = nullptr; }

/// A buffer goes to the driver: the picture in it must not be one that is shown, or will be.
void Playback::check_reuse(std::uint64_t content) {
    const auto is_it = [&](const Held& held) { return held.frame.id * 1000 == content; };
    if (content != 0 &&
        (std::any_of(queue_.begin(), queue_.end(), is_it) || std::any_of(shown_.begin(), shown_.end(), is_it)))
        faults += fmt::format("picture {} is overwritten while it is held\n", content / 1000);
}

void Playback::take(Frame frame) {
    if (!frame.slot) faults += fmt::format("frame {} has no slot\n", frame.id);
    if (!frame.slot) return;
    const FrameFormat& format = frame.slot.pool().format();
    frames.push_back({frame.id, frame.pts, frame.corrupt, format.coded_width, format.fourcc});
    queue_.push_back({std::move(frame), {}});
}

void Playback::take_events(Decoder& decoder) {
    while (auto event = decoder.next_event()) {
        if (auto* frame = std::get_if<Frame>(&*event)) take(std::move(*frame));
        if (auto* changed = std::get_if<PoolChanged>(&*event)) pools.push_back(changed->pool);
        if (auto* pictures = std::get_if<PicturesDropped>(&*event)) dropped.push_back(*pictures);
        if (auto* failed = std::get_if<DecoderFailed>(&*event)) failure = failed->error;
        if (std::holds_alternative<Drained>(*event)) drained = true;
    }
}

void Playback::show() {
    while (!queue_.empty() && kernel_.now() >= next_show_) {
        Held next = std::move(queue_.front());
        queue_.pop_front();
        auto presenter = next.frame.slot.pool().export_to_presenter(next.frame.slot);
        if (!presenter) {
            faults += fmt::format("frame {} cannot be exported: {}\n", next.frame.id, presenter.error().what);
            continue;
        }
        next.presenter = std::move(*presenter);
        next.frame.slot.reset();
        shown_.push_back(std::move(next));
        while (shown_.size() > shown_at_once) shown_.pop_front();
        next_show_ = kernel_.now() + period;
    }
}

void Playback::turn(Decoder& decoder) {
    show();
    if (const auto result = decoder.dispatch(10 * millisecond); !result) failure = result.error();
    take_events(decoder);
}

bool Playback::play_until(Decoder& decoder, const std::vector<TestUnit>& units, std::size_t wanted) {
    std::size_t sent = 0;
    for (int turns = 0; turns < most_turns && !failure && !drained; ++turns) {
        while (sent < units.size() && frames.size() < wanted) {
            AccessUnit unit;
            unit.payload = Payload(units[sent].bytes, nullptr, nullptr);
            unit.pts = units[sent].pts;
            const auto status = decoder.send(unit);
            if (!status) failure = status.error();
            if (!status || *status == SendStatus::Full) break;
            ++sent;
        }
        take_events(decoder);
        if (frames.size() >= wanted) return true;
        if (sent == units.size() && wanted == SIZE_MAX) decoder.drain();
        turn(decoder);
    }
    if (!failure && !drained) faults += "playback does not come to an end\n";
    return !failure && drained;
}

bool Playback::play(Decoder& decoder, const std::vector<TestUnit>& units) {
    drained = false;
    return play_until(decoder, units, SIZE_MAX);
}

void Playback::release_all() {
    queue_.clear();
    shown_.clear();
}

unsigned Playback::dropped_for(DropReason reason) const {
    unsigned count = 0;
    for (const PicturesDropped& pictures : dropped) count += pictures.reason == reason ? pictures.count : 0;
    return count;
}

} // namespace v4l2play::fakes
