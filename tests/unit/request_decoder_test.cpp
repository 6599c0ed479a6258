// The stateless decoder against a kernel that forgives nothing.
#include "decoder/request/request_decoder.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/expect_clean.h"
#include "tests/unit/hang.h"
#include "tests/unit/quiet_test.h"
#include "tests/unit/request_playback.h"

namespace v4l2play {
namespace {

using namespace fakes;
using namespace test;

using Decode = ModePreference::Decode;
using StartCode = ModePreference::StartCode;

void expect_in_order(const Playback& playback, std::size_t count, Nanoseconds start = 0) {
    ASSERT_EQ(count, playback.frames.size());
    for (std::size_t i = 0; i < count; ++i)
        EXPECT_EQ(start + static_cast<Nanoseconds>(i) * 40 * millisecond, playback.frames[i].pts) << i;
}

class RequestDecoderTest : public QuietTest {
  protected:
    void open(const ClipOptions& clip, ModePreference modes = {}) {
        auto opened = open_decoder(kernel_, clip, modes);
        ASSERT_TRUE(opened) << opened.error().what;
        decoder_ = std::move(*opened);
    }
    void close() {
        decoder_.reset();
        expect_clean(kernel_, playback_);
    }

    FakeKernel kernel_;
    Playback playback_{kernel_};
    std::unique_ptr<Decoder> decoder_;
};

TEST_F(RequestDecoderTest, PlaysPicturesInDisplayOrder) {
    const ClipOptions clip{.pictures = 31, .period = 10, .b_pictures = true};
    open(clip);
    EXPECT_EQ("request", std::string(decoder_->description().kind));
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    EXPECT_EQ("frame-based, Annex B", decoder_->description().mode);
    expect_in_order(playback_, 31);
    EXPECT_EQ(31u, kernel_.pictures().size());
    EXPECT_TRUE(playback_.dropped.empty());
    EXPECT_TRUE(std::none_of(playback_.frames.begin(), playback_.frames.end(), [](auto& f) { return f.corrupt; }));
    close();
}

TEST_F(RequestDecoderTest, SendsTheBitstreamAsItIs) {
    const ClipOptions clip{.pictures = 2, .slices = 2};
    open(clip);
    ASSERT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    for (const FakePicture& picture : kernel_.pictures()) {
        // Both slices, each behind a start code of 3 bytes, and nothing else.
        const std::vector<std::uint8_t> code{0, 0, 1};
        const auto& bytes = picture.bitstream;
        const auto second = std::search(bytes.begin() + 3, bytes.end(), code.begin(), code.end());
        EXPECT_TRUE(std::equal(code.begin(), code.end(), bytes.begin()));
        EXPECT_NE(bytes.end(), second);
        EXPECT_EQ(bytes.end(), std::search(second + 3, bytes.end(), code.begin(), code.end()));
    }
    EXPECT_TRUE(kernel_.pictures()[0].references.empty());
    EXPECT_EQ(std::vector{kernel_.pictures()[0].timestamp}, kernel_.pictures()[1].references);
    close();
}

/// Every kind of device and mode, with slices and B pictures.
TEST(RequestDecoderModes, AllPlayTheSame) {
    set_log_level(LogLevel::Error);
    const ClipOptions clip{.pictures = 12, .period = 6, .references = 3, .b_pictures = true, .slices = 3};
    for (unsigned variant = 0; variant < 32; ++variant) {
        FakeDecoder device;
        device.multi_planar = (variant & 1) != 0;
        device.two_phase = (variant & 2) != 0;
        if ((variant & 4) != 0) device.decode_time = 0;
        const bool slices = (variant & 8) != 0;
        const bool bare = (variant & 16) != 0;
        FakeKernel kernel({device});
        Playback playback(kernel);
        auto decoder = open_decoder(
            kernel, clip,
            {slices ? Decode::SliceBased : Decode::FrameBased, bare ? StartCode::None : StartCode::AnnexB});
        ASSERT_TRUE(decoder) << variant;
        EXPECT_TRUE(playback.play(**decoder, make_clip(clip))) << variant;
        expect_in_order(playback, 12);
        EXPECT_EQ(slices ? 36u : 12u, kernel.pictures().size());
        decoder->reset();
        expect_clean(kernel, playback);
        if (testing::Test::HasFailure()) FAIL() << "variant " << variant;
    }
}

TEST_F(RequestDecoderTest, HoldsTheFrameForAllItsSlices) {
    const ClipOptions clip{.pictures = 2, .slices = 3};
    open(clip, {Decode::SliceBased, StartCode::Best});
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    ASSERT_EQ(6u, kernel_.pictures().size());
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(i % 3 != 2, kernel_.pictures()[i].hold) << i;
        EXPECT_EQ(kernel_.pictures()[i / 3 * 3].timestamp, kernel_.pictures()[i].timestamp) << i;
        EXPECT_EQ(kernel_.pictures()[i / 3 * 3].capture_index, kernel_.pictures()[i].capture_index) << i;
    }
    close();
}

TEST_F(RequestDecoderTest, RefusesSlicesThatNoDriverCanPutTogether) {
    kernel_.decoder().holds = false;
    const ClipOptions clip{.pictures = 2, .slices = 3};
    open(clip, {Decode::SliceBased, StartCode::Best});
    EXPECT_FALSE(playback_.play(*decoder_, make_clip(clip)));
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(ENOTSUP, playback_.failure->code);
    close();
}

TEST_F(RequestDecoderTest, SlowPresenterIsBackPressure) {
    const ClipOptions clip{.pictures = 60, .period = 12, .b_pictures = true};
    open(clip);
    playback_.period = 40 * millisecond;
    playback_.shown_at_once = 2;
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    expect_in_order(playback_, 60);
    ASSERT_EQ(1u, playback_.pools.size());
    EXPECT_GT(playback_.pools[0]->statistics().exhausted, 0u) << "the presenter was meant to be slower";
    EXPECT_GE(playback_.pools[0]->statistics().longest_export, 40 * millisecond);
    close();
}

TEST_F(RequestDecoderTest, GoesOnAtOnceWhenASlotComesBack) {
    const ClipOptions clip{.pictures = 40};
    open(clip);
    playback_.period = 1000 * second; // keeps all
    const auto units = make_clip(clip);
    std::size_t sent = 0;
    const auto send_all = [&] {
        for (; sent < units.size(); ++sent) {
            AccessUnit unit;
            unit.payload = Payload(units[sent].bytes, nullptr, nullptr);
            const auto status = decoder_->send(unit);
            if (!status || *status == SendStatus::Full) return;
        }
    };
    for (int i = 0; i < 50; ++i) {
        send_all();
        playback_.turn(*decoder_);
    }
    ASSERT_LT(sent, units.size());
    EXPECT_EQ(0u, playback_.pools.at(0)->free_count());
    const std::size_t decoded = kernel_.pictures().size();
    const Nanoseconds before = kernel_.now();
    playback_.release_all();
    ASSERT_TRUE(decoder_->dispatch(second));
    EXPECT_EQ(before, kernel_.now()) << "the wait ends at once";
    EXPECT_GT(kernel_.pictures().size(), decoded);
    close();
}

/// The picture and what refers to it are counted and named, never shown; from the next IDR picture on all is well.
TEST_F(RequestDecoderTest, ErrorFlagGoesOnAtTheNextRandomAccessPoint) {
    kernel_.world().errors = {3};
    const ClipOptions clip{.pictures = 12, .period = 6, .references = 1};
    open(clip);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    ASSERT_EQ(8u, playback_.frames.size());
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(static_cast<Nanoseconds>(i < 2 ? i : i + 4) * 40 * millisecond, playback_.frames[i].pts) << i;
        EXPECT_FALSE(playback_.frames[i].corrupt) << i;
    }
    EXPECT_EQ(1u, playback_.dropped_for(DropReason::DeviceError));
    EXPECT_EQ(3u, playback_.dropped_for(DropReason::MissingReference));
    ASSERT_FALSE(playback_.dropped.empty());
    EXPECT_EQ("picture 3 at 0.080 s: the device could not decode it (ERROR flag)", playback_.dropped[0].why);
    EXPECT_EQ(1u, playback_.pools.size()) << "the context stays";
    close();
}

