#include "tests/fakes/fake_engine.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace v4l2play::fakes {
namespace {

/// Whether the payload begins as the chosen mode wants it.
bool starts_well(const std::vector<std::uint8_t>& bytes, bool start_codes) {
    const bool three = bytes.size() > 3 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 1;
    const bool four = bytes.size() > 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 1;
    if (start_codes) return three || four;
    return !bytes.empty() && !three && !four && (bytes[0] & 0x80) == 0;
}

} // namespace

/// A correct program never lets any of this happen: a device would read memory that holds something else.
void FakeEngine::check(const FakePicture& picture) const {
    if (picture.timestamp == 0) world_.violation("a picture without a timestamp");
    if (!starts_well(picture.bitstream, controls_.start_codes()))
        world_.violation(
            fmt::format("picture {}: the bitstream does not begin as the mode wants it", picture.timestamp));
    for (std::size_t i = 0; i < capture_.buffers.size(); ++i)
        if (i != picture.capture_index && capture_.buffers[i].content == picture.timestamp)
            world_.violation(fmt::format("picture {} is in buffer {} too", picture.timestamp, i));
    for (const std::uint64_t reference : picture.references) {
        const auto holds = [&](const FakeBuffer& buffer) {
            return buffer.content == reference && buffer.state != FakeBuffer::State::Queued;
        };
        const bool own = reference == picture.timestamp; // second field, first field
        if (!own && std::none_of(capture_.buffers.begin(), capture_.buffers.end(), holds))
            world_.violation(
                fmt::format("picture {} refers to {}, which no buffer holds", picture.timestamp, reference));
    }
}

FakePicture FakeEngine::record(const FakeBuffer& source, const Job& job) const {
    FakePicture picture;
    picture.timestamp = source.timestamp;
    picture.capture_index = job.capture;
    const std::uint8_t* bytes = source.planes[0]->bytes();
    picture.bitstream.assign(bytes, bytes + source.bytes_used);
    picture.references = job.references;
    picture.controls = job.request->controls;
    picture.hold = job.hold;
    picture.error = job.error || job.empty;
    return picture;
}

bool FakeEngine::release_held() {
    if (!held_) return false;
    const unsigned index = *std::exchange(held_, std::nullopt);
    capture_.finish(index, capture_.buffers[index].error);
    return true;
}

/// There is a request, and a buffer to decode into.
bool FakeEngine::is_ready() const { return has_request() && (held_ || !capture_.queued.empty()); }

bool FakeEngine::has_request() const { return output_.streaming() && capture_.streaming() && !output_.queued.empty(); }

/// Takes the oldest request, if it is this context's turn.
bool FakeEngine::start() {
    if (job_) return false;
    bool changed = false;
    if (has_request() && held_ &&
        capture_.buffers[*held_].timestamp != output_.buffers[output_.queued.front()].timestamp)
        changed = release_held();
    if (!is_ready()) turns_.leave(this);
    if (!is_ready() || !turns_.take(this)) return changed;
    FakeBuffer& source = output_.buffers[output_.queued.front()];
    Job job;
    job.output = output_.queued.front();
    job.capture = held_ ? *held_ : capture_.queued.front();
    output_.queued.pop_front();
    if (!held_) capture_.queued.pop_front();
    const bool continued = std::exchange(held_, std::nullopt).has_value();
    FakeBuffer& target = capture_.buffers[job.capture];
    job.error = world_.errors.count(++world_.jobs) != 0;
    job.empty = world_.empty.count(world_.jobs) != 0;
    job.hold = source.hold && decoder_.holds;
    job.request = source.request;
    job.references = references_of(job.request->controls);
    if (world_.stalls.count(world_.jobs) == 0) {
        job.end = world_.now + decoder_.decode_time;
        if (decoder_.two_phase) job.first_phase = world_.now + decoder_.decode_time / 2;
    }
    target.timestamp = source.timestamp;
    target.content = source.timestamp;
    if (!continued) target.error = target.empty = false;
    FakePicture picture = record(source, job);
    check(picture);
    if (world_.on_decoded) world_.on_decoded(picture);
    world_.pictures.push_back(std::move(picture));
    job_ = std::move(job);
    return true;
}

void FakeEngine::return_output() {
    output_.finish(job_->output, false);
    job_->output_returned = true;
}

void FakeEngine::finish() {
    const Job job = std::move(*job_);
    job_.reset();
    turns_.end();
    FakeBuffer& target = capture_.buffers[job.capture];
    target.error |= job.error;
    target.empty |= job.empty;
    target.bytes_used = target.empty ? 0 : static_cast<std::uint32_t>(target.planes[0]->size());
    ++target.sequence;
    job.request->complete();
    if (!job.output_returned) output_.finish(job.output, job.error);
    if (job.hold)
        held_ = job.capture;
    else
        capture_.finish(job.capture, target.error);
}

bool FakeEngine::step(bool forced) {
    if (!job_) return false;
    const bool timed = world_.automatic && job_->end != no_time;
    const bool two_phase = job_->first_phase != no_time && !job_->output_returned;
    if (two_phase && (forced || (timed && world_.now >= job_->first_phase))) {
        return_output();
        return true;
    }
    if (job_->end == no_time || !(forced || (timed && world_.now >= job_->end))) return false;
    finish();
    return true;
}

bool FakeEngine::run() {
    bool changed = false;
    while (start() || step(false)) changed = true;
    return changed;
}

bool FakeEngine::complete_one() {
    if (!step(true)) return false;
    run();
    return true;
}

Nanoseconds FakeEngine::next_event() const {
    if (!job_ || !world_.automatic) return no_time;
    return job_->first_phase != no_time && !job_->output_returned ? job_->first_phase : job_->end;
}

void FakeEngine::cancel(bool capture) {
    if (capture) held_.reset();
    turns_.leave(this);
    if (!job_) return;
    const Job job = std::move(*job_);
    job_.reset();
    turns_.end();
    job.request->complete();
    if (!job.output_returned) output_.finish(job.output, true);
    capture_.finish(job.capture, true);
}

bool FakeEngine::is_referenced(std::uint64_t timestamp) const {
    const auto names = [&](const std::vector<std::uint64_t>& list) {
        return std::find(list.begin(), list.end(), timestamp) != list.end();
    };
    if (job_ && names(job_->references)) return true;
    return std::any_of(output_.queued.begin(), output_.queued.end(), [&](unsigned index) {
        const auto& request = output_.buffers[index].request;
        return request != nullptr && names(references_of(request->controls));
    });
}

} // namespace v4l2play::fakes
