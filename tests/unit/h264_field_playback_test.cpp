// Interlaced H.264 on the fake device: two fields go into one frame, which the driver holds in between.
#include <algorithm>

#include <gtest/gtest.h>

#include "decoder/log.h"
#include "tests/unit/expect_clean.h"
#include "tests/unit/quiet_test.h"
#include "tests/unit/request_playback.h"

namespace v4l2play {
namespace {

using namespace fakes;
using namespace test;

class H264FieldPlaybackTest : public testing::Test {
  protected:
    H264FieldPlaybackTest() { set_log_level(LogLevel::Error); }
    static ClipOptions clip(ClipFields fields) {
        ClipOptions options;
        options.fields = fields;
        options.pictures = 9;
        options.b_pictures = true;
        return options;
    }
    void open(const ClipOptions& options, ModePreference modes = {}) {
        auto opened = open_decoder(kernel_, options, modes);
        ASSERT_TRUE(opened) << opened.error().what;
        decoder_ = std::move(*opened);
    }
    void expect_frames(std::size_t count) {
        ASSERT_EQ(count, playback_.frames.size());
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(static_cast<Nanoseconds>(i) * 40 * millisecond, playback_.frames[i].pts) << i;
            EXPECT_FALSE(playback_.frames[i].corrupt) << i;
        }
    }
    void close() {
        decoder_.reset();
        expect_clean(kernel_, playback_);
    }

    FakeKernel kernel_;
    Playback playback_{kernel_};
    std::unique_ptr<Decoder> decoder_;
};

TEST_F(H264FieldPlaybackTest, FieldsOfAFrameShareABuffer) {
    for (const ClipFields fields : {ClipFields::Together, ClipFields::Apart})
        for (const auto mode : {ModePreference::Decode::FrameBased, ModePreference::Decode::SliceBased}) {
            playback_.frames.clear();
            kernel_.world().pictures.clear();
            ClipOptions options = clip(fields);
            options.slices = 2;
            open(options, {mode, ModePreference::StartCode::Best});
            EXPECT_TRUE(playback_.play(*decoder_, make_clip(options)));
            expect_frames(9);
            const auto& requests = kernel_.world().pictures;
            const unsigned parts = mode == ModePreference::Decode::SliceBased ? 4 : 2;
            ASSERT_EQ(9 * parts, requests.size());
            for (std::size_t i = 0; i < requests.size(); ++i) {
                EXPECT_EQ(i % parts + 1 < parts, requests[i].hold) << i;
                EXPECT_EQ(requests[i / parts * parts].capture_index, requests[i].capture_index) << i;
            }
            close();
        }
}

TEST_F(H264FieldPlaybackTest, SingleFieldsComeOutToo) {
    ClipOptions options = clip(ClipFields::Alone);
    open(options);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(options)));
    expect_frames(9);
    EXPECT_TRUE(kernel_.world().pictures.back().hold) << "and the last is given back when asked";
    close();
}

TEST_F(H264FieldPlaybackTest, AHeldFrameIsNoStall) {
    ClipOptions options = clip(ClipFields::Apart);
    options.b_pictures = false;
    auto units = make_clip(options);
    const std::vector<TestUnit> rest(units.begin() + 3, units.end());
    units.resize(3); // a frame and a half
    open(options);
    EXPECT_TRUE(playback_.play_until(*decoder_, units, 1));
    for (int i = 0; i < 1000; ++i) playback_.turn(*decoder_); // ten seconds of pause
    EXPECT_TRUE(playback_.play(*decoder_, rest));
    expect_frames(9);
    EXPECT_EQ(0U, playback_.dropped_for(DropReason::Stalled));
    close();
}

TEST_F(H264FieldPlaybackTest, SeekLeavesHalfAFrameBehind) {
    const ClipOptions options = clip(ClipFields::Apart);
    auto units = make_clip(options);
    auto again = units;
    units.resize(5);
    open(options);
    EXPECT_TRUE(playback_.play_until(*decoder_, units, 1));
    decoder_->flush();
    playback_.frames.clear();
    EXPECT_TRUE(playback_.play(*decoder_, again));
    expect_frames(9);
    close();
}

