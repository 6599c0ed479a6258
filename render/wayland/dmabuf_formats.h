// Which dmabufs a compositor takes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/format.h"

namespace v4l2play {

/// Pairs of video format and modifier as they were announced, with whether the display hardware may scan them out.
/// Pure.
class DmabufFormats {
  public:
    /// Formats that are neither of video nor drawn by us are left out, and so is what is more than any compositor has.
    void add(FormatModifier format, bool scanout);
    /// Those of `other` too, none of them known to be scanned out.
    void add_all(const DmabufFormats& other);
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] bool has_video() const;

    /// What decoders may make, best first: what can be scanned out before what has to be composited, NV12 before the
    /// rest of each. Formats that only have the implicit modifier are listed as linear ones: decoders lay them out so.
    [[nodiscard]] std::vector<FormatModifier> for_decoders() const;

    /// Whether a buffer laid out as `format` may be scanned out.
    [[nodiscard]] bool scans_out(FormatModifier format) const;

    /// The modifier under which a buffer laid out as `format` is sent; nothing when the compositor takes none such.
    [[nodiscard]] std::optional<std::uint64_t> modifier_for(FormatModifier format) const;

  private:
    struct Entry {
        FormatModifier format;
        bool scanout = false;
    };
    std::vector<Entry> entries_;
};

} // namespace v4l2play
