// Elementary streams, read from real ones: when their pictures are decoded, and where one can start.
#include "app/raw_stream.h"

#include <cstdio>

#include <gtest/gtest.h>
#include <unistd.h>

#include "app/demuxer.h"
#include "tests/unit/encoded_clip.h"

namespace v4l2play {
namespace {

constexpr Nanoseconds frame = 40 * millisecond;
/// The key pictures of an open group of pictures, the first apart, come after two that are shown before them.
constexpr int group = 12;
constexpr int b_frames = 2;

class RawStreamTest : public testing::Test {
  protected:
    void SetUp() override {
        const test::Clip clip = test::make_clip({.codec = AV_CODEC_ID_MPEG2VIDEO, .frames = 48, .b_frames = b_frames});
        ASSERT_FALSE(clip.units.empty());
        std::FILE* file = std::fopen(path_.c_str(), "wb");
        ASSERT_NE(nullptr, file);
        for (const test::CodedUnit& unit : clip.units)
            std::fwrite(unit.bytes.data(), 1, unit.bytes.size() - test::padding, file);
        std::fclose(file);
        auto demuxer = Demuxer::open(path_);
        ASSERT_TRUE(demuxer) << demuxer.error().what;
        demuxer_ = *std::move(demuxer);
    }
    void TearDown() override { std::remove(path_.c_str()); }

    AccessUnit read() {
        auto unit = demuxer_->read();
        EXPECT_TRUE(unit && *unit);
        return unit && *unit ? std::move(**unit) : AccessUnit{};
    }
    /// The first unit after a seek.
    AccessUnit seek(Nanoseconds time, SeekMode mode) {
        EXPECT_TRUE(demuxer_->seek(time, mode));
        return read();
    }

    const std::string path_ = testing::TempDir() + "raw_stream_" + std::to_string(getpid()) + ".m2v";
    std::unique_ptr<Demuxer> demuxer_;
};

TEST_F(RawStreamTest, ItsPicturesAreDecodedOneByOne) {
    EXPECT_EQ(25, demuxer_->stream().frame_rate.num);
    EXPECT_EQ(no_time, demuxer_->info().duration) << "what libavformat guesses";
    for (int i = 0; i < 48; ++i) {
        const AccessUnit unit = read();
        EXPECT_EQ(no_time, unit.pts) << i;
        EXPECT_EQ(i * frame, unit.dts);
        EXPECT_EQ(frame, unit.duration);
    }
    EXPECT_EQ(48 * frame, demuxer_->read_until());
}

TEST_F(RawStreamTest, AKeyPictureIsSoughtByWhenItIsShown) {
    // The second key picture is shown after one group, less what is shown before it of the next.
    const AccessUnit first = seek(20 * frame, SeekMode::KeyFrame);
    EXPECT_TRUE(first.key);
    EXPECT_FALSE(first.discard);
    EXPECT_GT(first.dts, 0);
    EXPECT_LE(first.dts, 20 * frame);
    EXPECT_EQ(0, first.dts % (group * frame)) << "the time at which it is shown";
    EXPECT_EQ(first.dts + frame, read().dts) << "what is shown before it has been left out";
}

TEST_F(RawStreamTest, AnExactSeekDecodesFromThere) {
    const AccessUnit first = seek(30 * frame + 1, SeekMode::Exact);
    EXPECT_TRUE(first.key);
    EXPECT_TRUE(first.discard);
    Nanoseconds last = first.dts;
    for (int i = 0; i < group; ++i) {
        const AccessUnit unit = read();
        EXPECT_EQ(last + frame, unit.dts);
        EXPECT_EQ(unit.dts <= 30 * frame, unit.discard);
        last = unit.dts;
    }
}

TEST_F(RawStreamTest, BackToTheStart) {
    while (auto unit = demuxer_->read()) // also from the end
        if (!*unit) break;
    for (const Nanoseconds time : {0 * frame, 3 * frame, 0 * frame}) {
        const AccessUnit first = seek(time, SeekMode::KeyFrame);
        EXPECT_EQ(0, first.dts);
        EXPECT_TRUE(first.key);
    }
}

} // namespace
} // namespace v4l2play