/// What is in such a buffer is an older picture.
TEST_F(RequestDecoderTest, BufferWithoutPayloadIsNeverShown) {
    kernel_.world().empty = {3};
    const ClipOptions clip{.pictures = 12, .period = 6, .references = 1};
    open(clip);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    EXPECT_EQ(8u, playback_.frames.size());
    EXPECT_EQ(1u, playback_.dropped_for(DropReason::DeviceError));
    ASSERT_FALSE(playback_.dropped.empty());
    EXPECT_EQ("picture 3 at 0.080 s: the device gave it back without a picture in it", playback_.dropped[0].why);
    close();
}

TEST_F(RequestDecoderTest, ThreeFailedPicturesAreTheEnd) {
    for (const bool empty : {false, true}) {
        FakeKernel kernel;
        for (std::uint64_t job = 5; job < 1000; ++job)
            (empty ? kernel.world().empty : kernel.world().errors).insert(job);
        const ClipOptions clip{.pictures = 60, .period = 4, .references = 1};
        Playback playback(kernel);
        auto decoder = open_decoder(kernel, clip);
        ASSERT_TRUE(decoder);
        EXPECT_FALSE(playback.play(**decoder, make_clip(clip)));
        ASSERT_TRUE(playback.failure);
        EXPECT_EQ(EIO, playback.failure->code);
        EXPECT_EQ(4u, playback.frames.size()) << "what was good is shown";
        decoder->reset();
        expect_clean(kernel, playback);
    }
}

