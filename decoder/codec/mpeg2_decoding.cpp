#include "decoder/codec/mpeg2_decoding.h"

#include <utility>

namespace v4l2play::mpeg2 {

void DecodingProcess::decode(CodedPicture& coded, Steps& steps) {
    coded.picture.second_field = is_second_field(coded);
    if (coded.picture.second_field) return decode_picture(coded, steps);
    finish_frame(steps);
    if (coded.group) {
        group_ = *coded.group;
        references_in_group_ = 0;
    }
    const bool is_entry = coded.header.picture_coding_type == PictureType::I && coded.damage == nullptr;
    // A new sequence starts with an I picture; elsewhere its references would be of another format.
    if (started_ && !same_pictures(coded.sequence, active_)) drain(steps);
    if (!started_ && !is_entry) {
        const bool damaged = coded.damage != nullptr;
        return skip(steps, damaged ? DropReason::Malformed : waiting_reason_,
                    damaged ? coded.damage : "waiting for an I picture");
    }
    started_ = true;
    activate(coded, steps);
    decode_picture(coded, steps);
}

void DecodingProcess::drain(Steps& steps, DropReason reason) {
    finish_frame(steps);
    if (std::exchange(backward_.waiting, false)) steps.push_back(make_step(Step::Kind::Output, backward_.id));
    flush(steps);
    waiting_reason_ = reason;
}

void DecodingProcess::flush(Steps& steps) {
    // A B picture is nobody's reference: it goes with its last field.
    if (open_ && open_->b && open_->id != 0) steps.push_back(make_step(Step::Kind::Forget, open_->id));
    open_.reset();
    forget(forward_, steps);
    forget(backward_, steps);
    started_ = any_lost_ = false;
    references_in_group_ = 0;
    group_ = {};
    waiting_reason_ = DropReason::BeforeRandomAccess;
}

/// 6.1.1.4: two fields of opposite parity, one after the other and of one temporal_reference (6.3.9).
bool DecodingProcess::is_second_field(const CodedPicture& coded) const {
    const PictureHeader& header = coded.header;
    return open_ && header.is_field() && !coded.follows_header && header.picture_structure != open_->structure &&
           header.is_b() == open_->b && header.temporal_reference == open_->temporal_reference;
}

/// The last frame has both fields, or will not get the second. Output order (6.1.1.11): B pictures come out at once,
/// others when the next of them comes.
void DecodingProcess::finish_frame(Steps& steps) {
    if (!open_) return;
    const OpenFrame frame = *std::exchange(open_, std::nullopt);
    if (frame.id == 0) return;
    if (frame.b) {
        steps.push_back(make_step(Step::Kind::Output, frame.id));
        steps.push_back(make_step(Step::Kind::Forget, frame.id));
    } else if (active_.low_delay) {
        backward_.waiting = false;
        steps.push_back(make_step(Step::Kind::Output, frame.id));
    }
}

void DecodingProcess::activate(CodedPicture& coded, Steps& steps) {
    if (any_active_ && coded.sequence == active_) return;
    active_ = coded.sequence;
    any_active_ = true;
    coded.info = describe_sequence(active_, container_, coded.header.is_field());
    if (any_announced_ && coded.info.info == announced_.info && coded.info.coded_width == announced_.coded_width &&
        coded.info.coded_height == announced_.coded_height &&
        coded.info.chroma_format_idc == announced_.chroma_format_idc)
        return;
    announced_ = coded.info;
    any_announced_ = true;
    Step made = make_step(Step::Kind::Sequence);
    made.sequence = &coded.info;
    steps.push_back(made);
}

/// An I or P frame starts: what was the last is now the last but one.
void DecodingProcess::begin_reference(Steps& steps) {
    if (std::exchange(backward_.waiting, false)) steps.push_back(make_step(Step::Kind::Output, backward_.id));
    forget(forward_, steps);
    forward_ = std::exchange(backward_, {});
    ++references_in_group_;
}

/// Why the picture cannot be decoded; null when it can.
const char* DecodingProcess::obstacle(const CodedPicture& coded) const {
    if (coded.damage != nullptr) return coded.damage;
    if (coded.picture.second_field && open_->id == 0) return "the first field of the frame was lost";
    if (coded.header.is_b()) return obstacle_to_b();
    // The second field of an I frame is predicted from the first: what is before that may be missing.
    if (coded.header.picture_coding_type == PictureType::P && !coded.picture.second_field && !forward_.usable)
        return "there is no picture to be predicted from";
    return nullptr;
}

/// B pictures between the I picture of a group and the next reference may be predicted from the group before: not when
/// it is closed, and in vain when the link to it is broken (6.3.8).
const char* DecodingProcess::obstacle_to_b() const {
    if (!backward_.usable) return "there is no picture to be predicted from backwards";
    const bool leading = references_in_group_ == 1;
    if (leading && group_.broken_link && !group_.closed_gop) return "precedes an I picture behind a broken link";
    if (!forward_.usable && !(leading && group_.closed_gop)) return "there is no picture to be predicted from forwards";
    return nullptr;
}

DropReason DecodingProcess::reason(const CodedPicture& coded) const {
    if (coded.damage != nullptr) return DropReason::Malformed;
    const bool at_start = coded.header.is_b() && forward_.id == 0 && !any_lost_;
    return at_start ? DropReason::BeforeRandomAccess : DropReason::MissingReference;
}

void DecodingProcess::decode_picture(CodedPicture& coded, Steps& steps) {
    const PictureHeader& header = coded.header;
    const bool second = coded.picture.second_field;
    if (!second && !header.is_b()) begin_reference(steps);
    if (const char* why = obstacle(coded)) {
        // A lost frame is one, however many fields it has.
        if (!second || open_->id != 0) skip(steps, reason(coded), why);
        lose(coded);
    } else {
        submit(coded, steps);
    }
    if (!second)
        open_ = OpenFrame{coded.picture.id, header.is_b(), header.picture_structure, header.temporal_reference};
    if (second || !header.is_field()) finish_frame(steps);
}

void DecodingProcess::submit(CodedPicture& coded, Steps& steps) {
    Mpeg2Picture& picture = coded.picture;
    picture.id = picture.second_field ? open_->id : ++last_id_;
    picture.first_field = coded.header.is_field() && !picture.second_field;
    picture.sequence = &coded.sequence;
    picture.header = &coded.header;
    picture.matrices = &coded.matrices;
    picture.slices = coded.slices;
    const bool intra = coded.header.picture_coding_type == PictureType::I;
    picture.forward = intra || !forward_.usable ? 0 : forward_.id;
    picture.backward = coded.header.is_b() ? backward_.id : 0;
    // A closed group promises that it is not looked at, but nobody should have to trust in that.
    if (coded.header.is_b() && picture.forward == 0) picture.forward = picture.backward;
    unsigned count = 0;
    if (picture.forward != 0) coded.references[count++] = picture.forward;
    if (picture.backward != 0 && picture.backward != picture.forward) coded.references[count++] = picture.backward;
    picture.references = std::span(coded.references).first(count);
    if (!picture.second_field && !coded.header.is_b()) backward_ = {picture.id, true, true};
    Step made = make_step(Step::Kind::Decode, picture.id);
    made.picture = &picture;
    steps.push_back(made);
}

void DecodingProcess::lose(CodedPicture& coded) {
    if (!coded.header.is_b()) {
        any_lost_ = true;
        backward_.usable = false;
    }
    if (!coded.picture.second_field) coded.picture.id = 0;
}

void DecodingProcess::forget(Reference& reference, Steps& steps) {
    if (reference.id != 0) steps.push_back(make_step(Step::Kind::Forget, reference.id));
    reference = {};
}

} // namespace v4l2play::mpeg2
