// In the place of the overlay where this build has none.
#include "render/overlay/overlay.h"

namespace v4l2play {

std::unique_ptr<Overlay> create_overlay() { return nullptr; }

std::string overlay_build_notes() { return "\nbuilt without imgui: no --stats"; }

} // namespace v4l2play
