// The life of a slot: every arrow, every refusal, and that nothing which is still needed is ever handed out again.
#include "decoder/slot.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "decoder/log.h"
#include "tests/fakes/fake_kernel.h"

namespace v4l2play {
namespace {

using fakes::FakeKernel;

class SlotTest : public testing::Test {
  protected:
    SlotTest() { set_log_level(LogLevel::Error); }

    std::shared_ptr<SlotPool> make_pool(unsigned count) {
        std::vector<SlotMemory> memory(count);
        return SlotPool::create(kernel_, {}, std::move(memory));
    }
    static SlotState state(const SlotRef& ref) { return ref.pool().snapshot(ref.index()).state; }
    static unsigned holds(const SlotPool& pool, std::uint32_t index, Hold hold) {
        return pool.snapshot(index).holds[static_cast<std::size_t>(hold)];
    }

    FakeKernel kernel_;
};

constexpr std::array all_holds{Hold::Request, Hold::Reference, Hold::Queue, Hold::Presenter, Hold::Fence};

TEST_F(SlotTest, FollowsTheDrawing) {
    const auto pool = make_pool(1);
    SlotRef request = pool->acquire();
    ASSERT_TRUE(request);
    EXPECT_EQ(SlotState::InDecode, state(request));
    EXPECT_EQ(Hold::Request, request.hold());
    SlotRef queue = request.also(Hold::Queue);
    ASSERT_TRUE(pool->finish_decode(queue));
    request.reset();
    EXPECT_EQ(SlotState::Decoded, state(queue));
    auto presenter = pool->export_to_presenter(queue);
    ASSERT_TRUE(presenter);
    queue.reset();
    EXPECT_EQ(SlotState::Exported, pool->snapshot(0).state);
    presenter->reset();
    EXPECT_EQ(SlotState::Free, pool->snapshot(0).state);
    EXPECT_EQ(0u, pool->statistics().illegal);
}

TEST_F(SlotTest, FailedDecodeGoesStraightToFree) {
    const auto pool = make_pool(1);
    pool->acquire().reset();
    EXPECT_EQ(SlotState::Free, pool->snapshot(0).state);
    EXPECT_EQ(1u, pool->free_count());
}

TEST_F(SlotTest, ReferenceAloneGoesFromDecodedToFree) {
    const auto pool = make_pool(1);
    SlotRef request = pool->acquire();
    SlotRef reference = request.also(Hold::Reference);
    ASSERT_TRUE(pool->finish_decode(request));
    request.reset();
    EXPECT_EQ(SlotState::Decoded, pool->snapshot(0).state);
    reference.reset();
    EXPECT_EQ(SlotState::Free, pool->snapshot(0).state);
}

TEST_F(SlotTest, RefusesWhatTheDrawingLacks) {
    const auto pool = make_pool(1);
    const SlotRef slot = pool->acquire();
    EXPECT_EQ(EINVAL, pool->export_to_presenter(slot).error().code) << "IN_DECODE cannot be shown";
    EXPECT_EQ(SlotState::InDecode, state(slot));
    ASSERT_TRUE(pool->finish_decode(slot));
    EXPECT_EQ(EINVAL, pool->finish_decode(slot).error().code) << "DECODED is decoded";
    EXPECT_EQ(SlotState::Decoded, state(slot));
    const auto shown = pool->export_to_presenter(slot);
    ASSERT_TRUE(shown);
    EXPECT_EQ(EINVAL, pool->finish_decode(slot).error().code) << "EXPORTED is decoded";
    EXPECT_EQ(SlotState::Exported, state(slot));
    EXPECT_EQ(3u, pool->statistics().illegal);
    EXPECT_EQ(1u, holds(*pool, 0, Hold::Presenter)) << "a refused export takes no hold";
}

TEST_F(SlotTest, TheSamePictureMayBeShownTwice) {
    const auto pool = make_pool(1);
    const SlotRef slot = pool->acquire();
    ASSERT_TRUE(pool->finish_decode(slot));
    const auto first = pool->export_to_presenter(slot);
    auto second = pool->export_to_presenter(slot);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(2u, holds(*pool, 0, Hold::Presenter));
    EXPECT_EQ(1u, pool->statistics().exported);
    second->reset();
    EXPECT_EQ(SlotState::Exported, state(slot));
}

TEST_F(SlotTest, AnyHoldKeepsIt) {
    for (const Hold hold : all_holds) {
        const auto pool = make_pool(1);
        SlotRef request = pool->acquire();
        SlotRef kept = request.also(hold);
        request.reset();
        EXPECT_FALSE(pool->acquire()) << "hold " << static_cast<int>(hold);
        EXPECT_EQ(1u, holds(*pool, 0, hold));
        kept.reset();
        EXPECT_TRUE(pool->acquire()) << "hold " << static_cast<int>(hold);
        EXPECT_EQ(1u, pool->statistics().exhausted);
    }
}

TEST_F(SlotTest, TakesTheOneThatIsFreeLongest) {
    const auto pool = make_pool(4);
    std::vector<SlotRef> slots;
    for (unsigned i = 0; i < 4; ++i) {
        slots.push_back(pool->acquire());
        EXPECT_EQ(i, slots.back().index());
    }
    for (const unsigned index : {2U, 0U, 3U, 1U}) slots[index].reset();
    for (const unsigned index : {2U, 0U, 3U, 1U}) {
        slots[index] = pool->acquire();
        EXPECT_EQ(index, slots[index].index());
    }
}

TEST_F(SlotTest, MovedFromIsEmptyAndHoldsNothing) {
    const auto pool = make_pool(2);
    SlotRef first = pool->acquire();
    SlotRef second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
    EXPECT_EQ(1u, holds(*pool, 0, Hold::Request));
    second = pool->acquire();
    EXPECT_EQ(SlotState::Free, pool->snapshot(0).state) << "assignment gives the old hold back";
    EXPECT_EQ(1u, second.index());
}

TEST_F(SlotTest, WakesWhoeverWaitsForASlot) {
    const auto pool = make_pool(1);
    auto waker = Waker::create(kernel_);
    ASSERT_TRUE(waker);
    pool->set_waker(waker->get());
    std::uint64_t count = 0;
    pool->acquire().reset();
    EXPECT_EQ(-EAGAIN, kernel_.read((*waker)->fd(), &count, sizeof count)) << "nobody sleeps: no system call";
    (*waker)->arm();
    SlotRef slot = pool->acquire();
    SlotRef other = slot.also(Hold::Fence);
    slot.reset();
    EXPECT_EQ(-EAGAIN, kernel_.read((*waker)->fd(), &count, sizeof count)) << "not free yet";
    other.reset();
    EXPECT_EQ(8, kernel_.read((*waker)->fd(), &count, sizeof count));
    pool->set_waker(nullptr);
}

TEST_F(SlotTest, PoolAndMemoryLiveAsLongAsAFrame) {
    std::vector<SlotMemory> memory(1);
    memory[0].dmabuf[0] = UniqueFd(kernel_, kernel_.memfd("slot", 64, 0));
    auto pool = SlotPool::create(kernel_, {}, std::move(memory));
    SlotRef slot = pool->acquire();
    pool.reset();
    EXPECT_NE("", kernel_.leaks());
    EXPECT_EQ(SlotState::InDecode, state(slot));
    slot.reset();
    EXPECT_EQ("", kernel_.leaks());
}

TEST_F(SlotTest, KeysAreNeverUsedAgain) {
    const auto first = make_pool(1);
    const auto second = make_pool(1);
    EXPECT_NE(first->generation(), second->generation());
    EXPECT_NE(first->acquire().key(), second->acquire().key());
}

TEST_F(SlotTest, GrowsWhileSlotsAreOut) {
    const auto pool = make_pool(1);
    const SlotRef first = pool->acquire();
    const SlotMemory* memory = &pool->memory(0);
    for (int i = 0; i < 100; ++i) pool->add({});
    EXPECT_EQ(memory, &pool->memory(0)) << "readers keep the address";
    EXPECT_EQ(101u, pool->count());
    EXPECT_EQ(100u, pool->free_count());
    EXPECT_EQ(1u, pool->acquire().index());
}

TEST_F(SlotTest, MeasuresHowLongThePresenterKeepsIt) {
    const auto pool = make_pool(1);
    SlotRef slot = pool->acquire();
    ASSERT_TRUE(pool->finish_decode(slot));
    auto shown = pool->export_to_presenter(slot);
    slot.reset();
    kernel_.advance(40 * millisecond);
    shown->reset();
    EXPECT_EQ(40 * millisecond, pool->statistics().longest_export);
    EXPECT_EQ(0u, pool->statistics().exported);
    EXPECT_EQ(1u, pool->statistics().maximum_exported);
}

TEST_F(SlotTest, TellsWhenItWasTaken) {
    const auto pool = make_pool(1);
    EXPECT_EQ(pool->snapshot(0).acquired, 0);
    kernel_.advance(second);
    const Nanoseconds taken = kernel_.now();
    SlotRef request = pool->acquire();
    kernel_.advance(second);
    ASSERT_TRUE(pool->finish_decode(request));
    EXPECT_EQ(pool->snapshot(0).acquired, taken);
}

/// A pool whose slots are all with the presenter, the first for longest.
class UnsafeRelease : public SlotTest {
  protected:
    void show(unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            SlotRef request = pool_->acquire();
            ASSERT_TRUE(request);
            ASSERT_TRUE(pool_->finish_decode(request));
            auto exported = pool_->export_to_presenter(request);
            ASSERT_TRUE(exported);
            shown_.push_back(std::move(*exported));
            kernel_.advance(millisecond);
        }
    }
    std::shared_ptr<SlotPool> pool_ = make_pool(4);
    std::vector<SlotRef> shown_;
};

TEST_F(UnsafeRelease, IsNotDoneUnlessAskedFor) {
    show(4);
    EXPECT_FALSE(pool_->acquire());
    EXPECT_EQ(pool_->statistics().early_reuse, 0u);
}

TEST_F(UnsafeRelease, TakesTheLongestExportedAndCountsIt) {
    pool_->set_unsafe_release(2);
    show(4);
    SlotRef taken = pool_->acquire();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.index(), 0u);
    EXPECT_EQ(pool_->statistics().early_reuse, 1u);
    EXPECT_EQ(pool_->statistics().first_early.generation, pool_->generation());
    EXPECT_GT(pool_->statistics().first_early_time, 0);
    EXPECT_EQ(pool_->statistics().exported, 3u);
    shown_.clear(); // the display lets go of all, and of the one that it has lost
    EXPECT_EQ(pool_->free_count(), 3u);
    EXPECT_EQ(state(taken), SlotState::InDecode);
    taken.reset();
    EXPECT_EQ(pool_->free_count(), 4u);
    EXPECT_EQ(pool_->statistics().illegal, 0u);
}

