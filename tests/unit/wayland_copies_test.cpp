// Compositors that take no dmabufs with video: frames are copied, and it is said.

#include <cstring>

#include "decoder/slot_memory.h"
#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

class WaylandCopiesTest : public WaylandTest {
  protected:
    /// Slots as a decoder on the CPU has them for this output, each of one grey.
    std::shared_ptr<SlotPool> make_grey_pool(unsigned count) {
        const auto memory = output_->create_memory(system_kernel());
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

#ifdef HAVE_COLOR_REPRESENTATION_V1
TEST_F(WaylandCopiesTest, NothingIsSaidOfTheMatrixOfRgb) {
    start({.formats = {}, .extras = true});
    const auto pool = make_grey_pool(1);
    present_and_show(pool, 1);
    EXPECT_EQ(mock_->commits().back().coefficients, 0U);
}
#endif

} // namespace
} // namespace v4l2play
