#include "decoder/stateful/stateful_context.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/stateful/stateful_decoder.h"

namespace v4l2play {
namespace {

// Of bitstream buffers: enough for a driver that reads ahead for reordering, without holding much.
constexpr unsigned unit_buffers = 6;

std::uint32_t unit_size(std::uint32_t width, std::uint32_t height) {
    const std::uint64_t half = std::uint64_t{width} * height * 3 / 4;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(half, 1 << 20, 8 << 20));
}

} // namespace

StatefulContext::StatefulContext(const StatefulNeeds& needs, VideoDevice device)
    : needs_(needs)
    , device_(std::move(device))
    , output_(device_, QueueSide::Output)
    , capture_(device_, QueueSide::Capture)
    , units_(output_) {}

StatefulContext::~StatefulContext() {
    if (pool_ != nullptr) pool_->set_waker(nullptr);
}

Result<std::unique_ptr<StatefulContext>> StatefulContext::create(const StatefulNeeds& needs) {
    auto device = VideoDevice::open(needs.kernel, needs.device.video_path);
    if (!device) return fail(device.error());
    std::unique_ptr<StatefulContext> context(new StatefulContext(needs, std::move(*device)));
    V4L2PLAY_TRY(context->set_up());
    return context;
}

Result<> StatefulContext::set_up() {
    subscribe();
    const StreamInfo& stream = needs_.config.stream;
    const V4l2Fourcc coded = stateful_fourcc(stream.codec);
    PixelFormat wanted{
        coded, static_cast<std::uint32_t>(stream.width), static_cast<std::uint32_t>(stream.height), 1, {}};
    wanted.plane[0].sizeimage = unit_size(wanted.width, wanted.height);
    const auto format = device_.set_format(QueueSide::Output, wanted);
    if (!format) return fail(format.error());
    if (format->fourcc != coded)
        return fail(ENOTSUP, fmt::format("the driver does not take {}", to_string(coded)), "S_FMT");
    V4L2PLAY_TRY(units_.allocate(unit_buffers, *format));
    const int error = needs_.kernel.epoll_add(needs_.epoll_fd, device_.fd(),
                                              EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLERR | EPOLLET, stateful_video_event);
    if (error < 0) return fail(-error, "cannot watch the video device", "epoll_ctl");
    return output_.stream_on();
}

void StatefulContext::subscribe() {
    v4l2_event_subscription subscription{};
    subscription.type = V4L2_EVENT_SOURCE_CHANGE;
    announces_ = needs_.kernel.ioctl(device_.fd(), VIDIOC_SUBSCRIBE_EVENT, &subscription) >= 0;
    source_changed_ = !announces_; // then what the driver starts with is all that it says
}

int StatefulContext::submit(FrameId id, std::span<const std::uint8_t> unit, bool start) {
    const auto index = units_.borrow(needs_.stream.size(unit, start));
    if (!index) return -EAGAIN;
    QueueArguments arguments;
    arguments.index = *index;
    arguments.id = id;
    arguments.bytes_used = static_cast<std::uint32_t>(needs_.stream.write(unit, start, units_.bytes(*index)));
    const int error = output_.queue(arguments);
    if (error < 0) units_.give_back(*index);
    return error;
}

Result<> StatefulContext::start_capture() {
    source_changed_ = ended_ = stopping_ = false;
    const auto format = set_up_capture(device_, needs_.config);
    if (!format) return fail(format.error());
    V4L2PLAY_TRY(allocate_slots(*format));
    info_ = format->info;
    if (const int error = refill(); error < 0)
        return fail(-error, fmt::format("the driver takes no buffer: {}", error_text(-error)), "QBUF");
    return capture_.stream_on();
}

Result<> StatefulContext::allocate_slots(const CaptureFormat& format) {
    const auto layout = to_frame_format(format.pixels);
    if (!layout) return fail(layout.error());
    const DecoderConfig& config = needs_.config;
    const unsigned wanted =
        std::min<unsigned>(format.minimum_buffers + config.queue_slots + config.presenter_slots + 1, VIDEO_MAX_FRAME);
    capture_.set_memory_planes(format.pixels.memory_planes);
    const auto given = capture_.request_buffers(wanted);
    if (!given) return fail(given.error());
    if (*given < format.minimum_buffers + 1)
        return fail(ENOMEM, fmt::format("the driver has memory for {} pictures, {} are needed", *given, wanted),
                    "REQBUFS");
    const unsigned count = std::min<unsigned>(*given, VIDEO_MAX_FRAME);
    terms_ = fmt::format("{} for the driver + {} queued + {} shown + 1 = {}", format.minimum_buffers,
                         config.queue_slots, config.presenter_slots, wanted);
    if (count != wanted) terms_ += fmt::format(", the driver gave {}", count);
    std::vector<SlotMemory> memory;
    for (unsigned i = 0; i < count; ++i) {
        auto slot = export_slot(i, format.pixels.memory_planes);
        if (!slot) return fail(slot.error());
        memory.push_back(std::move(*slot));
    }
    needed_ = format.minimum_buffers;
    slots_.clear();
    slots_.resize(count);
    decoded_.reserve(count);
    pool_ = SlotPool::create(needs_.kernel, *layout, std::move(memory));
    pool_->set_waker(needs_.waker);
    log_info("stateful", "{} slots: {}", count, terms_);
    return {};
}

