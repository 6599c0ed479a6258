// In the place of drawing where this build has no GLES.
#include "render/gles/gles_painter.h"

namespace v4l2play {

std::unique_ptr<Painter> create_gles_painter(const GlesOptions&, Kernel&) { return nullptr; }

std::string gles_build_notes() {
    return "\nbuilt without GBM, EGL and GLESv2: what no plane of a card takes is not drawn by a GPU";
}

} // namespace v4l2play
