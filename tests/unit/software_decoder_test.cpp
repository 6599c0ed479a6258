#include "decoder/software/software_decoder.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstring>
#include <deque>
#include <numeric>
#include <set>
#include <thread>

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/mem.h>
}

#include "app/frame_md5.h"
#include "decoder/frame_map.h"
#include "tests/unit/av1_stream.h"
#include "tests/unit/encoded_clip.h"

namespace v4l2play {
namespace {

using test::Clip;
using test::ClipOptions;
using test::CodedUnit;
using test::make_clip;

/// Payloads that are out; the number falls when the decoder gives one back, on any thread.
std::atomic<int> payloads_out{0};

AccessUnit to_unit(const CodedUnit& coded, std::uint32_t serial = 0) {
    AccessUnit unit;
    ++payloads_out;
    unit.payload = Payload(
        {coded.bytes.data(), coded.bytes.size() - test::padding}, [](void*) { --payloads_out; }, nullptr);
    unit.pts = coded.pts;
    unit.dts = coded.dts;
    unit.key = coded.key;
    unit.duration = 40 * millisecond;
    unit.serial = serial;
    return unit;
}

DecoderConfig config_for(const Clip& clip) {
    DecoderConfig config;
    config.stream = clip.stream;
    config.output_needs_dmabuf = false;
    config.threads = 3;
    return config;
}

/// All samples of the visible picture.
std::vector<std::uint8_t> pixels_of(const Frame& frame) {
    static FrameMapper mapper(system_kernel());
    std::vector<std::uint8_t> pixels;
    const auto view = mapper.map(frame.slot);
    if (!view) return pixels;
    for (unsigned c = 0; c < view->layout().components(); ++c) {
        const auto row = row_bytes(view->layout(), c, component_width(view->layout(), c, frame.info.visible.width));
        for (std::uint32_t y = 0; y < component_height(view->layout(), c, frame.info.visible.height); ++y)
            pixels.insert(pixels.end(), view->row(c, y), view->row(c, y) + row);
    }
    return pixels;
}

std::vector<std::uint8_t> drawn_pixels(const ClipOptions& options, int index) {
    std::vector<std::uint8_t> pixels;
    for (int c = 0; c < 3; ++c) {
        const int shift = c == 0 ? 0 : 1;
        for (int y = 0; y < options.height >> shift; ++y) {
            for (int x = 0; x < options.width >> shift; ++x)
                pixels.push_back(static_cast<std::uint8_t>(test::sample(index, c, x, y)));
        }
    }
    return pixels;
}

/// Drives a decoder as a decode thread does and keeps what comes out.
class Harness {
  public:
    explicit Harness(const DecoderConfig& config) {
        auto made = create_software_decoder(system_kernel(), config);
        EXPECT_TRUE(made) << made.error().what;
        if (made) decoder = *std::move(made);
    }

    void take_events() {
        while (auto event = decoder->next_event()) take(std::move(*event));
    }

    void take(DecoderEvent event) {
        if (auto* frame = std::get_if<Frame>(&event)) {
            const SlotPool* announced = pools.empty() ? nullptr : pools.back().get();
            EXPECT_EQ(&frame->slot.pool(), announced) << "frame of a pool that was not announced";
            frames.push_back(std::move(*frame));
        } else if (auto* changed = std::get_if<PoolChanged>(&event)) {
            EXPECT_FALSE(changed->terms.empty());
            pools.push_back(changed->pool);
        } else if (auto* lost = std::get_if<PicturesDropped>(&event)) {
            dropped += lost->count;
            if (lost->reason == DropReason::DeviceError) refused += lost->count;
        } else if (auto* failure = std::get_if<DecoderFailed>(&event)) {
            failed = failure->error;
        } else {
            drained = true;
        }
    }

    /// False when the decoder stays full for `patience` though its events are taken.
    bool send(const CodedUnit& coded, std::uint32_t serial = 0, bool discard = false,
              Nanoseconds patience = 200 * millisecond) {
        AccessUnit unit = to_unit(coded, serial);
        unit.discard = discard;
        const Nanoseconds end = system_kernel().now() + patience;
        while (!failed) {
            const auto sent = decoder->send(unit);
            if (!sent) return false;
            take_events();
            if (*sent == SendStatus::Accepted) return true;
            if (system_kernel().now() > end) return false;
            (void)decoder->dispatch(20 * millisecond);
        }
        return false;
    }

