// Which formats and modifiers a plane takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "decoder/format.h"

namespace v4l2play {

/// Parses an IN_FORMATS blob (struct drm_format_modifier_blob): its formats in order, each with its modifiers in
/// order. Empty when the blob is malformed.
std::vector<FormatModifier> parse_in_formats(std::span<const std::uint8_t> blob);

/// True when frames of `format` can be given to a plane that lists `listed`. Broadcom's column height is a parameter
/// of the buffer and not of the plane; an implicit modifier is taken by whoever takes the linear one.
[[nodiscard]] bool same_layout(const FormatModifier& listed, const FormatModifier& format);
[[nodiscard]] bool takes(std::span<const FormatModifier> listed, const FormatModifier& format);

/// "linear", "0x0700000000000004 (Broadcom)" for people.
std::string modifier_name(std::uint64_t modifier);

} // namespace v4l2play
