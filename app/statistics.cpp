#include "app/statistics.h"

#include <cerrno>
#include <numeric>

#include <fmt/format.h>

#include "decoder/base_name.h"

namespace v4l2play {
namespace {

// Often enough for the cursor to sweep; numbers change slowly enough to be read.
constexpr Nanoseconds draw_interval = second / 15;
constexpr Nanoseconds numbers_interval = second / 4;

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) {
        if (part.empty()) continue;
        if (!text.empty()) text += " \u00b7 ";
        text += part;
    }
    return text;
}

std::string modifier_text(std::uint64_t modifier) {
    if (modifier == modifier_linear) return "LINEAR";
    return modifier == modifier_invalid ? "implicit" : fmt::format("0x{:x}", modifier);
}

std::string rate_text(Rational rate) {
    if (rate.num <= 0 || rate.den <= 0) return {};
    return fmt::format("{:.5g} fps", static_cast<double>(rate.num) / static_cast<double>(rate.den));
}

} // namespace

Result<> Statistics::toggle() {
    if (overlay_ == nullptr) overlay_ = create_overlay();
    if (overlay_ == nullptr)
        return fail(ENOTSUP, "--stats: this v4l2play was built without it (libimgui-dev)", "overlay");
    on_ = !on_;
    next_draw_ = next_numbers_ = 0;
    timeline_.watch(on_ ? pool_.lock() : nullptr);
    if (!on_) overlay_->hide(output_);
    return {};
}

void Statistics::begin(const ItemReport& item) {
    pool_.reset();
    timeline_.watch(nullptr);
    timeline_.clear();
    facts_ = {};
    facts_.title = base_name(item.file);
    describe(item);
}

void Statistics::use(const std::shared_ptr<SlotPool>& pool, const ItemReport& item) {
    pool_ = pool;
    if (on_) timeline_.watch(pool);
    describe(item);
}

void Statistics::describe(const ItemReport& item) {
    const FrameFormat& format = item.format;
    const std::string size =
        format.coded_width == 0 ? "" : fmt::format("{} \u00d7 {}", format.coded_width, format.coded_height);
    const std::string layout =
        format.coded_width == 0 ? "" : fmt::format("{} {}", to_string(format.fourcc), modifier_text(format.modifier));
    facts_.format = joined({item.codec, size, layout, rate_text(item.frame_rate)});
    facts_.decoder = joined({item.decoder.kind, item.decoder.driver});
    const OutputDescription output = output_.description();
    facts_.path = item.path;
    facts_.output = joined({output.kind, output.connector, output.mode,
                            item.path == OutputPath::None ? "not on a screen" : to_string(item.path)});
    if (item.frame_rate.positive()) facts_.frame_duration = second * item.frame_rate.den / item.frame_rate.num;
}

void Statistics::shown(const FrameShown& shown, Nanoseconds target, std::int64_t late, const ItemReport& item) {
    if (item.path != facts_.path || item.frames.shown == 1) describe(item);
    if (on_) timeline_.shown({target == 0 ? shown.time : target, shown.time, static_cast<int>(late)});
}

void Statistics::dropped(const char* why, std::uint64_t count) {
    timeline_.dropped({system_kernel().now(), why}, count);
}

Nanoseconds Statistics::refresh(const ItemReport& item, std::size_t queued, std::size_t capacity) {
    if (!on_) return no_time;
    const Nanoseconds now = system_kernel().now();
    if (now < next_draw_) return next_draw_ + draw_interval;
    timeline_.queued({now, static_cast<unsigned>(queued)});
    timeline_.update();
    if (now >= next_numbers_) {
        facts_.frames_queued = static_cast<unsigned>(queued);
        facts_.frames_capacity = static_cast<unsigned>(capacity);
        facts_.vblank_period = output_.timing().period;
        facts_.shown = item.frames.shown;
        facts_.late = item.frames.late;
        facts_.repeated = std::accumulate(item.pacing.repeated.begin(), item.pacing.repeated.end(), std::uint64_t{0});
        facts_.corrupt = item.frames.corrupt;
        next_numbers_ = now + numbers_interval;
    }
    overlay_->draw(output_, timeline_, facts_, now);
    next_draw_ = now + draw_interval;
    return next_draw_ + draw_interval;
}

} // namespace v4l2play
