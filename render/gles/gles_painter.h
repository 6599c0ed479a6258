// Pictures drawn by OpenGL ES, in RGB and scaled.
#pragma once

#include "render/painter.h"

namespace v4l2play {

struct GlesOptions {
    bool on_cpu = false; ///< also where there is no GPU, and the CPU draws in its place
    bool whole = false;  ///< the driver turns all pictures into RGB, also those that we do better: for tests
};

/// Null where this build has no GLES.
std::unique_ptr<Painter> create_gles_painter(const GlesOptions& options, Kernel& kernel = system_kernel());

/// What the build lacks of this, for --version: a line that begins with a line break.
std::string gles_build_notes();

} // namespace v4l2play
