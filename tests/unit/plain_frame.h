// Frames in plain memory, painted sample by sample.
#pragma once

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "decoder/frame.h"
#include "decoder/kernel.h"
#include "decoder/pixel_layout.h"
#include "decoder/slot.h"
#include "tests/unit/decoded_frame.h"

namespace v4l2play {

/// Components one after another, with a little padding after rows so that a mistaken pitch shows.
inline FrameFormat plain_format(DrmFourcc fourcc, std::uint32_t width, std::uint32_t height) {
    const PixelLayout& layout = *find_pixel_layout(fourcc);
    FrameFormat format;
    format.fourcc = fourcc;
    format.coded_width = width;
    format.coded_height = height;
    format.bit_depth = layout.bit_depth;
    format.components = static_cast<std::uint8_t>(layout.components());
    for (unsigned i = 0; i < layout.components(); ++i) {
        const auto row = static_cast<std::uint32_t>(row_bytes(layout, i, component_width(layout, i, width))) + 6;
        format.layout[i] = {0, static_cast<std::uint32_t>(format.memory_size[0]), row};
        format.memory_size[0] += std::size_t{row} * component_height(layout, i, height);
    }
    return format;
}

/// A pool of `count` slots in plain memory, filled with 0xEE.
inline std::shared_ptr<SlotPool> plain_pool(const FrameFormat& format, unsigned count) {
    std::vector<SlotMemory> slots(count);
    for (SlotMemory& slot : slots) slot.plain.assign(format.memory_size[0], 0xEE);
    return SlotPool::create(system_kernel(), format, std::move(slots));
}

/// A decoded frame, its visible part the whole picture.
inline Frame plain_frame(const std::shared_ptr<SlotPool>& pool, FrameId id) {
    FrameInfo info;
    info.visible = {0, 0, pool->format().coded_width, pool->format().coded_height};
    Frame frame = decoded_frame(*pool, id, info);
    frame.pts = static_cast<Nanoseconds>(id) * 40 * millisecond;
    return frame;
}

/// The memory of a frame, to paint in.
inline std::uint8_t* memory_of(const Frame& frame) {
    return const_cast<std::uint8_t*>(frame.slot.pool().memory(frame.slot.index()).plain.data());
}

/// Sets one value (Cb and Cr of a pair are values 2x and 2x + 1 of its row) to `value`, given in the format's depth.
inline void set_value(const Frame& frame, unsigned component, std::uint32_t x, std::uint32_t y, unsigned value) {
    const FrameFormat& format = frame.slot.pool().format();
    const PixelLayout& layout = *find_pixel_layout(format.fourcc);
    std::uint8_t* row =
        memory_of(frame) + format.layout[component].offset + std::size_t{y} * format.layout[component].pitch;
    if (layout.pixel_bytes == 1) {
        row[x] = static_cast<std::uint8_t>(value);
    } else if (layout.pixel_bytes == 2) {
        row[2 * x] = static_cast<std::uint8_t>(value << layout.padding_bits);
        row[2 * x + 1] = static_cast<std::uint8_t>(value << layout.padding_bits >> 8);
    } else {
        for (unsigned bit = 0; bit < 10; ++bit) {
            const std::uint32_t at = 10 * x + bit;
            const auto mask = static_cast<std::uint8_t>(1U << (at % 8));
            row[at / 8] = static_cast<std::uint8_t>((value >> bit & 1) != 0 ? row[at / 8] | mask : row[at / 8] & ~mask);
        }
    }
}

struct Ycc {
    unsigned y;
    unsigned cb;
    unsigned cr;
};

/// Paints pixel (x, y): its luma, and the chroma that it shares with its neighbours.
inline void paint(const Frame& frame, std::uint32_t x, std::uint32_t y, Ycc color) {
    using Chroma = PixelLayout::Chroma;
    const PixelLayout& layout = *find_pixel_layout(frame.slot.pool().format().fourcc);
    set_value(frame, 0, x, y, color.y);
    const std::uint32_t cx = x >> layout.chroma_shift_x;
    const std::uint32_t cy = y >> layout.chroma_shift_y;
    if (layout.chroma == Chroma::Planar) {
        set_value(frame, 1, cx, cy, color.cb);
        set_value(frame, 2, cx, cy, color.cr);
    } else if (layout.chroma != Chroma::None) {
        const bool cr_first = layout.chroma == Chroma::InterleavedCrFirst;
        set_value(frame, 1, 2 * cx, cy, cr_first ? color.cr : color.cb);
        set_value(frame, 1, 2 * cx + 1, cy, cr_first ? color.cb : color.cr);
    }
}

inline void paint_all(const Frame& frame, Ycc color) {
    const FrameFormat& format = frame.slot.pool().format();
    for (std::uint32_t y = 0; y < format.coded_height; ++y)
        for (std::uint32_t x = 0; x < format.coded_width; ++x) paint(frame, x, y, color);
}

} // namespace v4l2play
