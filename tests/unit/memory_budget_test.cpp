// How many slots a context may have, by the machine's memory.
#include "decoder/request/memory_budget.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

TEST(MemoryBudget, IsHalfOfWhatIsAvailable) {
    EXPECT_EQ(1024U * 1000 / 2,
              slot_budget("MemTotal:     4000 kB\nMemFree:  1 kB\nMemAvailable:    1000 kB\nCmaFree: 5 kB\n"));
    EXPECT_EQ(0U, slot_budget("MemAvailable: 0 kB\n"));
    EXPECT_EQ(UINT64_MAX, slot_budget("MemTotal: 4000 kB\n"));
    EXPECT_EQ(UINT64_MAX, slot_budget("MemAvailable:"));
    EXPECT_EQ(UINT64_MAX, slot_budget("MemAvailable: many kB\n"));
    EXPECT_EQ(UINT64_MAX, slot_budget(""));
    EXPECT_LT(0U, slot_budget(read_meminfo(system_kernel())));
    EXPECT_NE(UINT64_MAX, slot_budget(read_meminfo(system_kernel())));
}

TEST(MemoryBudget, ContiguousMemoryIsThreeQuartersOfWhatIsFree) {
    EXPECT_EQ(1024U * 300, contiguous_budget("MemAvailable: 9000 kB\nCmaTotal:  800 kB\nCmaFree:  400 kB\n"));
    EXPECT_EQ(0U, contiguous_budget("CmaTotal: 800 kB\nCmaFree: 0 kB\n")) << "all of it is taken";
    EXPECT_EQ(UINT64_MAX, contiguous_budget("CmaTotal: 0 kB\nCmaFree: 0 kB\n")) << "there is no such area";
    EXPECT_EQ(UINT64_MAX, contiguous_budget("MemAvailable: 9000 kB\n")) << "a kernel without it";
    EXPECT_EQ(UINT64_MAX, contiguous_budget("CmaTotal: 800 kB\n"));
}

TEST(MemoryBudget, ContiguousMemoryTakesOptionalSlotsOnly) {
    constexpr std::uint64_t mega = 1'000'000;
    SlotCount slots{12, 6, "4 references + 8"};
    fit_contiguous(slots, 10 * mega, UINT64_MAX);
    fit_contiguous(slots, 10 * mega, 120 * mega);
    fit_contiguous(slots, 0, 0);
    EXPECT_EQ(12U, slots.count);
    EXPECT_EQ("4 references + 8", slots.terms);
    fit_contiguous(slots, 10 * mega, 85 * mega);
    EXPECT_EQ(8U, slots.count);
    EXPECT_EQ("4 references + 8, 8 for lack of contiguous memory (CMA)", slots.terms);
    fit_contiguous(slots, 10 * mega, 10 * mega);
    EXPECT_EQ(6U, slots.count) << "the driver may not need contiguous memory at all, and tells when it has none";
    fit_contiguous(slots, 10 * mega, 0);
    EXPECT_EQ(6U, slots.count);
}

TEST(MemoryBudget, TakesOptionalSlotsFirst) {
    constexpr std::uint64_t mega = 1'000'000;
    SlotCount slots{12, 6, "4 references + 8"};
    EXPECT_TRUE(fit_slots(slots, 10 * mega, 120 * mega));
    EXPECT_EQ(12U, slots.count);
    EXPECT_EQ("4 references + 8", slots.terms);
    EXPECT_TRUE(fit_slots(slots, 10 * mega, 79 * mega));
    EXPECT_EQ(7U, slots.count);
    EXPECT_EQ("4 references + 8, 7 for lack of memory", slots.terms);
    const auto refused = fit_slots(slots, 10 * mega, 59 * mega);
    ASSERT_FALSE(refused);
    EXPECT_EQ(ENOMEM, refused.error().code);
    EXPECT_EQ("6 pictures of 10 MB are needed, and 59 MB of memory are to be had", refused.error().what);
    EXPECT_EQ(7U, slots.count);
    EXPECT_TRUE(fit_slots(slots, 10 * mega, UINT64_MAX));
    EXPECT_TRUE(fit_slots(slots, 0, 0)) << "a driver that does not tell";
}

} // namespace
} // namespace v4l2play
