// Which output shows pictures here, and why not another.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/options.h"
#include "render/output.h"

namespace v4l2play {

struct OpenedOutput {
    std::unique_ptr<Output> output;
    std::vector<std::string> reasons; ///< one line per output that was not taken
};

/// As `options` say; `auto` takes Wayland where there is a session whose compositor can show dmabufs, KMS where a card
/// can be used, else offscreen.
Result<OpenedOutput> open_output(const Options& options);

} // namespace v4l2play
