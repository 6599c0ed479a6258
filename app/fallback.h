// How an item goes on when a decoder gives it up half-way: which decoder and which formats are tried next.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/decoder_factory.h"
#include "app/playback.h"

namespace v4l2play {

class Fallback {
  public:
    explicit Fallback(bool may_use_software)
        : may_use_software_(may_use_software) {}

    /// How a try ended on `device` (empty: in software); `refused` is the format that the output would not show, in
    /// spite of its offer. True: another try is worth it, with what is said below. A format that is refused is not
    /// asked for again: the decoder's next one is tried before another decoder, and another device (`any_other`) before
    /// software.
    bool goes_on(Ended ended, const std::string& device, bool any_other, const std::optional<FormatModifier>& refused);

    /// The output has found other formats: the decoder that made none of those before is tried with them.
    void ask_again() { asked_again_ = true; }

    /// What is not asked again.
    [[nodiscard]] const TriedDecoders& tried() const { return tried_; }
    [[nodiscard]] bool software_only() const { return tried_.all_hardware; }
    /// This is not the first try.
    [[nodiscard]] bool again() const { return asked_again_ || !tried_.devices.empty() || !refused_.empty(); }
    /// Takes those away that were refused.
    void remove_refused(std::vector<FormatModifier>& formats) const;

  private:
    bool note(const FormatModifier& refused);

    const bool may_use_software_;
    bool asked_again_ = false;
    TriedDecoders tried_;
    std::vector<FormatModifier> refused_;
};

} // namespace v4l2play
