#include "render/overlay/timeline_panel.h"

#include "render/overlay/pen.h"
#include "render/overlay/theme.h"
#include "render/overlay/time_axis.h"

namespace v4l2play {
namespace {

// Units of length.
constexpr float panel_width = 720;
constexpr float panel_margin = 16;
constexpr float gutter = 66;    // names of tracks, numbers of slots
constexpr float readings = 132; // what the tracks tell now
constexpr float header = 78;
constexpr float lanes_height = 160; // with many slots
constexpr float tallest_lane = 12;
constexpr float least_lane = 2.5;
constexpr float track_gap = 10;
constexpr float decode_height = 34;
constexpr float queue_height = 22;
constexpr float vblank_height = 34;
constexpr float footer = 42;
constexpr float least_lanes_height = 84; // what their readings need
constexpr float line = 16;
constexpr float figures = 9; // height of normal figures

float lane_pitch(std::size_t lanes) {
    return std::clamp(lanes_height / static_cast<float>(std::max<std::size_t>(lanes, 1)), least_lane, tallest_lane);
}
float lanes_extent(std::size_t lanes) {
    return std::max(lane_pitch(lanes) * static_cast<float>(lanes), least_lanes_height);
}
double ms(Nanoseconds time) { return static_cast<double>(time) / 1e6; }

class Panel {
  public:
    Panel(const Canvas& canvas, const Timeline& timeline, const PlaybackFacts& facts, Nanoseconds now)
        : pen_(canvas)
        , small_(canvas.small())
        , normal_(canvas.normal())
        , large_(canvas.large())
        , timeline_(timeline)
        , facts_(facts)
        , axis_(px(panel_margin + gutter), px(panel_width - panel_margin - readings) - px(panel_margin + gutter),
                Timeline::window, now)
        , readings_left_(axis_.right() + px(14))
        , right_(px(panel_width - panel_margin)) {}

    void draw() {
        const PanelSize size = panel_size(timeline_.lanes(), pen_.canvas().scale());
        pen_.rounded(0, 0, static_cast<float>(size.width), static_cast<float>(size.height), px(10), theme::background);
        draw_header();
        top_ = px(header);
        draw_lanes();
        draw_decode_times();
        draw_queue();
        draw_vblanks();
        draw_cursor();
        draw_footer();
    }

  private:
    [[nodiscard]] float px(float units) const { return pen_.px(units); }

    void draw_header() {
        const float left = px(panel_margin);
        const float end = pen_.write(large_, left, px(15), theme::bright, "slots");
        pen_.write_within(normal_, end + px(10), px(18), right_, theme::faint, facts_.title);
        fact(px(38), "stream", facts_.format);
        const float decoder_end = fact(px(54), "path", facts_.decoder);
        const float x = pen_.write(normal_, decoder_end + px(6), px(54), theme::faint, "\u2192") + px(6);
        pen_.fill(x, px(54), x + px(figures), px(54 + figures), theme::of(facts_.path));
        pen_.write_within(normal_, x + px(15), px(54), right_, theme::plain, facts_.output);
    }
    float fact(float top, std::string_view name, std::string_view value) {
        pen_.write(normal_, px(panel_margin), top, theme::faint, name);
        pen_.write_within(normal_, axis_.left(), top, right_, theme::plain, value);
        return std::min(axis_.left() + Pen::width(normal_, value), right_);
    }

    /// The background of a track: its name, divisions of half a second.
    void begin_track(float height, std::string_view name) {
        bottom_ = top_ + px(height);
        pen_.fill(axis_.left(), top_, axis_.right(), bottom_, theme::plot);
        for (int i = 1; i < 4; ++i) {
            const float x = axis_.left() + (axis_.right() - axis_.left()) * static_cast<float>(i) / 4;
            pen_.bar(x, top_, x, bottom_, theme::grid);
        }
        pen_.write(small_, px(panel_margin), top_ + px(1), theme::faint, name);
    }
    void end_track() { top_ = bottom_ + px(track_gap); }

