// What is behind the last slash.
#pragma once

#include <string>
#include <string_view>

namespace v4l2play {

/// "clip.mkv" of "/media/clip.mkv".
inline std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

} // namespace v4l2play
