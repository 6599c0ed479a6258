// libavcodec's own messages, in our log.
#pragma once

#include <string>

namespace v4l2play {

/// From now on libav* libraries of this process write to our log: their warnings and errors at Debug, the rest at
/// Trace. They talk about the media more than about the program, and are hostile text: control characters are replaced.
void redirect_libav_log();

/// "Invalid data found when processing input" and the like, for an AVERROR code.
std::string libav_error_text(int code);

} // namespace v4l2play
