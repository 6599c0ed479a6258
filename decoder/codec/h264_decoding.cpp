#include "decoder/codec/h264_decoding.h"

#include <algorithm>

#include "decoder/codec/h264_lists.h"
#include "decoder/codec/h264_sequence.h"

namespace v4l2play::h264 {

namespace {

unsigned max_frame_num(const Sps& sps) { return 1U << (sps.log2_max_frame_num_minus4 + 4); }

bool is_intra(CodedPicture& coded) {
    const auto slices = coded.used_slices();
    return std::all_of(slices.begin(), slices.end(),
                       [](const Slice& slice) { return slice.header.slice_type == SliceType::I; });
}

bool has_mmco5(const SliceHeader& header) {
    const DecRefPicMarking& marking = header.dec_ref_pic_marking;
    return std::any_of(marking.operations.begin(), marking.operations.begin() + marking.count,
                       [](const Mmco& mmco) { return mmco.operation == 5; });
}

/// Whether decoding can begin here, with an empty DPB.
bool is_random_access_point(CodedPicture& coded) {
    if (coded.damage != nullptr) return false;
    return coded.first().idr_pic_flag || (coded.first().nal_ref_idc != 0 && is_intra(coded));
}

} // namespace

void DecodingProcess::decode(CodedPicture& coded, Steps& steps) {
    const SliceHeader& first = coded.first();
    coded.picture.second_field = is_second_field(coded);
    if (coded.picture.second_field) {
        decode_picture(coded, false, steps);
        return;
    }
    finish_open_frame(steps);
    // Nothing can be done about an IDR picture that is damaged; nor about a new SPS without one, but for starting anew.
    const bool damaged_idr = first.idr_pic_flag && coded.damage != nullptr;
    const bool changed = !first.idr_pic_flag && sets_.active() != nullptr && !(coded.sps == *sets_.active());
    if (started_ && (damaged_idr || changed)) drain(steps, DropReason::MissingReference);
    if (!started_ && !is_random_access_point(coded)) {
        if (coded.damage != nullptr)
            skip(steps, DropReason::Malformed, coded.damage);
        else
            skip(steps, waiting_reason_, "waiting for a random-access point");
        return;
    }
    const bool entry = !started_ && !first.idr_pic_flag;
    if (first.idr_pic_flag || !started_)
        start_sequence(coded, steps);
    else
        infer_gap(coded, steps);
    decode_picture(coded, entry, steps);
}

/// Complementary field pairs (clause 3). A non-reference field behind a reference field is taken too: by the letter it
/// would be a frame of its own, but then its frame_num could not be that of the first.
bool DecodingProcess::is_second_field(const CodedPicture& coded) const {
    const SliceHeader& header = coded.first();
    if (!any_open_ || coded_fields(header) != opposite(open_.decoded) || header.frame_num != open_.frame_num)
        return false;
    if (header.nal_ref_idc != 0 && !open_.is_reference()) return false;
    if (header.idr_pic_flag && !open_is_idr_) return false;
    return !has_mmco5(header) && sets_.active() != nullptr && coded.sps == *sets_.active();
}

/// It has both fields, or will not get the second.
void DecodingProcess::finish_open_frame(Steps& steps) {
    if (!any_open_) return;
    any_open_ = false;
    if (FrameStore* stored = dpb_.open_frame())
        output_.complete(*stored, steps);
    else
        output_.store(open_, steps);
}

void DecodingProcess::drain(Steps& steps, DropReason reason) {
    finish_open_frame(steps);
    output_.output_all(steps);
    flush(steps);
    waiting_reason_ = reason;
}

void DecodingProcess::flush(Steps& steps) {
    if (any_open_ && dpb_.open_frame() == nullptr && open_.id != 0)
        steps.push_back(make_step(Step::Kind::Forget, open_.id));
    any_open_ = false;
    dpb_.clear(steps);
    started_ = false;
    waiting_reason_ = DropReason::BeforeRandomAccess;
}

/// C.4.4: an IDR picture, or one that is treated alike since nothing before it is known.
void DecodingProcess::start_sequence(CodedPicture& coded, Steps& steps) {
    const SliceHeader& first = coded.first();
    output_.output_all(steps);
    dpb_.clear(steps);
    activate(coded, steps);
    complete_ = first.idr_pic_flag || coded.sei.has_recovery_point || coded.key;
    has_leading_ = hiding_ = false;
    prev_ref_frame_num_ = first.frame_num;
    if (!first.idr_pic_flag) pic_order_cnt_ = {};
    started_ = true;
}

void DecodingProcess::activate(CodedPicture& coded, Steps& steps) {
    const Sps* active = sets_.active();
    if (active != nullptr && *active == coded.sps) return;
    sets_.activate(coded.sps);
    dpb_.configure(dpb_frames(coded.sps), coded.sps.max_num_ref_frames);
    output_.configure(reorder_frames(coded.sps));
    coded.sequence = describe_sequence(coded.sps, container_);
    if (any_announced_ && same_sequence(coded.sequence, announced_)) return;
    announced_ = coded.sequence;
    any_announced_ = true;
    Step step = make_step(Step::Kind::Sequence);
    step.sequence = &coded.sequence;
    steps.push_back(step);
}

/// 8.2.5.2. Also where gaps are not allowed, which means that pictures were lost: then the frames inferred are lost
/// ones, and only pictures that refer to them fail.
void DecodingProcess::infer_gap(const CodedPicture& coded, Steps& steps) {
    const unsigned maximum = max_frame_num(coded.sps);
    const unsigned frame_num = coded.first().frame_num;
    const unsigned next = (prev_ref_frame_num_ + 1) % maximum;
    if (frame_num == prev_ref_frame_num_ || frame_num == next) return;
    // More than the DPB holds would only push each other out.
    const unsigned missing = std::min((frame_num + maximum - next) % maximum, maximum_dpb_frames);
    for (unsigned left = missing; left > 0; --left)
        infer_frame(coded.sps, (frame_num + maximum - left) % maximum, steps);
}

void DecodingProcess::infer_frame(const Sps& sps, unsigned frame_num, Steps& steps) {
    FrameStore frame;
    frame.non_existing = true;
    frame.lost = !sps.gaps_in_frame_num_value_allowed_flag;
    frame.frame_num = static_cast<std::uint16_t>(frame_num);
    frame.short_term = Fields::Frame;
    frame.counts = pic_order_cnt_.decode_gap(sps, frame.frame_num);
    // A lost frame holds nothing back from being forgotten: it takes no frame buffer.
    if (!frame.lost) frame.substitute = dpb_.newest_reference();
    dpb_.update_frame_num_wrap(frame_num, max_frame_num(sps));
    dpb_.slide_window();
    output_.store_inferred(frame, steps);
    prev_ref_frame_num_ = frame_num;
}

/// D.2.8. What was lost may stay lost: the stream promises that pictures from here on can do without.
void DecodingProcess::note_recovery_point(const CodedPicture& coded, PicOrderCnt counts) {
    const bool any_lost = std::any_of(dpb_.frames().begin(), dpb_.frames().end(),
                                      [](const FrameStore& frame) { return frame.lost && !frame.excused; });
    dpb_.excuse_lost();
    complete_ = true;
    recovery_count_ = counts.frame();
    hiding_ = (hiding_ || any_lost) && coded.sei.recovery_frame_cnt > 0;
    hide_from_frame_num_ = coded.first().frame_num;
    hide_frames_ = coded.sei.recovery_frame_cnt;
}

bool DecodingProcess::is_hidden(const SliceHeader& header, unsigned maximum) {
    if (hiding_ && (header.frame_num + maximum - hide_from_frame_num_) % maximum >= hide_frames_) hiding_ = false;
    return hiding_;
}

/// The very picture that decoding starts at, and it is no IDR picture.
void DecodingProcess::note_entry(PicOrderCnt counts) {
    has_leading_ = true;
    leading_below_ = recovery_count_ = counts.frame();
}

void DecodingProcess::decode_picture(CodedPicture& coded, bool entry, Steps& steps) {
    const SliceHeader& first = coded.first();
    const PicOrderCnt counts = pic_order_cnt_.decode(coded.sps, first);
    if (coded.sei.has_recovery_point && !first.idr_pic_flag) note_recovery_point(coded, counts);
    if (entry) note_entry(counts);
    dpb_.update_frame_num_wrap(first.frame_num, max_frame_num(coded.sps));
    describe(coded, counts);

    FrameStore current;
    current.frame_num = first.frame_num;
    current.counts = counts;
    current.decoded = current.first = coded.picture.structure;
    if (const char* why = obstacle(coded)) {
        // A lost frame is one, however many fields it has.
        if (!coded.picture.second_field || !open_.lost)
            skip(steps, coded.damage != nullptr ? DropReason::Malformed : DropReason::MissingReference, why);
        current.lost = true;
        current.excused = coded.damage == nullptr && has_leading_ && counts.frame() < leading_below_;
    } else {
        if (is_hidden(first, max_frame_num(coded.sps))) coded.picture.discard = true;
        submit(coded, steps);
        current.id = coded.picture.id;
        current.needed_for_output = true;
    }
    if (coded.picture.second_field)
        store_second_field(coded, current, steps);
    else
        store(coded, current, steps);
}

/// Fills in what a device is told, but for the lists.
void DecodingProcess::describe(CodedPicture& coded, PicOrderCnt counts) {
    H264Picture& picture = coded.picture;
    const bool scaled = coded.sps.seq_scaling_matrix_present_flag || coded.pps.pic_scaling_matrix_present_flag;
    if (scaled) coded.scaling = resolve_scaling_lists(coded.sps, coded.pps);
    picture.sps = &coded.sps;
    picture.pps = &coded.pps;
    picture.scaling = scaled ? &coded.scaling : nullptr;
    picture.slices = coded.used_slices();
    picture.structure = coded_fields(coded.first());
    picture.first_field = picture.structure != Fields::Frame && !picture.second_field;
    const PicOrderCnt other = picture.second_field ? open_.counts : PicOrderCnt{};
    picture.top_field_order_cnt = any(picture.structure & Fields::Top) ? counts.top : other.top;
    picture.bottom_field_order_cnt = any(picture.structure & Fields::Bottom) ? counts.bottom : other.bottom;
    picture.reference = coded.first().nal_ref_idc != 0;
    dpb_.list_references(picture, counts.frame() >= recovery_count_);
}

/// Builds the lists of all slices. Why the picture cannot be decoded; null when it can.
const char* DecodingProcess::obstacle(CodedPicture& coded) {
    if (coded.damage != nullptr) return coded.damage;
    if (coded.picture.second_field && open_.lost) return "the first field of the frame was lost";
    for (Slice& slice : coded.used_slices())
        if (const char* why = obstacle(coded.picture, slice)) return why;
    return nullptr;
}

const char* DecodingProcess::obstacle(const H264Picture& picture, Slice& slice) const {
    const ListVerdict verdict = build_lists(picture, slice);
    if (slice.header.slice_type == SliceType::I) return nullptr;
    const std::int32_t count = picture.structure == Fields::Bottom ? picture.bottom_field_order_cnt
                               : picture.structure == Fields::Top
                                   ? picture.top_field_order_cnt
                                   : std::min(picture.top_field_order_cnt, picture.bottom_field_order_cnt);
    if (has_leading_ && count < leading_below_) return "precedes the picture that decoding started at in output order";
    if (verdict.unresolved) return "a reference list names a picture that is not there";
    if (verdict.empty) return "there is no picture to refer to";
    if (verdict.absent && !complete_) return "a reference list is longer than the pictures since decoding started";
    const bool bipredictive = slice.header.slice_type == SliceType::B;
    for (const DpbEntry& entry : std::span(picture.dpb).first(picture.dpb_count))
        if (bipredictive && entry.lost && entry.non_existing && picture.sps->pic_order_cnt_type == 0)
            return "pictures were lost whose place in the reference lists is not known";
    for (unsigned list = 0; list < 2; ++list) {
        for (const ListEntry& active : std::span(slice.list[list]).first(slice.list_size[list])) {
            if (active.dpb_index >= picture.dpb_count) continue;
            const DpbEntry& entry = picture.dpb[active.dpb_index];
            if (entry.lost) return "refers to a picture that was lost";
            if (entry.id == 0 && entry.substitute == 0) return "refers to a frame that never was, and none stands in";
        }
    }
    return nullptr;
}

void DecodingProcess::submit(CodedPicture& coded, Steps& steps) {
    H264Picture& picture = coded.picture;
    picture.id = picture.second_field ? open_.id : ++last_id_;
    unsigned count = 0;
    for (const DpbEntry& entry : std::span(picture.dpb).first(picture.dpb_count)) {
        const FrameId id = entry.id != 0 ? entry.id : entry.substitute;
        const auto end = coded.references.begin() + count;
        if (id != 0 && id != picture.id && std::find(coded.references.begin(), end, id) == end)
            coded.references[count++] = id;
    }
    picture.references = std::span(coded.references).first(count);
    Step step = make_step(Step::Kind::Decode, picture.id);
    step.picture = &picture;
    steps.push_back(step);
}

/// What follows the decoding of a picture: marking (8.2.5) and storage (C.4.4, C.4.5).
void DecodingProcess::store(const CodedPicture& coded, FrameStore current, Steps& steps) {
    const SliceHeader& first = coded.first();
    any_open_ = coded.picture.first_field;
    open_is_idr_ = first.idr_pic_flag;
    open_ = current;
    if (first.nal_ref_idc == 0) {
        if (!any_open_) output_.store(current, steps);
        return;
    }
    const bool mmco5 = !first.idr_pic_flag && has_mmco5(first);
    if (mmco5) output_.output_all(steps);
    dpb_.mark(first, current);
    if (mmco5) {
        current.counts = pic_order_cnt_.reset_by_mmco5(first, current.counts);
        current.frame_num = 0;
        has_leading_ = false;
        recovery_count_ = 0;
    }
    prev_ref_frame_num_ = current.frame_num;
    current.open = any_open_;
    open_ = current;
    output_.store(current, steps);
}

/// The same for the second field of a frame. When it is lost, nothing may refer to the frame any more.
void DecodingProcess::store_second_field(const CodedPicture& coded, const FrameStore& field, Steps& steps) {
    FrameStore* stored = dpb_.open_frame();
    FrameStore& frame = stored != nullptr ? *stored : open_;
    if (coded.first().nal_ref_idc != 0) dpb_.mark(coded.first(), frame);
    frame.lost = frame.lost || (stored != nullptr && field.lost);
    frame.excused = frame.excused || field.excused;
    if (!field.lost) frame.add(field.decoded, field.counts);
    finish_open_frame(steps);
}

} // namespace v4l2play::h264
