// Which device plays a stream where there are two of one kind: the cores of a chip.
#include "app/decoder_factory.h"

#include <cerrno>
#include <map>
#include <sstream>

#include <gtest/gtest.h>
#include <linux/version.h>

#include "app/fallback.h"
#include "decoder/v4l2/media_device.h"
#include "tests/unit/expect_clean.h"
#include "tests/unit/h264_clip.h"
#include "tests/unit/quiet_test.h"

namespace v4l2play {
namespace {

using fakes::FakeDecoder;
using fakes::FakeKernel;
using namespace test;

const ClipOptions twin_clip{.pictures = 40, .period = 10};

class TwinDevicesTest : public QuietTest {
  protected:
    TwinDevicesTest() {
        options_.decoder = DecoderChoice::Request;
        config_.stream.codec = CodecId::H264;
        config_.stream.codec_name = "h264";
        config_.stream.width = static_cast<int>(twin_clip.width);
        config_.stream.height = static_cast<int>(twin_clip.height);
    }
    static FakeDecoder core(const char* bus) {
        FakeDecoder core;
        core.driver = "rkvdec";
        core.bus_info = bus;
        return core;
    }
    Result<OpenedDecoder> open(const TriedDecoders& tried = {}) {
        return open_decoder(options_, config_, nullptr, tried, kernel_);
    }
    /// How many of `count` decoders, all open at once, each device has.
    std::map<std::string, unsigned> open_many(unsigned count) {
        std::vector<std::unique_ptr<Decoder>> decoders;
        std::map<std::string, unsigned> on;
        for (unsigned i = 0; i < count; ++i) {
            auto opened = open();
            EXPECT_TRUE(opened) << opened.error().what;
            if (!opened) return on;
            ++on[opened->decoder->description().device];
            decoders.push_back(std::move(opened->decoder));
        }
        return on;
    }

