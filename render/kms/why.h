// What a display would do with pictures of some size, without showing any.
#pragma once

#include <string>
#include <vector>

#include "render/kms/cards.h"
#include "render/kms/planner.h"

namespace v4l2play {

/// For `v4l2play devices --why`: for 8 and 10 bits in linear memory a line for each way to show such pictures, with the
/// driver's answer to a test commit and the reason of a refusal. Disturbs nothing, but has to be DRM master.
std::vector<std::string> explain_planes(const KmsOptions& options, Size picture, Rational sample_aspect,
                                        const ColorDescription& color);

} // namespace v4l2play
