#include "render/gles/gles_painter.h"

#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "render/gles/yuv_drawing.h"

namespace v4l2play {
namespace {

class GlesPainter final : public Painter {
  public:
    GlesPainter(bool on_cpu, Kernel& kernel)
        : kernel_(kernel)
        , on_cpu_(on_cpu) {}

    [[nodiscard]] OutputPath path() const override { return OutputPath::Composited; }
    [[nodiscard]] std::string description() const override {
        return fmt::format("drawn by {}", gles_ == nullptr ? "GLES" : gles_->renderer());
    }
    [[nodiscard]] std::vector<FormatModifier> formats() const override {
        return {{fourcc_nv12}, {fourcc_yuv420}, {fourcc_p010}};
    }
    [[nodiscard]] bool scales() const override { return true; }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel, Output& output) override;
    Result<> check(const FrameFormat& format, const Output& output) override;
    Result<> prepare(const SlotPool& source, const SlotPool& target) override;
    Result<UniqueFd> draw(const Frame& frame, unsigned turn, std::uint32_t target) override {
        return drawing_->draw(frame, turn, target);
    }
    void finish() override {
        if (gles_ != nullptr) gles_->finish();
    }
    void forget() override {
        drawing_.reset();
        gles_.reset();
        refusal_.reset();
    }

  private:
    Result<> open(const Output& output);

    Kernel& kernel_;
    const bool on_cpu_;
    std::unique_ptr<GlesContext> gles_;
    std::optional<Error> refusal_; ///< asked once
    std::unique_ptr<YuvDrawing> drawing_;
};

Result<> GlesPainter::open(const Output& output) {
    if (gles_ != nullptr) return {};
    if (refusal_) return fail(*refusal_);
    if (!on_cpu_ && !has_gpu(kernel_)) return fail(refusal_.emplace(Error{ENOTSUP, "no GPU draws here", "open"}));
    Result<std::unique_ptr<GlesContext>> gles = GlesContext::create(kernel_, output.description().card);
    if (gles && !on_cpu_ && (*gles)->software())
        gles = fail(ENOTSUP, fmt::format("no GPU draws here, but {}", (*gles)->renderer()), "open");
    if (!gles) return fail(refusal_.emplace(std::move(gles).error()));
    gles_ = std::move(*gles);
    return {};
}

/// A GPU reads what the display reads; Mesa's software rasteriser nothing but the card's own memory.
Result<std::unique_ptr<SlotAllocator>> GlesPainter::create_memory(Kernel& kernel, Output& output) {
    const bool own = open(output) && gles_->software();
    return own ? output.create_own_memory(kernel) : output.create_memory(kernel);
}

Result<> GlesPainter::check(const FrameFormat& format, const Output& output) {
    if (YuvDrawing::can_draw(format)) return open(output);
    return fail(ENOTSUP,
                fmt::format("GLES does not draw {}{}", to_string(format.fourcc),
                            format.modifier == modifier_linear ? "" : " that is not linear"),
                "check");
}

Result<> GlesPainter::prepare(const SlotPool& source, const SlotPool& target) {
    drawing_.reset();
    Result<std::unique_ptr<YuvDrawing>> drawing = YuvDrawing::create(*gles_, source, target);
    if (!drawing) return fail(std::move(drawing).error());
    drawing_ = std::move(*drawing);
    return {};
}

} // namespace

std::unique_ptr<Painter> create_gles_painter(bool on_cpu, Kernel& kernel) {
    return std::make_unique<GlesPainter>(on_cpu, kernel);
}

std::string gles_build_notes() { return ""; }

} // namespace v4l2play
