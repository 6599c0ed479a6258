// In the place of drawing where this build has no GLES.
#include "render/gles/gles_output.h"

namespace v4l2play {

std::unique_ptr<Output> create_gles_output(std::unique_ptr<Output> inner, GlesUse, Kernel&) { return inner; }

std::string gles_build_notes() {
    return "\nbuilt without GBM, EGL and GLESv2: what no plane of a card takes is not shown";
}

} // namespace v4l2play
