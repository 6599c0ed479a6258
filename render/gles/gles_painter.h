// Pictures drawn by OpenGL ES, in RGB and scaled.
#pragma once

#include "render/painter.h"

namespace v4l2play {

/// `on_cpu`: also where there is no GPU, and the CPU draws in its place. Null where this build has no GLES.
std::unique_ptr<Painter> create_gles_painter(bool on_cpu, Kernel& kernel = system_kernel());

/// What the build lacks of this, for --version: a line that begins with a line break.
std::string gles_build_notes();

} // namespace v4l2play
