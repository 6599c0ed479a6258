// HDR10 metadata as libavutil hands it on, of a stream or of a frame, in the project's own form.
#pragma once

#include <cstdint>
#include <span>

#include "decoder/color.h"

namespace v4l2play {

/// `data` is an AVMasteringDisplayMetadata. What is missing or out of range stays 0, as in `hdr` unknown things are;
/// when nothing is left, `hdr` stays as it is.
void note_mastering_display(std::span<const std::uint8_t> data, HdrMetadata& hdr);
/// `data` is an AVContentLightMetadata.
void note_content_light(std::span<const std::uint8_t> data, HdrMetadata& hdr);

} // namespace v4l2play