/// The stream is damaged now and then, and the device says so.
TEST_F(RequestDecoderTest, ManyGoodPicturesForgiveFailedOnes) {
    for (const std::uint64_t job : {2, 12, 350, 700, 710}) kernel_.world().errors.insert(job);
    const ClipOptions clip{.pictures = 720, .period = 4, .references = 1};
    open(clip);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    EXPECT_EQ(5u, playback_.dropped_for(DropReason::DeviceError));
    EXPECT_EQ(720u, playback_.frames.size() + 5 + playback_.dropped_for(DropReason::MissingReference));
    close();
}

/// With each all that refers to it is lost: what little is good in between does not make up for it.
TEST_F(RequestDecoderTest, DeviceThatFailsAtRandomAccessPointsIsGivenUp) {
    for (const std::uint64_t job : {1, 9, 17}) kernel_.world().errors.insert(job);
    const ClipOptions clip{.pictures = 60, .period = 8, .references = 1};
    open(clip);
    EXPECT_FALSE(playback_.play(*decoder_, make_clip(clip)));
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(EIO, playback_.failure->code);
    EXPECT_EQ(3u, playback_.dropped_for(DropReason::DeviceError));
    close();
}

/// Too short for three failures, and nothing to show for it.
TEST_F(RequestDecoderTest, DeviceThatDecodesNothingIsGivenUp) {
    kernel_.world().errors = {1};
    const ClipOptions clip{.pictures = 3, .references = 1};
    open(clip);
    EXPECT_FALSE(playback_.play(*decoder_, make_clip(clip)));
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(EIO, playback_.failure->code);
    EXPECT_TRUE(playback_.frames.empty());
    close();
}

/// What a seek has left behind is no reason to wait for anything.
TEST_F(RequestDecoderTest, FailureOfBeforeASeekIsForgotten) {
    kernel_.world().automatic = false;
    kernel_.world().errors = {1};
    const ClipOptions clip{.pictures = 8, .references = 1};
    open(clip);
    AccessUnit unit;
    const auto units = make_clip(clip);
    unit.payload = Payload(units[0].bytes, nullptr, nullptr);
    ASSERT_TRUE(decoder_->send(unit));
    decoder_->flush();
    kernel_.world().automatic = true;
    EXPECT_TRUE(playback_.play(*decoder_, units));
    expect_in_order(playback_, 8);
    EXPECT_TRUE(playback_.dropped.empty());
    close();
}

TEST_F(RequestDecoderTest, StalledDeviceIsReplaced) {
    kernel_.world().stalls = {4};
    const ClipOptions clip{.pictures = 18, .period = 6};
    open(clip);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    EXPECT_GT(playback_.dropped_for(DropReason::Stalled), 0u);
    EXPECT_EQ(2u, playback_.pools.size()) << "a new context has slots of its own";
    // What was in flight is lost, and what refers to it; from the next IDR picture on all is well.
    ASSERT_GE(playback_.frames.size(), 3u + 6u);
    EXPECT_EQ(17 * 40 * millisecond, playback_.frames.back().pts);
    const unsigned lost = playback_.dropped_for(DropReason::Stalled) +
                          playback_.dropped_for(DropReason::MissingReference) +
                          playback_.dropped_for(DropReason::BeforeRandomAccess);
    EXPECT_EQ(18u, playback_.frames.size() + lost);
    close();
}

TEST_F(RequestDecoderTest, GivesUpADeviceThatStallsForEver) {
    for (std::uint64_t job = 1; job < 1000; ++job) kernel_.world().stalls.insert(job);
    const ClipOptions clip{.pictures = 60, .period = 4};
    open(clip);
    EXPECT_FALSE(playback_.play(*decoder_, make_clip(clip)));
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(ETIMEDOUT, playback_.failure->code);
    EXPECT_LT(kernel_.now(), 60 * second);
    close();
}

