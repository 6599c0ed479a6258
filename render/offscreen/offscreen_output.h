// Outputs without a display: frames are shown to nobody, at the time asked for, and may be saved as pictures.
#pragma once

#include <memory>
#include <string>

#include "render/output.h"

namespace v4l2play {

struct OffscreenOptions {
    bool clock = true;         ///< frames are shown at their targets; else whenever they come
    std::string screenshots;   ///< directory for every shown frame as frame-000123.png; empty for none
    std::string contact_sheet; ///< PNG file with an overview of what was shown; empty for none
    std::string title;         ///< heading of the contact sheet
    unsigned contact_frames = 24;
};

/// Behaves as a display that shows each frame at once: it holds the frame's slot until the next one is shown. Pictures
/// are written before `present` returns, so that playback by the clock falls behind when they take longer than a frame.
/// A picture that cannot be written is logged, once, and playback goes on. Fails (naming the place) when pictures are
/// wanted where nothing can be written.
Result<std::unique_ptr<Output>> create_offscreen_output(const OffscreenOptions& options);

/// The same without pictures, called "null".
std::unique_ptr<Output> create_null_output();

} // namespace v4l2play
