#include "decoder/codec/av1_decoding.h"

#include <algorithm>
#include <cerrno>

namespace v4l2play::av1 {

namespace {

[[nodiscard]] bool refreshes(const FrameHeader& header, unsigned slot) {
    return (header.refresh_frame_flags >> slot & 1) != 0;
}

} // namespace

void save(SavedFrame& saved, const FrameHeader& header) {
    saved.valid = true;
    saved.frame_type = header.frame_type;
    saved.frame_id = header.current_frame_id;
    saved.order_hint = header.order_hint;
    saved.size = header.size;
    saved.global_motion = header.global_motion.params;
    saved.loop_filter_deltas = header.loop_filter.deltas;
    saved.segmentation = header.segmentation.params;
    saved.film_grain = header.film_grain;
}

void DecodingProcess::decode(CodedFrame& coded, Steps& steps) {
    const FrameHeader& header = coded.header;
    if (!started_ && header.frame_type != FrameType::Key) {
        skip(steps, waiting_reason_, "waiting for a key frame");
        return;
    }
    if (const char* why = coded.damage != nullptr ? coded.damage : obstacle(coded)) {
        // A key frame that is hidden begins with frames that refer to what was before it (7.6.3).
        const DropReason absent = complete_ ? DropReason::MissingReference : DropReason::BeforeRandomAccess;
        skip(steps, coded.damage != nullptr ? DropReason::Malformed : absent, why);
        refresh(header, 0, steps);
        return;
    }
    announce(coded, steps);
    started_ = true;
    complete_ |= header.is_shown_key();
    submit(coded, steps);
    refresh(header, coded.picture.id, steps);
}

const char* DecodingProcess::obstacle(const CodedFrame& coded) const {
    if (coded.header.is_intra()) return nullptr;
    for (const std::uint8_t slot : coded.header.ref_frame_idx)
        if (slots_[slot] == 0) return "refers to a frame that was not decoded";
    return nullptr;
}

/// Frames of another size need other buffers. Those that they may refer to stay where they are.
void DecodingProcess::announce(CodedFrame& coded, Steps& steps) {
    coded.info = describe_sequence(coded.sequence, coded.header.size, container_, coded.hdr);
    if (any_announced_ && same_sequence(coded.info, announced_)) return;
    coded.info.continues = coded.header.frame_type != FrameType::Key || coded.header.refresh_frame_flags != all_frames;
    announced_ = coded.info;
    any_announced_ = true;
    Step step = make_step(Step::Kind::Sequence);
    step.sequence = &coded.info;
    steps.push_back(step);
}

void DecodingProcess::submit(CodedFrame& coded, Steps& steps) {
    Av1Picture& picture = coded.picture;
    picture.id = ++last_id_;
    picture.sequence = &coded.sequence;
    picture.header = &coded.header;
    picture.tiles = coded.tiles;
    picture.payloads = coded.payloads;
    for (unsigned i = 0; i < num_ref_frames; ++i) {
        const Held* held = find(slots_[i]);
        picture.slots[i] = held != nullptr ? held->id : 0;
    }
    std::size_t count = 0;
    if (!coded.header.is_intra())
        for (const std::uint8_t slot : coded.header.ref_frame_idx) {
            const auto end = coded.references.begin() + static_cast<std::ptrdiff_t>(count);
            if (std::find(coded.references.begin(), end, slots_[slot]) == end) coded.references[count++] = slots_[slot];
        }
    picture.references = std::span(coded.references).first(count);
    Step decode = make_step(Step::Kind::Decode, picture.id);
    decode.picture = &picture;
    steps.push_back(decode);
    held_.push_back({picture.id, coded.header.show_frame});
    if (coded.header.show_frame) steps.push_back(make_step(Step::Kind::Output, picture.id));
}

void DecodingProcess::refresh(const FrameHeader& header, FrameId id, Steps& steps) {
    for (unsigned i = 0; i < num_ref_frames; ++i) {
        if (!refreshes(header, i)) continue;
        save(saved_[i], header);
        slots_[i] = id;
    }
    release(steps);
}

void DecodingProcess::show_existing(const FrameHeader& header, const ShowTime& time, Steps& steps) {
    const FrameId id = slots_[header.frame_to_show_map_idx];
    Held* held = find(id);
    if (held == nullptr) {
        const DropReason reason = complete_ ? DropReason::MissingReference : waiting_reason_;
        skip(steps, reason, "shows a frame that was not decoded");
    } else {
        held->shown = true;
        Step output = make_step(Step::Kind::Output, id);
        output.retimed = true;
        output.pts = time.pts;
        output.duration = time.duration;
        output.discard = time.discard;
        steps.push_back(output);
    }
    if (header.frame_type != FrameType::Key) return;
    // Reference frame loading process (7.21), and the update process for all slots.
    const SavedFrame shown = saved_[header.frame_to_show_map_idx];
    saved_.fill(shown);
    slots_.fill(id);
    complete_ |= held != nullptr;
    release(steps);
}

void DecodingProcess::miss(const FrameHeader& header, const char* why, Steps& steps) {
    skip(steps, complete_ ? DropReason::MissingReference : waiting_reason_, why);
    for (unsigned i = 0; i < num_ref_frames; ++i) {
        if (!refreshes(header, i)) continue;
        saved_[i].valid = false;
        saved_[i].order_hint = header.order_hint;
        saved_[i].frame_id = header.current_frame_id;
        slots_[i] = 0;
    }
    release(steps);
}

/// Forgets what has left the slots. A frame that was never shown is output all the same, only not to be seen: whoever
/// has the buffers need not wait for its turn any more.
void DecodingProcess::release(Steps& steps) {
    const auto gone = [&](const Held& held) {
        if (std::find(slots_.begin(), slots_.end(), held.id) != slots_.end()) return false;
        if (!held.shown) {
            Step output = make_step(Step::Kind::Output, held.id);
            output.retimed = output.discard = true;
            steps.push_back(output);
        }
        steps.push_back(make_step(Step::Kind::Forget, held.id));
        return true;
    };
    held_.erase(std::remove_if(held_.begin(), held_.end(), gone), held_.end());
}

void DecodingProcess::drain(Steps& steps, DropReason reason) {
    slots_.fill(0);
    release(steps);
    saved_ = {};
    started_ = complete_ = false;
    waiting_reason_ = reason;
}

void DecodingProcess::flush(Steps& steps) {
    for (Held& held : held_) held.shown = true;
    drain(steps);
}

DecodingProcess::Held* DecodingProcess::find(FrameId id) {
    const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.id == id; });
    return id == 0 || found == held_.end() ? nullptr : &*found;
}

} // namespace v4l2play::av1
