// The slot timeline: what the slots did is what is told, and what is told is what is drawn.
#include "render/overlay/timeline.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_kernel.h"

namespace v4l2play {
namespace {

class TimelineTest : public testing::Test {
  protected:
    TimelineTest() { pool_ = make_pool(3); }
    std::shared_ptr<SlotPool> make_pool(unsigned count) {
        return SlotPool::create(kernel_, {}, std::vector<SlotMemory>(count));
    }
    /// "FREE 10-20, DECODED 20-30": milliseconds of the lane between two times.
    std::string spans(std::size_t lane, Nanoseconds from, Nanoseconds to) {
        std::string text;
        timeline_.for_each_span(lane, start_ + from * millisecond, start_ + to * millisecond,
                                [&](const SlotSpan& span) {
                                    text += std::string(text.empty() ? "" : ", ") + to_string(span.state) + ' ' +
                                            std::to_string((span.begin - start_) / millisecond) + '-' +
                                            std::to_string((span.end - start_) / millisecond);
                                });
        return text;
    }
    void pass(Nanoseconds ms) { kernel_.advance(ms * millisecond); }

    fakes::FakeKernel kernel_;
    Nanoseconds start_ = kernel_.now();
    std::shared_ptr<SlotPool> pool_;
    Timeline timeline_;
};

TEST_F(TimelineTest, TellsEveryStateAndItsTime) {
    timeline_.watch(pool_);
    pass(10);
    SlotRef slot = pool_->acquire();
    pass(5);
    ASSERT_TRUE(pool_->finish_decode(slot));
    pass(20);
    auto shown = pool_->export_to_presenter(slot);
    ASSERT_TRUE(shown);
    slot.reset();
    pass(30);
    shown->reset();
    pass(10);
    timeline_.update();
    ASSERT_EQ(timeline_.lanes(), 3U);
    EXPECT_EQ(spans(0, 0, 75), "FREE 0-10, IN_DECODE 10-15, DECODED 15-35, EXPORTED 35-65, FREE 65-75");
    EXPECT_EQ(spans(0, 12, 40), "IN_DECODE 12-15, DECODED 15-35, EXPORTED 35-40") << "cut at both ends";
    EXPECT_EQ(spans(1, 0, 75), "FREE 0-75");
    ASSERT_EQ(timeline_.decodes().size(), 1U);
    EXPECT_EQ(timeline_.decodes().back().duration, 5 * millisecond);
    EXPECT_EQ(timeline_.decodes().back().time, start_ + 15 * millisecond);
}

TEST_F(TimelineTest, CancelledDecodesHaveNoTime) {
    timeline_.watch(pool_);
    pool_->acquire().reset();
    timeline_.update();
    EXPECT_TRUE(timeline_.decodes().empty());
}

TEST_F(TimelineTest, BeginsWithWhatSlotsDoThen) {
    SlotRef slot = pool_->acquire();
    pass(10);
    timeline_.watch(pool_);
    pass(10);
    ASSERT_TRUE(pool_->finish_decode(slot));
    pass(10);
    timeline_.update();
    EXPECT_EQ(spans(0, 0, 30), "IN_DECODE 0-20, DECODED 20-30");
    EXPECT_EQ(timeline_.count_states(), (std::array<unsigned, 4>{2, 0, 1, 0}));
}

TEST_F(TimelineTest, PoolsGrowChangeAndGo) {
    timeline_.watch(pool_);
    pool_->add({});
    timeline_.update();
    EXPECT_EQ(timeline_.lanes(), 4U);
    timeline_.watch(make_pool(2));
    EXPECT_EQ(timeline_.lanes(), 2U);
    timeline_.update(); // that pool has gone already
    EXPECT_EQ(timeline_.lanes(), 2U) << "what was on the screen stays";
    std::vector<SlotTransition> recorded;
    pool_->acquire().reset();
    pool_->take_transitions(recorded);
    EXPECT_TRUE(recorded.empty()) << "a pool that is not watched records nothing";
    timeline_.watch(nullptr);
    EXPECT_EQ(timeline_.lanes(), 0U);
    timeline_.update();
}

TEST_F(TimelineTest, KeepsTheNewestOfTooMany) {
    timeline_.watch(pool_);
    std::vector<SlotRef> others;
    for (int i = 0; i < 2; ++i) others.push_back(pool_->acquire());
    for (int i = 0; i < 1000; ++i) {
        SlotRef slot = pool_->acquire();
        pass(1);
        ASSERT_TRUE(pool_->finish_decode(slot));
        pass(1);
        slot.reset();
        timeline_.update();
    }
    EXPECT_EQ(spans(2, 1998, 2000), "IN_DECODE 1998-1999, DECODED 1999-2000");
    EXPECT_NE(spans(2, 0, 2000).find("IN_DECODE 1900-1901"), std::string::npos);
}

TEST_F(TimelineTest, CountsDropsByReason) {
    timeline_.dropped({1, "too late"});
    timeline_.dropped({2, "hidden"}, 3);
    timeline_.dropped({3, "too late"});
    ASSERT_EQ(timeline_.tallies().size(), 2U);
    EXPECT_STREQ(timeline_.tallies()[0].why, "too late");
    EXPECT_EQ(timeline_.tallies()[0].count, 2U);
    EXPECT_EQ(timeline_.tallies()[1].count, 3U);
    EXPECT_EQ(timeline_.drops().size(), 3U);
    timeline_.clear();
    EXPECT_TRUE(timeline_.tallies().empty());
}

} // namespace
} // namespace v4l2play
