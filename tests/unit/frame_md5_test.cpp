#include "app/frame_md5.h"

#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

#include "decoder/slot_memory.h"

extern "C" {
#include <libavutil/md5.h>
}

#include <fmt/format.h>

namespace v4l2play {
namespace {

constexpr std::uint32_t picture_width = 24;
constexpr std::uint32_t picture_height = 10;
constexpr std::uint32_t pitch = 128;

/// Value of component 0 (Y), 1 (Cb) or 2 (Cr) at a sample position; `depth` bits.
unsigned value(unsigned component, std::uint32_t x, std::uint32_t y, unsigned depth) {
    return (x * 7 + y * 13 + component * 101 + x * y) * (depth > 8 ? 5U : 1U) % (1U << depth);
}

std::string md5_of(const std::vector<std::uint8_t>& bytes) {
    std::array<std::uint8_t, 16> digest{};
    av_md5_sum(digest.data(), bytes.data(), bytes.size());
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

/// What raw planar video holds for `visible` of the test picture: written down sample by sample.
std::vector<std::uint8_t> raw_video(const Rect& visible, unsigned components, unsigned depth, unsigned shift_x,
                                    unsigned shift_y) {
    std::vector<std::uint8_t> bytes;
    for (unsigned c = 0; c < components; ++c) {
        const unsigned sx = c == 0 ? 0 : shift_x;
        const unsigned sy = c == 0 ? 0 : shift_y;
        for (std::uint32_t y = 0; y < (visible.height + sy) >> sy; ++y) {
            for (std::uint32_t x = 0; x < (visible.width + sx) >> sx; ++x) {
                const unsigned sample = value(c, (visible.x >> sx) + x, (visible.y >> sy) + y, depth);
                bytes.push_back(static_cast<std::uint8_t>(sample));
                if (depth > 8) bytes.push_back(static_cast<std::uint8_t>(sample >> 8));
            }
        }
    }
    return bytes;
}

void store(std::uint8_t* row, const PixelLayout& layout, std::size_t index, unsigned sample) {
    if (layout.pixel_bytes == 1) {
        row[index] = static_cast<std::uint8_t>(sample);
    } else if (layout.pixel_bytes == 2) {
        row[index * 2] = static_cast<std::uint8_t>(sample << layout.padding_bits);
        row[index * 2 + 1] = static_cast<std::uint8_t>(sample << layout.padding_bits >> 8);
    } else { // bit by bit: ten bits, the lowest first
        for (std::size_t bit = 0; bit < 10; ++bit) {
            const std::size_t at = index * 10 + bit;
            if ((sample >> bit & 1) != 0) row[at / 8] = static_cast<std::uint8_t>(row[at / 8] | 1U << at % 8);
        }
    }
}

/// One slot with the test picture in the memory layout of `fourcc`; the bytes between rows are noise.
class Picture {
  public:
    explicit Picture(DrmFourcc fourcc) {
        const PixelLayout& layout = *find_pixel_layout(fourcc);
        format.fourcc = fourcc;
        format.coded_width = picture_width;
        format.coded_height = picture_height;
        format.bit_depth = layout.bit_depth;
        format.components = static_cast<std::uint8_t>(layout.components());
        for (unsigned c = 0; c < layout.components(); ++c) format.layout[c] = {0, c * pitch * 16, pitch};
        format.memory_size[0] = std::size_t{pitch} * 16 * layout.components();
        auto allocator = create_slot_allocator(system_kernel(), false);
        SlotMemory memory = *(*allocator)->allocate(format.memory_size[0]);
        fill(layout, cpu_bytes(memory).data());
        memories.push_back(std::move(memory));
    }

    Frame frame(const Rect& visible = {0, 0, picture_width, picture_height}) {
        if (!pool) pool = SlotPool::create(system_kernel(), format, std::move(memories));
        Frame frame;
        frame.slot = pool->acquire();
        frame.info.visible = visible;
        return frame;
    }

    FrameFormat format;

  private:
    void fill(const PixelLayout& layout, std::uint8_t* memory) const {
        const bool cr_first = layout.chroma == PixelLayout::Chroma::InterleavedCrFirst;
        if (layout.pixel_bytes != 0) std::memset(memory, 0xa5, format.memory_size[0]);
        for (unsigned c = 0; c < layout.components(); ++c) {
            for (std::uint32_t y = 0; y < component_height(layout, c, picture_height); ++y) {
                std::uint8_t* row = memory + format.layout[c].offset + std::size_t{y} * pitch;
                for (std::uint32_t x = 0; x < component_width(layout, c, picture_width); ++x) {
                    if (c == 1 && layout.interleaved()) {
                        store(row, layout, 2 * x, value(cr_first ? 2 : 1, x, y, layout.bit_depth));
                        store(row, layout, 2 * x + 1, value(cr_first ? 1 : 2, x, y, layout.bit_depth));
                    } else {
                        store(row, layout, x, value(c, x, y, layout.bit_depth));
                    }
                }
            }
        }
    }

    std::vector<SlotMemory> memories;
    std::shared_ptr<SlotPool> pool;
};

struct DigestCase {
    DrmFourcc fourcc;
    unsigned components;
    unsigned depth;
    unsigned shift_x;
    unsigned shift_y;
};
class FrameMd5 : public testing::TestWithParam<DigestCase> {};

TEST_P(FrameMd5, IsThatOfRawVideo) {
    const DigestCase& c = GetParam();
    FrameHasher hasher;
    for (const Rect visible :
         {Rect{0, 0, picture_width, picture_height}, Rect{2, 4, 16, 6}, Rect{0, 0, 23, 9}, Rect{4, 2, 1, 1}}) {
        Picture picture(c.fourcc);
        const auto digest = hasher.add(picture.frame(visible));
        ASSERT_TRUE(digest) << digest.error().what;
        EXPECT_EQ(*digest, md5_of(raw_video(visible, c.components, c.depth, c.shift_x, c.shift_y)))
            << to_string(c.fourcc) << " " << visible.width << "x" << visible.height;
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, FrameMd5,
                         testing::Values(DigestCase{fourcc_nv12, 3, 8, 1, 1}, DigestCase{fourcc_nv21, 3, 8, 1, 1},
                                         DigestCase{fourcc_nv16, 3, 8, 1, 0}, DigestCase{fourcc_yuv420, 3, 8, 1, 1},
                                         DigestCase{fourcc_yuv422, 3, 8, 1, 0}, DigestCase{fourcc_yuv444, 3, 8, 0, 0},
                                         DigestCase{fourcc_p010, 3, 10, 1, 1}, DigestCase{fourcc_nv15, 3, 10, 1, 1},
                                         DigestCase{fourcc_nv20, 3, 10, 1, 0}, DigestCase{fourcc_s010, 3, 10, 1, 1},
                                         DigestCase{fourcc_s212, 3, 12, 1, 0}, DigestCase{fourcc_s410, 3, 10, 0, 0},
                                         DigestCase{fourcc_r8, 1, 8, 0, 0}),
                         [](const auto& test) { return to_string(test.param.fourcc); });

TEST(FrameHasher, StreamIsAllFramesInOrder) {
    const Rect all{0, 0, picture_width, picture_height};
    const Rect part{2, 2, 4, 4};
    std::vector<std::uint8_t> both = raw_video(all, 3, 8, 1, 1);
    const auto second = raw_video(part, 3, 8, 1, 1);
    both.insert(both.end(), second.begin(), second.end());
    FrameHasher hasher;
    for (int round = 0; round < 2; ++round) {
        Picture semi_planar(fourcc_nv12);
        Picture planar(fourcc_yuv420);
        ASSERT_TRUE(hasher.add(semi_planar.frame(all)));
        ASSERT_TRUE(hasher.add(planar.frame(part)));
        EXPECT_EQ(hasher.digest(), md5_of(both)) << "and the next stream begins anew";
    }
    EXPECT_EQ(hasher.digest(), "d41d8cd98f00b204e9800998ecf8427e") << "of nothing";
}

TEST(FrameHasher, RefusesWhatIsNotThere) {
    FrameHasher hasher;
    for (const Rect outside : {Rect{0, 0, picture_width + 1, picture_height}, Rect{1, 0, picture_width, picture_height},
                               Rect{0, UINT32_MAX, 1, 2}, Rect{0, 0, 0, picture_height}, Rect{UINT32_MAX, 0, 2, 1}}) {
        Picture picture(fourcc_nv12);
        const auto digest = hasher.add(picture.frame(outside));
        ASSERT_FALSE(digest);
        EXPECT_EQ(digest.error().code, EINVAL);
    }
    Picture tiled(fourcc_nv12);
    tiled.format.modifier = 0x0100000000000001;
    EXPECT_EQ(hasher.add(tiled.frame()).error().code, ENOTSUP);
    Picture unknown(fourcc_nv12);
    unknown.format.fourcc = drm_fourcc('?', '?', '?', '?');
    EXPECT_EQ(hasher.add(unknown.frame()).error().code, ENOTSUP);
}

/// Formats come from drivers: one that reaches beyond its memory must not be read.
TEST(FrameMapper, ChecksTheFormatAgainstItsMemory) {
    FrameMapper mapper(system_kernel());
    for (int damage = 0; damage < 5; ++damage) {
        Picture picture(fourcc_nv12);
        FrameFormat& format = picture.format;
        if (damage == 0) format.layout[1].offset = static_cast<std::uint32_t>(format.memory_size[0]) - pitch * 4;
        if (damage == 1) format.layout[0].pitch = picture_width - 1;
        if (damage == 2) format.coded_height = 4000;
        if (damage == 3) format.layout[1].memory_plane = 1;
        if (damage == 4) format.layout[0].offset = UINT32_MAX;
        const auto view = mapper.map(picture.frame().slot);
        ASSERT_FALSE(view) << damage;
        EXPECT_EQ(view.error().code, EINVAL);
    }
}

} // namespace
} // namespace v4l2play
