#include "render/drawn_output.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "decoder/log.h"
#include "decoder/slot.h"
#include "render/fit.h"
#include "render/forwarding_output.h"

namespace v4l2play {
namespace {

constexpr std::uint32_t pitch_alignment = 256;
constexpr std::size_t usual_drawn = 16; // so that steady playback allocates nothing

void add_all_new(std::vector<FormatModifier>& formats, const std::vector<FormatModifier>& more) {
    for (const FormatModifier& format : more) add_new(formats, format);
}

class DrawnOutput final : public ForwardingOutput {
  public:
    DrawnOutput(std::unique_ptr<Output> inner, std::vector<std::unique_ptr<Painter>> painters,
                const DrawnOptions& options, Kernel& kernel)
        : ForwardingOutput(std::move(inner))
        , kernel_(kernel)
        , options_(options)
        , painters_(std::move(painters)) {
        drawn_.reserve(usual_drawn);
        released_.reserve(usual_drawn);
    }

    [[nodiscard]] std::vector<FormatModifier> formats() const override;
    [[nodiscard]] std::vector<FormatModifier> drawn_formats() const override;
    bool find_drawn_formats() override;
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    std::optional<OutputEvent> next_event() override;
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel) override;
    [[nodiscard]] OutputDescription description() const override;

  private:
    struct Drawn {
        FrameId id = 0;
        std::uint32_t serial = 0;
        Painter* painter = nullptr;
        SlotRef source; ///< that the painter still reads; none: it does not
        UniqueFd fence; ///< until this signals; none: the output keeps it and shows nothing before
    };
    [[nodiscard]] bool is_being_drawn(const Drawn& drawn) const;
    [[nodiscard]] bool can_draw(Painter& painter) const;
    Result<> try_painters(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info, bool compromise);
    Result<> draw_by(Painter& painter, const std::shared_ptr<SlotPool>& pool, const FrameInfo& info);
    [[nodiscard]] FrameInfo drawn_info(const Painter& painter, const FrameInfo& info) const;
    [[nodiscard]] bool draws_for_screen(const Painter& painter) const;
    Result<> create_targets(Painter& painter, Size size);
    void forget_device();
    [[nodiscard]] std::string explain() const;
    Result<> present_drawn(Frame& frame, Nanoseconds target);
    [[nodiscard]] std::vector<Drawn>::iterator find(FrameId id, std::uint32_t serial);

    Kernel& kernel_;
    const DrawnOptions options_;
    std::shared_ptr<SlotPool> source_; ///< that is drawn
    std::shared_ptr<SlotPool> target_;
    FrameInfo target_info_;
    std::vector<std::unique_ptr<Painter>> painters_; ///< go before what they draw from and into
    Painter* painter_ = nullptr;                     ///< in use; null: frames go straight to `inner`
    Painter* target_painter_ = nullptr;              ///< whose memory `target_` is
    bool diverted_ = false;                          ///< `inner` is no longer configured for the decoder's frames
    std::string why_;                                ///< frames do not go straight to `inner`: what it said
    std::string told_;
    std::uint32_t generation_ = 0; ///< of the pool that is configured for
    FrameInfo info_;
    Rect screen_;
    std::vector<Drawn> drawn_; ///< frames in our memory, with `inner`
    std::vector<FrameReleased> released_;
};

/// Where the planes take no video at all, decoders learn here what can be drawn.
std::vector<FormatModifier> DrawnOutput::formats() const {
    std::vector<FormatModifier> formats = options_.always ? std::vector<FormatModifier>{} : inner().formats();
    if (!formats.empty()) return formats;
    for (const auto& painter : painters_)
        if (can_draw(*painter)) add_all_new(formats, painter->formats());
    return formats;
}

/// True if it draws what it lists: there is a GPU.
bool DrawnOutput::can_draw(Painter& painter) const {
    FrameFormat best;
    best.fourcc = painter.formats().front().fourcc;
    return painter.check(best, inner()).has_value() || options_.always;
}

/// What a GPU reads is found out when it is needed: most displays take what decoders make, and starting one takes time.
/// Until then nothing is copied: what comes to that may be drawn instead.
std::vector<FormatModifier> DrawnOutput::drawn_formats() const {
    const bool known =
        std::all_of(painters_.begin(), painters_.end(), [](const auto& painter) { return painter->knows_formats(); });
    std::vector<FormatModifier> formats;
    for (const auto& painter : painters_)
        if (known || painter->path() != OutputPath::Copied) add_all_new(formats, painter->formats());
    if (known) add_all_new(formats, inner().drawn_formats());
    return formats;
}

bool DrawnOutput::find_drawn_formats() {
    const std::vector<FormatModifier> before = drawn_formats();
    for (const auto& painter : painters_) painter->find_formats(inner());
    return drawn_formats() != before;
}

/// What the CPU fills is best where the painter can read it.
Result<std::unique_ptr<SlotAllocator>> DrawnOutput::create_memory(Kernel& kernel) {
    return options_.always ? painters_.front()->create_memory(kernel, inner()) : inner().create_memory(kernel);
}

Result<> DrawnOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    generation_ = pool->generation();
    info_ = info;
    screen_ = screen();
    painter_ = nullptr;
    diverted_ = false;
    why_.clear();
    if (options_.always) return try_painters(pool, info, false);
    Result<> direct = inner().configure(pool, info);
    if (direct ? !inner().compromises() : direct.error().code != ENOTSUP) return direct;
    why_ = direct ? inner().description().plane : direct.error().what;
    const Result<> drawn = try_painters(pool, info, direct.has_value());
    if (drawn) return {};
    if (!direct) return fail(ENOTSUP, fmt::format("{}; {}", direct.error().what, drawn.error().what), "configure");
    log_debug("render", "{}", drawn.error().what);
    return diverted_ ? inner().configure(pool, info) : direct;
}

