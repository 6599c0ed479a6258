#include "app/fallback.h"

#include <algorithm>

namespace v4l2play {
namespace {

/// Modifiers may carry a parameter of the buffer: two that are not linear are taken for the same.
bool is_same(const FormatModifier& a, const FormatModifier& b) {
    return a.fourcc == b.fourcc && (a.modifier == modifier_linear) == (b.modifier == modifier_linear);
}

} // namespace

/// False when it had been refused before: a decoder that has nothing else would be asked for ever.
bool Fallback::note(const FormatModifier& refused) {
    const auto is_it = [&](const FormatModifier& one) { return is_same(one, refused); };
    if (std::any_of(refused_.begin(), refused_.end(), is_it)) return false;
    refused_.push_back(refused);
    return true;
}

bool Fallback::goes_on(Ended ended, const std::string& device, bool any_other,
                       const std::optional<FormatModifier>& refused) {
    const bool has_other_format = refused && note(*refused);
    if (ended != Ended::Unsupported && ended != Ended::DeviceFailed) return false;
    if (has_other_format) return true;
    if (device.empty() || !(any_other || may_use_software_)) return false;
    tried_.devices.push_back(device);
    tried_.all_hardware = !any_other;
    return true;
}

void Fallback::remove_refused(std::vector<FormatModifier>& formats) const {
    for (const FormatModifier& refused : refused_)
        std::erase_if(formats, [&](const FormatModifier& one) { return is_same(one, refused); });
}

} // namespace v4l2play
