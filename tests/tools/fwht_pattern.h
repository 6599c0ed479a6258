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

/// The 32 cells of band `band` for frame `n`, the leftmost in the highest bit (assets/README.md).
inline std::uint32_t band_cells(unsigned band, std::uint32_t n) {
    std::uint32_t crc = 0xFF;
    for (const std::uint32_t byte : {band, n >> 8 & 0xFF, n & 0xFF}) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x80) != 0 ? 0x107U : 0U);
    }
    return 6U << 29 | band << 26 | (n & 0xFFFF) << 10 | (crc & 0xFF) << 2 | 1U;
}

/// Luma of frame `n` of a picture with nothing but its number in eight bands, for pictures of less than 1280x720.
inline std::uint8_t bands_luma(std::uint32_t x, std::uint32_t y, std::uint32_t n, std::uint32_t width,
                               std::uint32_t height) {
    constexpr std::uint32_t cell = 8;
    const std::uint32_t left = (width - 32 * cell) / 2 / cell * cell;
    const std::uint32_t column = (x - left) / cell; // far above 31 to the left of it
    for (unsigned band = 0; band < 8 && column < 32; ++band)
        if (y / cell == 1 + band * (height / cell - 3) / 7)
            return (band_cells(band, n) << column & 0x80000000U) != 0 ? 235 : 16;
    return 16;
}

} // namespace v4l2play::test
