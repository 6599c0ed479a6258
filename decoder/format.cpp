#include "decoder/format.h"

namespace v4l2play {

std::string to_string(DrmFourcc fourcc) {
    std::string name;
    for (int i = 0; i < 4; ++i) {
        const char letter = static_cast<char>(static_cast<std::uint32_t>(fourcc) >> (8 * i));
        if (letter != ' ') name.push_back(letter >= 0x21 && letter < 0x7f ? letter : '?');
    }
    return name;
}

} // namespace v4l2play
