// Pictures that the CPU copies into memory for the display.
#include "render/picture_copier.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "decoder/slot_memory.h"
#include "tests/unit/decoded_frame.h"

namespace v4l2play {
namespace {

std::shared_ptr<SlotPool> pool_of(const FrameFormat& format, std::size_t bytes) {
    auto allocator = create_slot_allocator(system_kernel(), false);
    std::vector<SlotMemory> slots;
    slots.push_back(std::move(*(*allocator)->allocate(bytes)));
    return SlotPool::create(system_kernel(), format, std::move(slots));
}

TEST(PictureCopier, TheVisiblePartComesOutInRgbAndNothingBesideIt) {
    FrameFormat nv12{.fourcc = fourcc_nv12, .coded_width = 16, .coded_height = 16};
    nv12.layout[0] = {0, 0, 16};
    nv12.layout[1] = {0, 256, 16};
    nv12.memory_size[0] = 384;
    const auto source = pool_of(nv12, 384);
    FrameFormat rgb{.fourcc = fourcc_xrgb, .coded_width = 8, .coded_height = 4, .components = 1};
    rgb.layout[0].pitch = 256;
    rgb.memory_size[0] = 1024;
    const auto target = pool_of(rgb, 1024);

    const auto painter = create_picture_copier();
    ASSERT_TRUE(painter->prepare(*source, *target));
    FrameInfo info;
    info.visible = {2, 2, 8, 4};
    const Frame frame = decoded_frame(*source, 1, info);
    auto yuv = cpu_bytes(source->memory(0));
    std::fill(yuv.begin(), yuv.begin() + 256, std::uint8_t{235}); // white
    std::fill(yuv.begin() + 256, yuv.begin() + 384, std::uint8_t{128});
    yuv[2 * 16 + 3] = 16; // and one black pixel
    auto pixels = cpu_bytes(target->memory(0));
    std::fill(pixels.begin(), pixels.end(), std::uint8_t{7});
    ASSERT_TRUE(painter->draw(frame, 0, 0));
    const void* first = pixels.data();
    const auto* row = static_cast<const std::uint32_t*>(first);
    EXPECT_EQ(0xffffffffU, row[0]);
    EXPECT_EQ(0xff000000U, row[1]);
    EXPECT_EQ(0xffffffffU, row[7]);
    EXPECT_EQ(0x07070707U, row[8]) << "beyond the visible part";
    EXPECT_EQ(0xffffffffU, row[3 * 64 + 7]);
    EXPECT_EQ(0x07070707U, row[4 * 64 - 1]);
}

} // namespace
} // namespace v4l2play
