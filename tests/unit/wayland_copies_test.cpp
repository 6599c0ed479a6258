// Compositors that take no dmabufs with video: frames are copied, and it is said.

#include <cstring>

#include <fmt/format.h>

#include "decoder/slot_memory.h"
#include "render/drawn_output.h"
#include "tests/unit/fake_painter.h"
#include "tests/unit/syncobj_kernel.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

class WaylandCopiesTest : public WaylandTest {
  protected:
    /// Slots as a decoder on the CPU has them for an output that takes any memory, each of one grey.
    std::shared_ptr<SlotPool> make_grey_pool(unsigned count) {
        const auto memory = create_slot_allocator(system_kernel(), false);
        EXPECT_TRUE(memory);
        std::vector<SlotMemory> slots;
        for (unsigned i = 0; i < count; ++i) {
            auto slot = (*memory)->allocate(nv12().memory_size[0]);
            EXPECT_TRUE(slot);
            const auto bytes = cpu_bytes(*slot);
            std::memset(bytes.data(), i == 0 ? 235 : 16, 64 * 48);
            std::memset(bytes.data() + 64 * 48, 128, 64 * 24);
            slots.push_back(std::move(*slot));
        }
        return SlotPool::create(system_kernel(), nv12(), std::move(slots));
    }

    Result<> present(const std::shared_ptr<SlotPool>& pool, FrameId id) {
        Frame frame = make_frame(pool, id);
        frame.info.visible = {2, 2, 32, 24};
        return output_->present(frame, 0);
    }

    void present_and_show(const std::shared_ptr<SlotPool>& pool, FrameId id) {
        ASSERT_TRUE(present(pool, id));
        mock_->present(mock_->commits().size() - 1, next_refresh(), period);
        dispatch();
    }
};

TEST_F(WaylandCopiesTest, FrameIsCopiedAndItsSlotFreeAtOnce) {
    for (const MockOptions& options : {MockOptions{.dmabuf_version = 0}, MockOptions{.formats = {}}}) {
        start(options);
        EXPECT_TRUE(output_->formats().empty()) << "anything will do";
        const auto pool = make_grey_pool(2);
        ASSERT_TRUE(present(pool, 1));
        EXPECT_EQ(states(*pool), "FF");
        const MockCommit commit = mock_->commits().back();
        EXPECT_EQ(commit.buffer, 0U);
        EXPECT_EQ(commit.pixel, 0xffffffffU);
        EXPECT_EQ(commit.width, 32);
        EXPECT_EQ(commit.destination_width, 32);
        mock_->present(0, next_refresh(), period);
        dispatch();
        EXPECT_EQ(events(), (Texts{"released 1", "shown 1"}));
        EXPECT_EQ(output_->description().path, OutputPath::Copied);
        present_and_show(pool, 2);
        EXPECT_EQ(mock_->commits().back().pixel, 0xff000000U) << "the other slot";
        output_.reset();
    }
}

TEST_F(WaylandCopiesTest, CopyIsNotDrawnInWhileItIsRead) {
    start({.formats = {}});
    const auto pool = make_grey_pool(2);
    FrameId id = 1;
    for (; id <= 4; ++id) present_and_show(pool, id);
    const auto refused = present(pool, id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EBUSY) << "the compositor has them all";
    mock_->release(1);
    dispatch();
    present_and_show(pool, id);
    EXPECT_EQ(mock_->commits().size(), 5U);
}

TEST_F(WaylandCopiesTest, CompositorThatComesBackGetsCopiesToo) {
    start({.formats = {}}, {.fullscreen = false, .reconnect_limit = second});
    const auto pool = make_grey_pool(2);
    present_and_show(pool, 1);
    mock_->drop_clients();
    live_for(600);
    present_and_show(pool, 2);
    EXPECT_EQ(events(), (Texts{"released 1", "shown 1", "released 2", "shown 2"}));
}

/// A surface that is synchronised explicitly takes nothing but dmabufs.
TEST_F(WaylandCopiesTest, CopiesAreNotSynchronisedExplicitly) {
    SyncobjKernel kernel;
    start({.formats = {}, .timelines = &kernel}, {false, 0}, kernel);
    const auto pool = make_grey_pool(2);
    present_and_show(pool, 1);
    present_and_show(pool, 2);
    EXPECT_EQ(events(), (Texts{"released 1", "shown 1", "released 2", "shown 2"}));
    output_.reset();
}

/// Only the frames in that format: with others it goes on as before.
TEST_F(WaylandCopiesTest, FormatThatTheCompositorDoesNotTakeIsCopied) {
    SyncobjKernel kernel;
    start({.formats = {{{fourcc_p010, modifier_linear}, false}}, .timelines = &kernel}, {false, 0}, kernel);
    EXPECT_EQ(output_->formats(), (std::vector<FormatModifier>{{fourcc_p010}}));
    const auto offered = output_->drawn_formats();
    EXPECT_NE(std::find(offered.begin(), offered.end(), FormatModifier{fourcc_nv12}), offered.end());
    FrameFormat ten = nv12();
    ten.fourcc = fourcc_p010;
    std::vector<SlotMemory> slots(2);
    for (SlotMemory& slot : slots) slot.dmabuf[0] = UniqueFd(system_kernel(), memfd_create("slot", MFD_CLOEXEC));
    const auto shown_as_it_is = SlotPool::create(system_kernel(), ten, std::move(slots));
    show(shown_as_it_is, 1);
    EXPECT_EQ(output_->description().path, OutputPath::Composited);
    const auto pool = make_grey_pool(2);
    for (FrameId id = 2; id <= 5; ++id) {
        present_and_show(pool, id);
        EXPECT_EQ(mock_->commits().back().pixel, id % 2 == 0 ? 0xffffffffU : 0xff000000U) << "without a timeline";
        EXPECT_EQ(output_->description().path, OutputPath::Copied);
        EXPECT_TRUE(output_->compromises()) << "whoever draws would be better";
        mock_->release(mock_->commits().size() - 1);
        dispatch();
    }
    EXPECT_EQ(states(*pool), "FF");
    show(shown_as_it_is, 6);
    EXPECT_EQ(output_->description().path, OutputPath::Composited);
    output_.reset();
}

