#include "app/channel.h"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

TEST(Channel, IsAQueueOfBoundedLength) {
    Channel<int> channel(2);
    int a = 1;
    int b = 2;
    int c = 3;
    EXPECT_TRUE(channel.try_push(a));
    EXPECT_TRUE(channel.try_push(b));
    EXPECT_FALSE(channel.try_push(c));
    EXPECT_EQ(channel.try_pop(), 1);
    EXPECT_TRUE(channel.try_push(c));
    EXPECT_EQ(channel.try_pop(), 2);
    EXPECT_EQ(channel.try_pop(), 3);
    EXPECT_EQ(channel.try_pop(), std::nullopt);
}

TEST(Channel, KeepsTheValueThatItRefuses) {
    Channel<std::unique_ptr<int>> channel(1);
    auto first = std::make_unique<int>(1);
    auto second = std::make_unique<int>(2);
    EXPECT_TRUE(channel.try_push(first));
    EXPECT_FALSE(channel.try_push(second));
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(*second, 2);
}

TEST(Channel, ProducerThatBlockedComesBackAtTheLowWaterMark) {
    Channel<int> channel(4, 1);
    std::thread producer([&] {
        for (int i = 0; i < 1000; ++i) ASSERT_TRUE(channel.push(i));
    });
    for (int expected = 0; expected < 1000;) {
        if (const auto value = channel.try_pop())
            EXPECT_EQ(*value, expected++);
        else
            std::this_thread::yield();
    }
    producer.join();
}

TEST(Channel, CloseLetsABlockedProducerGoAndEmptiesTheQueue) {
    auto tracked = std::make_shared<int>(0);
    Channel<std::shared_ptr<int>> channel(1);
    ASSERT_TRUE(channel.push(tracked));
    std::thread producer([&] { EXPECT_FALSE(channel.push(tracked)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    channel.close();
    producer.join();
    EXPECT_EQ(tracked.use_count(), 1);
    EXPECT_FALSE(channel.try_push(tracked));
}

TEST(Channel, WakesOnlyAnArmedConsumer) {
    auto waker = Waker::create(system_kernel());
    ASSERT_TRUE(waker);
    Channel<int> channel(4);
    channel.set_consumer_waker(waker->get());
    const auto signalled = [&] {
        std::uint64_t count = 0;
        return system_kernel().read((*waker)->fd(), &count, sizeof count) == sizeof count;
    };
    int value = 1;
    channel.try_push(value);
    EXPECT_FALSE(signalled());
    (*waker)->arm();
    channel.try_push(value);
    EXPECT_TRUE(signalled());
    channel.try_push(value);
    EXPECT_FALSE(signalled());
}

TEST(Channel, WhatIsBeingPushedWhenItIsClearedIsOfTheOldPlaceToo) {
    Channel<int> channel(1);
    ASSERT_TRUE(channel.push(1));
    std::thread producer([&] { EXPECT_TRUE(channel.push(2, 0)); });
    channel.clear();
    producer.join(); // blocked until then or not
    EXPECT_EQ(channel.size(), 0U);
    EXPECT_TRUE(channel.push(3, channel.clears()));
    EXPECT_EQ(channel.try_pop(), 3);
}

} // namespace
} // namespace v4l2play
