// How an item goes on when a decoder gives it up half-way: which decoder and which formats are tried next.
#pragma once

#include <optional>
#include <vector>

#include "app/playback.h"

namespace v4l2play {

class Fallback {
  public:
    explicit Fallback(bool may_use_software)
        : may_use_software_(may_use_software) {}

    /// How a try ended; `refused` is the format that the output would not show, in spite of its offer. True: another
    /// try is worth it, with what is said below. A format that is refused is not asked for again: the decoder's next
    /// one is tried before another decoder.
    bool goes_on(Ended ended, bool was_software, const std::optional<FormatModifier>& refused);

    /// Hardware is not asked again.
    [[nodiscard]] bool software_only() const { return software_only_; }
    /// This is not the first try.
    [[nodiscard]] bool again() const { return software_only_ || !refused_.empty(); }
    /// Takes those away that were refused.
    void remove_refused(std::vector<FormatModifier>& formats) const;

  private:
    bool note(const FormatModifier& refused);

    const bool may_use_software_;
    bool software_only_ = false;
    std::vector<FormatModifier> refused_;
};

} // namespace v4l2play