TEST_F(H264FieldPlaybackTest, BuffersGrowBetweenTwoFields) {
    const ClipOptions options = clip(ClipFields::Apart);
    auto units = make_clip(options);
    units[5].bytes.insert(units[5].bytes.end(), 3'000'000, 0xa5);
    open(options);
    EXPECT_TRUE(playback_.play(*decoder_, units));
    expect_frames(9);
    EXPECT_GT(kernel_.world().pictures[5].bitstream.size(), 3'000'000U);
    EXPECT_EQ(kernel_.world().pictures[4].capture_index, kernel_.world().pictures[5].capture_index);
    close();
}

TEST_F(H264FieldPlaybackTest, ALostFirstFieldLosesTheFrame) {
    const ClipOptions options = clip(ClipFields::Together);
    kernel_.world().errors.insert(3); // of frame 1, which two B frames and all P frames refer to
    open(options);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(options)));
    ASSERT_FALSE(playback_.frames.empty());
    EXPECT_EQ(0, playback_.frames[0].pts);
    EXPECT_LT(playback_.frames.size(), 4U) << "what refers to it is not shown";
    EXPECT_TRUE(std::none_of(playback_.frames.begin(), playback_.frames.end(),
                             [](const PlayedFrame& frame) { return frame.corrupt; }));
    EXPECT_EQ(1U, playback_.dropped_for(DropReason::DeviceError));
    EXPECT_LT(0U, playback_.dropped_for(DropReason::MissingReference));
    close();
}

TEST(H264FieldRefusals, ADriverThatCannotHoldGetsNothing) {
    FakeDecoder device;
    device.holds = false;
    FakeKernel kernel({device});
    ClipOptions options;
    options.fields = ClipFields::Together;
    const auto units = make_clip(options);
    // What the container has told is enough for it.
    DecoderConfig config = config_for(options);
    config.stream.extradata = units.front().bytes;
    const auto refused = open_decoder(kernel, config, create_h264_codec());
    ASSERT_FALSE(refused);
    EXPECT_EQ(ENOTSUP, refused.error().code);
    EXPECT_EQ("the driver cannot put two fields into one frame", refused.error().what);
    EXPECT_TRUE(kernel.world().pictures.empty());
}

/// Nothing would tell that the pictures are wrong.
class H264FieldQuirks : public QuietTest {
  protected:
    H264FieldQuirks() { options_.fields = ClipFields::Together; }
    static FakeDecoder mediatek() {
        FakeDecoder device;
        device.driver = "mtk-vcodec-dec";
        return device;
    }
    void expect_refusal(const Error& why) {
        EXPECT_EQ(ENOTSUP, why.code);
        EXPECT_EQ("mtk-vcodec-dec does not do interlaced video", why.what);
        EXPECT_TRUE(kernel_.world().pictures.empty());
    }

    FakeKernel kernel_{{mediatek()}};
    ClipOptions options_;
};

TEST_F(H264FieldQuirks, NoFieldsAreSentToADriverThatLosesHalfOfThem) {
    DecoderConfig config = config_for(options_);
    config.stream.extradata = make_clip(options_).front().bytes;
    const auto refused = open_decoder(kernel_, config, create_h264_codec());
    ASSERT_FALSE(refused);
    expect_refusal(refused.error());
}

TEST_F(H264FieldQuirks, NorWhenOnlyTheStreamTellsOfThem) {
    Playback playback(kernel_);
    auto opened = open_decoder(kernel_, options_);
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_FALSE(playback.play(**opened, make_clip(options_)));
    ASSERT_TRUE(playback.failure);
    expect_refusal(*playback.failure);
    opened->reset();
    expect_clean(kernel_, playback);
}

TEST_F(H264FieldQuirks, ItsFramesArePlayed) {
    Playback playback(kernel_);
    options_.fields = ClipFields::No;
    auto opened = open_decoder(kernel_, options_);
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_TRUE(playback.play(**opened, make_clip(options_)));
    EXPECT_EQ(options_.pictures, playback.frames.size());
    opened->reset();
    expect_clean(kernel_, playback);
}

} // namespace
} // namespace v4l2play
