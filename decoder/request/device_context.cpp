#include "decoder/request/device_context.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/request/memory_budget.h"
#include "decoder/v4l2/quirks.h"

namespace v4l2play {
namespace {

// Bitstream buffers, and requests for them: the depth of the pipeline, so that hardware with two stages has the next
// picture while this one is written.
constexpr unsigned pipeline_depth = 4;
constexpr unsigned worth_shrinking = 4; // slots; 12 MB of Full HD

std::uint64_t size_of(const PixelFormat& format) {
    std::uint64_t size = 0;
    for (unsigned i = 0; i < format.memory_planes; ++i) size += format.plane[i].sizeimage;
    return size;
}

} // namespace

DeviceContext::DeviceContext(const ContextNeeds& needs, VideoDevice device)
    : needs_(needs)
    , device_(std::move(device))
    , output_(device_, QueueSide::Output)
    , capture_(device_, QueueSide::Capture)
    , bitstreams_(output_)
    , requests_(needs.kernel, needs.media_fd, needs.epoll_fd, request_event)
    , slots_(needs.kernel, capture_, needs.waker)
    , quirks_(quirks_of(device_.driver(), device_.kernel_version())) {}

Result<std::unique_ptr<DeviceContext>> DeviceContext::create(const ContextNeeds& needs, const SequenceInfo& sequence) {
    V4L2PLAY_TRY(check_device(needs.device, V4l2Fourcc{needs.controls.coded_fourcc()}, sequence.coded_width,
                              sequence.coded_height));
    auto device = VideoDevice::open(needs.kernel, needs.device.video_path);
    if (!device) return fail(device.error());
    std::unique_ptr<DeviceContext> context(new DeviceContext(needs, std::move(*device)));
    V4L2PLAY_TRY(context->set_up(sequence));
    return context;
}

Result<> DeviceContext::set_up(const SequenceInfo& sequence) {
    if (sequence.interlaced && has_quirk(quirks_, Quirk::NoInterlaced))
        return fail(ENOTSUP, fmt::format("{} does not do interlaced video", device_.driver()), "quirks");
    const auto formats = set_formats(sequence);
    if (!formats) return fail(formats.error());
    V4L2PLAY_TRY(bitstreams_.allocate(pipeline_depth, formats->coded));
    if (sequence.interlaced && !can_hold())
        return fail(ENOTSUP, "the driver cannot put two fields into one frame", "REQBUFS");
    SlotCount slots = count_slots(sequence, needs_.config);
    V4L2PLAY_TRY(fit(slots, size_of(formats->pixels)));
    V4L2PLAY_TRY(slots_.allocate(formats->pixels, slots.count, slots.least));
    note_slots(slots);
    V4L2PLAY_TRY(requests_.allocate(bitstreams_.count()));
    return start();
}

/// To the memory there is. Only what can be done without is left out for contiguous memory; when the rest does not fit
/// either, the driver says so.
Result<> DeviceContext::fit(SlotCount& slots, std::uint64_t slot_size, unsigned there) {
    const std::string meminfo = read_meminfo(needs_.kernel);
    const std::uint64_t ours = there * slot_size; // is not to be had any more
    const auto with_ours = [ours](std::uint64_t budget) { return budget + std::min(ours, UINT64_MAX - budget); };
    V4L2PLAY_TRY(fit_slots(slots, slot_size, with_ours(slot_budget(meminfo))));
    if (!is_behind_iommu(needs_.kernel, needs_.device.video_path))
        fit_contiguous(slots, slot_size, with_ours(contiguous_budget(meminfo)));
    return {};
}

Result<DeviceFormats> DeviceContext::set_formats(const SequenceInfo& sequence) {
    return set_up_device(device_, needs_.controls, sequence, needs_.config.output_formats);
}

bool DeviceContext::would_change(const SequenceInfo& sequence, std::span<const FormatModifier> formats) const {
    const auto current = device_.get_format(QueueSide::Capture);
    if (!current) return false;
    const auto chosen = choose_pixel_format(device_, sequence, current->fourcc, formats);
    return chosen && *chosen != current->fourcc;
}

bool DeviceContext::keeps_old_sets(const Picture& picture) const {
    return has_quirk(quirks_, Quirk::NewContextForSets) && needs_.controls.changes_reference_sets(picture);
}

/// After each change of the slots.
void DeviceContext::note_slots(const SlotCount& wanted) {
    const unsigned count = slots_.pool()->count();
    terms_ = fmt::format("{} = {}", wanted.terms, wanted.count);
    if (count != wanted.count) terms_ += fmt::format(", the driver gave {}", count);
    uses_.resize(slots_.end());
    for (Use& use : uses_) use.references.reserve(32); // of both fields
    finished_.reserve(uses_.size());
    log_info("request", "{} slots: {}", count, terms_);
}

Result<> DeviceContext::add_slots(const SequenceInfo& sequence) {
    SlotCount slots = count_slots(sequence, needs_.config);
    const auto& sizes = slots_.pool()->format().memory_size;
    V4L2PLAY_TRY(fit(slots, std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0}), slots_.pool()->count()));
    V4L2PLAY_TRY(slots_.grow(slots.count));
    note_slots(slots);
    return {};
}