TEST_F(UnsafeRelease, PrefersAFreeSlotAndSparesFewExports) {
    pool_->set_unsafe_release(4);
    show(3);
    SlotRef free = pool_->acquire();
    ASSERT_TRUE(free);
    EXPECT_EQ(pool_->statistics().early_reuse, 0u);
    EXPECT_FALSE(pool_->acquire()); // none is FREE, and only three are EXPORTED
    EXPECT_EQ(pool_->statistics().exhausted, 1u);
}

TEST_F(UnsafeRelease, SparesReferences) {
    pool_->set_unsafe_release(1);
    show(4);
    const SlotRef reference = shown_[0].also(Hold::Reference);
    const SlotRef taken = pool_->acquire();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.index(), 1u);
}

TEST_F(SlotTest, HoldsAreGivenBackOnAnyThread) {
    constexpr unsigned slots = 8;
    const auto pool = make_pool(slots);
    std::array<std::atomic<int>, slots> users{};
    std::atomic<unsigned> clashes{0};
    std::atomic<std::uint64_t> rounds{0};
    const auto work = [&](unsigned seed) {
        std::minstd_rand random(seed);
        for (int i = 0; i < 20000; ++i) {
            SlotRef slot = pool->acquire();
            if (!slot) continue;
            if (users[slot.index()].fetch_add(1) != 0) ++clashes;
            SlotRef reference = slot.also(all_holds[random() % all_holds.size()]);
            if (!pool->finish_decode(slot)) ++clashes;
            auto shown = pool->export_to_presenter(slot);
            slot.reset();
            if (random() % 2 != 0) reference.reset();
            ++rounds;
            users[shown->index()].fetch_sub(1);
            shown->reset();
        }
    };
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
    for (std::thread& thread : threads) thread.join();
    const SlotStatistics statistics = pool->statistics();
    EXPECT_EQ(0u, clashes);
    EXPECT_EQ(slots, pool->free_count());
    EXPECT_EQ(0u, statistics.early_reuse);
    EXPECT_EQ(0u, statistics.illegal);
    EXPECT_EQ(rounds, statistics.acquired);
    EXPECT_EQ(0u, statistics.exported);
}

