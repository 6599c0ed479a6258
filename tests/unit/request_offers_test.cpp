// The output would rather have another format, in the middle: from the next picture on that starts anew.
#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "decoder/request/device_setup.h"
#include "tests/unit/expect_clean.h"
#include "tests/unit/quiet_test.h"
#include "tests/unit/request_playback.h"

namespace v4l2play::test {
namespace {

using namespace fakes;

/// H.264, of which `offer` is told before unit number `offered`.
class OfferingCodec final : public Codec {
  public:
    OfferingCodec(unsigned offered, std::function<void()> offer)
        : offered_(offered)
        , offer_(std::move(offer)) {}
    Result<> configure(const StreamInfo& stream) override { return codec_->configure(stream); }
    [[nodiscard]] const SequenceInfo* sequence() const override { return codec_->sequence(); }
    Result<> parse(const AccessUnit& unit, Steps& steps) override {
        if (++units_ == offered_) offer_();
        return codec_->parse(unit, steps);
    }
    void drain(Steps& steps) override { codec_->drain(steps); }
    void flush(Steps& steps) override { codec_->flush(steps); }
    void resynchronise(Steps& steps) override { codec_->resynchronise(steps); }

  private:
    std::unique_ptr<Codec> codec_ = create_h264_codec();
    const unsigned offered_;
    const std::function<void()> offer_;
    unsigned units_ = 0;
};

constexpr FormatModifier linear_nv12{fourcc_nv12, modifier_linear};
constexpr FormatModifier linear_yuv420{fourcc_yuv420, modifier_linear};
constexpr unsigned group = 6; ///< pictures from one that starts anew to the next

struct Offering {
    Offering() {
        playback_.period = 40 * millisecond;
        kernel_.decoder().pixel_formats = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420};
    }

    /// Plays three groups, and offers `formats` in the middle of the first.
    bool play_offering(const std::vector<FormatModifier>& formats) {
        const ClipOptions clip{.pictures = 3 * group, .period = group};
        DecoderConfig config = config_for(clip);
        config.output_formats = {linear_nv12, linear_yuv420};
        const auto offer = [this, formats] {
            decoder_->offer_formats(formats);
            if (on_offer_) on_offer_();
        };
        auto opened = open_decoder(kernel_, config, std::make_unique<OfferingCodec>(3, offer));
        if (!opened) return false;
        decoder_ = std::move(*opened);
        return playback_.play(*decoder_, make_clip(clip));
    }
    [[nodiscard]] std::size_t frames_in(DrmFourcc fourcc) const {
        return static_cast<std::size_t>(
            std::count_if(playback_.frames.begin(), playback_.frames.end(),
                          [&](const PlayedFrame& frame) { return frame.fourcc == fourcc; }));
    }
    [[nodiscard]] std::size_t different_pools() const {
        std::set<SlotPool*> found;
        for (const auto& pool : playback_.pools) found.insert(pool.get());
        return found.size();
    }
    /// From the first on without a gap.
    [[nodiscard]] bool is_whole() const {
        for (std::size_t i = 0; i < playback_.frames.size(); ++i)
            if (playback_.frames[i].pts != static_cast<Nanoseconds>(i) * 40 * millisecond) return false;
        return true;
    }
    void close() {
        decoder_.reset();
        expect_clean(kernel_, playback_);
    }

    FakeKernel kernel_;
    Playback playback_{kernel_};
    std::function<void()> on_offer_;
    std::unique_ptr<Decoder> decoder_;
};

class RequestOffersTest : public QuietTest, protected Offering {};

TEST_F(RequestOffersTest, FormatThatIsOfferedComesWithThePictureThatStartsAnew) {
    kernel_.decoder().pixel_formats = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420};
    EXPECT_TRUE(play_offering({{fourcc_yuv420, modifier_linear}, {fourcc_nv12, modifier_linear}}));
    EXPECT_EQ(group, frames_in(fourcc_nv12));
    EXPECT_EQ(2 * group, frames_in(fourcc_yuv420));
    EXPECT_TRUE(std::is_sorted(playback_.frames.begin(), playback_.frames.end(),
                               [](const PlayedFrame& a, const PlayedFrame& b) { return a.pts < b.pts; }));
    EXPECT_TRUE(playback_.dropped.empty());
    EXPECT_EQ(2u, different_pools());
    close();
}