Result<SlotMemory> StatefulContext::export_slot(unsigned index, unsigned memory_planes) const {
    SlotMemory memory;
    for (unsigned plane = 0; plane < memory_planes; ++plane) {
        auto dmabuf = capture_.export_plane(index, plane);
        if (!dmabuf) return fail(dmabuf.error());
        memory.dmabuf[plane] = std::move(*dmabuf);
    }
    return memory;
}

void StatefulContext::stop_capture() {
    if (pool_ == nullptr) return;
    capture_.stream_off();
    release_queued();
    // The buffers are not freed before their last descriptor is closed.
    if (const auto none = capture_.request_buffers(0); !none) log_warning("stateful", "{}", none.error().what);
    pool_->set_waker(nullptr);
    pool_.reset();
    ended_ = false;
}

/// CAPTURE was stopped: the driver has let go of all buffers.
void StatefulContext::release_queued() {
    for (SlotRef& slot : slots_) slot.reset();
    queued_ = 0;
}

int StatefulContext::refill() {
    while (wants_slots()) {
        SlotRef slot = pool_->acquire();
        if (!slot) return 0;
        QueueArguments arguments;
        arguments.index = slot.index();
        if (const int error = capture_.queue(arguments); error < 0) return error;
        slots_[slot.index()] = std::move(slot);
        ++queued_;
    }
    return 0;
}

int StatefulContext::stop() {
    stopping_ = true;
    return device_.decoder_command(V4L2_DEC_CMD_STOP);
}

int StatefulContext::restart() {
    ended_ = stopping_ = false;
    return device_.decoder_command(V4L2_DEC_CMD_START);
}

int StatefulContext::flush() {
    dequeue_events();
    if (const int error = output_.stream_off(); error < 0) return error;
    units_.give_back_all();
    if (source_changed_) {
        // Of a format that the stream may not come back to: the next header is announced anew.
        stop_capture();
        source_changed_ = !announces_;
    } else if (pool_ != nullptr && (ended_ || stopping_)) {
        capture_.stream_off();
        release_queued();
        ended_ = stopping_ = false;
        if (const int error = refill(); error < 0) return error;
        if (!capture_.stream_on()) return -EIO;
    }
    return output_.stream_on() ? 0 : -EIO;
}

int StatefulContext::collect() {
    if (!std::exchange(noted_, false)) return 0;
    dequeue_events();
    if (const int error = dequeue_units(); error < 0) return error;
    return dequeue_pictures();
}

void StatefulContext::dequeue_events() {
    for (v4l2_event event{}; needs_.kernel.ioctl(device_.fd(), VIDIOC_DQEVENT, &event) >= 0; event = {}) {
        if (event.type != V4L2_EVENT_SOURCE_CHANGE) continue;
        if ((event.u.src_change.changes & V4L2_EVENT_SRC_CH_RESOLUTION) == 0) continue;
        source_changed_ = progress_ = true;
    }
}

int StatefulContext::dequeue_units() {
    while (units_.borrowed() > 0) {
        DequeuedBuffer buffer;
        const int error = output_.dequeue(buffer);
        if (error < 0) return error == -EAGAIN ? 0 : error;
        units_.give_back(buffer.index);
        progress_ = true;
    }
    return 0;
}

int StatefulContext::dequeue_pictures() {
    while (queued_ > 0 && !ended_) {
        DequeuedBuffer buffer;
        const int error = capture_.dequeue(buffer);
        if (error == -EAGAIN) return 0;
        if (error < 0 && error != -EPIPE) return error;
        progress_ = true;
        if (error == 0) take(buffer);
        ended_ = error == -EPIPE || buffer.last;
    }
    // A change of format is announced before its last picture, which may have come in between.
    if (ended_) dequeue_events();
    return 0;
}

void StatefulContext::take(const DequeuedBuffer& buffer) {
    if (buffer.index >= slots_.size() || !slots_[buffer.index]) {
        log_error("stateful", "the driver gives back buffer {}, which it did not have", buffer.index);
        return;
    }
    SlotRef slot = std::move(slots_[buffer.index]);
    --queued_;
    // Without a picture: an empty last buffer, or one that nothing could be decoded into, flagged or not. The slot is
    // FREE again.
    if (buffer.bytes_used == 0) {
        if (buffer.error || !buffer.last) decoded_.push_back({{}, buffer.id, true});
        return;
    }
    (void)pool_->finish_decode(slot);
    decoded_.push_back({std::move(slot), buffer.id, buffer.error});
}

bool StatefulContext::next_decoded(DecodedSlot& out) {
    if (next_decoded_ == decoded_.size()) {
        decoded_.clear();
        next_decoded_ = 0;
        return false;
    }
    out = std::move(decoded_[next_decoded_++]);
    return true;
}

} // namespace v4l2play
