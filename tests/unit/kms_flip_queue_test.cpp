#include "render/kms/flip_queue.h"

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

class FlipQueueTest : public testing::Test {
  protected:
    FlipQueueTest() {
        std::vector<SlotMemory> memory(4);
        pool_ = SlotPool::create(system_kernel(), {}, std::move(memory));
    }
    HeldFrame frame(FrameId id) {
        const SlotRef slot = pool_->acquire();
        EXPECT_TRUE(pool_->finish_decode(slot));
        return {*pool_->export_to_presenter(slot), id, 5, static_cast<std::uint32_t>(id)};
    }
    void fly(FrameId id) {
        queue_.wait(frame(id));
        queue_.fly();
    }
    /// "shown 1", "released 1", ...
    std::vector<std::string> events() {
        std::vector<std::string> texts;
        while (auto event = queue_.next_event()) {
            if (const auto* shown = std::get_if<FrameShown>(&*event)) texts.push_back("shown " + number(*shown));
            if (const auto* gone = std::get_if<FrameReleased>(&*event)) texts.push_back("released " + number(*gone));
            if (const auto* not_shown = std::get_if<FrameDiscarded>(&*event))
                texts.push_back("discarded " + number(*not_shown));
            if (std::holds_alternative<OutputLost>(*event)) texts.emplace_back("lost");
        }
        return texts;
    }
    template <class Event>
    static std::string number(const Event& event) {
        EXPECT_EQ(event.serial, 5U);
        return std::to_string(event.id);
    }

    using Texts = std::vector<std::string>;
    std::shared_ptr<SlotPool> pool_;
    FlipQueue queue_;
};

TEST_F(FlipQueueTest, SlotIsLetGoWhenTheNextFlipHasLanded) {
    fly(1);
    EXPECT_EQ(events(), Texts{});
    queue_.land(100, 1);
    EXPECT_EQ(events(), Texts{"shown 1"});
    EXPECT_EQ(pool_->free_count(), 3U);
    fly(2);
    EXPECT_EQ(pool_->free_count(), 2U); // 1 is on the screen until 2 is
    EXPECT_EQ(events(), Texts{});
    queue_.land(200, 2);
    EXPECT_EQ(pool_->free_count(), 3U);
    EXPECT_EQ(events(), (Texts{"shown 2", "released 1"}));
}

TEST_F(FlipQueueTest, SlotIsFreeWhenItsReleaseIsTold) {
    fly(1);
    queue_.land(100, 1);
    fly(2);
    queue_.land(200, 2);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2", "released 1"}));
    EXPECT_EQ(pool_->snapshot(0).state, SlotState::Free);
    EXPECT_EQ(pool_->snapshot(1).state, SlotState::Exported);
}

TEST_F(FlipQueueTest, ReleaseIsAtTheFlipToTheNext) {
    fly(1);
    queue_.land(100, 1);
    fly(2);
    queue_.land(200, 2);
    Nanoseconds released = 0;
    while (const auto event = queue_.next_event())
        if (const auto* release = std::get_if<FrameReleased>(&*event)) released = release->time;
    EXPECT_EQ(released, 200);
}

TEST_F(FlipQueueTest, TellsTimeAndSequence) {
    fly(1);
    queue_.land(123456789, 42, 7);
    const auto event = queue_.next_event();
    const FrameShown& shown = std::get<FrameShown>(*event);
    EXPECT_EQ(shown.time, 123456789);
    EXPECT_EQ(shown.sequence, 42U);
    EXPECT_EQ(shown.msc, 7U);
    EXPECT_EQ(shown.path, OutputPath::Plane);
}

TEST_F(FlipQueueTest, ThreeFramesAtOnce) {
    fly(1);
    queue_.land(100, 1);
    fly(2);
    queue_.wait(frame(3));
    EXPECT_EQ(pool_->free_count(), 1U);
    queue_.discard_waiting("late");
    EXPECT_EQ(events(), (Texts{"shown 1", "discarded 3", "released 3"}));
    EXPECT_EQ(pool_->free_count(), 2U);
}

TEST_F(FlipQueueTest, TakingOffReleasesAll) {
    fly(1);
    queue_.land(100, 1);
    fly(2);
    queue_.wait(frame(3));
    queue_.take_off("stopped");
    EXPECT_EQ(pool_->free_count(), 4U);
    EXPECT_EQ(events(), (Texts{"shown 1", "discarded 3", "released 3", "discarded 2", "released 2", "released 1"}));
}

TEST_F(FlipQueueTest, LossReleasesNothing) {
    fly(1);
    queue_.land(100, 1);
    queue_.tell(OutputLost{{EACCES, "gone", ""}});
    EXPECT_EQ(events(), (Texts{"shown 1", "lost"}));
    EXPECT_EQ(pool_->free_count(), 3U);
}

TEST_F(FlipQueueTest, StrayLandingsAreIgnored) {
    queue_.land(100, 1);
    EXPECT_EQ(events(), Texts{});
}

} // namespace
} // namespace v4l2play