    void finish() {
        drained = false;
        decoder->drain();
        for (int i = 0; i < 1000 && !drained && !failed; ++i) {
            take_events();
            if (!drained && !failed) (void)decoder->dispatch(millisecond);
        }
        EXPECT_TRUE(drained || failed);
    }

    std::deque<Frame> frames;
    std::vector<std::shared_ptr<SlotPool>> pools;
    unsigned dropped = 0;
    unsigned refused = 0; ///< of these, not for what is in the stream
    std::optional<Error> failed;
    bool drained = false;
    std::unique_ptr<Decoder> decoder; ///< last: frames must be able to outlive it
};

TEST(SoftwareDecoder, GivesThePicturesThatWereEncoded) {
    ClipOptions options;
    options.codec = AV_CODEC_ID_FFV1; // lossless
    options.width = 174;
    options.height = 130;
    const Clip clip = make_clip(options);
    ASSERT_EQ(clip.units.size(), 24U);
    DecoderConfig config = config_for(clip);
    config.stream.hdr.has_content_light = true;
    config.stream.hdr.max_content_light_level = 1000;
    Harness harness(config);
    int shown = 0;
    const auto check = [&] {
        for (; !harness.frames.empty(); harness.frames.pop_front(), ++shown) {
            const Frame& frame = harness.frames.front();
            EXPECT_EQ(frame.pts, shown * 40 * millisecond);
            EXPECT_EQ(frame.info.visible, (Rect{0, 0, 174, 130}));
            EXPECT_EQ(frame.id, static_cast<FrameId>(shown + 1));
            EXPECT_EQ(frame.slot.hold(), Hold::Queue);
            EXPECT_EQ(frame.info.hdr, config.stream.hdr);
            EXPECT_FALSE(frame.corrupt);
            ASSERT_EQ(pixels_of(frame), drawn_pixels(options, shown)) << shown;
        }
    };
    for (const CodedUnit& unit : clip.units) {
        ASSERT_TRUE(harness.send(unit));
        check();
    }
    harness.finish();
    check();
    EXPECT_EQ(shown, 24);
    EXPECT_EQ(harness.pools.size(), 1U);
    EXPECT_EQ(harness.pools[0]->statistics().early_reuse, 0U);
    EXPECT_EQ(harness.pools[0]->statistics().illegal, 0U);
}

TEST(SoftwareDecoder, GivesEverythingBack) {
    ASSERT_EQ(payloads_out, 0);
    const Clip clip = make_clip({});
    auto harness = std::make_unique<Harness>(config_for(clip));
    for (const CodedUnit& unit : clip.units) {
        ASSERT_TRUE(harness->send(unit));
        harness->frames.clear();
    }
    const std::shared_ptr<SlotPool> pool = harness->pools.at(0);
    EXPECT_LT(pool->free_count(), pool->count()); // libavcodec keeps its references
    harness.reset();
    EXPECT_EQ(pool->free_count(), pool->count());
    EXPECT_EQ(payloads_out, 0);
}

struct HeldCase {
    AVCodecID codec;
    AVPixelFormat pixels;
    int b_frames;
};
class HeldFrames : public testing::TestWithParam<HeldCase> {};

/// mpeg4 refers to frames that are out already; qtrle changes its picture in place, unless told not to.
TEST_P(HeldFrames, DoNotChangeWhileDecodingGoesOn) {
    ClipOptions options;
    options.codec = GetParam().codec;
    options.pixels = GetParam().pixels;
    options.b_frames = GetParam().b_frames;
    const Clip clip = make_clip(options);
    if (clip.units.empty()) GTEST_SKIP() << "no encoder";
    DecoderConfig config = config_for(clip);
    config.queue_slots = 30;
    Harness harness(config);
    std::vector<std::vector<std::uint8_t>> before;
    const auto remember = [&] {
        while (before.size() < harness.frames.size()) before.push_back(pixels_of(harness.frames[before.size()]));
    };
    for (const CodedUnit& unit : clip.units) {
        ASSERT_TRUE(harness.send(unit));
        remember();
    }
    harness.finish();
    remember();
    ASSERT_EQ(harness.frames.size(), 24U);
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(pixels_of(harness.frames[i]), before[i]) << "frame " << i << " was written while it was held";
        if (i > 0) {
            EXPECT_NE(before[i], before[i - 1]) << i;
            EXPECT_LT(harness.frames[i - 1].pts, harness.frames[i].pts);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Codecs, HeldFrames,
                         testing::Values(HeldCase{AV_CODEC_ID_MPEG4, AV_PIX_FMT_YUV420P, 2},
                                         HeldCase{AV_CODEC_ID_MPEG2VIDEO, AV_PIX_FMT_YUV420P, 2},
                                         HeldCase{AV_CODEC_ID_QTRLE, AV_PIX_FMT_RGB24, 0}));

TEST(SoftwareDecoder, IsFullWhileFramesAreHeldAndGoesOnAfterwards) {
    ClipOptions options;
    options.frames = 60;
    const Clip clip = make_clip(options);
    DecoderConfig config = config_for(clip);
    config.queue_slots = 3;
    config.presenter_slots = 2;
    Harness harness(config);
    std::size_t sent = 0;
    while (sent < clip.units.size() && harness.send(clip.units[sent], 0, false, 100 * millisecond)) ++sent;
    ASSERT_LT(sent, clip.units.size()) << "never full";
    const unsigned slots = harness.pools.at(0)->count();
    EXPECT_GE(harness.frames.size(), 5U) << "what was asked for must be possible";
    EXPECT_LT(harness.frames.size(), slots);
    // Full: a dispatch sleeps until somebody on another thread lets a frame go.
    std::thread presenter([&harness] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        harness.frames.pop_front();
        harness.frames.pop_front();
    });
    const Nanoseconds start = system_kernel().now();
    ASSERT_TRUE(harness.decoder->dispatch(5 * second));
    EXPECT_LT(system_kernel().now() - start, 3 * second);
    presenter.join();
    for (; sent < clip.units.size(); ++sent) {
        while (!harness.frames.empty()) harness.frames.pop_front();
        ASSERT_TRUE(harness.send(clip.units[sent])) << sent;
    }
    EXPECT_EQ(harness.pools.size(), 1U);
    EXPECT_EQ(harness.pools[0]->count(), slots) << "slow presentation must not make the pool grow";
    EXPECT_EQ(harness.pools[0]->statistics().early_reuse, 0U);
}

TEST(SoftwareDecoder, WakerEndsDispatch) {
    const Clip clip = make_clip({});
    Harness harness(config_for(clip));
    std::thread other([&harness] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        harness.decoder->waker().signal();
    });
    const Nanoseconds start = system_kernel().now();
    EXPECT_TRUE(harness.decoder->dispatch(5 * second));
    EXPECT_LT(system_kernel().now() - start, 3 * second);
    other.join();
    EXPECT_TRUE(harness.decoder->dispatch(20 * millisecond)); // and a time-out ends it too
}

TEST(SoftwareDecoder, FlushForgetsAndDrainGoesOn) {
    const Clip clip = make_clip({});
    Harness harness(config_for(clip));
    for (std::size_t i = 0; i < 8; ++i) {
        ASSERT_TRUE(harness.send(clip.units[i], 1));
        harness.frames.clear();
    }
    harness.decoder->flush();
    EXPECT_FALSE(harness.decoder->next_event());
    for (int round = 2; round < 4; ++round) {
        std::size_t frames = 0;
        const auto check = [&] {
            for (; !harness.frames.empty(); harness.frames.pop_front(), ++frames)
                EXPECT_EQ(harness.frames.front().serial, static_cast<std::uint32_t>(round));
        };
        for (std::size_t i = 12; i < 24; ++i) { // the second key frame
            ASSERT_TRUE(harness.send(clip.units[i], static_cast<std::uint32_t>(round)));
            check();
        }
        harness.finish();
        check();
        EXPECT_EQ(frames, 12U);
    }
    EXPECT_EQ(harness.pools.size(), 1U);
}

/// Without its NAL units of one type.
CodedUnit without(CodedUnit unit, unsigned nal_unit_type) {
    const auto end = unit.bytes.end() - static_cast<std::ptrdiff_t>(test::padding);
    constexpr std::array<std::uint8_t, 3> start_code{0, 0, 1};
    std::vector<std::uint8_t> kept;
    for (auto nal = std::search(unit.bytes.begin(), end, start_code.begin(), start_code.end()); nal != end;) {
        const auto next = std::search(nal + 3, end, start_code.begin(), start_code.end());
        if ((nal[3] & 31U) != nal_unit_type) kept.insert(kept.end(), nal, next);
        nal = next;
    }
    kept.resize(kept.size() + test::padding);
    unit.bytes = std::move(kept);
    return unit;
}

/// An I picture with nothing to say that decoding can begin there (no IDR, no recovery point), and then the stream ends
/// before the first picture has to come out: all of them come at the end.
TEST(SoftwareDecoder, ShowsWhatFollowsAnUnmarkedKeyPicture) {
    const Clip clip = make_clip({.codec = AV_CODEC_ID_H264, .b_frames = 2, .x264 = "open-gop=1:scenecut=0:ref=1"});
    if (clip.units.empty()) GTEST_SKIP() << "no encoder";
    const auto is_key = [](const CodedUnit& unit) { return unit.key; };
    const auto key = std::find_if(clip.units.begin() + 1, clip.units.end(), is_key);
    ASSERT_NE(clip.units.end(), key);
    std::deque<CodedUnit> sent; // stay where they are while the decoder has them
    Harness harness(config_for(clip));
    for (auto unit = clip.units.begin(); unit != clip.units.begin() + 6; ++unit) ASSERT_TRUE(harness.send(*unit));
    harness.decoder->flush();
    harness.frames.clear();
    std::set<Nanoseconds> wanted;
    for (auto unit = key; unit != clip.units.end() && wanted.size() < 2; ++unit) {
        if (unit->pts < key->pts) continue; // refers to what lies before
        wanted.insert(unit->pts);
        ASSERT_TRUE(harness.send(sent.emplace_back(without(*unit, 6))));
    }
    harness.finish();
    std::vector<Nanoseconds> shown;
    for (const Frame& frame : harness.frames) shown.push_back(frame.pts);
    EXPECT_EQ(std::vector<Nanoseconds>(wanted.begin(), wanted.end()), shown);
}

TEST(SoftwareDecoder, DiscardedUnitsAreDecodedNotShown) {
    ClipOptions options;
    options.b_frames = 1;
    const Clip clip = make_clip(options);
    DecoderConfig config = config_for(clip);
    config.queue_slots = 30;
    Harness harness(config);
    for (const CodedUnit& unit : clip.units) ASSERT_TRUE(harness.send(unit, 0, unit.pts < 200 * millisecond));
    harness.finish();
    ASSERT_EQ(harness.frames.size(), 19U);
    EXPECT_EQ(harness.frames[0].pts, 200 * millisecond);
    EXPECT_FALSE(harness.frames[0].corrupt);
}

TEST(SoftwareDecoder, FollowsWhatTheOutputShows) {
    const Clip clip = make_clip({.frames = 36, .b_frames = 2});
    DecoderConfig config = config_for(clip);
    config.threads = 1;
    const FormatModifier own{fourcc_yuv420, modifier_linear};
    const FormatModifier other{fourcc_nv12, modifier_linear};
    config.output_formats = {own};
    Harness harness(config);
    std::string layouts;
    bool copied = false;
    std::vector<Nanoseconds> times;
    const auto take_frames = [&] {
        for (const Frame& frame : harness.frames) {
            const bool is_own = frame.slot.pool().format().fourcc == own.fourcc;
            EXPECT_TRUE(is_own || frame.copied);
            copied = frame.copied;
            if (layouts.empty() || (layouts.back() == 'o') != is_own) layouts += is_own ? 'o' : 'x';
            times.push_back(frame.pts / (40 * millisecond));
        }
        harness.frames.clear();
    };
    for (std::size_t i = 0; i < clip.units.size(); ++i) {
        if (i == 5) harness.decoder->offer_formats({other});
        if (i == 17) harness.decoder->offer_formats({other, own});
        ASSERT_TRUE(harness.send(clip.units[i]));
        take_frames();
    }
    harness.finish();
    take_frames();
    std::vector<Nanoseconds> all(clip.units.size());
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(all, times);
    EXPECT_FALSE(copied);
    EXPECT_EQ("oxo", layouts) << "its own, where that is shown at all";
    EXPECT_EQ(0U, harness.dropped);
}

TEST(SoftwareDecoder, NewSizeMeansNewPool) {
    ClipOptions options;
    options.codec = AV_CODEC_ID_MPEG2VIDEO;
    Clip small = make_clip(options);
    options.width = 320;
    options.height = 240;
    const Clip large = make_clip(options);
    DecoderConfig config = config_for(small);
    config.queue_slots = 30;
    Harness harness(config);
    for (const CodedUnit& unit : small.units) ASSERT_TRUE(harness.send(unit));
    for (const CodedUnit& unit : large.units) ASSERT_TRUE(harness.send(unit));
    harness.finish();
    ASSERT_EQ(harness.pools.size(), 2U);
    EXPECT_NE(harness.pools[0]->generation(), harness.pools[1]->generation());
    // libavcodec forgets the last small picture, which it had delayed, when the size changes.
    ASSERT_GE(harness.frames.size(), 47U);
    const std::vector<std::uint8_t> first = pixels_of(harness.frames[0]);
    EXPECT_EQ(first.size(), 176U * 144 * 3 / 2);
    EXPECT_EQ(pixels_of(harness.frames.back()).size(), 320U * 240 * 3 / 2);
    harness.decoder.reset();
    EXPECT_EQ(pixels_of(harness.frames[0]), first) << "frames outlive their decoder";
    harness.frames.clear();
    EXPECT_EQ(harness.pools[0]->free_count(), harness.pools[0]->count());
}

TEST(SoftwareDecoder, SurvivesDamage) {
    Clip clip = make_clip({});
    for (std::size_t i = 3; i < 9; ++i) {
        for (std::size_t byte = 4; byte + test::padding < clip.units[i].bytes.size(); byte += 3)
            clip.units[i].bytes[byte] ^= static_cast<std::uint8_t>(0x5a + byte);
    }
    CodedUnit noise;
    noise.bytes.assign(500, 0x99);
    std::iota(noise.bytes.begin(), noise.bytes.end() - 64, std::uint8_t{7});
    std::fill(noise.bytes.end() - 64, noise.bytes.end(), std::uint8_t{0});
    clip.units.insert(clip.units.begin() + 5, noise);
    Harness harness(config_for(clip));
    for (const CodedUnit& unit : clip.units) {
        ASSERT_TRUE(harness.send(unit));
        if (harness.frames.size() > 1) harness.frames.pop_front();
    }
    harness.finish();
    EXPECT_FALSE(harness.failed);
    EXPECT_GT(harness.dropped, 0U);
    ASSERT_FALSE(harness.frames.empty());
    EXPECT_EQ(harness.frames.back().pts, 23 * 40 * millisecond) << "a key frame later all is well again";
    EXPECT_FALSE(harness.frames.back().corrupt);
}

TEST(SoftwareDecoder, TellsDamageFromTooLittleMemory) {
    const Clip clip = make_clip({});
    Harness harness(config_for(clip));
    for (std::size_t i = 0; i < clip.units.size(); ++i) {
        constexpr std::size_t too_little = 1000;
        av_max_alloc(i < 3 ? too_little : INT_MAX);
        ASSERT_TRUE(harness.send(clip.units[i]));
        if (harness.frames.size() > 1) harness.frames.pop_front();
    }
    harness.finish();
    EXPECT_FALSE(harness.failed);
    EXPECT_GT(harness.refused, 0U);
    ASSERT_FALSE(harness.frames.empty());
    EXPECT_EQ(harness.frames.back().pts, 23 * 40 * millisecond) << "a key frame later all is well again";
}

TEST(SoftwareDecoder, RefusesWhatItCannotShow) {
    ClipOptions options;
    options.codec = AV_CODEC_ID_FFV1;
    options.pixels = AV_PIX_FMT_GBRP14;
    const Clip clip = make_clip(options);
    ASSERT_FALSE(clip.units.empty());
    Harness harness(config_for(clip));
    for (std::size_t i = 0; i < 8 && !harness.failed; ++i) harness.send(clip.units[i]);
    ASSERT_TRUE(harness.failed);
    EXPECT_EQ(harness.failed->code, ENOTSUP);
    EXPECT_NE(harness.failed->what.find("gbrp14"), std::string::npos) << harness.failed->what;
    AccessUnit unit = to_unit(clip.units[0]);
    EXPECT_FALSE(harness.decoder->send(unit));
}

struct OutputCase {
    AVPixelFormat pixels;
    DrmFourcc wanted;
    std::vector<FormatModifier> output;
};
class OutputFormats : public testing::TestWithParam<OutputCase> {};

std::string digest_of(const Clip& clip, const std::vector<FormatModifier>& output, DrmFourcc& fourcc) {
    DecoderConfig config = config_for(clip);
    config.output_formats = output;
    Harness harness(config);
    FrameHasher hasher;
    const auto hash = [&] {
        for (; !harness.frames.empty(); harness.frames.pop_front()) {
            fourcc = harness.frames.front().slot.pool().format().fourcc;
            EXPECT_TRUE(hasher.add(harness.frames.front()));
        }
    };
    for (const CodedUnit& unit : clip.units) {
        EXPECT_TRUE(harness.send(unit));
        hash();
    }
    harness.finish();
    hash();
    return hasher.digest();
}

/// Rearranging planes loses nothing: the pictures stay the same to the bit.
TEST_P(OutputFormats, AreMadeWithoutLossWherePossible) {
    ClipOptions options;
    options.codec = AV_CODEC_ID_FFV1;
    options.pixels = GetParam().pixels;
    options.width = 173;
    options.height = 131;
    const Clip clip = make_clip(options);
    ASSERT_FALSE(clip.units.empty());
    DrmFourcc straight{};
    DrmFourcc made{};
    const std::string expected = digest_of(clip, {}, straight);
    EXPECT_EQ(digest_of(clip, GetParam().output, made), expected);
    EXPECT_EQ(to_string(made), to_string(GetParam().wanted));
}

INSTANTIATE_TEST_SUITE_P(
    Formats, OutputFormats,
    testing::Values(OutputCase{AV_PIX_FMT_YUV420P, fourcc_nv12, {{fourcc_r8}, {fourcc_nv12}, {fourcc_nv16}}},
                    OutputCase{AV_PIX_FMT_YUV420P, fourcc_nv21, {{fourcc_nv21}}},
                    OutputCase{AV_PIX_FMT_YUV420P, fourcc_yuv420, {{fourcc_nv12}, {fourcc_yuv420}}},
                    OutputCase{AV_PIX_FMT_YUV420P, fourcc_yuv420, {{drm_fourcc('X', 'R', '2', '4')}}},
                    OutputCase{AV_PIX_FMT_YUV422P, fourcc_nv16, {{fourcc_nv12}, {fourcc_nv16}}},
                    OutputCase{AV_PIX_FMT_YUV420P10LE, fourcc_p010, {{fourcc_nv12}, {fourcc_p010}}},
                    OutputCase{AV_PIX_FMT_YUV420P10LE, fourcc_s010, {{fourcc_p010}, {fourcc_s010}}}));

TEST(SoftwareDecoder, RefusesUnknownCodecs) {
    DecoderConfig config;
    config.output_needs_dmabuf = false;
    config.stream.libav_codec_id = AV_CODEC_ID_NONE;
    auto made = create_software_decoder(system_kernel(), config);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ENOTSUP);
    config.stream.libav_codec_id = AV_CODEC_ID_AAC;
    EXPECT_FALSE(create_software_decoder(system_kernel(), config));
}