/// What the pool should be, told another way: a slot is free when no reference to it is in `out`, and for as long as
/// its number in `freed` says.
class Model {
  public:
    explicit Model(unsigned count)
        : freed_(count)
        , states_(count, SlotState::Free) {
        for (unsigned i = 0; i < count; ++i) freed_[i] = ++clock_;
    }
    [[nodiscard]] bool is_held(std::uint32_t slot) const {
        return std::any_of(out.begin(), out.end(), [&](const SlotRef& ref) { return ref.index() == slot; });
    }
    /// The slot that must be taken; count when there is none.
    [[nodiscard]] std::uint32_t oldest_free() const {
        std::uint32_t oldest = static_cast<std::uint32_t>(freed_.size());
        for (std::uint32_t i = 0; i < freed_.size(); ++i)
            if (!is_held(i) && (oldest == freed_.size() || freed_[i] < freed_[oldest])) oldest = i;
        return oldest;
    }
    /// To be called when a reference has gone.
    void dropped(std::uint32_t slot) {
        if (is_held(slot)) return;
        freed_[slot] = ++clock_;
        states_[slot] = SlotState::Free;
    }
    SlotState& state(std::uint32_t slot) { return states_[slot]; }
    [[nodiscard]] unsigned count(std::uint32_t slot, Hold hold) const {
        return static_cast<unsigned>(std::count_if(
            out.begin(), out.end(), [&](const SlotRef& ref) { return ref.index() == slot && ref.hold() == hold; }));
    }

