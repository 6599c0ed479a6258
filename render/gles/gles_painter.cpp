#include "render/gles/gles_painter.h"

#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "render/gles/yuv_drawing.h"

namespace v4l2play {
namespace {

class GlesPainter final : public Painter {
  public:
    GlesPainter(const GlesOptions& options, Kernel& kernel)
        : kernel_(kernel)
        , options_(options) {}

    [[nodiscard]] OutputPath path() const override { return OutputPath::Composited; }
    [[nodiscard]] std::string description() const override {
        return fmt::format("drawn by {}", gles_ == nullptr ? "GLES" : gles_->renderer());
    }
    [[nodiscard]] std::vector<FormatModifier> formats() const override;
    [[nodiscard]] bool knows_formats() const override;
    void find_formats(const Output& output) override { (void)open(output); }
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
    const GlesOptions options_;
    std::unique_ptr<GlesContext> gles_;
    std::optional<Error> refusal_; ///< asked once
    std::unique_ptr<YuvDrawing> drawing_;
};

/// Those that every GPU draws, and once it has been asked those that this one knows.
std::vector<FormatModifier> GlesPainter::formats() const {
    std::vector<FormatModifier> formats{{fourcc_nv12}, {fourcc_yuv420}, {fourcc_p010}};
    if (gles_ == nullptr) return formats;
    for (const FormatModifier& format : gles_->whole_formats()) add_new(formats, format);
    return formats;
}

bool GlesPainter::knows_formats() const {
    return gles_ != nullptr || refusal_ || (!options_.on_cpu && !has_gpu(kernel_));
}

Result<> GlesPainter::open(const Output& output) {
    if (gles_ != nullptr) return {};
    if (refusal_) return fail(*refusal_);
    if (!options_.on_cpu && !has_gpu(kernel_))
        return fail(refusal_.emplace(Error{ENOTSUP, "no GPU draws here", "open"}));
    Result<std::unique_ptr<GlesContext>> gles = GlesContext::create(kernel_, output.description().card);
    if (gles && !options_.on_cpu && (*gles)->software())
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
    V4L2PLAY_TRY(open(output));
    if (YuvDrawing::draws_planes(format) || gles_->samples_whole({format.fourcc, format.modifier})) return {};
    return fail(
        ENOTSUP,
        fmt::format("{} does not draw {}{}", gles_->renderer(), to_string(format.fourcc),
                    format.modifier == modifier_linear ? "" : fmt::format(" with modifier {:#x}", format.modifier)),
        "check");
}

Result<> GlesPainter::prepare(const SlotPool& source, const SlotPool& target) {
    drawing_.reset();
    Result<std::unique_ptr<YuvDrawing>> drawing = YuvDrawing::create(*gles_, source, target, options_.whole);
    if (!drawing) return fail(std::move(drawing).error());
    drawing_ = std::move(*drawing);
    return {};
}

} // namespace

std::unique_ptr<Painter> create_gles_painter(const GlesOptions& options, Kernel& kernel) {
    return std::make_unique<GlesPainter>(options, kernel);
}

std::string gles_build_notes() { return ""; }

} // namespace v4l2play
