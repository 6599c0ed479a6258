// The moving picture that fwht_encode encodes and fwht_play looks for.
#pragma once

#include <cstdint>

namespace v4l2play::test {

/// Luma of frame `n`: a still gradient with a textured square on its way across. 16 to 235.
inline std::uint8_t pattern_luma(std::uint32_t x, std::uint32_t y, std::uint32_t n, std::uint32_t width) {
    constexpr std::uint32_t side = 160;
    const std::uint32_t left = n * 7 % width;
    const std::uint32_t top = 40 + n * 3 % 120;
    if (x - left < side && y - top < side)
        return static_cast<std::uint8_t>(40 + ((x - left) * 5 ^ (y - top) * 3) % 160);
    return static_cast<std::uint8_t>(16 + (x / 4 + y / 8 + n % 4) % 200);
}

inline std::uint8_t pattern_chroma(std::uint32_t x, std::uint32_t y, std::uint32_t n, unsigned component) {
    return static_cast<std::uint8_t>(64 + ((component == 0 ? x : y) / 4 + n) % 128);
}

} // namespace v4l2play::test