TEST_F(WaylandCopiesTest, FormatThatNobodyCanReadIsRefused) {
    start({.formats = {{{fourcc_p010, modifier_linear}, false}}});
    FrameFormat tiled = nv12();
    tiled.modifier = 0x0700000000000001;
    std::vector<SlotMemory> slots(2);
    for (SlotMemory& slot : slots) slot.dmabuf[0] = UniqueFd(system_kernel(), memfd_create("slot", MFD_CLOEXEC));
    const auto pool = SlotPool::create(system_kernel(), tiled, std::move(slots));
    Frame frame = make_frame(pool, 1);
    const auto refused = output_->present(frame, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOTSUP);
    EXPECT_EQ(mock_->commits().size(), 0U);
}

/// The same with somebody who draws.
class WaylandDrawnTest : public WaylandCopiesTest {
  protected:
    void start_drawn(const MockOptions& mock, const DrawnOptions& options = {}) {
        start(mock);
        std::vector<std::unique_ptr<Painter>> painters;
        painters.push_back(std::make_unique<FakePainter>(OutputPath::Composited, gpu_,
                                                         [] { return memfd_create("drawn", MFD_CLOEXEC); }));
        output_ = create_drawn_output(std::move(output_), std::move(painters), options);
    }

    FakePainter::Seen gpu_;
};

constexpr MockFormat xrgb{{fourcc_xrgb, modifier_linear}, false};

TEST_F(WaylandDrawnTest, VideoIsDrawnWhereTheCompositorTakesNoneOfIt) {
    start_drawn({.formats = {xrgb}});
    EXPECT_EQ(output_->formats(), std::vector<FormatModifier>{{fourcc_nv12}}) << "what can be drawn";
    const auto pool = make_grey_pool(2);
    for (FrameId id = 1; id <= 3; ++id) {
        ASSERT_TRUE(present(pool, id));
        EXPECT_EQ(states(*pool), "FF") << "free as soon as it is drawn";
        mock_->present(last_frame(), next_refresh(), period);
        dispatch();
        EXPECT_EQ(events(), (Texts{fmt::format("released {}", id), fmt::format("shown {}", id)}));
    }
    const MockCommit commit = mock_->commits().back();
    EXPECT_NE(commit.buffer, 0U) << "no shared memory";
    EXPECT_EQ(commit.width, 32) << "as large as it is: the window scales";
    EXPECT_EQ(commit.height, 24);
    EXPECT_EQ(gpu_.turns, std::vector<unsigned>(3, 0));
    EXPECT_EQ(output_->description().path, OutputPath::Composited);
}

TEST_F(WaylandDrawnTest, WhatCannotBeDrawnIsCopied) {
    for (const bool refused : {false, true}) {
        gpu_.refusal = refused ? "no GPU draws here" : "";
        start_drawn({.formats = refused ? std::vector<MockFormat>{xrgb} : std::vector<MockFormat>{}});
        const auto pool = make_grey_pool(1);
        present_and_show(pool, 1);
        EXPECT_EQ(mock_->commits().back().pixel, 0xffffffffU);
        EXPECT_EQ(output_->description().path, OutputPath::Copied);
        output_.reset();
    }
}

TEST_F(WaylandDrawnTest, WhatTheCompositorTakesIsNotDrawn) {
    start_drawn({.formats = {xrgb, {{fourcc_nv12, modifier_linear}, false}}});
    const auto pool = make_pool(3);
    show(pool, 1);
    EXPECT_EQ(gpu_.prepared, 0U);
    EXPECT_EQ(output_->description().path, OutputPath::Composited);
    EXPECT_EQ(mock_->commits().back().width, 64);
}

#ifdef HAVE_COLOR_REPRESENTATION_V1
TEST_F(WaylandDrawnTest, NothingIsSaidOfTheMatrixOfWhatIsDrawn) {
    start_drawn({.formats = {xrgb, {{fourcc_nv12, modifier_linear}, false}}, .extras = true});
    show(make_pool(3), 1);
    EXPECT_NE(mock_->commits().back().coefficients, 0U);
    FrameFormat other = nv12();
    other.fourcc = fourcc_yuv420;
    std::vector<SlotMemory> slots(2);
    for (SlotMemory& slot : slots) slot.dmabuf[0] = UniqueFd(system_kernel(), memfd_create("slot", MFD_CLOEXEC));
    show(SlotPool::create(system_kernel(), other, std::move(slots)), 2);
    EXPECT_EQ(gpu_.prepared, 1U);
    EXPECT_EQ(mock_->commits().back().coefficients, 0U);
}

TEST_F(WaylandCopiesTest, NothingIsSaidOfTheMatrixOfRgb) {
    start({.formats = {}, .extras = true});
    const auto pool = make_grey_pool(1);
    present_and_show(pool, 1);
    EXPECT_EQ(mock_->commits().back().coefficients, 0U);
}
#endif

} // namespace
} // namespace v4l2play
