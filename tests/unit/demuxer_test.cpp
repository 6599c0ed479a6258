// Which stream of a file is shown, and where a seek lands in it.
#include "app/demuxer.h"

#include <gtest/gtest.h>

#include "tests/unit/container_file.h"

namespace v4l2play {
namespace {

std::vector<bool> selected_of(std::vector<std::size_t> steps) {
    test::ContainerFile file("mp4", test::make_clip({.frames = 25}), std::move(steps));
    const auto demuxer = Demuxer::open(file.write());
    EXPECT_TRUE(demuxer) << demuxer.error().what;
    std::vector<bool> selected;
    if (demuxer)
        for (const StreamSummary& stream : (*demuxer)->info().streams) selected.push_back(stream.selected);
    return selected;
}

TEST(Demuxer, OfEqualTracksTheFirstIsShown) {
    EXPECT_EQ(selected_of({1, 4}), (std::vector<bool>{true, false}));
    EXPECT_EQ(selected_of({4, 1}), (std::vector<bool>{true, false})) << "an auxiliary track may have more frames";
}

TEST(Demuxer, ASeekPassesOverNoKeyFrameForRounding) {
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
