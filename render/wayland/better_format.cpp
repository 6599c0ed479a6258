#include "render/wayland/better_format.h"

#include <algorithm>

namespace v4l2play {
namespace {

constexpr Nanoseconds pause_between = 2 * second;

} // namespace

void BetterFormat::note_change(Nanoseconds now) {
    due_ = taken_ == no_time ? now : std::max(now, taken_ + pause_between);
}

bool BetterFormat::take(Nanoseconds now, const DmabufFormats& formats, const FormatModifier* used) {
    if (due_ == no_time || now < due_) return false;
    due_ = no_time;
    if (used == nullptr || formats.scans_out(*used)) return false;
    const std::vector<FormatModifier> wanted = formats.for_decoders();
    if (wanted.empty() || !formats.scans_out(wanted.front())) return false;
    taken_ = now;
    return true;
}

} // namespace v4l2play
