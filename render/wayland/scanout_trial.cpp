#include "render/wayland/scanout_trial.h"

namespace v4l2play {
namespace {

// Compositors wait for about a second before they change the way to the screen; films have 24 pictures in one.
constexpr unsigned patience = 72;

} // namespace

void ScanoutTrial::note(bool scanned_out) {
    drawn_ = scanned_out ? 0 : drawn_ + 1;
    if (scanned_out && state_ == State::Trying) state_ = State::Won;
}

bool ScanoutTrial::choose(bool possible) {
    if (!possible) {
        state_ = State::Untried;
        drawn_ = 0;
    } else if (drawn_ >= patience && (state_ == State::Untried || state_ == State::Trying)) {
        state_ = state_ == State::Untried ? State::Trying : State::Lost;
        drawn_ = 0;
    }
    return state_ == State::Trying || state_ == State::Won;
}

} // namespace v4l2play
