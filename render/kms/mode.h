// Display modes: their exact refresh rate, their names, and choosing one.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <xf86drmMode.h>

#include "decoder/nanoseconds.h"
#include "decoder/result.h"
#include "render/kms/planner.h"

namespace v4l2play {

/// Vblanks per second (fields, for interlaced modes), in lowest terms, from the pixel clock; 0/1 for a mode without
/// timings.
Rational refresh_rate(const drmModeModeInfo& mode);
/// Nominal time between vblanks; 0 when it is not known.
Nanoseconds refresh_period(const Rational& refresh);

/// "1920x1080@60.00", "1920x1080i@50.00".
std::string mode_name(const drmModeModeInfo& mode);
[[nodiscard]] bool same_mode(const drmModeModeInfo& a, const drmModeModeInfo& b);

/// What is wrong with `asked`, whatever modes there are; "" when `choose_mode` can read it.
std::string mode_error(const std::string& asked);
/// Picks from `modes`, which are in the connector's order, what `asked` says:
///   ""                  what is shown now, so that the display does not blank; else the preferred one
///   "preferred"         the display's own choice
///   "content"           of the size that is shown now, else of the preferred one, the fastest whose rate is an exact
///                       multiple of `content`, frames per second (59.94 is none of 30, nor 60 of 29.97); what is shown
///                       now where that is one, or where there is none (and see `fitting_mode`)
///   "1920x1080"         the preferred one of this size, else the first; "1920x1080i" for interlaced
///   "1920x1080@59.94"   the one nearest to this rate, at most 0.5 Hz off
/// EINVAL when `asked` cannot be read or nothing fits: the error says what there is.
Result<drmModeModeInfo> choose_mode(std::span<const drmModeModeInfo> modes,
                                    const std::optional<drmModeModeInfo>& current, const std::string& asked,
                                    Rational content = {0, 1});
/// For pictures that cannot be scaled: of the modes that are not interlaced the one that shows most of `picture`; among
/// those a multiple of `content`, with the least black around it, and the fastest. `current` where none is better.
drmModeModeInfo fitting_mode(std::span<const drmModeModeInfo> modes, const drmModeModeInfo& current, Size picture,
                             Rational content);
/// True when frames that come at `content` per second last equally many vblanks each: the rates, 1000/1001 or not, are
/// told apart, what rounding the pixel clock to kHz makes of them is not.
[[nodiscard]] bool is_multiple(const Rational& refresh, const Rational& content);

} // namespace v4l2play
