#include "decoder/software/picture_memory.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include "decoder/frame_map.h"
#include "decoder/software/picture_copy.h"
#include "tests/unit/encoded_clip.h"

namespace v4l2play {
namespace {

using OwnedFrame = std::unique_ptr<AVFrame, test::Free>;

/// PictureMemory alone, with the test in libavcodec's place.
class PictureMemoryTest : public testing::Test {
  protected:
    PictureMemoryTest() {
        config_.queue_slots = 2;
        config_.presenter_slots = 2;
        memory_ = std::make_unique<PictureMemory>(system_kernel(), *create_slot_allocator(system_kernel(), false),
                                                  *waker_, config_);
        codec_->width = 64;
        codec_->height = 48;
        codec_->pix_fmt = AV_PIX_FMT_YUV420P;
    }

    OwnedFrame take() {
        OwnedFrame frame(av_frame_alloc());
        frame->width = codec_->width;
        frame->height = codec_->height;
        frame->format = codec_->pix_fmt;
        if (memory_->provide(*codec_, *frame) != 0) frame.reset();
        return frame;
    }

    DecoderConfig config_;
    std::unique_ptr<Waker> waker_ = *Waker::create(system_kernel());
    std::unique_ptr<AVCodecContext, test::Free> codec_{avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MPEG4))};
    std::unique_ptr<PictureMemory> memory_;
};

TEST_F(PictureMemoryTest, GrowsForLibavcodecAloneAndNotForEver) {
    std::vector<OwnedFrame> taken;
    taken.push_back(take());
    ASSERT_TRUE(taken[0]);
    SlotRef shown = memory_->slot_of(*taken[0]);
    ASSERT_TRUE(shown);
    const std::shared_ptr<SlotPool> pool = shown.pool().shared_from_this();
    const unsigned initial = pool->count(); // 2 references + 1 in decode + 2 + 2 + 1
    EXPECT_EQ(initial, 8U);
    while (taken.size() < PictureMemory::maximum_slots) {
        ASSERT_TRUE(memory_->has_room(1)) << taken.size();
        taken.push_back(take());
        ASSERT_TRUE(taken.back());
    }
    EXPECT_EQ(pool->count(), PictureMemory::maximum_slots);
    const Nanoseconds start = system_kernel().now();
    EXPECT_FALSE(take()) << "more than the cap";
    EXPECT_GE(system_kernel().now() - start, 2900 * millisecond) << "it waits for a slot first";
    // A slot that comes back meanwhile is taken at once.
    std::thread other([&taken] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        taken[5].reset();
    });
    EXPECT_TRUE(take());
    other.join();
}

TEST_F(PictureMemoryTest, SlowPresentationIsBackPressure) {
    std::vector<SlotRef> shown;
    while (shown.size() < 8) {
        const auto frame = take();
        ASSERT_TRUE(frame);
        shown.push_back(memory_->slot_of(*frame));
        ASSERT_TRUE(shown.back());
    }
    EXPECT_FALSE(memory_->has_room(1));
    EXPECT_EQ(shown[0].pool().count(), 8U);
    waker_->arm();
    shown.pop_back();
    EXPECT_TRUE(memory_->has_room(1));
    EXPECT_FALSE(memory_->has_room(2));
}

TEST_F(PictureMemoryTest, LaysOutForLibavcodecAndDisplays) {
    codec_->width = 353;
    codec_->height = 289;
    const auto frame = take();
    ASSERT_TRUE(frame);
    const FrameFormat format = memory_->slot_of(*frame).pool().format();
    EXPECT_EQ(format.fourcc, fourcc_yuv420);
    EXPECT_EQ(format.coded_width, 354U);
    EXPECT_EQ(format.coded_height, 290U);
    EXPECT_EQ(format.components, 3);
    EXPECT_EQ(format.layout[0].pitch % 128, 0U);
    EXPECT_EQ(format.layout[1].pitch * 2, format.layout[0].pitch);
    EXPECT_EQ(format.layout[1].pitch, format.layout[2].pitch);
    // Nothing overlaps, and there is room behind each component for reads past its end.
    EXPECT_GE(format.layout[1].offset, format.layout[0].pitch * 304 + 80);
    EXPECT_GE(format.layout[2].offset, format.layout[1].offset + format.layout[1].pitch * 152 + 80);
    EXPECT_GE(format.memory_size[0], format.layout[2].offset + format.layout[2].pitch * 152 + 80);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame->data[i]) % 64, 0U);
}