Result<> DrawnOutput::try_painters(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info, bool compromise) {
    const bool offered = contains(inner().formats(), {pool->format().fourcc, pool->format().modifier});
    std::string reasons;
    for (const auto& painter : painters_) {
        const bool copies = painter->path() == OutputPath::Copied;
        if ((compromise && !painter->scales()) || (copies && offered)) continue;
        const Result<> drawn = draw_by(*painter, pool, info);
        if (drawn) return {};
        reasons += (reasons.empty() ? "" : "; ") + drawn.error().what;
    }
    return fail(ENOTSUP, reasons.empty() ? "nothing else would draw it" : reasons, "try_painters");
}

Result<> DrawnOutput::draw_by(Painter& painter, const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    V4L2PLAY_TRY(painter.check(pool->format(), inner()));
    target_info_ = drawn_info(painter, info);
    const Size size{target_info_.visible.width, target_info_.visible.height};
    const bool fits = target_ != nullptr && target_painter_ == &painter &&
                      size == Size{target_->format().coded_width, target_->format().coded_height};
    std::shared_ptr<SlotPool> before = target_; // the painter still knows it
    if (!fits) V4L2PLAY_TRY(create_targets(painter, size));
    V4L2PLAY_TRY(painter.prepare(*pool, *target_));
    source_ = pool;
    diverted_ = true;
    V4L2PLAY_TRY(inner().configure(target_, target_info_));
    painter_ = &painter;
    std::string text = explain();
    if (text != std::exchange(told_, text))
        log(painter.path() == OutputPath::Copied ? LogLevel::Warning : LogLevel::Info, "render", "{}", text);
    return {};
}

/// Scaled to the screen and turned; else that is left to `inner`, which can, as windows do.
bool DrawnOutput::draws_for_screen(const Painter& painter) const { return painter.scales() && screen_.width != 0; }

/// What `inner` would turn back it has been turned by already.
FrameInfo DrawnOutput::drawn_info(const Painter& painter, const FrameInfo& info) const {
    FrameInfo drawn = info;
    drawn.visible.x = drawn.visible.y = 0;
    if (!draws_for_screen(painter)) return drawn;
    Size picture{info.visible.width, info.visible.height};
    drawn.sample_aspect = {1, 1};
    drawn.rotation = (360 - options_.rotation) % 360;
    Rational aspect = info.sample_aspect;
    if ((info.rotation + options_.rotation) % 180 != 0) {
        std::swap(picture.width, picture.height);
        std::swap(aspect.num, aspect.den);
    }
    drawn.visible = fit(picture, aspect, {screen_.width, screen_.height});
    drawn.visible.x = drawn.visible.y = 0;
    return drawn;
}

Result<> DrawnOutput::create_targets(Painter& painter, Size size) {
    FrameFormat format;
    format.fourcc = fourcc_xrgb;
    format.coded_width = size.width;
    format.coded_height = size.height;
    format.components = 1;
    format.layout[0].pitch = (size.width * 4 + pitch_alignment - 1) / pitch_alignment * pitch_alignment;
    format.memory_size[0] = std::size_t{format.layout[0].pitch} * size.height;
    auto allocator = painter.create_memory(kernel_, inner());
    if (!allocator) return fail(std::move(allocator).error());
    std::vector<SlotMemory> slots;
    const unsigned count = inner().slots_held() + 1; // one to draw into
    for (unsigned i = 0; i < count; ++i) {
        auto memory = (*allocator)->allocate(format.memory_size[0]);
        if (!memory) return fail(std::move(memory).error());
        slots.push_back(std::move(*memory));
    }
    target_ = SlotPool::create(kernel_, format, std::move(slots));
    target_painter_ = &painter;
    return {};
}

