// Random-access points of a file whose container does not tell them.
#include "app/key_index.h"

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

std::int64_t position(const KeyIndex& index, Nanoseconds time) {
    const auto entry = index.find(time);
    return entry ? entry->position : -1;
}

TEST(KeyIndex, FindsTheLastAtOrBefore) {
    KeyIndex index;
    EXPECT_FALSE(index.find(0));
    EXPECT_FALSE(index.covers(0));
    for (const Nanoseconds time : {300, 100, 200, 100}) index.note({time, time * 10});
    EXPECT_EQ(-1, position(index, 99));
    EXPECT_EQ(1000, position(index, 100));
    EXPECT_EQ(1000, position(index, 199));
    EXPECT_EQ(2000, position(index, 299));
    EXPECT_EQ(3000, position(index, 5000));
    EXPECT_TRUE(index.covers(299));
    EXPECT_FALSE(index.covers(300)) << "there may be more behind it";
}

TEST(KeyIndex, ManyAreThinnedOutEvenly) {
    constexpr std::size_t most = 64;
    KeyIndex index(most);
    constexpr int total = 100'000;
    for (int i = 0; i < total; ++i) index.note({i * second, i});
    std::int64_t last = 0;
    std::size_t different = 1;
    for (int i = 0; i < total; ++i) {
        const std::int64_t found = position(index, i * second);
        ASSERT_LE(found, i);
        ASSERT_LE(i - found, 4 * total / static_cast<int>(most)) << "not far to go";
        different += found != last ? 1 : 0;
        last = found;
    }
    EXPECT_LE(different, most + 1) << "bounded memory";
    EXPECT_GE(different, most / 4);
}

} // namespace
} // namespace v4l2play