TEST_F(PictureMemoryTest, RefusesPicturesThatAreTooLarge) {
    codec_->width = 32000;
    codec_->height = 32000;
    EXPECT_FALSE(take());
    ASSERT_TRUE(memory_->failure());
    EXPECT_EQ(memory_->failure()->code, EFBIG);
}

OwnedFrame drawn_frame(AVPixelFormat format, int width, int height) {
    OwnedFrame frame(av_frame_alloc());
    frame->width = width;
    frame->height = height;
    frame->format = format;
    av_frame_get_buffer(frame.get(), 0);
    test::draw(*frame, 3);
    return frame;
}

TEST_F(PictureMemoryTest, CopiesWhatLiesElsewhere) {
    const OwnedFrame frame = drawn_frame(AV_PIX_FMT_YUV420P, 64, 48);
    EXPECT_FALSE(memory_->slot_of(*frame));
    std::vector<SlotRef> copies;
    for (;;) {
        auto copy = memory_->copy_of(*frame);
        ASSERT_TRUE(copy);
        if (!*copy) break;
        copies.push_back(*std::move(copy));
    }
    EXPECT_EQ(copies.size(), 6U); // 1 in copy + 2 + 2 + 1
    FrameMapper mapper(system_kernel());
    const auto view = mapper.map(copies.back());
    ASSERT_TRUE(view);
    for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < (c == 0 ? 48 : 24); ++y) {
            for (int x = 0; x < (c == 0 ? 64 : 32); ++x)
                ASSERT_EQ(view->row(static_cast<unsigned>(c), static_cast<std::uint32_t>(y))[x],
                          test::sample(3, c, x, y));
        }
    }
    copies.pop_back();
    EXPECT_TRUE(*memory_->copy_of(*frame));
}

/// Sample of component `c` of a picture in a slot, Cb = 1 and Cr = 2 wherever they lie.
unsigned sample_in(const FrameView& view, unsigned c, std::uint32_t x, std::uint32_t y) {
    const PixelLayout& layout = view.layout();
    const bool pair = c > 0 && layout.interleaved();
    const unsigned second = layout.chroma == PixelLayout::Chroma::InterleavedCrFirst ? 1 : 2;
    const std::size_t at = pair ? 2 * x + (c == second ? 1 : 0) : x;
    const std::uint8_t* row = view.row(pair ? 1 : c, y);
    if (layout.pixel_bytes == 1) return row[at];
    return static_cast<unsigned>(row[at * 2] | row[at * 2 + 1] << 8) >> layout.padding_bits;
}

struct Conversion {
    AVPixelFormat from;
    DrmFourcc to;
};
class Conversions : public testing::TestWithParam<Conversion> {};

