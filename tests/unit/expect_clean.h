// What must hold after any playback on the fake kernel.
#pragma once

#include <gtest/gtest.h>

#include "tests/fakes/playback.h"

namespace v4l2play::fakes {

/// Once the decoder is gone: nothing was overwritten while it was held, no rule was broken, everything is given back.
inline void expect_clean(FakeKernel& kernel, Playback& playback) {
    EXPECT_EQ("", playback.faults);
    for (const auto& pool : playback.pools) {
        EXPECT_EQ(0u, pool->statistics().early_reuse);
        EXPECT_EQ(0u, pool->statistics().illegal);
    }
    playback.release_all();
    for (const auto& pool : playback.pools) EXPECT_EQ(pool->count(), pool->free_count());
    playback.pools.clear();
    EXPECT_EQ("", kernel.violations());
    EXPECT_EQ("", kernel.leaks());
}

} // namespace v4l2play::fakes