    FakeKernel kernel_{{core("platform:a"), core("platform:b")}};
    Options options_;
    DecoderConfig config_;
};

const std::string on_a = "fake-vpu-dec (platform:a)";
const std::string on_b = "fake-vpu-dec (platform:b)";
using Shares = std::map<std::string, unsigned>;

TEST_F(TwinDevicesTest, AreToldApart) {
    const auto devices = find_decoders(kernel_);
    ASSERT_EQ(2U, devices.size());
    EXPECT_EQ("rkvdec (platform:a)", devices[0].name());
    EXPECT_EQ("rkvdec (platform:b)", devices[1].name());
    EXPECT_EQ("/dev/video0", devices[0].video_path);
    EXPECT_EQ("/dev/media1", devices[1].media_path);
    EXPECT_EQ("", kernel_.leaks());
}

/// A display that shows one format, and draws others.
class PickyOutput final : public Output {
  public:
    [[nodiscard]] std::vector<FormatModifier> formats() const override { return {{fourcc_p010}}; }
    [[nodiscard]] std::vector<FormatModifier> drawn_formats() const override { return {{fourcc_p010}, {fourcc_nv12}}; }
    [[nodiscard]] unsigned slots_held() const override { return 3; }
    [[nodiscard]] bool ready() const override { return true; }
    [[nodiscard]] VblankTiming timing() const override { return {}; }
    Result<> configure(const std::shared_ptr<SlotPool>&, const FrameInfo&) override { return {}; }
    Result<> present(Frame&, Nanoseconds) override { return {}; }
    std::optional<OutputEvent> next_event() override { return std::nullopt; }
    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] Nanoseconds next_timeout() const override { return no_time; }
    Result<> dispatch() override { return {}; }
    void stop() override {}
    [[nodiscard]] OutputDescription description() const override { return {}; }
};

TEST_F(TwinDevicesTest, HardwareThatMakesNothingThatIsShownMakesWhatIsDrawn) {
    const PickyOutput output;
    config_.output_formats = offered_formats(output, false);
    EXPECT_EQ((std::vector<FormatModifier>{{fourcc_p010}}), config_.output_formats);
    fakes::Playback playback(kernel_);
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what;
    const auto units = make_clip(twin_clip);
    EXPECT_FALSE(playback.play(*opened->decoder, units)) << "as far as it is known it cannot be shown";
    config_.hardware_formats = offered_formats(output, true);
    EXPECT_EQ((std::vector<FormatModifier>{{fourcc_p010}, {fourcc_nv12}}), config_.hardware_formats);
    opened = open();
    ASSERT_TRUE(opened) << opened.error().what;
    playback.failure.reset();
    EXPECT_TRUE(playback.play(*opened->decoder, units));
    EXPECT_EQ(40U, playback.frames.size());
    opened->decoder.reset();
    fakes::expect_clean(kernel_, playback);
}

TEST_F(TwinDevicesTest, HardwareThatMakesNothingThatIsKnownToBeShownIsAskedAgain) {
    config_.output_formats = config_.hardware_formats = {{fourcc_p010}};
    config_.stream.extradata = make_clip(twin_clip).front().bytes; // so that the format is known from the start
    unsigned asked = 0;
    const auto find = [&](std::vector<FormatModifier> found) {
        return [&asked, found = std::move(found)] {
            ++asked;
            return found;
        };
    };
    EXPECT_FALSE(open_decoder(options_, config_, nullptr, {}, kernel_, find({}))) << "there is nothing more";
    auto opened = open_decoder(options_, config_, nullptr, {}, kernel_, find({{fourcc_nv12}}));
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_EQ(asked, 3U) << "once for each device that was tried";
    opened->decoder.reset();
    EXPECT_EQ(kernel_.leaks(), "");
}

/// What "quirk:" lines the list of devices has for a driver on a kernel.
std::string quirks_in_list(const char* driver, std::uint32_t kernel_version) {
    FakeDecoder device;
    device.driver = driver;
    device.kernel_version = kernel_version;
    FakeKernel kernel({device});
    std::istringstream lines(describe_decoder_devices(kernel));
    std::string quirks;
    for (std::string line; std::getline(lines, line);)
        if (line.rfind("  quirk: ", 0) == 0) quirks += line + "\n";
    EXPECT_EQ("", kernel.leaks());
    return quirks;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(DeviceListTest, QuirksAreOfTheKernelThatRuns) {
    const char* sets = "go on with the HEVC RPS that they have";
    EXPECT_FALSE(has(quirks_in_list("rkvdec", KERNEL_VERSION(6, 19, 255)), sets));
    EXPECT_TRUE(has(quirks_in_list("rkvdec", KERNEL_VERSION(7, 0, 0)), sets));

    const char* stall = "may stall (phase1_cb: Post wait): the watchdog makes a new context (kernels: 6.12 to 6.17; ";
    EXPECT_FALSE(has(quirks_in_list("rpi-hevc-dec", KERNEL_VERSION(6, 11, 255)), stall));
    EXPECT_TRUE(has(quirks_in_list("rpi-hevc-dec", KERNEL_VERSION(6, 12, 0)), stall));
    EXPECT_TRUE(has(quirks_in_list("rpi-hevc-dec", KERNEL_VERSION(6, 17, 255)), stall));
    EXPECT_FALSE(has(quirks_in_list("rpi-hevc-dec", KERNEL_VERSION(6, 18, 0)), stall));
}

TEST(DeviceListTest, DriversWithoutQuirksHaveNoneInIt) {
    EXPECT_EQ("", quirks_in_list("visl", KERNEL_VERSION(6, 12, 0)));
}

TEST_F(TwinDevicesTest, PlayersAreSpread) {
    EXPECT_EQ((Shares{{on_a, 3}, {on_b, 3}}), open_many(6));
    EXPECT_EQ("", kernel_.leaks());
}

TEST_F(TwinDevicesTest, TheDriverNamesBothTheBusOne) {
    options_.device = "rkvdec";
    EXPECT_EQ((Shares{{on_a, 2}, {on_b, 2}}), open_many(4));
    options_.device = "rkvdec:platform:b";
    EXPECT_EQ((Shares{{on_b, 4}}), open_many(4));
    options_.device = "/dev/video0";
    EXPECT_EQ((Shares{{on_a, 4}}), open_many(4));
    options_.device = "rkvdec:platform:c";
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_NE(std::string::npos, opened.error().what.find("no decoder is called rkvdec:platform:c"));
}

TEST_F(TwinDevicesTest, OneIsBusy) {
    kernel_.decoder(0).open_error = EBUSY;
    EXPECT_EQ((Shares{{on_b, 4}}), open_many(4));
    kernel_.decoder(1).open_error = EBUSY;
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(EBUSY, opened.error().code);
    EXPECT_NE(std::string::npos, opened.error().what.find("/dev/video1"));
    EXPECT_EQ("", kernel_.leaks());
}

TEST_F(TwinDevicesTest, OneGoesAwayTheOtherTakesOver) {
    fakes::Playback playback(kernel_);
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what;
    const std::string first = opened->decoder->description().device;
    EXPECT_TRUE(opened->any_other);
    const auto units = make_clip(twin_clip);
    ASSERT_TRUE(playback.play_until(*opened->decoder, units, 5));
    kernel_.decoder(first == on_a ? 0 : 1).gone = true;
    EXPECT_FALSE(playback.play(*opened->decoder, {units.begin() + 10, units.end()}));
    ASSERT_TRUE(playback.failure);

    Fallback fallback(true);
    ASSERT_TRUE(fallback.goes_on(Ended::DeviceFailed, opened->device, opened->any_other, std::nullopt));
    opened = open(fallback.tried());
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_EQ(first == on_a ? on_b : on_a, opened->decoder->description().device);
    EXPECT_FALSE(opened->any_other) << "it has failed already";
    playback.failure.reset();
    playback.frames.clear();
    EXPECT_TRUE(playback.play(*opened->decoder, {units.begin() + 10, units.end()}));
    EXPECT_EQ(30U, playback.frames.size());
    opened->decoder.reset();
    fakes::expect_clean(kernel_, playback);
}

TEST_F(TwinDevicesTest, WhatHasGivenUpIsNotAskedAgain) {
    auto opened = open({{"/dev/video0"}, false});
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_EQ("/dev/video1", opened->device);
    EXPECT_FALSE(open({{"/dev/video0", "/dev/video1"}, false}));
    EXPECT_FALSE(open({{"/dev/video0"}, true}));
}

TEST_F(TwinDevicesTest, AnotherCodecIsNoReasonToTryAgain) {
    kernel_.decoder(1).coded_formats = {V4L2_PIX_FMT_MPEG2_SLICE};
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what;
    EXPECT_EQ("/dev/video0", opened->device);
    EXPECT_FALSE(opened->any_other);
}

} // namespace
} // namespace v4l2play
