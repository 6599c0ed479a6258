// What is on a screen, by the display engine's own word: a writeback connector.
#pragma once

#include "decoder/result.h"
#include "render/convert.h"

namespace v4l2play {

/// Lets the display engine write what it shows into memory and reads it from there. `fd` is a DRM file that is master,
/// an atomic client, and lights a CRTC. ENOTSUP when the card has no writeback connector. The display is disturbed for
/// a few vblanks: a writeback connector joins a CRTC by a modeset.
Result<RgbImage> grab_screen(int fd);

} // namespace v4l2play
