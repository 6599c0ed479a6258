// How evenly and how safely frames reached the screen: what a ledger of them comes to.
//
// The metrics are those that a viewer would complain about, numbered as in the literature on frame pacing:
//
//   M1  cadence errors: vblanks at which the holds of the frames leave the ideal ⌊ρk + φ⌋, whatever its phase φ
//   M2  order violations: a frame appeared that belongs before one that was on the screen already
//   M3  content violations: a slot was decoded into while the frame in it was still with the display
//   M4  missed vblanks: actual vblank less the one that was aimed at, and the same in µs
//   M5  repeats and drops beyond the ideal, by cause
//   M10 slots: how long the display had them, how many at once, how long the screen waited for want of one
//
// Nothing here allocates, knows a clock or a device.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "decoder/nanoseconds.h"

namespace v4l2play {

/// Counts of whole numbers: exact up to 63, to a quarter of an octave above.
class Histogram {
  public:
    /// Below 0 counts as 0.
    void add(std::int64_t value);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::int64_t maximum() const { return maximum_; }
    /// The smallest value that `share` (0..1) of all do not exceed; 0 when there are none.
    [[nodiscard]] std::int64_t percentile(double share) const;

  private:
    std::array<std::uint64_t, 192> bins_{};
    std::uint64_t count_ = 0;
    std::int64_t maximum_ = 0;
};

/// Tells whether vblanks are those of n = ⌊x + φ⌋ for any φ, x being where frames are due, in vblanks and not rounded.
/// Every frame leaves an interval of phases, [n - x, n - x + 1); while the intervals have something in common the
/// cadence is ideal, and when they have not, it is broken here and begins anew.
class CadenceMeter {
  public:
    /// The next frame begins a cadence of its own.
    void restart() { begun_ = false; }
    /// False when it breaks the cadence. `tolerance`: by how much `due` may be wrong either way.
    bool take(double due, std::uint64_t vblank, double tolerance = 0);

  private:
    void begin(double due, std::uint64_t vblank);

    bool begun_ = false;
    double first_due_ = 0;
    std::uint64_t first_vblank_ = 0;
    double lowest_ = 0;
    double highest_ = 0;
};

/// Why a frame came late, or not at all.
enum class Cause : std::uint8_t {
    None,
    Decoder,    ///< it was not decoded yet
    Starvation, ///< nor could it be: no slot was FREE
    Output,     ///< the output was not ready, or did not show it
    Scheduler,  ///< nobody else: we woke up too late
};
constexpr std::size_t causes = 5;
const char* to_string(Cause cause);

struct Pacing {
    std::uint64_t cadence_errors = 0;     ///< M1
    std::uint64_t order_violations = 0;   ///< M2
    std::uint64_t content_violations = 0; ///< M3
    std::string first_violation;          ///< the entry of the ledger that M2 or M3 was broken by, in words
    std::uint64_t late = 0;               ///< M4: shown after its vblank
    std::uint64_t early = 0;
    Histogram missed;                             ///< vblanks late
    Histogram deviation;                          ///< µs, either way
    std::uint64_t late_in_a_row = 0;              ///< the most, frames that the decoder kept us waiting for aside
    std::array<std::uint64_t, causes> repeated{}; ///< M5: vblanks
    std::array<std::uint64_t, causes> dropped{};  ///< frames
    std::uint64_t timeline_moves = 0; ///< vblanks that all that was due moved by: the display's lead changed
    std::uint64_t ideal_drops = 0;    ///< more frames than vblanks: nobody can show them
    Histogram exported;               ///< M10: vblanks (ms where there are none) from present to release
    unsigned held_at_once = 0;
    Nanoseconds starvation = 0;
};

/// What is wrong, in words; empty when nothing is.
std::string complaints(const Pacing& pacing);

} // namespace v4l2play
