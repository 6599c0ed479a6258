// What people are told while nothing is wrong: plain lines on standard error, silenced by --quiet.
#pragma once

#include <string>

#include <fmt/format.h>

#include "app/options.h"

namespace v4l2play {

inline void notice(const Options& options, const std::string& line) {
    if (!options.quiet) fmt::print(stderr, "{}\n", line);
}

/// The one line about what went wrong with a file or the whole run.
inline void complain(const std::string& line) { fmt::print(stderr, "v4l2play: {}\n", line); }

} // namespace v4l2play
