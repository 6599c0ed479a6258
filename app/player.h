// Plays a list of items: the one class that sees demuxing, decoding and output together.
#pragma once

#include "app/options.h"

namespace v4l2play {

/// Plays `options.files`; the process's exit code. `program_start`: CLOCK_MONOTONIC at the start of main.
int play(const Options& options, Nanoseconds program_start);

} // namespace v4l2play
