// Pictures in PNG files.
#pragma once

#include <string>

#include "decoder/result.h"
#include "render/convert.h"

namespace v4l2play {

enum class PngEffort { Fast, Small };

/// Writes `image` to the file `path`, which is replaced. When that fails (disk full, no permission) no half file is
/// left and the error names the file.
Result<> write_png(const std::string& path, const RgbImage& image, PngEffort effort);

} // namespace v4l2play