bool DeviceContext::has_too_many_slots(const SequenceInfo& sequence) const {
    return slots_.pool()->count() >= count_slots(sequence, needs_.config).count + worth_shrinking;
}

Result<> DeviceContext::remove_slots(const SequenceInfo& sequence) {
    const SlotCount slots = count_slots(sequence, needs_.config);
    V4L2PLAY_TRY(slots_.shrink(slots.count));
    note_slots(slots);
    return {};
}

/// The stateless interface knows no such change; verisilicon's driver (6.9) takes new formats in spite of allocated
/// buffers if the pixel format stays, with OUTPUT streaming or, before that, without.
Result<> DeviceContext::change_size(const SequenceInfo& sequence) {
    const auto formats = set_formats(sequence);
    if (!formats) return fail(formats.error());
    V4L2PLAY_TRY(output_.stream_on()); // no change where it was not stopped
    SlotCount slots = count_slots(sequence, needs_.config);
    V4L2PLAY_TRY(fit(slots, size_of(formats->pixels)));
    V4L2PLAY_TRY(slots_.change(formats->pixels, slots.count, slots.least));
    note_slots(slots);
    return {};
}

Result<> DeviceContext::take_back_spare() {
    capture_.stream_off();
    uses_[slots_.buffer_of(spare_)].queued = false;
    spare_.reset();
    return capture_.stream_on();
}

Result<> DeviceContext::stop_output() {
    output_.stream_off();
    return {};
}

/// Edge-triggered: with empty queues the descriptor polls as an error, which is none.
Result<> DeviceContext::start() {
    const int error =
        needs_.kernel.epoll_add(needs_.epoll_fd, device_.fd(), EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLET, video_event);
    if (error < 0) return fail(-error, "cannot watch the video device", "epoll_ctl");
    V4L2PLAY_TRY(output_.stream_on());
    return capture_.stream_on();
}

bool DeviceContext::can_hold() const {
    return (output_.capabilities() & V4L2_BUF_CAP_SUPPORTS_M2M_HOLD_CAPTURE_BUF) != 0;
}

SlotRef DeviceContext::acquire_slot() { return spare_ ? std::move(spare_) : slots_.acquire(); }

std::uint32_t DeviceContext::begin(FrameId id, SlotRef target) {
    close_held();
    const std::uint32_t buffer = slots_.buffer_of(target);
    Use& use = uses_[buffer];
    use.id = id;
    use.outcome = Outcome::Good;
    use.target = std::move(target);
    ++pictures_;
    return buffer;
}

void DeviceContext::refer(std::uint32_t target, const SlotRef& reference) {
    uses_[target].references.push_back(reference.also(Hold::Request));
}

void DeviceContext::cancel(std::uint32_t target) {
    Use& use = uses_[target];
    use.id = 0;
    use.references.clear();
    // The driver has the buffer and will fill it next, whatever is sent.
    if (use.queued) spare_ = std::move(use.target);
    use.target.reset();
    --pictures_;
}

void DeviceContext::cut_short(std::uint32_t target) { uses_[target].outcome = Outcome::Partial; }

/// The driver gives a held buffer back when it sees another picture or a flush: without a completion to hint at it.
void DeviceContext::close_held() {
    if (std::exchange(held_, nobody) != nobody) ++capture_hints_;
}

int DeviceContext::submit(const Picture& picture, unsigned index, std::uint32_t target, bool hold) {
    const unsigned bitstream = bitstreams_.borrow();
    const unsigned request = requests_.borrow();
    const int error = send(picture, index, target, hold, bitstream, request);
    if (error == 0) {
        ++outputs_;
        held_ = hold ? target : nobody;
        return 0;
    }
    // Emptying the request takes the OUTPUT buffer out of it.
    if (!requests_.give_back(request)) fault_ = error;
    bitstreams_.give_back(bitstream);
    return error;
}

/// Of the bytes behind the bitstream, those that this driver wants beyond the usual ones, and counted.
std::size_t DeviceContext::counted_padding(const Picture& picture, unsigned index) const {
    return has_quirk(quirks_, Quirk::CountPadding) ? needs_.controls.data_offset(picture, index) : 0;
}

std::size_t DeviceContext::bitstream_size(const Picture& picture, unsigned index) const {
    return needs_.controls.bitstream_size(picture, index) + counted_padding(picture, index);
}