    void draw_lanes() {
        const std::size_t lanes = timeline_.lanes();
        begin_track(lanes_extent(lanes), lanes == 0 ? "slots" : "");
        const float pitch = lane_pitch(lanes);
        std::size_t named = 1; // every how manieth lane has its number
        while (pitch * static_cast<float>(named) < 11) named *= 2;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const float lane_top = top_ + px(pitch * static_cast<float>(lane));
            const float lane_bottom = top_ + px(pitch * static_cast<float>(lane + 1)) - std::max(px(pitch / 6), 1.0F);
            draw_lane(lane, lane_top, lane_bottom);
            if (lane % named == 0)
                pen_.write_right(small_, axis_.left() - px(7), (lane_top + lane_bottom) / 2 - px(3.75F), theme::faint,
                                 Text("{}", lane));
        }
        draw_states();
        end_track();
    }
    void draw_lane(std::size_t lane, float top, float bottom) {
        timeline_.for_each_span(lane, axis_.oldest(), axis_.now(), [&](const SlotSpan& span) {
            const float inset = (bottom - top) * (1 - theme::height_of(span.state)) / 2;
            axis_.for_each_stretch(span.begin, span.end, [&](float from, float to) {
                pen_.bar(from, top + inset, to, bottom - inset, theme::of(span.state));
            });
        });
    }
    /// The legend, which counts as well.
    void draw_states() {
        const auto counts = timeline_.count_states();
        float top = top_;
        for (const SlotState state : {SlotState::Free, SlotState::InDecode, SlotState::Decoded, SlotState::Exported}) {
            const float height = px(figures) * theme::height_of(state), inset = (px(figures) - height) / 2;
            pen_.bar(readings_left_, top + inset, readings_left_ + px(16), top + inset + height, theme::of(state));
            pen_.write(normal_, readings_left_ + px(24), top, theme::plain, to_string(state));
            pen_.write_right(normal_, right_, top, theme::bright, Text("{}", counts[static_cast<std::size_t>(state)]));
            top += px(line);
        }
        const SlotStatistics& slots = timeline_.slots();
        pen_.write(small_, readings_left_, top + px(2), slots.early_reuse == 0 ? theme::faint : theme::bad,
                   Text("early reuse {}", slots.early_reuse));
    }

    void draw_decode_times() {
        begin_track(decode_height, "decode");
        Nanoseconds longest = 0, sum = 0;
        std::size_t count = 0;
        for (std::size_t i = 0; i < timeline_.decodes().size(); ++i) {
            const DecodeSample& sample = timeline_.decodes()[i];
            if (!axis_.sees(sample.time)) continue;
            longest = std::max(longest, sample.duration);
            sum += sample.duration;
            ++count;
        }
        const Nanoseconds full = round_up(longest);
        draw_budget(full);
        for (std::size_t i = 0; i < timeline_.decodes().size(); ++i) draw_decode(timeline_.decodes()[i], full);
        pen_.write_right(small_, axis_.left() - px(7), bottom_ - px(9), theme::faint,
                         Text("{} ms", full / millisecond));
        if (count == 0) return end_track();
        reading(theme::bright, Text("{:.1f} ms", ms(sum) / static_cast<double>(count)),
                Text("longest {:.1f} ms", ms(longest)));
        end_track();
    }
    void draw_decode(const DecodeSample& sample, Nanoseconds full) {
        if (!axis_.sees(sample.time)) return;
        const bool slow = facts_.frame_duration > 0 && sample.duration > facts_.frame_duration;
        const float height = (bottom_ - top_) * static_cast<float>(sample.duration) / static_cast<float>(full);
        const float x = axis_.at(sample.time);
        pen_.bar(x, bottom_ - std::max(height, 1.0F), x + px(3), bottom_, slow ? theme::bad : theme::fair);
    }
    /// To 1, 2 or 5 times a power of ten of milliseconds.
    static Nanoseconds round_up(Nanoseconds time) {
        for (Nanoseconds power = millisecond;; power *= 10)
            for (const Nanoseconds step : {1, 2, 5})
                if (time <= step * power) return step * power;
    }
    /// How long a picture may take when they come one after another.
    void draw_budget(Nanoseconds full) {
        if (facts_.frame_duration == 0 || facts_.frame_duration > full) return;
        const float y =
            bottom_ - (bottom_ - top_) * static_cast<float>(facts_.frame_duration) / static_cast<float>(full);
        for (float x = axis_.left(); x < axis_.right(); x += px(8))
            pen_.bar(x, y, std::min(x + px(4), axis_.right()), y + 1, theme::dashes);
    }

    void draw_queue() {
        begin_track(queue_height, "queue");
        const auto& samples = timeline_.queue();
        const float full = static_cast<float>(std::max(facts_.frames_capacity, 1U));
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const Nanoseconds end = i + 1 < samples.size() ? samples[i + 1].time : axis_.now();
            const float share = std::min(static_cast<float>(samples[i].frames) / full, 1.0F);
            const float height = std::max((bottom_ - top_) * share, 1.0F);
            axis_.for_each_stretch(samples[i].time, end, [&](float from, float to) {
                pen_.bar(from, bottom_ - height, to, bottom_, samples[i].frames == 0 ? theme::bad : theme::queue);
            });
        }
        reading(theme::bright, Text("{} of {}", facts_.frames_queued, facts_.frames_capacity), "frames waiting");
        end_track();
    }