/// In mid-stream: when a stalled context is given up, and when another sequence wants another context.
TEST_F(RequestDecoderTest, AHangingCloseInMidStreamIsTheEnd) {
    for (const bool stall : {true, false}) {
        FakeKernel kernel;
        if (stall) kernel.world().stalls = {4};
        Playback playback(kernel);
        const ClipOptions small{.pictures = 6};
        const ClipOptions large{.width = 128, .height = 96, .pictures = 6, .start = 240 * millisecond};
        auto units = make_clip(small);
        for (auto& unit : make_clip(large)) units.push_back(std::move(unit));
        auto decoder = open_decoder(kernel, config_for(small), create_h264_codec(), {}, 20 * millisecond);
        ASSERT_TRUE(decoder);
        Hang hang;
        kernel.world().on_video_close = hang.wait();
        EXPECT_FALSE(playback.play(**decoder, units));
        ASSERT_TRUE(playback.failure);
        EXPECT_EQ(ETIMEDOUT, playback.failure->code);
        EXPECT_EQ(1u, playback.pools.size()) << "no other context on such a device";
        EXPECT_EQ(stall ? 3u : 6u, playback.frames.size());
        end_decoder(*decoder, playback, hang, kernel);
    }
}

/// Which is what larger bitstream buffers need.
TEST_F(RequestDecoderTest, AHangingStreamOffInMidStreamIsTheEnd) {
    auto units = make_clip({.pictures = 6});
    for (auto& unit : make_clip({.pictures = 6, .padding = 300'000, .start = 240 * millisecond}))
        units.push_back(std::move(unit));
    auto decoder = open_decoder(kernel_, config_for({}), create_h264_codec(), {}, 20 * millisecond);
    ASSERT_TRUE(decoder);
    Hang hang;
    kernel_.world().on_stream_off = hang.wait();
    playback_.period = 40 * millisecond;
    EXPECT_FALSE(playback_.play(**decoder, units));
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(ETIMEDOUT, playback_.failure->code);
    EXPECT_STREQ("STREAMOFF", playback_.failure->where);
    EXPECT_EQ(1u, playback_.pools.size()) << "no other context on such a device";
    expect_in_order(playback_, 6);
    end_decoder(*decoder, playback_, hang, kernel_);
}

TEST_F(RequestDecoderTest, SlowPictureIsNoStall) {
    kernel_.decoder().decode_time = 2 * second;
    const ClipOptions clip{.pictures = 4};
    open(clip);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    expect_in_order(playback_, 4);
    EXPECT_EQ(1u, playback_.pools.size());
    close();
}

TEST_F(RequestDecoderTest, GoesOnAfterDrain) {
    const ClipOptions clip{.pictures = 7, .b_pictures = true};
    open(clip);
    EXPECT_TRUE(playback_.play(*decoder_, make_clip(clip)));
    EXPECT_TRUE(playback_.play(*decoder_, make_clip({.pictures = 5, .b_pictures = true, .start = 280 * millisecond})));
    expect_in_order(playback_, 12);
    EXPECT_EQ(1u, playback_.pools.size());
    close();
}

TEST_F(RequestDecoderTest, FlushForgetsWhatIsInside) {
    kernel_.decoder().decode_time = 50 * millisecond;
    const ClipOptions clip{.pictures = 20, .b_pictures = true};
    open(clip);
    ASSERT_TRUE(playback_.play_until(*decoder_, make_clip(clip), 3));
    const std::size_t before = playback_.frames.size();
    decoder_->flush();
    EXPECT_FALSE(decoder_->next_event()) << "nothing of before the seek";
    EXPECT_TRUE(playback_.play(*decoder_, make_clip({.pictures = 10, .b_pictures = true, .start = 100 * second})));
    ASSERT_EQ(before + 10, playback_.frames.size());
    for (std::size_t i = before; i < playback_.frames.size(); ++i)
        EXPECT_EQ(100 * second + static_cast<Nanoseconds>(i - before) * 40 * millisecond, playback_.frames[i].pts);
    close();
}

TEST_F(RequestDecoderTest, SeeksAgainAndAgain) {
    const ClipOptions clip{.pictures = 20, .b_pictures = true};
    open(clip);
    const auto units = make_clip(clip);
    for (std::size_t seek = 0; seek < 40; ++seek) {
        ASSERT_TRUE(playback_.play_until(*decoder_, units, playback_.frames.size() + seek % 7)) << playback_.faults;
        decoder_->flush();
    }
    EXPECT_TRUE(playback_.play(*decoder_, units));
    EXPECT_EQ(19 * 40 * millisecond, playback_.frames.back().pts);
    EXPECT_EQ(1u, playback_.pools.size()) << "a seek needs no new buffers";
    close();
}

TEST_F(RequestDecoderTest, NewSequenceGetsNewSlots) {
    const ClipOptions small{.pictures = 6, .b_pictures = true};
    const ClipOptions large{.width = 128, .height = 96, .pictures = 6, .start = 240 * millisecond};
    open(small);
    auto units = make_clip(small);
    for (auto& unit : make_clip(large)) units.push_back(std::move(unit));
    playback_.period = 40 * millisecond;
    EXPECT_TRUE(playback_.play(*decoder_, units));
    expect_in_order(playback_, 12);
    ASSERT_EQ(2u, playback_.pools.size());
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(i < 6 ? 64u : 128u, playback_.frames[i].coded_width) << i;
    close();
}

TEST_F(RequestDecoderTest, BitstreamBuffersGrow) {
    const ClipOptions clip{.pictures = 5};
    open(clip);
    auto units = make_clip(clip);
    auto large = make_clip({.pictures = 5, .padding = 900'000, .start = 200 * millisecond});
    std::move(large.begin(), large.end(), std::back_inserter(units));
    EXPECT_TRUE(playback_.play(*decoder_, units));
    expect_in_order(playback_, 10);
    EXPECT_GT(kernel_.pictures().back().bitstream.size(), 900'000u) << "never cut";
    EXPECT_EQ(1u, playback_.pools.size()) << "the picture buffers stay";
    close();
}

TEST_F(RequestDecoderTest, FramesOutliveTheDecoder) {
    const ClipOptions clip{.pictures = 6};
    open(clip);
    playback_.period = 1000 * second;
    ASSERT_TRUE(playback_.play_until(*decoder_, make_clip(clip), 4));
    decoder_.reset();
    EXPECT_NE("", kernel_.leaks()) << "the dmabufs of frames that are kept";
    expect_clean(kernel_, playback_);
}

TEST_F(RequestDecoderTest, WaitsForARandomAccessPoint) {
    const ClipOptions clip{.pictures = 12, .period = 6};
    open(clip);
    auto units = make_clip(clip);
    units.erase(units.begin());
    EXPECT_TRUE(playback_.play(*decoder_, units));
    expect_in_order(playback_, 6, 240 * millisecond);
    EXPECT_EQ(5u, playback_.dropped_for(DropReason::BeforeRandomAccess));
    close();
}

TEST(RequestDecoderDiscovery, SurvivesATopologyThatMoves) {
    FakeDecoder device;
    device.topology_moves = true;
    FakeKernel kernel({device, device});
    const auto devices = find_decoders(kernel);
    ASSERT_EQ(2u, devices.size());
    EXPECT_TRUE(devices[0].stateless);
    EXPECT_EQ("/dev/media1", devices[1].media_path);
    EXPECT_EQ("/dev/video1", devices[1].video_path);
    EXPECT_EQ("", kernel.leaks());
}

TEST(RequestDecoderRefusals, SayWhatIsMissing) {
    set_log_level(LogLevel::Error);
    const ClipOptions clip{.pictures = 3};
    const auto failure = [&](const FakeDecoder& device) {
        FakeKernel kernel({device});
        Playback playback(kernel);
        auto decoder = open_decoder(kernel, clip);
        if (decoder) playback.play(**decoder, make_clip(clip));
        const int code = decoder ? playback.failure.value_or(Error{}).code : decoder.error().code;
        if (decoder) decoder->reset();
        expect_clean(kernel, playback);
        return code;
    };
    EXPECT_EQ(0, failure({}));
    EXPECT_EQ(ENOTSUP, failure({.coded_formats = {V4L2_PIX_FMT_VP8_FRAME}}));
    EXPECT_EQ(ENOTSUP, failure({.missing_controls = {V4L2_CID_STATELESS_H264_DECODE_PARAMS}}));
    EXPECT_EQ(ENOTSUP, failure({.control_sizes = {{V4L2_CID_STATELESS_H264_SPS, 1052}}}));
    EXPECT_EQ(ENOTSUP, failure({.sizes = {16, 32, 16, 16, 32, 16}}));
    EXPECT_EQ(ENOMEM, failure({.most_buffers = 3}));
}

} // namespace
} // namespace v4l2play
