#include "render/gles/gles_output.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "decoder/log.h"
#include "decoder/slot.h"
#include "render/forwarding_output.h"
#include "render/gles/yuv_painter.h"

namespace v4l2play {
namespace {

constexpr unsigned targets = 4; // one that waits, one in flight, one on the screen, one to draw into
constexpr std::uint32_t pitch_alignment = 256;

/// `visible` scaled to the largest size with the right shape that fits on `screen`; even, as some planes want it.
Rect fit(const Rect& visible, Rational aspect, const Rect& screen) {
    if (aspect.num <= 0 || aspect.den <= 0) aspect = {1, 1};
    const std::uint64_t width = std::uint64_t{visible.width} * static_cast<std::uint64_t>(aspect.num);
    const std::uint64_t height = std::uint64_t{visible.height} * static_cast<std::uint64_t>(aspect.den);
    Rect rect{0, 0, screen.width, screen.height};
    if (width * screen.height > height * screen.width)
        rect.height = static_cast<std::uint32_t>(height * screen.width / width);
    else
        rect.width = static_cast<std::uint32_t>(width * screen.height / height);
    rect.width = std::max(rect.width & ~1U, 2U);
    rect.height = std::max(rect.height & ~1U, 2U);
    return rect;
}

class GlesOutput final : public ForwardingOutput {
  public:
    GlesOutput(std::unique_ptr<Output> inner, GlesUse use, Kernel& kernel)
        : ForwardingOutput(std::move(inner))
        , kernel_(kernel)
        , use_(use) {}

    [[nodiscard]] std::vector<FormatModifier> formats() const override;
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override;
    Result<> present(Frame& frame, Nanoseconds target) override;
    std::optional<OutputEvent> next_event() override;
    [[nodiscard]] OutputDescription description() const override;

  private:
    Result<> compose(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info);
    Result<> open_gles();
    Result<> create_targets(const Rect& size);

