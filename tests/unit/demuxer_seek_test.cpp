// Seeks in a container with an index of its own.
#include <gtest/gtest.h>

#include "app/demuxer.h"
#include "tests/unit/container_file.h"

namespace v4l2play {
namespace {

TEST(DemuxerSeek, NoKeyFrameIsPassedOverForRounding) {
    constexpr Nanoseconds group = 12 * 40 * millisecond;              // from key frame to key frame
    test::ContainerFile file("mkv", test::make_clip({.frames = 48})); // counts in milliseconds
    const auto demuxer = Demuxer::open(file.write());
    ASSERT_TRUE(demuxer) << demuxer.error().what;
    const auto lands = [&](Nanoseconds time) {
        EXPECT_TRUE((*demuxer)->seek(time, SeekMode::KeyFrame));
        const auto unit = (*demuxer)->read();
        return unit && *unit ? (*unit)->pts : no_time;
    };
    for (const Nanoseconds key : {1 * group, 2 * group, 3 * group}) {
        EXPECT_EQ(lands(key), key);
        EXPECT_EQ(lands(key + 1), key);
        EXPECT_EQ(lands(key + group - 1), key) << "the next is nearer, and too late";
        EXPECT_EQ(lands(key + group - millisecond), key);
    }
}

} // namespace
} // namespace v4l2play
