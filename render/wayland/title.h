// What a window is called.
#pragma once

#include <string>
#include <string_view>

namespace v4l2play {

/// "NAME - v4l2play", of a file's name, which may hold any byte: what is not UTF-8 (RFC 3629) or not printable becomes
/// U+FFFD, and what is beyond 200 bytes an ellipsis. "v4l2play" for no name.
std::string window_title(std::string_view name);

} // namespace v4l2play
