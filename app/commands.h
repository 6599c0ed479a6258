// The commands beside `play`; each answers the process's exit code.
#pragma once

#include "app/options.h"

namespace v4l2play {

/// `--device=help` and the like: answers what this machine has. False when nothing was asked.
bool answer_help(const Options& options);

int md5(const Options& options);
int probe(const Options& options);
int devices(const Options& options);

} // namespace v4l2play
