// A display that shows what its planes cannot, by drawing it first.
#pragma once

#include <memory>

#include "decoder/kernel.h"
#include "render/output.h"

namespace v4l2play {

/// Auto: only what `inner` refuses, and only where a GPU draws. Always: everything, also where the CPU draws.
enum class GlesUse : std::uint8_t { Auto, Always, Never };

/// Frames go straight to `inner` where it takes them (GlesUse::Auto). Others are drawn by GLES, in RGB and scaled to
/// the screen, into memory that `inner` scans out: their path is `composited`, and their slots are released when they
/// have been drawn. Where there is no GLES (in the build, or on the card) it is `inner` alone.
std::unique_ptr<Output> create_gles_output(std::unique_ptr<Output> inner, GlesUse use,
                                           Kernel& kernel = system_kernel());

/// What the build lacks of this, for --version: a line that begins with a line break.
std::string gles_build_notes();

} // namespace v4l2play