/// A display that came back may be of another size.
Result<> DrawnOutput::present(Frame& frame, Nanoseconds target) {
    const bool resized = painter_ != nullptr && !(screen() == screen_);
    if (resized || frame.slot.pool().generation() != generation_ || !(frame.info == info_))
        V4L2PLAY_TRY(configure(frame.slot.pool().shared_from_this(), frame.info));
    return painter_ != nullptr ? present_drawn(frame, target) : inner().present(frame, target);
}

Result<> DrawnOutput::present_drawn(Frame& frame, Nanoseconds target) {
    if (!inner().ready()) return fail(EBUSY, "a flip is pending", "present");
    SlotRef slot = target_->acquire();
    if (!slot) return fail(EBUSY, "all pictures are with the display", "present");
    const unsigned turn = draws_for_screen(*painter_) ? (frame.info.rotation + options_.rotation) % 360 : 0;
    Result<UniqueFd> fence = painter_->draw(frame, turn, slot.index());
    if (!fence) return fail(std::move(fence).error());
    SlotRef source;
    if (*fence && inner().takes_fences())
        if (auto exported = frame.slot.pool().export_to_presenter(frame.slot)) source = std::move(*exported);
    if (*fence && !source) painter_->finish();
    V4L2PLAY_TRY(target_->finish_decode(slot));
    Frame drawn;
    drawn.id = frame.id;
    drawn.serial = frame.serial;
    drawn.pts = frame.pts;
    drawn.slot = slot.also(Hold::Queue);
    drawn.info = target_info_;
    if (source) drawn.acquire_fence = std::move(*fence);
    slot.reset();
    if (Result<> presented = inner().present(drawn, target); !presented) {
        painter_->finish();
        return presented;
    }
    frame.slot.reset();
    drawn_.push_back({frame.id, frame.serial, painter_, std::move(source), std::move(drawn.acquire_fence)});
    if (!drawn_.back().source) released_.push_back({frame.id, frame.serial, kernel_.now()});
    return {};
}

/// The oldest of that name: identities begin anew with each item.
std::vector<DrawnOutput::Drawn>::iterator DrawnOutput::find(FrameId id, std::uint32_t serial) {
    return std::find_if(drawn_.begin(), drawn_.end(),
                        [&](const Drawn& drawn) { return drawn.id == id && drawn.serial == serial; });
}

/// The releases of our own pictures are nobody's affair.
std::optional<OutputEvent> DrawnOutput::next_event() {
    if (!released_.empty()) {
        const FrameReleased first = released_.front();
        released_.erase(released_.begin());
        return first;
    }
    for (;;) {
        std::optional<OutputEvent> event = inner().next_event();
        if (!event) return event;
        if (std::holds_alternative<FormatsChanged>(*event)) forget_device();
        if (const auto* released = std::get_if<FrameReleased>(&*event))
            if (const auto drawn = find(released->id, released->serial); drawn != drawn_.end()) {
                const bool never_shown = static_cast<bool>(drawn->source);
                if (never_shown && (!drawn->fence || is_being_drawn(*drawn))) drawn->painter->finish();
                drawn_.erase(drawn);
                if (!never_shown) continue;
            }
        if (auto* shown = std::get_if<FrameShown>(&*event))
            if (const auto drawn = find(shown->id, shown->serial); drawn != drawn_.end()) {
                shown->path = drawn->painter->path();
                if (!drawn->source) return event;
                if (is_being_drawn(*drawn)) drawn->painter->finish();
                drawn->source.reset();
                released_.push_back({shown->id, shown->serial, kernel_.now()});
            }
        return event;
    }
}

/// A display that was told to wait may have shown it all the same; but nobody may write into what is still read.
bool DrawnOutput::is_being_drawn(const Drawn& drawn) const {
    return drawn.fence && kernel_.poll(drawn.fence.get(), POLLIN, 0) <= 0;
}

/// The display may be another now, and what it takes: the next frame is configured for anew.
void DrawnOutput::forget_device() {
    for (const auto& painter : painters_) painter->forget();
    target_.reset();
    generation_ = 0;
}

std::string DrawnOutput::explain() const {
    return painter_->description() + (why_.empty() ? "" : fmt::format(" ({})", why_));
}

OutputDescription DrawnOutput::description() const {
    OutputDescription description = inner().description();
    if (painter_ == nullptr) return description;
    description.plane = fmt::format("{}, {}", explain(), description.plane);
    description.path = painter_->path();
    return description;
}

} // namespace

std::unique_ptr<Output> create_drawn_output(std::unique_ptr<Output> inner,
                                            std::vector<std::unique_ptr<Painter>> painters, const DrawnOptions& options,
                                            Kernel& kernel) {
    if (painters.empty()) return inner;
    return std::make_unique<DrawnOutput>(std::move(inner), std::move(painters), options, kernel);
}

} // namespace v4l2play
