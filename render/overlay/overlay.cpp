#include "render/overlay/overlay.h"

#include <chrono>
#include <future>
#include <system_error>

#include "decoder/log.h"
#include "render/overlay/canvas.h"
#include "render/overlay/tile_painter.h"
#include "render/overlay/timeline_panel.h"

namespace v4l2play {
namespace {

constexpr float screen_margin = 20; // units of length, from the screen's corner
/// Pixels drawn at once while vblanks are to be met: the whole panel on a small screen, a part of a large one's.
constexpr std::uint64_t pixels_at_once = 1 << 19;

class TimelineOverlay final : public Overlay {
  public:
    void draw(Output& output, const Timeline& timeline, const PlaybackFacts& facts, Nanoseconds now) override;
    void hide(Output& output) override {
        output.hide_overlay();
        painter_.forget();
    }
    [[nodiscard]] std::uint64_t pixels_written() const override { return painter_.pixels_written(); }

  private:
    bool prepare(const Output& output);
    bool take_canvas(float scale, bool wait);

    std::unique_ptr<Canvas> canvas_;
    std::future<std::unique_ptr<Canvas>> coming_;
    TilePainter painter_;
    bool too_small_ = false; // and that was said
};

/// A canvas as large as the screen wants it; false when there is no room, or it is not ready.
bool TimelineOverlay::prepare(const Output& output) {
    const Rect area = output.overlay_area();
    const float scale = panel_scale(area.width, area.height);
    if (scale == 0) {
        if (!too_small_ && area.width > 0)
            log_warning("overlay", "{}x{} is too small for --stats: it needs 540x320", area.width, area.height);
        too_small_ = true;
        return false;
    }
    return take_canvas(scale, output.timing().period == 0);
}

/// Drawing all letters takes longer than a frame may: another thread does it, and whoever has vblanks to meet does not
/// wait. There is never more than one canvas, for imgui knows one context at a time.
bool TimelineOverlay::take_canvas(float scale, bool wait) {
    if (canvas_ != nullptr && canvas_->scale() == scale) return true;
    if (!coming_.valid()) {
        canvas_.reset();
        try {
            coming_ = std::async(std::launch::async, [scale] { return std::make_unique<Canvas>(scale); });
        } catch (const std::system_error&) {
            return false; // no thread is left: the next time will do
        }
    }
    if (!wait && coming_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
    canvas_ = coming_.get();
    return canvas_->scale() == scale; // else the screen has changed since
}

void TimelineOverlay::draw(Output& output, const Timeline& timeline, const PlaybackFacts& facts, Nanoseconds now) {
    if (!prepare(output)) return;
    const PanelSize size = panel_size(timeline.lanes(), canvas_->scale());
    canvas_->begin(size.width, size.height);
    draw_panel(*canvas_, timeline, facts, now);
    if (!painter_.set(canvas_->end(), size.width, size.height)) return;
    auto buffer = output.acquire_overlay(size.width, size.height);
    if (!buffer) return; // the next time will do
    if (!painter_.paint(*buffer, output.timing().period == 0 ? UINT64_MAX : pixels_at_once)) return;
    const auto place = static_cast<std::uint32_t>(screen_margin * canvas_->scale());
    buffer->damage = painter_.damage();
    output.show_overlay(*buffer, place, place);
}

} // namespace

std::unique_ptr<Overlay> create_overlay() { return std::make_unique<TimelineOverlay>(); }

std::string overlay_build_notes() { return ""; }

} // namespace v4l2play