TEST_F(RequestOffersTest, OfferThatChangesNothingIsNoNewContext) {
    kernel_.decoder().pixel_formats = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420};
    constexpr std::uint64_t tiled = 0x0300000000000001ULL;
    for (const FormatModifier best : {FormatModifier{fourcc_nv12, modifier_linear}, FormatModifier{fourcc_nv12, tiled},
                                      FormatModifier{fourcc_p010, modifier_linear}}) {
        playback_.frames.clear();
        playback_.pools.clear();
        EXPECT_TRUE(play_offering({best, {fourcc_nv12, modifier_linear}, {fourcc_yuv420, modifier_linear}}));
        EXPECT_EQ(3 * group, frames_in(fourcc_nv12));
        EXPECT_EQ(1u, different_pools());
        close();
    }
}

TEST_F(RequestOffersTest, ABetterFormatThatCannotBeHadLeavesTheOld) {
    kernel_.decoder().unallocatable = {V4L2_PIX_FMT_YUV420};
    EXPECT_TRUE(play_offering({linear_yuv420, linear_nv12}));
    EXPECT_EQ(3 * group, frames_in(fourcc_nv12));
    EXPECT_TRUE(is_whole());
    EXPECT_TRUE(playback_.dropped.empty());
    EXPECT_EQ(2u, different_pools()) << "tried once";
    close();
}

/// Whoever goes on finds everything before it shown.
TEST_F(RequestOffersTest, WithoutTheOldFormatTheDecoderEndsAfterWhatItHas) {
    on_offer_ = [this] { kernel_.decoder().unallocatable = {V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12}; };
    EXPECT_FALSE(play_offering({linear_yuv420, linear_nv12}));
    ASSERT_TRUE(playback_.failure);
    EXPECT_EQ(ENOMEM, playback_.failure->code);
    EXPECT_EQ(group, playback_.frames.size());
    EXPECT_TRUE(is_whole());
    EXPECT_TRUE(playback_.dropped.empty());
    close();
}

/// Each call from the offer to the end fails in one run: all frames come, or all up to where the decoder gives up.
TEST_F(RequestOffersTest, AnyCallMayFailWhileTheFormatChanges) {
    unsigned whole = 0;
    unsigned in_old_format = 0;
    for (unsigned n = 1; n < 2000; ++n) {
        Offering run;
        run.on_offer_ = [&] { run.kernel_.fail_call(n, ENOMEM); };
        const bool played = run.play_offering({linear_yuv420, linear_nv12});
        const std::string call = run.kernel_.failed_call();
        run.kernel_.fail_call(0, 0);
        EXPECT_NE(played, run.playback_.failure.has_value()) << call;
        EXPECT_TRUE(run.is_whole() || !run.playback_.dropped.empty()) << call;
        whole += played && run.playback_.dropped.empty() ? 1 : 0;
        in_old_format += run.frames_in(fourcc_nv12) == 3 * group ? 1 : 0;
        run.close();
        if (call.empty() || HasFailure()) break;
    }
    EXPECT_GT(whole, 20U);
    EXPECT_GT(in_old_format, 10U);
}

/// The pixel format that is taken from a driver that makes `pixel_formats` for an output that takes `output_formats`;
/// "" when there is none.
std::string taken(const std::vector<std::uint32_t>& pixel_formats, const std::vector<FormatModifier>& output_formats) {
    FakeDecoder driver;
    driver.pixel_formats = pixel_formats;
    FakeKernel kernel({driver});
    const auto device = VideoDevice::open(kernel, find_decoders(kernel).at(0).video_path);
    EXPECT_TRUE(device);
    const SequenceInfo sequence;
    const auto chosen = choose_pixel_format(*device, sequence, V4l2Fourcc{pixel_formats.front()}, output_formats);
    return chosen ? to_string(*chosen) : "";
}

TEST(PixelFormatChoice, LeavesWhatHasNoNameToTheDriver) {
    const std::vector<std::uint32_t> hantro{V4L2_PIX_FMT_NV12_4L4, V4L2_PIX_FMT_NV12};
    EXPECT_EQ(taken(hantro, {}), "NV12");
    EXPECT_EQ(taken(hantro, {linear_nv12}), "NV12");
    EXPECT_EQ(taken({V4L2_PIX_FMT_NV12_4L4}, {}), "");
}

TEST(PixelFormatChoice, TakesColumnsWithTheirHeightInTheModifierFirst) {
    const FormatModifier columns{fourcc_nv12, 0x0700000000000004ULL};
    EXPECT_EQ(taken({V4L2_PIX_FMT_NV12MT_COL128, V4L2_PIX_FMT_NV12_COL128}, {columns}), "NC12");
    EXPECT_EQ(taken({V4L2_PIX_FMT_NV12MT_COL128}, {columns}), "Nc12");
    EXPECT_EQ(taken({V4L2_PIX_FMT_NV12MT_COL128}, {linear_nv12}), "");
}

} // namespace
} // namespace v4l2play::test
