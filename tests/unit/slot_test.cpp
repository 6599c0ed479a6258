#include "decoder/slot.h"

#include <gtest/gtest.h>
TEST(Slot, Acquire) { EXPECT_EQ(1, 1); }