/// Every sample of the slot against the picture's nearest sample, in rounded depth.
TEST_P(Conversions, TakeTheNearestSample) {
    const OwnedFrame frame = drawn_frame(GetParam().from, 37, 23);
    DecoderConfig config;
    config.output_formats = {{GetParam().to}};
    const auto waker = *Waker::create(system_kernel());
    PictureMemory memory(system_kernel(), *create_slot_allocator(system_kernel(), false), *waker, config);
    EXPECT_FALSE(memory.is_direct(GetParam().from));
    const auto slot = memory.copy_of(*frame);
    ASSERT_TRUE(slot) << slot.error().what;
    FrameMapper mapper(system_kernel());
    const auto view = mapper.map(*slot);
    ASSERT_TRUE(view);
    const PixelLayout& layout = view->layout();
    ASSERT_EQ(layout.fourcc, GetParam().to);
    const AVPixFmtDescriptor& pixels = *av_pix_fmt_desc_get(GetParam().from);
    const int depth = pixels.comp[0].depth;
    for (unsigned c = 0; c < 3; ++c) {
        for (std::uint32_t y = 0; y < component_height(layout, c, 23); ++y) {
            for (std::uint32_t x = 0; x < component_width(layout, c, 37); ++x) {
                const auto sx = c == 0 ? x : (x << layout.chroma_shift_x) >> pixels.log2_chroma_w;
                const auto sy = c == 0 ? y : (y << layout.chroma_shift_y) >> pixels.log2_chroma_h;
                double value = 128 << (depth - 8);
                if (c == 0 || pixels.nb_components > 1) {
                    const std::uint8_t* row = frame->data[c] + static_cast<int>(sy) * frame->linesize[c];
                    value = depth == 8 ? row[sx] : row[2 * sx] | row[2 * sx + 1] << 8;
                }
                value = std::ldexp(value, layout.bit_depth - depth);
                const double most = (1 << layout.bit_depth) - 1;
                ASSERT_EQ(sample_in(*view, c, x, y), static_cast<unsigned>(std::min(std::floor(value + 0.5), most)))
                    << "component " << c << " at " << x << "," << y;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Conversions,
    testing::Values(Conversion{AV_PIX_FMT_YUV444P, fourcc_nv12},
                    Conversion{AV_PIX_FMT_YUV420P, drm_fourcc('N', 'V', '2', '4')},
                    Conversion{AV_PIX_FMT_YUV440P, fourcc_yuv420}, Conversion{AV_PIX_FMT_YUV440P, fourcc_yuv444},
                    Conversion{AV_PIX_FMT_YUV420P10LE, fourcc_nv12}, Conversion{AV_PIX_FMT_YUV420P, fourcc_p010},
                    Conversion{AV_PIX_FMT_YUV422P12LE, fourcc_p010}, Conversion{AV_PIX_FMT_YUV420P9LE, fourcc_s010},
                    Conversion{AV_PIX_FMT_YUV410P, fourcc_nv21}, Conversion{AV_PIX_FMT_GRAY8, fourcc_nv12},
                    Conversion{AV_PIX_FMT_GRAY16LE, fourcc_p010}),
    [](const auto& test) {
        return std::string(av_get_pix_fmt_name(test.param.from)) + "_" + to_string(test.param.to);
    });

TEST(ChooseTarget, PrefersWhatLosesLeast) {
    const auto chosen = [](AVPixelFormat pixels, std::vector<FormatModifier> output) {
        const auto target = choose_target(pixels, output);
        return target ? to_string(target->layout->fourcc) + (target->converted ? " converted" : "")
                      : target.error().what;
    };
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV420P, {}), "YU12");
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV420P, {{fourcc_nv12, 77}, {fourcc_yuv420}}), "YU12");
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV420P, {{fourcc_nv12, 77}}), "YU12") << "tiled memory is nothing for the processor";
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV420P, {{fourcc_p010}, {fourcc_nv12}}), "NV12 converted");
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV420P10LE, {{fourcc_nv12}, {fourcc_p010}}), "P010 converted");
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV420P10LE, {{fourcc_nv12}, {fourcc_nv15}}), "NV12 converted");
    EXPECT_EQ(chosen(AV_PIX_FMT_YUV440P, {}), "YU24 converted");
    EXPECT_EQ(chosen(AV_PIX_FMT_GBRP, {{fourcc_nv12}}), "YU24") << "another matrix is not a matter of rearranging";
    EXPECT_EQ(chosen(AV_PIX_FMT_BGR0, {{fourcc_nv12}}), "XR24");
    EXPECT_EQ(chosen(AV_PIX_FMT_PAL8, {}), "pixel format pal8 is not supported");
    EXPECT_EQ(chosen(AV_PIX_FMT_NONE, {}), "pixel format unknown is not supported");
}

} // namespace
} // namespace v4l2play
