// Built without libdisplay-info.
#include "render/kms/sink.h"

namespace v4l2play {

std::optional<SinkColors> read_sink(std::span<const std::uint8_t>) { return std::nullopt; }
std::string sink_build_notes() {
    return "\nbuilt without libdisplay-info: displays are told of HDR whether they understand it or not";
}

} // namespace v4l2play