    std::vector<SlotRef> out; ///< every reference that exists

  private:
    std::vector<std::uint64_t> freed_;
    std::vector<SlotState> states_;
    std::uint64_t clock_ = 0;
};

/// One run of random events against the model.
class RandomLife {
  public:
    RandomLife(std::shared_ptr<SlotPool> pool, unsigned seed)
        : pool_(std::move(pool))
        , model_(pool_->count())
        , random_(seed) {}

    void step() {
        const std::uint32_t what = random_() % 16;
        if (what < 3 || model_.out.empty()) return acquire();
        const std::size_t at = random_() % model_.out.size();
        if (what < 6 && model_.out.size() < 40) return hold(model_.out[at]);
        if (what < 8) return finish(model_.out[at]);
        if (what < 10) return show(model_.out[at]);
        drop(at);
    }
    /// Compares everything that can be seen.
    void compare() {
        unsigned free = 0;
        for (std::uint32_t i = 0; i < pool_->count(); ++i) {
            const SlotSnapshot snapshot = pool_->snapshot(i);
            free += snapshot.state == SlotState::Free ? 1 : 0;
            ASSERT_EQ(model_.state(i), snapshot.state);
            ASSERT_EQ(model_.is_held(i), snapshot.state != SlotState::Free);
            for (const Hold hold : all_holds)
                ASSERT_EQ(model_.count(i, hold), snapshot.holds[static_cast<std::size_t>(hold)]);
        }
        ASSERT_EQ(free, pool_->free_count());
        ASSERT_EQ(refused_, pool_->statistics().illegal);
        ASSERT_EQ(0u, pool_->statistics().early_reuse);
    }
    void end() {
        while (!model_.out.empty()) drop(model_.out.size() - 1);
        compare();
        EXPECT_EQ(pool_->count(), pool_->free_count());
    }