TEST(SoftwareDecoder, RefusesAnOperatingPointThatIsNotThere) {
    if (avcodec_find_decoder(AV_CODEC_ID_AV1) == nullptr) GTEST_SKIP() << "no decoder";
    DecoderConfig config;
    config.output_needs_dmabuf = false;
    config.stream.codec = CodecId::Av1;
    config.stream.libav_codec_id = AV_CODEC_ID_AV1;
    config.stream.operating_point = 1;
    test::CodedUnit coded;
    coded.bytes = test::TemporalUnit().sequence().bytes();
    config.stream.extradata = coded.bytes;
    const auto made = create_software_decoder(system_kernel(), config);
    ASSERT_FALSE(made) << "by the container";
    EXPECT_EQ(ENOTSUP, made.error().code);

    config.stream.extradata.clear();
    Harness harness(config);
    coded.bytes.insert(coded.bytes.end(), test::padding, 0);
    AccessUnit unit = to_unit(coded, 0);
    const auto sent = harness.decoder->send(unit);
    ASSERT_FALSE(sent) << "by the stream";
    EXPECT_EQ(ENOTSUP, sent.error().code);
    EXPECT_EQ("there is no operating point 1 in the stream, the last is 0", sent.error().what);
}

} // namespace
} // namespace v4l2play
