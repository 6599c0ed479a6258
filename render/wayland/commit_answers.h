// Asks the compositor what becomes of each commit.
#pragma once

#include "decoder/nanoseconds.h"
#include "render/wayland/connection.h"

namespace v4l2play {

struct Commit;

/// Told of each answer.
class AnswerListener {
  public:
    /// `time`: CLOCK_MONOTONIC. `period`: until the next refresh can be; 0 unknown.
    virtual void on_presented(Commit& commit, Nanoseconds time, Nanoseconds period, bool scanned_out) = 0;
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
