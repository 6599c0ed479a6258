// What a display would do with pictures of some size, without showing any.
#pragma once

#include <string>
#include <vector>

#include "decoder/format.h"
#include "render/kms/cards.h"

namespace v4l2play {

/// Pictures of that size in memory as most decoders lay it out, without tiles: NV12 and P010.
FrameFormat linear_format(DrmFourcc fourcc, std::uint32_t width, std::uint32_t height);

/// For `v4l2play devices --why`: for each of `formats` a line for each way to show such pictures, with the driver's
/// answer to a test commit and the reason of a refusal. Disturbs nothing, but has to be DRM master.
std::vector<std::string> explain_planes(const KmsOptions& options, const FrameInfo& info,
                                        const std::vector<FrameFormat>& formats);

} // namespace v4l2play