int DeviceContext::send(const Picture& picture, unsigned index, std::uint32_t target, bool hold, unsigned bitstream,
                        unsigned request) {
    CodecControls& controls = needs_.controls;
    const std::span<std::uint8_t> bytes = bitstreams_.bytes(bitstream);
    std::size_t used = controls.write_bitstream(picture, index, bytes);
    const std::size_t padding = std::min(bitstream_padding + counted_padding(picture, index), bytes.size() - used);
    std::memset(bytes.data() + used, 0, padding);
    if (has_quirk(quirks_, Quirk::CountPadding)) used += padding;

    const int fd = requests_.fd(request);
    int error = device_.set_request_controls(fd, controls.picture_controls(picture, index));
    if (error < 0) return error;
    Use& use = uses_[target];
    if (!use.queued) {
        QueueArguments capture;
        capture.index = target;
        if (error = capture_.queue(capture); error < 0) return error;
        use.queued = true;
    }
    const QueueArguments output{bitstream, picture.id, static_cast<std::uint32_t>(used), fd, hold};
    if (error = output_.queue(output); error < 0) return error;
    return requests_.queue(request, !hold);
}

void DeviceContext::note_event(const epoll_event& event) {
    if (event.data.u64 == video_event) video_events_ |= event.events;
    if ((event.data.u64 & request_event) != request_event || (event.events & EPOLLPRI) == 0) return;
    const auto request = static_cast<unsigned>(event.data.u64 & 0xffffffff);
    if (!requests_.is_queued(request)) return;
    ++output_hints_;
    if (requests_.ends_picture(request)) ++capture_hints_;
    progress_ = true;
    requests_.complete(request);
}

int DeviceContext::collect() {
    if (const int error = dequeue_outputs(); error < 0) return error;
    if (const int error = dequeue_captures(); error < 0) return error;
    if (idle()) output_hints_ = capture_hints_ = 0;
    return fault_;
}

int DeviceContext::dequeue_outputs() {
    bool announced = (video_events_ & (EPOLLOUT | EPOLLERR)) != 0;
    video_events_ &= ~std::uint32_t{EPOLLOUT};
    while (outputs_ > 0 && (announced || output_hints_ > 0)) {
        DequeuedBuffer buffer;
        const int error = output_.dequeue(buffer);
        if (error < 0) return error == -EAGAIN ? 0 : error;
        announced = false;
        --output_hints_;
        --outputs_;
        progress_ = true;
        if (buffer.index < bitstreams_.count()) bitstreams_.give_back(buffer.index);
    }
    return 0;
}

int DeviceContext::dequeue_captures() {
    bool announced = (video_events_ & (EPOLLIN | EPOLLERR)) != 0;
    video_events_ = 0;
    while (pictures_ > 0 && (announced || capture_hints_ > 0)) {
        DequeuedBuffer buffer;
        const int error = capture_.dequeue(buffer);
        if (error < 0) return error == -EAGAIN ? 0 : error;
        announced = false;
        --capture_hints_;
        progress_ = true;
        finish(buffer);
    }
    return 0;
}

Outcome DeviceContext::judge(const DequeuedBuffer& buffer, const Use& use) const {
    if (buffer.id != use.id) {
        log_error("request", "buffer {} comes back as picture {}, but picture {} was to be in it", buffer.index,
                  buffer.id, use.id);
        return Outcome::Failed;
    }
    const auto is_good = [this](const SlotRef& slot) { return uses_[slots_.buffer_of(slot)].outcome == Outcome::Good; };
    const bool sound = std::all_of(use.references.begin(), use.references.end(), is_good);
    if (use.outcome == Outcome::Partial) return sound ? Outcome::Partial : Outcome::Remnant;
    if (buffer.bytes_used == 0) return Outcome::Empty;
    if (buffer.error) return Outcome::Failed;
    return sound ? Outcome::Good : Outcome::Damaged;
}

void DeviceContext::finish(const DequeuedBuffer& buffer) {
    if (buffer.index >= uses_.size() || uses_[buffer.index].id == 0) {
        log_error("request", "the driver gives back buffer {}, which it did not have", buffer.index);
        return;
    }
    Use& use = uses_[buffer.index];
    use.outcome = judge(buffer, use);
    finished_.push_back({use.id, use.outcome});
    (void)use.target.pool().finish_decode(use.target);
    use.id = 0;
    use.queued = false;
    use.target.reset();
    use.references.clear();
    --pictures_;
}

bool DeviceContext::next_finished(FinishedPicture& out) {
    if (next_finished_ == finished_.size()) {
        finished_.clear();
        next_finished_ = 0;
        return false;
    }
    out = finished_[next_finished_++];
    return true;
}

void DeviceContext::release_held() {
    if (pictures_ == 0 || outputs_ != 0 || requests_.queued() != 0) return;
    close_held();
    if (device_.decoder_command(V4L2_DEC_CMD_FLUSH) < 0) log_debug("request", "the driver does not flush");
}

} // namespace v4l2play
