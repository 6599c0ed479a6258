#include "decoder/codec/hevc_decoding.h"

#include <algorithm>

#include "decoder/codec/hevc_lists.h"
#include "decoder/codec/hevc_sequence.h"

namespace v4l2play::hevc {

void DecodingProcess::note_content(const Sei& sei) {
    if (sei.has_mastering_display) {
        hdr_.has_mastering_display = true;
        hdr_.primaries = sei.hdr.primaries;
        hdr_.white_point = sei.hdr.white_point;
        hdr_.max_luminance = sei.hdr.max_luminance;
        hdr_.min_luminance = sei.hdr.min_luminance;
    }
    if (sei.has_content_light) {
        hdr_.has_content_light = true;
        hdr_.max_content_light_level = sei.hdr.max_content_light_level;
        hdr_.max_pic_average_light_level = sei.hdr.max_pic_average_light_level;
    }
    if (sei.preferred_transfer != 0) preferred_transfer_ = sei.preferred_transfer;
}

SequenceInfo DecodingProcess::describe(const Sps& sps) const {
    SequenceInfo sequence = describe_sequence(sps, container_, preferred_transfer_, hdr_);
    sequence.dpb_slots = std::max(sequence.dpb_slots, dpb_slots_);
    return sequence;
}

bool DecodingProcess::is_active(const CodedPicture& coded) const {
    return coded.sps_is_active || coded.sps == *sets_.active();
}

/// NoRaslOutputFlag of 8.1.3. A new SPS without the end of the sequence before is a splice, and taken for a start.
bool DecodingProcess::is_start(const CodedPicture& coded) const {
    const NalType type = coded.first().nal_unit_type;
    if (!is_irap(type)) return false;
    return is_idr(type) || is_bla(type) || !started_ || coded.after_end_of_sequence || !is_active(coded);
}

void DecodingProcess::decode(CodedPicture& coded, Steps& steps) {
    const NalType type = coded.first().nal_unit_type;
    // Nothing can be done about an IRAP picture that is damaged; nor about a new SPS without one, but for starting
    // anew.
    const bool damaged_irap = is_irap(type) && coded.damage != nullptr;
    const bool changed = !is_irap(type) && started_ && !is_active(coded);
    if (started_ && (damaged_irap || changed)) drain(steps, DropReason::MissingReference);
    if (!started_ && (!is_irap(type) || damaged_irap)) {
        if (coded.damage != nullptr)
            skip(steps, DropReason::Malformed, coded.damage);
        else
            skip(steps, waiting_reason_, "waiting for a random-access point");
        return;
    }
    const bool starts = is_start(coded);
    if (is_irap(type)) no_rasl_output_ = starts;
    if (is_rasl(type) && no_rasl_output_) {
        skip(steps, DropReason::BeforeRandomAccess, "refers to pictures before the one that decoding started at");
        return;
    }
    if (starts) start_sequence(coded, steps);
    decode_picture(coded, starts, steps);
}

void DecodingProcess::drain(Steps& steps, DropReason reason) {
    output_.output_all(steps);
    flush(steps);
    waiting_reason_ = reason;
}

void DecodingProcess::flush(Steps& steps) {
    dpb_.clear(steps);
    started_ = false;
    waiting_reason_ = DropReason::BeforeRandomAccess;
}

/// C.5.2.2 for an IRAP picture with NoRaslOutputFlag. Where the sizes change, a decoder may drop what waits, but need
/// not; it does where the stream wants it, or a CRA picture follows the end of a sequence.
void DecodingProcess::start_sequence(CodedPicture& coded, Steps& steps) {
    const SliceHeader& first = coded.first();
    const bool no_output_of_prior_pics = first.nal_unit_type == NalType::Cra ? started_ && coded.after_end_of_sequence
                                                                             : first.no_output_of_prior_pics_flag;
    if (no_output_of_prior_pics)
        output_.discard_all(steps);
    else
        output_.output_all(steps);
    dpb_.clear(steps);
    const Sps* active = sets_.active();
    if (active == nullptr || !(*active == coded.sps)) {
        if (active != nullptr && !(active->color == coded.sps.color)) hdr_ = {}; // other content
        sets_.activate(coded.sps);
        needed_slots_ = 0;
    }
    dpb_slots_ = std::max(dpb_pictures(coded.sps), needed_slots_);
    dpb_.configure(dpb_slots_ + 1);
    output_.configure(coded.sps);
    started_ = true;
}

/// A Sequence step, if anything has changed.
void DecodingProcess::announce(CodedPicture& coded, Steps& steps) {
    note_content(coded.sei);
    coded.sequence = describe(coded.sps);
    if (any_announced_ && same_sequence(coded.sequence, announced_)) return;
    announced_ = coded.sequence;
    any_announced_ = true;
    Step step = make_step(Step::Kind::Sequence);
    step.sequence = &coded.sequence;
    steps.push_back(step);
}

void DecodingProcess::decode_picture(CodedPicture& coded, bool starts, Steps& steps) {
    const SliceHeader& first = coded.first();
    describe_picture(coded, pic_order_cnt_.decode(coded.sps, first, starts));
    dpb_.apply_reference_picture_set(first, coded.sps.max_pic_order_cnt_lsb(), coded.picture);
    const bool has_room = output_.make_room(steps);
    if (is_irap(first.nal_unit_type) || coded.sei.has_mastering_display || coded.sei.has_content_light)
        announce(coded, steps);
    const char* why = obstacle(coded);
    if (!has_room) {
        needed_slots_ = std::max<unsigned>(needed_slots_, coded.picture.dpb_count);
        why = coded.damage = "refers to more pictures than sps_max_dec_pic_buffering_minus1";
    }
    if (why != nullptr) {
        skip(steps, coded.damage != nullptr ? DropReason::Malformed : DropReason::MissingReference, why);
        return;
    }
    submit(coded, steps);
    store(coded, steps);
}

/// Fills in what a device is told, but for references.
void DecodingProcess::describe_picture(CodedPicture& coded, std::int32_t pic_order_cnt) {
    HevcPicture& picture = coded.picture;
    picture.sps = &coded.sps;
    picture.pps = &coded.pps;
    picture.scaling = nullptr;
    if (coded.sps.scaling_list_enabled_flag)
        picture.scaling = coded.pps.pps_scaling_list_data_present_flag ? &coded.pps.scaling : &coded.sps.scaling;
    picture.slices = coded.used_slices();
    picture.pic_order_cnt = pic_order_cnt;
    const bool has_pic_struct = coded.sps.frame_field_info_present_flag && coded.sei.has_pic_timing;
    picture.pic_struct = has_pic_struct ? coded.sei.pic_struct : std::uint8_t{0};
    if (!coded.first().pic_output_flag) picture.discard = true;
}

/// Builds the lists of all slices. Why the picture cannot be decoded; null when it can.
const char* DecodingProcess::obstacle(CodedPicture& coded) {
    if (coded.damage != nullptr) return coded.damage;
    for (Slice& slice : coded.used_slices())
        if (!build_lists(coded.picture, slice)) return "refers to a picture that is not there";
    return nullptr;
}

void DecodingProcess::submit(CodedPicture& coded, Steps& steps) {
    HevcPicture& picture = coded.picture;
    picture.id = ++last_id_;
    for (unsigned i = 0; i < picture.dpb_count; ++i) coded.references[i] = picture.dpb[i].id;
    picture.references = std::span(coded.references).first(picture.dpb_count);
    Step step = make_step(Step::Kind::Decode, picture.id);
    step.picture = &picture;
    steps.push_back(step);
}

void DecodingProcess::store(const CodedPicture& coded, Steps& steps) {
    StoredPicture current;
    current.id = coded.picture.id;
    current.pic_order_cnt = coded.picture.pic_order_cnt;
    current.pic_struct = coded.picture.pic_struct;
    current.short_term = true;
    current.needed_for_output = coded.first().pic_output_flag;
    output_.store(current, steps);
}

} // namespace v4l2play::hevc