    Kernel& kernel_;
    const GlesUse use_;
    std::unique_ptr<GlesContext> gles_;
    std::shared_ptr<SlotPool> source_; ///< that is drawn; null: frames go straight to `inner`
    std::shared_ptr<SlotPool> target_;
    FrameInfo target_info_;
    std::uint32_t generation_ = 0; ///< of the pool that is configured for
    FrameInfo info_;
    std::unique_ptr<YuvPainter> painter_; ///< first to go
    std::vector<FrameReleased> released_;
};

/// Where the planes take no video at all, decoders learn here what can be drawn.
std::vector<FormatModifier> GlesOutput::formats() const {
    std::vector<FormatModifier> formats = inner().formats();
    if (use_ == GlesUse::Auto && !formats.empty()) return formats;
    for (const DrmFourcc fourcc : {fourcc_nv12, fourcc_yuv420})
        if (std::find(formats.begin(), formats.end(), FormatModifier{fourcc}) == formats.end())
            formats.push_back({fourcc});
    return formats;
}

Result<> GlesOutput::configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    generation_ = pool->generation();
    info_ = info;
    if (use_ == GlesUse::Auto) {
        Result<> direct = inner().configure(pool, info);
        if (direct) {
            painter_.reset();
            source_.reset();
            return direct;
        }
        if (direct.error().code != ENOTSUP) return direct;
        const Result<> composed = compose(pool, info);
        if (composed) return {};
        return fail(ENOTSUP, fmt::format("{}; {}", direct.error().what, composed.error().what), "configure");
    }
    return compose(pool, info);
}

Result<> GlesOutput::compose(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) {
    if (!YuvPainter::can_draw(pool->format()))
        return fail(ENOTSUP, fmt::format("GLES does not draw {}", to_string(pool->format().fourcc)), "compose");
    V4L2PLAY_TRY(open_gles());
    const Rect size = fit(info.visible, info.sample_aspect, inner().description().screen);
    if (target_ == nullptr || !(target_info_.visible == size)) V4L2PLAY_TRY(create_targets(size));
    painter_.reset();
    source_.reset();
    Result<std::unique_ptr<YuvPainter>> painter = YuvPainter::create(*gles_, *pool, *target_);
    if (!painter) return fail(std::move(painter).error());
    V4L2PLAY_TRY(inner().configure(target_, target_info_));
    painter_ = std::move(*painter);
    source_ = pool;
    return {};
}

Result<> GlesOutput::open_gles() {
    if (gles_ != nullptr) return {};
    Result<std::unique_ptr<GlesContext>> gles = GlesContext::create(kernel_, inner().description().card);
    if (!gles) return fail(std::move(gles).error());
    if (use_ == GlesUse::Auto && (*gles)->software())
        return fail(ENOTSUP, fmt::format("no GPU draws here, but {}", (*gles)->renderer()), "open_gles");
    gles_ = std::move(*gles);
    log_info("gles", "drawn by {}", gles_->renderer());
    return {};
}

Result<> GlesOutput::create_targets(const Rect& size) {
    FrameFormat format;
    format.fourcc = fourcc_xrgb;
    format.coded_width = size.width;
    format.coded_height = size.height;
    format.components = 1;
    format.layout[0].pitch = (size.width * 4 + pitch_alignment - 1) / pitch_alignment * pitch_alignment;
    format.memory_size[0] = std::size_t{format.layout[0].pitch} * size.height;
    auto allocator = inner().create_memory(kernel_);
    if (!allocator) return fail(std::move(allocator).error());
    std::vector<SlotMemory> slots;
    for (unsigned i = 0; i < targets; ++i) {
        auto memory = (*allocator)->allocate(format.memory_size[0]);
        if (!memory) return fail(std::move(memory).error());
        slots.push_back(std::move(*memory));
    }
    painter_.reset();
    target_ = SlotPool::create(kernel_, format, std::move(slots));
    target_info_ = {};
    target_info_.visible = size;
    return {};
}

Result<> GlesOutput::present(Frame& frame, Nanoseconds target) {
    if (frame.slot.pool().generation() != generation_ || !(frame.info == info_))
        V4L2PLAY_TRY(configure(frame.slot.pool().shared_from_this(), frame.info));
    if (source_ == nullptr) return inner().present(frame, target);
    if (!inner().ready()) return fail(EBUSY, "a flip is pending", "present");
    SlotRef slot = target_->acquire();
    if (!slot) return fail(EBUSY, "all pictures are with the display", "present");
    V4L2PLAY_TRY(painter_->draw(frame, slot.index()));
    V4L2PLAY_TRY(target_->finish_decode(slot));
    Frame drawn;
    drawn.id = frame.id;
    drawn.serial = frame.serial;
    drawn.pts = frame.pts;
    drawn.slot = slot.also(Hold::Queue);
    drawn.info = target_info_;
    slot.reset();
    V4L2PLAY_TRY(inner().present(drawn, target));
    frame.slot.reset();
    released_.push_back({frame.id, frame.serial, kernel_.now()});
    return {};
}

/// The releases of our own pictures are nobody's affair.
std::optional<OutputEvent> GlesOutput::next_event() {
    if (!released_.empty()) {
        const FrameReleased first = released_.front();
        released_.erase(released_.begin());
        return first;
    }
    for (;;) {
        std::optional<OutputEvent> event = inner().next_event();
        if (!event || source_ == nullptr) return event;
        if (std::holds_alternative<FrameReleased>(*event)) continue;
        if (auto* shown = std::get_if<FrameShown>(&*event)) shown->path = OutputPath::Composited;
        return event;
    }
}

OutputDescription GlesOutput::description() const {
    OutputDescription description = inner().description();
    if (source_ == nullptr) return description;
    description.plane = fmt::format("drawn by {}, {}", gles_->renderer(), description.plane);
    description.path = OutputPath::Composited;
    return description;
}

} // namespace

std::unique_ptr<Output> create_gles_output(std::unique_ptr<Output> inner, GlesUse use, Kernel& kernel) {
    if (use == GlesUse::Never) return inner;
    return std::make_unique<GlesOutput>(std::move(inner), use, kernel);
}

std::string gles_build_notes() { return ""; }

} // namespace v4l2play
