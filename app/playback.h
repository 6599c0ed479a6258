// One item on one output: takes decoded frames and shows each at its vblank.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "app/console.h"
#include "app/decode_thread.h"
#include "app/event_loop.h"
#include "app/ledger.h"
#include "app/losses.h"
#include "app/options.h"
#include "app/report.h"
#include "app/scheduler.h"
#include "app/statistics.h"

namespace v4l2play {

/// What all items of a run share.
struct Stage {
    const Options& options;
    EventLoop& loop;
    Output& output;
    Scheduler& scheduler;
    Signals& signals;
    Keyboard& keyboard;
    StatusLine& status;
    Waker& frames_waker;
    Ledger& ledger;
    Statistics& statistics;
    Nanoseconds program_start = 0;
    std::uint64_t last_sequence = 0; ///< vblank of the frame shown last, whichever item's
};

enum class Ended {
    Finished,     ///< all of it was shown
    Quit,         ///< the person had enough
    Signalled,    ///< SIGINT or SIGTERM
    Failed,       ///< the item: ItemReport::error
    DeviceFailed, ///< the decoder gave up: ItemReport::error; another may do
    Broken,       ///< the output cannot show it: ItemReport::error
    Unsupported,  ///< the decoder cannot do the stream after all; another may
    OutputLost,   ///< ItemReport::error
};

/// How far decoded frames are queued ahead; part of the number of slots.
constexpr std::size_t frame_queue = 6;
constexpr std::size_t frames_at_hand = 1;

class Playback {
  public:
    /// `demux_thread`: what is asked to go elsewhere when the person seeks. `offer_formats`: called when the output
    /// would rather have others.
    Playback(Stage& stage, FrameChannel& frames, DemuxThread& demux_thread, std::function<void()> offer_formats,
             const StreamInfo& stream, Nanoseconds duration, ItemReport& report);

    Ended run();
    /// Everything from where it started to the end of the file came by: no seek, and nobody had enough before.
    [[nodiscard]] bool was_whole() const { return to_the_end_ && serial_ == 0; }
    /// Media time of the frame shown last; no_time when none was.
    [[nodiscard]] Nanoseconds position() const { return position_; }
    /// What was lost behind that frame, and is in the report: whoever goes on from there has it again.
    [[nodiscard]] Losses::Counts lost_behind() const { return losses_.after(position_); }
    /// The format of frames that the output had offered to show, and then refused (Ended::Unsupported).
    [[nodiscard]] const std::optional<FormatModifier>& refused() const { return refused_; }

  private:
    std::optional<Ended> turn();
    void take_output_events();
    void on_shown(const FrameShown& shown);
    void note_path(OutputPath path, bool copied);
    void on_discarded(const FrameDiscarded& discarded);
    [[nodiscard]] IdealPlace place_of(Nanoseconds pts, const VblankTiming& timing) const;
    [[nodiscard]] bool output_ready();
    [[nodiscard]] Cause blame(const Plan& plan) const;
    void watch_pace(Cause late);
    void start_timeline();
    std::optional<Ended> obey(Key key);
    void take_frames(std::size_t wanted);
    void take_item(DecodeItem item);
    void take_frame(Frame frame);
    bool show_next();
    bool primed();
    bool successor_may_come(const Plan& plan);
    bool configure_output(const Frame& frame);
    bool present(const Plan& plan);
    void drop_next(const Plan& plan);
    std::optional<Ended> finish_up();
    std::optional<Ended> take_keys();
    void seek_by(Nanoseconds distance);
    Nanoseconds draw_statistics();
    void sleep(Nanoseconds until);
    void show_status();
    [[nodiscard]] bool enough_frames() const;
    [[nodiscard]] Nanoseconds end_of(Nanoseconds pts) const;

    Stage& stage_;
    FrameChannel& frames_;
    DemuxThread& demux_thread_;
    const std::function<void()> offer_formats_;
    const Rational frame_rate_;
    const unsigned rotation_;
    const Nanoseconds duration_;
    ItemReport& report_;
    std::vector<Frame> at_hand_; ///< the next; when that is late, its successor too
    std::uint32_t configured_generation_ = 0;
    FrameInfo configured_info_;
    Nanoseconds position_ = no_time;
    Losses losses_;
    Nanoseconds last_pts_ = no_time; ///< of the frame presented last
    Nanoseconds wake_at_ = no_time;
    Nanoseconds now_ = 0; ///< since it was woken up, or something that may take long was done
    Nanoseconds next_status_ = 0;
    std::uint64_t presented_total_ = 0;
    Nanoseconds first_pts_ = no_time;  ///< of all frames shown
    std::uint64_t last_due_ = 0;       ///< the vblank of the frame presented last
    Cause last_cause_ = Cause::None;   ///< why that was late
    Nanoseconds late_since_ = no_time; ///< the decoder was, with its queue never full from then on
    bool begins_ = false;              ///< the next frame is the first of a timeline
    bool waited_ = false;              ///< for the next frame to come from the decoder
    bool starved_ = false;             ///< and no slot was FREE then
    bool was_ready_ = false;
    Nanoseconds ready_since_ = 0;
    Nanoseconds first_shown_ = no_time; ///< monotonic; the clock starts when the queue is full after that
    bool primed_ = false;
    bool no_more_frames_ = false;
    bool to_the_end_ = false;
    bool paused_ = false;
    bool show_one_ = false; ///< though it is paused: the place that was sought
    std::uint32_t serial_ = 0;
    std::optional<Ended> failure_;
    std::optional<FormatModifier> refused_;
};

} // namespace v4l2play
