// Steps of the codec, and how a picture gets to the device.
#include <algorithm>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/patience.h"
#include "decoder/request/request_machine.h"

namespace v4l2play {
namespace {

bool same_samples(const SequenceInfo& a, const SequenceInfo& b) {
    return a.codec == b.codec && a.bit_depth_luma == b.bit_depth_luma && a.bit_depth_chroma == b.bit_depth_chroma &&
           a.chroma_format_idc == b.chroma_format_idc && a.interlaced == b.interlaced;
}

/// But for their number.
bool same_buffers(const SequenceInfo& a, const SequenceInfo& b) {
    return same_samples(a, b) && a.coded_width == b.coded_width && a.coded_height == b.coded_height;
}

} // namespace

bool RequestDecoder::run_steps() {
    waits_for_slot_ = waits_for_room_ = false;
    while (!failure_) {
        while (next_step_ < steps_.size()) {
            if (!run_step(steps_[next_step_])) return false;
            ++next_step_;
            next_part_ = 0;
            if (failure_) return true;
        }
        if (!next_steps()) break;
    }
    return true;
}

/// The unit is done with; the codec may have more to say. False when it has not.
bool RequestDecoder::next_steps() {
    steps_.clear();
    next_step_ = 0;
    unit_ = {};
    if (std::exchange(resynchronise_, false)) {
        codec_->resynchronise(steps_);
        return true;
    }
    if (ending_ != Ending::Asked) return false;
    ending_ = Ending::Draining;
    codec_->drain(steps_);
    return true;
}

bool RequestDecoder::run_step(const Step& step) {
    switch (step.kind) {
    case Step::Kind::Sequence:
        begin_sequence(*step.sequence);
        return true;
    case Step::Kind::Decode:
        return decode(*step.picture);
    case Step::Kind::Output:
        pictures_.output(step);
        return true;
    case Step::Kind::Forget:
        pictures_.forget(step.id);
        return true;
    case Step::Kind::Skip:
        skip(step.reason, step.why);
        return true;
    }
    return true;
}

/// Buffers are made when the first picture wants them: pictures of the sequence before may still have to come out.
void RequestDecoder::begin_sequence(const SequenceInfo& sequence) { sequence_ = sequence; }

void RequestDecoder::skip(DropReason reason, std::string_view why, unsigned count) {
    const bool repeated = last_skip_ == why;
    if (!repeated) last_skip_ = why;
    // Many in a row become one event.
    if (repeated && !events_.empty())
        if (auto* last = std::get_if<PicturesDropped>(&events_.back()); last != nullptr && last->reason == reason) {
            last->count += count;
            return;
        }
    events_.push(PicturesDropped{reason, count, repeated ? std::string() : last_skip_});
}

/// Nothing from here on refers to a picture before it, or shows one again: those that are alive are forgotten in the
/// rest of the unit.
bool RequestDecoder::starts_anew(const Picture& picture) const {
    if (next_part_ != 0 || picture.second_field || !picture.references.empty()) return false;
    return std::all_of(pictures_.records().begin(), pictures_.records().end(), [&](const PictureRecord& record) {
        if (!record.reference) return true;
        for (std::size_t i = next_step_ + 1; i < steps_.size(); ++i) {
            const Step& step = steps_[i];
            if (step.kind == Step::Kind::Forget && step.id == record.frame.id) return true;
            if (step.kind != Step::Kind::Decode) continue;
            const auto& names = step.picture->references;
            if (std::find(names.begin(), names.end(), record.frame.id) != names.end()) return false;
        }
        return false;
    });
}

bool RequestDecoder::wants_other_format(const Picture& picture) {
    if (!offered_ || context_ == nullptr || !starts_anew(picture)) return false;
    if (context_->would_change(*sequence_, *offered_)) return true;
    offered_.reset();
    return false;
}

bool RequestDecoder::ensure_context(const Picture& next) {
    if (!sequence_) {
        fail_with({EBADMSG, "a picture comes before any description of the sequence", "codec"});
        return true;
    }
    // Other sets come with a picture that starts a sequence: nothing refers to what goes with the context.
    const bool anew = wants_other_format(next) || (context_ != nullptr && context_->keeps_old_sets(next));
    if (context_ != nullptr && !anew && same_buffers(*sequence_, context_sequence_) && has_slots()) return true;
    if (context_ != nullptr && !context_->idle()) {
        context_->release_held();
        return false;
    }
    if (context_ != nullptr && sequence_->continues && !anew) {
        const int error = change_size();
        waits_for_room_ = error == EAGAIN;
        if (error == 0 || failure_) return true;
        if (waits_for_room_) return false;
        first_in_context_ = next.id;
    }
    give_out();
    if (!pictures_.all_out()) return false;
    pictures_.drop_all_unclaimed();
    // Old pictures that the codec still has keep their slots, in a pool of their own; they cannot be referred to.
    pictures_.lose_context();
    if (auto opened = open_context(); !opened) fail_with(std::move(opened).error());
    return true;
}

bool RequestDecoder::has_slots() {
    if (sequence_->dpb_slots < context_sequence_.dpb_slots) shrink();
    if (sequence_->dpb_slots <= context_sequence_.dpb_slots) return true;
    if (auto added = context_->add_slots(*sequence_); !added) {
        log_info("request", "a new context, since slots cannot be added: {}", added.error().what);
        return false;
    }
    use_context();
    return true;
}

/// A sequence with a few references less keeps the slots it finds: another one would want them back. Also where slots
/// cannot be removed.
void RequestDecoder::shrink() {
    if (!context_->has_too_many_slots(*sequence_)) return;
    if (auto removed = context_->remove_slots(*sequence_); !removed) {
        log_debug("request", "more slots than the sequence needs: {}", removed.error().what);
        context_sequence_.dpb_slots = sequence_->dpb_slots; // asked once
        return;
    }
    use_context();
}

/// Also the size of a picture that refers to others. Where that fails, all of them are lost to those that follow.
int RequestDecoder::change_size() {
    if (!same_samples(*sequence_, context_sequence_)) return ENOTSUP;
    if (auto changed = resize_context(); !changed) {
        const int error = changed.error().code;
        if (context_ == nullptr)
            fail_with(std::move(changed).error());
        else if (error != EAGAIN)
            log_info("request", "a new context, since the size cannot change in this one: {}", changed.error().what);
        return error;
    }
    use_context();
    return 0;
}

Result<> RequestDecoder::resize_context() {
    if (context_->has_spare())
        V4L2PLAY_TRY(call_context([](DeviceContext& context) { return context.take_back_spare(); }));
    auto changed = context_->change_size(*sequence_);
    if (changed || changed.error().code != EBUSY) return changed;
    V4L2PLAY_TRY(call_context([](DeviceContext& context) { return context.stop_output(); }));
    return context_->change_size(*sequence_);
}

/// As with closing: the thread that decodes does not wait for a driver that hangs.
Result<> RequestDecoder::call_context(const std::function<Result<>(DeviceContext&)>& work) {
    context_->set_waker(nullptr);
    auto answer = call_within(teardown_limit_, context_, work);
    if (!answer)
        return fail(ETIMEDOUT, fmt::format("{} does not come back from STREAMOFF: it is left alone", device_.name()),
                    "STREAMOFF");
    context_->set_waker(waker_.get());
    return std::move(*answer);
}

/// It is set up for the sequence that is wanted.
void RequestDecoder::use_context() {
    context_sequence_ = *sequence_;
    events_.push(PoolChanged{context_->pool(), context_->terms()});
}

Result<> RequestDecoder::open_context() {
    // Two contexts at a time would need the memory of both.
    if (!close_context())
        return fail(ETIMEDOUT, fmt::format("{} does not come back from closing", device_.name()), "close");
    const ContextNeeds needs{kernel_, device_, *controls_, config_, media_.get(), epoll_.get(), waker_.get()};
    const auto before = config_.output_formats;
    const bool offered = offered_.has_value();
    if (offered) config_.output_formats = *std::exchange(offered_, std::nullopt);
    auto context = DeviceContext::create(needs, *sequence_);
    if (!context && offered) {
        log_info("request", "not in the format that the output would rather have: {}", context.error().what);
        config_.output_formats = before;
        context = DeviceContext::create(needs, *sequence_);
    }
    if (!context) return fail(std::move(context).error());
    context_ = std::move(*context);
    quiet_since_ = 0;
    use_context();
    return {};
}

void RequestDecoder::drop_picture(const Picture& picture, DropReason reason, std::string_view why) {
    PictureRecord* first = pictures_.find(picture.id);
    if (first == nullptr)
        pictures_.lose(pictures_.add(picture, sequence_->info));
    else if (context_ != nullptr && first->in_flight)
        context_->cut_short(first->buffer); // half of the frame is there
    skip(reason, why);
    resynchronise_ = true;
}

/// What came before is fine: the stream ends here, with the reason.
void RequestDecoder::end_with(Error error) {
    end_error_ = std::move(error);
    ending_ = Ending::Asked;
    steps_.clear();
    next_step_ = 0;
}

/// A picture in the context before this one, which had to go when the size changed.
bool RequestDecoder::refers_to_another_size(const Picture& picture) const {
    return std::any_of(picture.references.begin(), picture.references.end(),
                       [&](FrameId id) { return id < first_in_context_; });
}

bool RequestDecoder::has_all_references(const Picture& picture) {
    return std::all_of(picture.references.begin(), picture.references.end(), [&](FrameId id) {
        const PictureRecord* record = pictures_.find(id);
        return record != nullptr && record->reference;
    });
}

bool RequestDecoder::ensure_bitstream_room(const Picture& picture) {
    std::size_t needed = 0;
    for (unsigned i = 0; i < controls_->requests(picture); ++i)
        needed = std::max(needed, context_->bitstream_size(picture, i));
    if (needed <= context_->bitstream_capacity()) return true;
    if (needed > largest_bitstream - bitstream_padding) {
        drop_picture(picture, DropReason::Malformed,
                     fmt::format("a picture of {} bytes; {} are the limit", needed, largest_bitstream));
        return true;
    }
    if (!context_->can_grow()) return false;
    auto grown = call_context([needed](DeviceContext& context) { return context.grow_bitstreams(needed); });
    if (!grown) fail_with(std::move(grown).error());
    return true;
}

PictureRecord* RequestDecoder::begin_picture(const Picture& picture, bool& wait) {
    if (picture.second_field) {
        PictureRecord* first = pictures_.find(picture.id);
        if (first != nullptr && first->in_flight) {
            // Each of the fields may have come with a time of its own.
            if (first->frame.pts == no_time) first->frame.pts = picture.pts;
            first->frame.duration += picture.duration;
            return first;
        }
        drop_picture(picture, DropReason::Malformed, "a second field without its first");
        return nullptr;
    }
    SlotRef slot = context_->acquire_slot();
    if (!slot && pictures_.alive() > context_sequence_.dpb_slots && pictures_.drop_oldest_unclaimed())
        slot = context_->acquire_slot();
    if (!slot) {
        wait = waits_for_slot_ = true;
        return nullptr;
    }
    PictureRecord& record = pictures_.add(picture, sequence_->info);
    record.in_flight = true;
    record.reference = slot.also(Hold::Reference);
    record.frame.slot = slot.also(Hold::Queue);
    record.buffer = context_->begin(picture.id, std::move(slot));
    return &record;
}

bool RequestDecoder::decode(const Picture& picture) {
    if (resynchronise_) {
        if (pictures_.find(picture.id) == nullptr)
            drop_picture(picture, DropReason::MissingReference, "follows a lost picture");
        return true;
    }
    if (!ensure_context(picture)) return false;
    if (failure_) return true;
    if (next_part_ == 0) {
        if (refers_to_another_size(picture)) {
            end_with({ENOTSUP, "pictures that refer to those of another size are not done by this driver", "S_FMT"});
            return true;
        }
        if ((controls_->requests(picture) > 1 || picture.first_field) && !context_->can_hold()) {
            end_with({ENOTSUP, "the driver cannot put several slices or fields into one frame", "REQBUFS"});
            return true;
        }
        if (!has_all_references(picture)) {
            drop_picture(picture, DropReason::MissingReference, "refers to a picture that is lost");
            return true;
        }
        if (auto taken = controls_->takes(picture); !taken) {
            end_with(std::move(taken).error());
            return true;
        }
        if (!ensure_bitstream_room(picture)) return false;
        if (failure_ || resynchronise_) return true;
    }
    if (!context_->can_submit()) return false;
    bool wait = false;
    PictureRecord* record = next_part_ == 0 ? begin_picture(picture, wait) : pictures_.find(picture.id);
    if (wait) return false;
    if (record == nullptr) return true;
    if (next_part_ == 0)
        for (const FrameId id : picture.references) context_->refer(record->buffer, pictures_.find(id)->reference);
    return send_parts(picture, *record);
}

/// A first field's frame is held for the second even when that is not there yet. If it does not come, the driver gives
/// the frame back with the next picture, or when asked (`DeviceContext::release_held`).
bool RequestDecoder::send_parts(const Picture& picture, PictureRecord& record) {
    const unsigned parts = controls_->requests(picture);
    for (; next_part_ < parts; ++next_part_) {
        if (!context_->can_submit()) return false;
        const bool last = next_part_ + 1 == parts && !picture.first_field;
        const int error = context_->submit(picture, next_part_, record.buffer, !last);
        if (error == 0) continue;
        device_refused(picture, record, error);
        return true;
    }
    return true;
}

void RequestDecoder::device_refused(const Picture& picture, PictureRecord& record, int error) {
    if (error == -ENODEV || troubles_.add()) {
        fail_with({-error, fmt::format("{} refuses pictures: {}", device_.name(), error_text(-error)), "submit"});
        return;
    }
    if (next_part_ == 0 && !picture.second_field) {
        context_->cancel(record.buffer);
        pictures_.lose(record);
    } else {
        context_->cut_short(record.buffer);
    }
    skip(DropReason::DeviceError, fmt::format("the device refuses a picture: {}", error_text(-error)));
    resynchronise_ = true;
}

} // namespace v4l2play
