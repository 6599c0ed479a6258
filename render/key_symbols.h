// What keys ask for, wherever they are pressed.
#pragma once

#include <cstdint>
#include <optional>

#include "render/output.h"

namespace v4l2play {

/// `symbol`: as xkbcommon names it (XKB_KEY_*).
std::optional<OutputKey> key_of_symbol(std::uint32_t symbol);

} // namespace v4l2play
