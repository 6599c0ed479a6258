#include "app/losses.h"

#include <numeric>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

std::uint64_t sum(const Losses::Counts& counts) { return std::accumulate(counts.begin(), counts.end(), 0ULL); }

TEST(Losses, OnlyThoseBehindTheLastFrameShownComeAgain) {
    Losses losses;
    losses.lost(DropReason::BeforeRandomAccess, 2);
    losses.frame(10, no_time);
    losses.frame(20, no_time);
    losses.lost(DropReason::DeviceError, 1);
    losses.frame(40, 10);
    losses.lost(DropReason::DeviceError, 3);
    losses.lost(DropReason::Malformed, 4);
    EXPECT_EQ(8U, sum(losses.after(10)));
    EXPECT_EQ(8U, sum(losses.after(20))) << "right behind it";
    EXPECT_EQ(7U, sum(losses.after(30)));
    EXPECT_EQ(3U, losses.after(40)[static_cast<std::size_t>(DropReason::DeviceError)]);
    EXPECT_EQ(4U, losses.after(40)[static_cast<std::size_t>(DropReason::Malformed)]);
    EXPECT_EQ(0U, sum(losses.after(50)));
}

TEST(Losses, AllComeAgainWhenNothingWasShown) {
    Losses losses;
    losses.lost(DropReason::DeviceError, 2);
    losses.frame(10, no_time);
    losses.lost(DropReason::DeviceError, 3);
    EXPECT_EQ(5U, sum(losses.after(no_time)));
}

TEST(Losses, WhatWasLostBeforeASeekStaysSo) {
    Losses losses;
    losses.frame(10, no_time);
    losses.lost(DropReason::DeviceError, 2);
    losses.move(5);
    EXPECT_EQ(0U, sum(losses.after(5)));
    losses.lost(DropReason::DeviceError, 3);
    EXPECT_EQ(3U, sum(losses.after(5)));
}

} // namespace
} // namespace v4l2play
