// An output that is slow on purpose: for engineers, who want to see what late releases do to a decoder.
#pragma once

#include <memory>

#include "render/output.h"

namespace v4l2play {

/// As `inner`, but every frame is taken at once, as ever, and shown `refreshes` refresh periods (of 1/60 s, where there
/// are none) later than it could be; so slots come back as much later. That is what a compositor with a deep queue
/// does. It does not ask for more slots: the pool is as small as it is for `inner`.
std::unique_ptr<Output> create_slow_output(std::unique_ptr<Output> inner, unsigned refreshes);

} // namespace v4l2play
