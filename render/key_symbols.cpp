#include "render/key_symbols.h"

#include <xkbcommon/xkbcommon-keysyms.h>

namespace v4l2play {

std::optional<OutputKey> key_of_symbol(std::uint32_t symbol) {
    switch (symbol) {
    case XKB_KEY_q:
    case XKB_KEY_Escape:
        return OutputKey::Quit;
    case XKB_KEY_space:
        return OutputKey::Pause;
    case XKB_KEY_Left:
        return OutputKey::Back;
    case XKB_KEY_Right:
        return OutputKey::Forward;
    case XKB_KEY_Down:
        return OutputKey::FarBack;
    case XKB_KEY_Up:
        return OutputKey::FarForward;
    case XKB_KEY_i:
        return OutputKey::Stats;
    default:
        return std::nullopt;
    }
}

} // namespace v4l2play
