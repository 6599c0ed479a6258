// Reads the number of a clip with bands of 8 pixels a cell (assets/README.md) out of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "tests/tools/fwht_pattern.h"

namespace v4l2play::test {

/// Where the clip's picture is in a larger one.
struct Area {
    unsigned width = 0;
    unsigned height = 0;
    unsigned x = 0;
    unsigned y = 0;
    bool placed = false; ///< x and y were given
};

/// Of "WxH" or "WxH+X+Y"; nothing when there is no room for bands.
inline std::optional<Area> parse_area(const char* text) {
    Area area;
    const int numbers =
        text == nullptr ? 0 : std::sscanf(text, "%ux%u+%u+%u", &area.width, &area.height, &area.x, &area.y);
    area.placed = numbers == 4;
    if ((numbers != 2 && numbers != 4) || area.width < 272 || area.height < 88) return std::nullopt;
    return area;
}

/// Luma of a picture, readable; null when it cannot be read. Of RGB, its green will do.
struct Luma {
    const std::uint8_t* first = nullptr;
    std::size_t pitch = 0;
    unsigned step = 1; ///< bytes from pixel to pixel
};

/// Of a picture in XRGB8888.
inline Luma luma_of_rgb(const std::uint8_t* pixels, std::size_t pitch) { return {pixels + 1, pitch, 4}; }

/// 235 and 16 are far apart: the middle of a cell tells.
inline std::uint32_t read_cells(const std::uint8_t* row, unsigned left, unsigned step) {
    std::uint32_t cells = 0;
    for (unsigned i = 0; i < 32; ++i) cells = cells << 1 | (row[(left + 8 * i + 4) * step] >= 128 ? 1U : 0U);
    return cells;
}

/// The number that all rows of all bands agree on, or -1.
inline long read_bands(const Luma& luma, const Area& area) {
    if (luma.first == nullptr) return -1;
    const unsigned left = area.x + (area.width - 32 * 8) / 2 / 8 * 8;
    std::optional<std::uint32_t> number;
    for (unsigned band = 0; band < 8; ++band) {
        const unsigned top = area.y + 8 * (1 + band * (area.height / 8 - 3) / 7);
        for (unsigned y = top; y < top + 8; ++y) {
            const std::uint32_t cells = read_cells(luma.first + y * luma.pitch, left, luma.step);
            const std::uint32_t found = cells >> 10 & 0xFFFF;
            if (cells != band_cells(band, found) || found != number.value_or(found)) return -1;
            number = found;
        }
    }
    return static_cast<long>(*number);
}

} // namespace v4l2play::test