  private:
    void acquire() {
        const std::uint32_t expected = model_.oldest_free();
        SlotRef slot = pool_->acquire();
        ASSERT_EQ(expected < pool_->count(), static_cast<bool>(slot));
        if (!slot) return;
        ASSERT_FALSE(model_.is_held(slot.index())) << "early reuse";
        ASSERT_EQ(expected, slot.index());
        model_.state(slot.index()) = SlotState::InDecode;
        model_.out.push_back(std::move(slot));
    }
    void hold(const SlotRef& slot) { model_.out.push_back(slot.also(all_holds[random_() % all_holds.size()])); }
    void finish(const SlotRef& slot) {
        const bool legal = model_.state(slot.index()) == SlotState::InDecode;
        ASSERT_EQ(legal, pool_->finish_decode(slot).has_value());
        if (legal) model_.state(slot.index()) = SlotState::Decoded;
        if (!legal) ++refused_;
    }
    void show(const SlotRef& slot) {
        const std::uint32_t index = slot.index();
        const bool legal = model_.state(index) == SlotState::Decoded || model_.state(index) == SlotState::Exported;
        auto shown = pool_->export_to_presenter(slot);
        ASSERT_EQ(legal, shown.has_value());
        if (!legal) {
            ++refused_;
            return;
        }
        model_.state(index) = SlotState::Exported;
        model_.out.push_back(std::move(*shown));
    }
    void drop(std::size_t at) {
        const std::uint32_t index = model_.out[at].index();
        std::swap(model_.out[at], model_.out.back());
        model_.out.pop_back();
        model_.dropped(index);
    }

    std::shared_ptr<SlotPool> pool_;
    Model model_;
    std::minstd_rand random_;
    std::uint64_t refused_ = 0;
};

TEST_F(SlotTest, RandomEventsNeverHandOutWhatIsNeeded) {
    // Refused transitions are errors in a program, and here a million of them are wanted.
    testing::internal::CaptureStderr();
    for (unsigned seed = 1; seed <= 20; ++seed) {
        RandomLife life(make_pool(1 + seed % 7), seed);
        for (int i = 0; i < 100'000 && !HasFatalFailure(); ++i) {
            life.step();
            if (i % 64 == 0) life.compare();
        }
        life.end();
        ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
    }
    testing::internal::GetCapturedStderr();
}

TEST_F(SlotTest, RecordsEveryTransitionWhileAsked) {
    const auto pool = make_pool(2);
    std::vector<SlotTransition> seen;
    pool->acquire().reset();
    pool->take_transitions(seen);
    EXPECT_TRUE(seen.empty()) << "nobody had asked";

    pool->record_transitions(5);
    SlotRef request = pool->acquire();
    ASSERT_TRUE(pool->finish_decode(request));
    auto shown = pool->export_to_presenter(request);
    ASSERT_TRUE(shown);
    EXPECT_FALSE(pool->finish_decode(request)) << "refused, and so not recorded";
    const std::uint32_t index = request.index();
    request.reset();
    shown->reset();
    pool->take_transitions(seen);
    ASSERT_EQ(seen.size(), 4U);
    const std::array states{SlotState::InDecode, SlotState::Decoded, SlotState::Exported, SlotState::Free};
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i].to, states[i]);
        EXPECT_EQ(seen[i].index, index);
        EXPECT_TRUE(i == 0 || seen[i - 1].time <= seen[i].time);
    }

    // The oldest give way: six changes, five places.
    seen.clear();
    for (int i = 0; i < 3; ++i) pool->acquire().reset();
    pool->take_transitions(seen);
    ASSERT_EQ(seen.size(), 5U);
    EXPECT_EQ(seen.front().to, SlotState::Free);
    EXPECT_EQ(seen.back().to, SlotState::Free);
    pool->take_transitions(seen);
    EXPECT_EQ(seen.size(), 5U) << "each is told once";
    pool->record_transitions(0);
    pool->acquire().reset();
    pool->take_transitions(seen);
    EXPECT_EQ(seen.size(), 5U);
}

} // namespace
} // namespace v4l2play
