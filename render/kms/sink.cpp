#include "render/kms/sink.h"

#include <memory>

extern "C" {
#include <libdisplay-info/info.h>
}

namespace v4l2play {

std::optional<SinkColors> read_sink(std::span<const std::uint8_t> edid) {
    if (edid.empty()) return std::nullopt;
    const std::unique_ptr<di_info, decltype(&di_info_destroy)> info(di_info_parse_edid(edid.data(), edid.size()),
                                                                    di_info_destroy);
    if (info == nullptr) return std::nullopt;
    const di_hdr_static_metadata& hdr = *di_info_get_hdr_static_metadata(info.get());
    return SinkColors{hdr.pq && hdr.type1, hdr.hlg, di_info_get_supported_signal_colorimetry(info.get())->bt2020_rgb};
}

std::string sink_build_notes() { return ""; }

} // namespace v4l2play
