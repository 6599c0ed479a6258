// Asks the compositor what becomes of each commit.
#pragma once

#include <cstdint>

#include "decoder/nanoseconds.h"
#include "render/wayland/connection.h"

namespace v4l2play {

struct Commit;

/// What presentation feedback tells.
struct Presentation {
    Nanoseconds time = 0;   ///< CLOCK_MONOTONIC
    Nanoseconds period = 0; ///< until the next refresh can be; 0 unknown
    std::uint64_t msc = 0;  ///< of the output that shows it; 0: it has none
    bool scanned_out = false;
};

/// Told of each answer.
class AnswerListener {
  public:
    virtual void on_presented(Commit& commit, const Presentation& presentation) = 0;
    virtual void on_discarded(Commit& commit) = 0;
    /// Where there is no presentation feedback: it was drawn; when it was on the screen is anyone's guess.
    virtual void on_frame(Commit& commit) = 0;
    /// Of the presentation clock.
    [[nodiscard]] virtual Nanoseconds to_monotonic(Nanoseconds time) const = 0;

  protected:
    ~AnswerListener() = default;
};

/// Before the commit to `surface` that `commit` stands for.
void ask_for_answer(const WaylandGlobals& globals, wl_surface* surface, Commit& commit, AnswerListener& listener);

} // namespace v4l2play
