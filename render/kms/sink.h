// What a display says of itself (EDID): which light and colours it understands.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace v4l2play {

struct SinkColors {
    bool pq = false; ///< CTA-861 HDR static metadata: SMPTE ST 2084, with metadata of type 1
    bool hlg = false;
    bool bt2020_rgb = false; ///< CTA-861 colorimetry
    bool operator==(const SinkColors&) const = default;
};

/// Empty when `edid` is none, or when the player was built without libdisplay-info.
[[nodiscard]] std::optional<SinkColors> read_sink(std::span<const std::uint8_t> edid);

/// What is missing for how the player was built; "" when nothing is.
[[nodiscard]] std::string sink_build_notes();

} // namespace v4l2play
