// What a display is told of the light and colours it is to show.
#pragma once

#include <optional>

#include <drm_mode.h>

#include "decoder/format.h"

namespace v4l2play {

/// The content of HDR_OUTPUT_METADATA (CTA-861.3, static metadata type 1) for frames of such colours; empty for those
/// of standard range, which need none. Units are those of the HDMI infoframe.
[[nodiscard]] std::optional<hdr_output_metadata> hdr_metadata(const FrameInfo& info);

/// HDR10 (PQ); the other is HLG.
[[nodiscard]] bool is_pq(const hdr_output_metadata& metadata);

} // namespace v4l2play
