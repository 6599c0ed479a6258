// The frame clock: which frame at which vblank
// ============================================
//
// A display changes its picture only at vblanks, every T = 1/r seconds; content has its own rate f. With ρ = r/f, frame
// k is ideally shown from vblank n_k = ⌊ρk + φ⌋ on, for some phase φ: for 24 fps at 60 Hz that is 2, 3, 2, 3, ...
// vblanks a frame, and no player can do better. A player that compares a clock with time stamps when it happens to wake
// up does much worse: stamps are rounded (Matroska: to 1 ms), wake-ups are late, and a frame due near a vblank falls
// now on this side of it, now on the other.
//
// So frames are not compared with "now" at all. The scheduler counts in vblanks: the first frame is shown as soon as
// possible, and the vblank at which it really appeared (the sequence number of its flip, never a wake-up) becomes the
// anchor; until that is told, the vblank that it was presented for, since some outputs take more frames meanwhile. From
// then on every frame has its vblank by arithmetic alone:
//
//  - Time stamps are put back on the grid k/f they were rounded from, when the container's rate says there is one.
//  - When ρ is within 200 ppm of a small fraction p/q, the display is the master clock (there is nothing else to be in
//    time with): n_k = ⌊(2kp + 1) / 2q⌋ in integers. φ = 1/2q keeps every frame as far from a change of vblank as can
//    be.
//  - Otherwise n_k = ⌊d/T + 1/2⌋ with d the media time since the anchor: the repeats that 23.976 fps needs at 60 Hz.
//
// What a display takes longer than to its next vblank, its lead, outlives a timeline: after a seek or a pause the first
// frame is presented for the first vblank that none before it has, and on a display with a lead early in a refresh
// period, so that there is no doubt which vblank that is. When the lead turns out to be another, the timeline moves
// with it: whoever is presented at the same times as before appears in an even row.
//
// A flip is asked for in the refresh period before its vblank: after vblank n_k - 1, early enough for the slowest
// display. A frame whose vblank has passed is late: it is shown at the next one, or dropped when the frame after it is
// due there as well. When playback falls behind by half a second the anchor is set anew: there is no sound to catch up
// with. A decoder that is too slow is waited for instead, frame by frame: to drop what it has made would make it no
// faster.
#pragma once

#include <cstdint>
#include <optional>

#include "decoder/nanoseconds.h"
#include "render/output.h"

namespace v4l2play {

struct Plan {
    enum class Action {
        Show, ///< present it now
        Wait, ///< present it at `when`
        Drop, ///< its time has gone, and its successor's has come
    };
    Action action = Action::Show;
    Nanoseconds when = 0;   ///< Wait: CLOCK_MONOTONIC
    Nanoseconds target = 0; ///< Show: the vblank aimed at; 0 = the next, whichever it is
    Nanoseconds due = 0;    ///< Show, Drop: when it ought to appear; 0 = whenever it can
    std::uint64_t due_vblank = 0;
    bool late = false; ///< Show, with no successor known: it is late; ask again when one is
};

/// Pure: no clock, no system call. One per output.
class Scheduler {
  public:
    /// A new item: `rate` 0/1 when it has none, `tick` the granularity of its time stamps.
    void set_rate(Rational rate, Rational tick);
    /// `free_running`: frames are shown as fast as they come (no clock).
    void set_free_running(bool free_running) { free_running_ = free_running; }
    /// `patient`: nothing is dropped, what is late sets the anchor anew.
    void set_patient(bool patient) { patient_ = patient; }
    [[nodiscard]] bool patient() const { return patient_; }
    /// The next frame starts a new timeline (start, resume, after a stall).
    void reset() {
        forget_anchor();
        begun_ = false;
    }

    /// What to do at `now` with the frame at the head of the queue; `next_pts` is its successor's, or no_time.
    Plan plan(Nanoseconds pts, Nanoseconds next_pts, const VblankTiming& timing, Nanoseconds now);
    /// The frame with `pts` was presented at `now`; when it will appear is a guess.
    void presented(Nanoseconds pts, const VblankTiming& timing, Nanoseconds now);
    /// Feedback: the frame with `pts` appeared. Answers by how many vblanks it was late (0 = on time).
    std::int64_t shown(Nanoseconds pts, std::uint64_t sequence, Nanoseconds time, const VblankTiming& timing);

    /// Feedback: the display's lead may be another. Answers by how many vblanks all that is due has moved.
    std::int64_t follow(const VblankTiming& timing);
    /// Feedback: the frame with `pts` was presented and not seen; at `now` that is known. Its time is its all the same.
    void unseen(Nanoseconds pts, const VblankTiming& timing, Nanoseconds now);

    /// Vblanks from the anchor at which `pts` is due (display with vblanks only).
    [[nodiscard]] std::int64_t due_vblank(Nanoseconds pts, const VblankTiming& timing) const;
    /// The same, unrounded and from `origin`: where it is ideally due.
    [[nodiscard]] double ideal_vblank(Nanoseconds origin, Nanoseconds pts, const VblankTiming& timing) const;
    /// By how much that may be wrong, in vblanks: time stamps off the grid are rounded.
    [[nodiscard]] double ideal_tolerance(Nanoseconds origin, Nanoseconds pts, const VblankTiming& timing) const;
    /// True when the cadence is locked to the display (ρ is a small fraction).
    [[nodiscard]] bool locked() const { return ratio_.den != 0; }
    [[nodiscard]] std::uint64_t stalls() const { return stalls_; }

  private:
    void forget_anchor() { anchored_ = guessed_ = false; }
    bool give_up_on(Nanoseconds lag);
    void lock_ratio(const VblankTiming& timing);
    void change_units(const VblankTiming& timing);
    [[nodiscard]] std::optional<std::int64_t> frame_index(Nanoseconds elapsed) const;
    [[nodiscard]] std::int64_t reachable_vblank(const VblankTiming& timing, Nanoseconds now) const;
    [[nodiscard]] Plan plan_vblank(Nanoseconds pts, Nanoseconds next_pts, const VblankTiming& timing, Nanoseconds now);
    [[nodiscard]] Plan plan_time(Nanoseconds pts, Nanoseconds next_pts, Nanoseconds now);

    Rational rate_{0, 1};
    Nanoseconds tolerance_ = 0;
    bool free_running_ = false;
    bool patient_ = false;
    bool anchored_ = false;
    bool begun_ = true;    ///< a frame was presented since
    bool guessed_ = false; ///< the anchor has not appeared yet
    Nanoseconds anchor_pts_ = 0;
    Nanoseconds anchor_time_ = 0;
    std::uint64_t anchor_sequence_ = 0;
    unsigned lead_ = 0;                ///< that the anchor was set with
    std::uint64_t free_vblank_ = 0;    ///< the first that no frame was presented for
    Nanoseconds newest_pts_ = no_time; ///< of the frame presented last
    Nanoseconds shown_pts_ = 0;        ///< of the frame shown last, since the anchor
    Nanoseconds shown_time_ = 0;
    Rational ratio_{0, 0}; // ρ as p/q when locked; den 0 otherwise
    Rational ratio_refresh_{0, 0};
    std::uint64_t stalls_ = 0;
};

} // namespace v4l2play
