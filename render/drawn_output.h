// A display that shows what its planes cannot, by having it drawn first.
#pragma once

#include <memory>
#include <vector>

#include "render/painter.h"

namespace v4l2play {

struct DrawnOptions {
    bool always = false;   ///< everything is drawn, also what the display could show
    unsigned rotation = 0; ///< by which `inner` turns every picture clockwise: 0, 90, 180, 270
};

/// Frames go straight to `inner` where it takes them as they should be (unless `always`). Others are drawn by the first
/// of `painters` that can, in RGB, into memory that `inner` shows, and their slots are released when they have been
/// drawn. A painter that scales is also asked when `inner` compromises. A painter that copies is the last resort: only
/// for formats that `inner` does not offer, so that decoders try their other formats first. Without painters it is
/// `inner` alone.
std::unique_ptr<Output> create_drawn_output(std::unique_ptr<Output> inner,
                                            std::vector<std::unique_ptr<Painter>> painters, const DrawnOptions& options,
                                            Kernel& kernel = system_kernel());

} // namespace v4l2play
