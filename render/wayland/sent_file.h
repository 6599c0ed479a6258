// A file that the compositor sends: a keymap, a table.
#pragma once

#include <cstddef>
#include <vector>

namespace v4l2play {

/// Reads and closes it: mapped, it could be cut short under our hands. Empty when it is not as long as said, or longer
/// than `limit`.
std::vector<char> take_file(int fd, std::size_t size, std::size_t limit);

} // namespace v4l2play