    void draw_vblanks() {
        begin_track(vblank_height, "vblank");
        const float unit = (bottom_ - top_) / 4; // one vblank
        const float on_time = bottom_ - unit;
        pen_.bar(axis_.left(), on_time, axis_.right(), on_time + 1, theme::grid);
        for (std::size_t i = 0; i < timeline_.vblanks().size(); ++i) draw_vblank(timeline_.vblanks()[i], on_time, unit);
        for (std::size_t i = 0; i < timeline_.drops().size(); ++i) {
            const Nanoseconds time = timeline_.drops()[i].time;
            if (axis_.sees(time)) pen_.bar(axis_.at(time), top_, axis_.at(time) + px(2), bottom_, theme::lost);
        }
        for (const int late : {0, 2})
            pen_.write_right(small_, axis_.left() - px(7), on_time - unit * static_cast<float>(late) - px(3.75F),
                             theme::faint, late == 0 ? "0" : "+2");
        read_vblanks();
        end_track();
    }
    /// A short tick on the line for a frame that was on time; else a bar as long as it was late, from the line.
    void draw_vblank(const VblankSample& sample, float on_time, float unit) {
        if (!axis_.sees(sample.time)) return;
        const float x = axis_.at(sample.time);
        const float late = std::clamp(static_cast<float>(sample.late), -1.0F, 3.0F) * unit;
        if (sample.late == 0)
            pen_.bar(x, on_time - unit / 3, x + px(1), on_time + unit / 3, theme::good);
        else
            pen_.bar(x, std::min(on_time, on_time - late), x + px(2), std::max(on_time, on_time - late), theme::bad);
    }
    void read_vblanks() {
        int latest = 0;
        for (std::size_t i = 0; i < timeline_.vblanks().size(); ++i)
            if (axis_.sees(timeline_.vblanks()[i].time)) latest = std::max(latest, timeline_.vblanks()[i].late);
        const Text rate = facts_.vblank_period == 0
                              ? Text("no vblanks")
                              : Text("{:.2f} Hz", 1e9 / static_cast<double>(facts_.vblank_period));
        if (latest == 0)
            reading(theme::bright, "on target", rate);
        else
            reading(theme::bad, Text("late by {}", latest), rate);
    }

    void reading(Rgba color, std::string_view value, std::string_view more) {
        pen_.write(normal_, readings_left_, top_ + px(1), color, value);
        pen_.write(small_, readings_left_, top_ + px(15), theme::faint, more);
    }

    void draw_cursor() {
        const float bottom = top_ - px(track_gap);
        pen_.bar(axis_.cursor(), px(header), axis_.cursor() + px(1), bottom, theme::cursor);
        pen_.write_right(small_, axis_.right(), bottom + px(5), theme::faint, "the last 2 s \u00b7 0.5 s a division");
    }

    void draw_footer() {
        const float top = top_ + px(13);
        float x = px(panel_margin);
        x = count(x, top, "shown", facts_.shown, theme::bright);
        x = count(x, top, "late", facts_.late, facts_.late == 0 ? theme::bright : theme::bad);
        x = count(x, top, "repeated", facts_.repeated, facts_.repeated == 0 ? theme::bright : theme::bad);
        std::uint64_t dropped = 0;
        for (const DropTally& tally : timeline_.tallies()) dropped += tally.count;
        x = count(x, top, "dropped", dropped, dropped == 0 ? theme::bright : theme::lost);
        if (facts_.corrupt > 0) x = count(x, top, "corrupt", facts_.corrupt, theme::bad);
        for (const DropTally& tally : timeline_.tallies()) {
            const Text text("{} {}", tally.count, tally.why);
            pen_.write_within(normal_, x, top, right_, theme::lost, text);
            x += Pen::width(normal_, text) + px(12);
            if (x >= right_) break;
        }
    }
    float count(float x, float top, std::string_view name, std::uint64_t value, Rgba color) {
        x = pen_.write(normal_, x, top, theme::faint, name) + px(5);
        return pen_.write(normal_, x, top, color, Text("{}", value)) + px(16);
    }

    Pen pen_;
    const ImFont* small_;
    const ImFont* normal_;
    const ImFont* large_;
    const Timeline& timeline_;
    const PlaybackFacts& facts_;
    TimeAxis axis_;
    float readings_left_;
    float right_;
    // Of the track being drawn.
    float top_ = 0;
    float bottom_ = 0;
};

} // namespace

PanelSize panel_size(std::size_t lanes, float scale) {
    const float height =
        header + lanes_extent(lanes) + decode_height + queue_height + vblank_height + 4 * track_gap + footer;
    return {static_cast<std::uint32_t>(std::ceil(panel_width * scale)),
            static_cast<std::uint32_t>(std::ceil(height * scale))};
}

float panel_scale(std::uint32_t width, std::uint32_t height) {
    const PanelSize largest = panel_size(64, 1);
    const float room =
        std::min(static_cast<float>(height) / 720, static_cast<float>(width) / (panel_width + 2 * panel_margin));
    const float scale = std::max(std::floor(room * 4) / 4, 0.75F);
    const bool fits = static_cast<float>(largest.width) * scale <= static_cast<float>(width) &&
                      static_cast<float>(largest.height) * scale <= static_cast<float>(height);
    return fits ? std::min(scale, 6.0F) : 0;
}

void draw_panel(const Canvas& canvas, const Timeline& timeline, const PlaybackFacts& facts, Nanoseconds now) {
    Panel(canvas, timeline, facts, now).draw();
}

} // namespace v4l2play
